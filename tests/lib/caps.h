/* SPDX-License-Identifier: Apache-2.0 */
/* Raw capability calls for tests, and a known set to start from whatever the caller had. */
#pragma once

#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/show.h"

struct caps {
	uint64_t effective, permitted, inheritable;
};

SHOW_UNUSED_ static int caps_get(int pid, struct caps *c)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, pid };
	struct __user_cap_data_struct d[2] = { 0 };
	int ret = (int)syscall(SYS_capget, &h, d);

	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return ret;
}

SHOW_UNUSED_ static int caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &h, d);
}

SHOW_UNUSED_ static void caps_show(void)
{
	struct caps c;

	NEED(caps_get(0, &c) == 0);
	printf("  effective %#llx permitted %#llx inheritable %#llx\n",
	       (unsigned long long)c.effective, (unsigned long long)c.permitted,
	       (unsigned long long)c.inheritable);
}

#define CAP_BIT(cap) (1ull << (cap))
/* What every container engine gives. */
#define CAPS_USUAL                                                                                 \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) |                    \
	 CAP_BIT(CAP_KILL) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETPCAP))

/* Bounding, permitted and effective set: the usual ones; inheritable and ambient: empty. */
SHOW_UNUSED_ static void caps_start(void)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(CAPS_USUAL >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	NEED(caps_set(CAPS_USUAL, CAPS_USUAL, 0) == 0);
}

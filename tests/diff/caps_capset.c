/* SPDX-License-Identifier: Apache-2.0 */
/* capget(2) and capset(2): versions, targets, the rules of capset. */
#include "lib/caps.h"

static void without_setpcap(void)
{
	uint64_t some = CAPS_USUAL & ~CAP_BIT(CAP_SETPCAP);

	SHOW(caps_set(some, some, 0));
	SHOW(caps_set(some, CAPS_USUAL, 0));
	SHOW(caps_set(0, some, CAP_BIT(CAP_CHOWN)));
	SHOW(caps_set(0, some, CAP_BIT(CAP_SYS_ADMIN)));
	SHOW(caps_set(some, 0, 0));
	caps_show();
	SHOW(caps_set(0, 0, 0));
	caps_show();
	SHOW(caps_set(1, 1, 0));
}

static void with_setpcap(void)
{
	SHOW(caps_set(CAPS_USUAL, CAPS_USUAL, CAPS_USUAL));
	caps_show();
	SHOW(caps_set(CAPS_USUAL, CAPS_USUAL, CAP_BIT(CAP_SYS_ADMIN)));
	SHOW(caps_set(~0ull, CAPS_USUAL, 0));
	SHOW(caps_set(CAP_BIT(CAP_KILL) | 1ull << 60, CAPS_USUAL | 1ull << 60, 0));
	caps_show();
}

static void versions(void)
{
	static const uint32_t version[] = { 0x19980330, 0x20071026, 0x20080522, 0, 0x20080523 };
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 5; i++) {
		struct __user_cap_header_struct h = { version[i], 0 };

		memset(d, 0xff, sizeof(d));
		printf("version %#x\n", version[i]);
		SHOW(syscall(SYS_capget, &h, d));
		printf("  -> %#x, low %#x, high %#x\n", h.version, d[0].effective, d[1].effective);
		h.version = version[i];
		SHOW(syscall(SYS_capget, &h, NULL));
		printf("  -> %#x\n", h.version);
	}
}

static void targets(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, -1 };
	struct __user_cap_data_struct d[2] = { 0 };
	struct caps c;

	SHOW(syscall(SYS_capget, &h, d));
	h.pid = 999999999;
	SHOW(syscall(SYS_capget, &h, d));
	SHOW(syscall(SYS_capset, &h, d));
	h.pid = getpid();
	SHOW(syscall(SYS_capget, &h, d));
	SHOW(d[0].permitted == (uint32_t)CAPS_USUAL);
	SHOW(caps_get(getppid(), &c));
	SHOW(c.permitted == CAPS_USUAL);
	h.pid = getppid();
	SHOW(syscall(SYS_capset, &h, d));
	h.pid = 0;
	SHOW(syscall(SYS_capget, 8L, d));
	SHOW(syscall(SYS_capget, &h, 8L));
	SHOW(syscall(SYS_capset, &h, 8L));
	SHOW(syscall(SYS_capset, 8L, d));
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	caps_show();
	show_child("without CAP_SETPCAP", without_setpcap);
	show_child("with CAP_SETPCAP", with_setpcap);
	versions();
	show_child("targets", targets);
	return 0;
}

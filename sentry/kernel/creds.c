/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: copying, group membership, and what a change of user ids does to capabilities
 * (capabilities(7), "Effect of user ID changes on capabilities").
 */
#include "kernel/cred.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/prctl.h>

#include "kernel/creds.h"

void cred_destroy(struct cred *c)
{
	free(c->groups);
	free(c);
}

int cred_copy(const struct cred *c, struct cred **ret_c)
{
	struct cred *n = malloc(sizeof(*n));

	if (!n)
		return -ENOMEM;
	*n = *c;
	ref_init(&n->ref);
	n->groups = NULL;
	if (c->nr_groups) {
		n->groups = malloc(c->nr_groups * sizeof(*n->groups));
		if (!n->groups) {
			free(n);
			return -ENOMEM;
		}
		memcpy(n->groups, c->groups, c->nr_groups * sizeof(*n->groups));
	}
	*ret_c = n;
	return 0;
}

int cred_new_root(struct cred **ret_c)
{
	struct cred *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	ref_init(&c->ref);
	c->cap_permitted = LX_CAP_FULL_SET;
	c->cap_effective = LX_CAP_FULL_SET;
	c->cap_bounding = LX_CAP_FULL_SET;
	*ret_c = c;
	return 0;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	unsigned int lo = 0, hi = c->nr_groups;

	if (c->fsgid == gid)
		return true;
	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (c->groups[mid] == gid)
			return true;
		if (c->groups[mid] < gid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

#define CAP_FS_SET                                                                                 \
	(LX_CAP_MASK(LX_CAP_CHOWN) | LX_CAP_MASK(LX_CAP_MKNOD) |                                   \
	 LX_CAP_MASK(LX_CAP_DAC_OVERRIDE) | LX_CAP_MASK(LX_CAP_DAC_READ_SEARCH) |                  \
	 LX_CAP_MASK(LX_CAP_FOWNER) | LX_CAP_MASK(LX_CAP_FSETID) |                                 \
	 LX_CAP_MASK(LX_CAP_LINUX_IMMUTABLE) | LX_CAP_MASK(LX_CAP_MAC_OVERRIDE))

void cred_fix_caps(const struct cred *old, struct cred *c)
{
	bool had_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
	bool has_root = c->uid == 0 || c->euid == 0 || c->suid == 0;

	if (c->securebits & LX_SECBIT_NO_SETUID_FIXUP)
		return;
	if (had_root && !has_root) {
		if (!(c->securebits & LX_SECBIT_KEEP_CAPS)) {
			c->cap_permitted = 0;
			c->cap_effective = 0;
		}
		c->cap_ambient = 0;
	}
	if (old->euid == 0 && c->euid != 0)
		c->cap_effective = 0;
	if (old->euid != 0 && c->euid == 0)
		c->cap_effective = c->cap_permitted;
}

void cred_fix_caps_fsuid(const struct cred *old, struct cred *c)
{
	if (c->securebits & LX_SECBIT_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == 0 && c->fsuid != 0)
		c->cap_effective &= ~CAP_FS_SET;
	if (old->fsuid != 0 && c->fsuid == 0)
		c->cap_effective |= c->cap_permitted & CAP_FS_SET;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(2) on capabilities: bounding set, ambient set, securebits, PR_SET_KEEPCAPS
 * (capabilities(7)). */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/prctl.h>

#include "kernel/task.h"
#include "syscalls/prctl.h"
#include "syscalls/sysargs.h"

#define SECURE_BITS                                                                                \
	(LX_SECBIT_NOROOT | LX_SECBIT_NO_SETUID_FIXUP | LX_SECBIT_KEEP_CAPS |                      \
	 LX_SECBIT_NO_CAP_AMBIENT_RAISE)
#define SECURE_LOCKS (SECURE_BITS << 1)

enum cred_edit { EDIT_BOUNDING_DROP, EDIT_SECUREBITS, EDIT_AMBIENT };

/* A copy of the credentials with one field replaced. */
static long edit(struct task *t, enum cred_edit what, uint64_t v)
{
	struct cred *c;
	int ret = cred_copy(t->cred, &c);

	if (ret < 0)
		return ret;
	switch (what) {
	case EDIT_BOUNDING_DROP:
		c->cap_bounding &= ~v;
		break;
	case EDIT_SECUREBITS:
		c->securebits = (uint32_t)v;
		break;
	case EDIT_AMBIENT:
		c->cap_ambient = v;
		break;
	}
	task_set_cred(t, c);
	return 0;
}

static bool cap_valid(unsigned long cap)
{
	return cap <= LX_CAP_LAST_CAP;
}

static long ambient(struct task *t, const struct sysargs *a)
{
	const struct cred *c = t->cred;
	unsigned long op = arg_ulong(a, 1), cap = arg_ulong(a, 2);

	if (op == LX_PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap || arg_ulong(a, 3) || arg_ulong(a, 4))
			return -EINVAL;
		return edit(t, EDIT_AMBIENT, 0);
	}
	if (!cap_valid(cap) || arg_ulong(a, 3) || arg_ulong(a, 4))
		return -EINVAL;
	switch (op) {
	case LX_PR_CAP_AMBIENT_IS_SET:
		return !!(c->cap_ambient & LX_CAP_MASK(cap));
	case LX_PR_CAP_AMBIENT_RAISE:
		if (!(c->cap_permitted & c->cap_inheritable & LX_CAP_MASK(cap)) ||
		    (c->securebits & LX_SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return edit(t, EDIT_AMBIENT, c->cap_ambient | LX_CAP_MASK(cap));
	case LX_PR_CAP_AMBIENT_LOWER:
		return edit(t, EDIT_AMBIENT, c->cap_ambient & ~LX_CAP_MASK(cap));
	default:
		return -EINVAL;
	}
}

static long set_securebits(struct task *t, unsigned long v)
{
	unsigned long old = t->cred->securebits;

	if ((((old & SECURE_LOCKS) >> 1) & (old ^ v)) || /* a locked bit changes */
	    (old & SECURE_LOCKS & ~v) ||                 /* a lock opens */
	    (v & ~(unsigned long)(SECURE_LOCKS | SECURE_BITS)) || !task_capable(t, LX_CAP_SETPCAP))
		return -EPERM;
	return edit(t, EDIT_SECUREBITS, v);
}

static long set_keepcaps(struct task *t, unsigned long v)
{
	uint32_t bits = t->cred->securebits;

	if (v > 1)
		return -EINVAL;
	if (bits & LX_SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	return edit(t, EDIT_SECUREBITS,
		    v ? bits | LX_SECBIT_KEEP_CAPS : bits & ~(uint32_t)LX_SECBIT_KEEP_CAPS);
}

long prctl_caps(struct task *t, const struct sysargs *a)
{
	unsigned long v = arg_ulong(a, 1);

	switch (arg_int(a, 0)) {
	case LX_PR_CAPBSET_READ:
		return cap_valid(v) ? !!(t->cred->cap_bounding & LX_CAP_MASK(v)) : -EINVAL;
	case LX_PR_CAPBSET_DROP:
		if (!task_capable(t, LX_CAP_SETPCAP))
			return -EPERM;
		return cap_valid(v) ? edit(t, EDIT_BOUNDING_DROP, LX_CAP_MASK(v)) : -EINVAL;
	case LX_PR_GET_SECUREBITS:
		return t->cred->securebits;
	case LX_PR_SET_SECUREBITS:
		return set_securebits(t, v);
	case LX_PR_GET_KEEPCAPS:
		return !!(t->cred->securebits & LX_SECBIT_KEEP_CAPS);
	case LX_PR_SET_KEEPCAPS:
		return set_keepcaps(t, v);
	case LX_PR_CAP_AMBIENT:
		return ambient(t, a);
	default:
		return -ENOSYS;
	}
}

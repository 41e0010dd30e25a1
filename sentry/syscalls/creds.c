/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User and group ids: get*id, set*id, supplementary groups (credentials(7), setresuid(2)). A change
 * copies the task's credentials, edits the copy and puts it in their place; capabilities follow the
 * ids as capabilities(7) says under "Effect of user ID changes on capabilities". Differs from
 * Linux: a real uid over its RLIMIT_NPROC is noticed by fork, not by the next exec.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>

#include "kernel/creds.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"

#define ID_NONE ((uint32_t)-1) /* "leave as it is"; never a valid id */

/* --- reading --- */

long sys_getuid(struct task *t, const struct sysargs *a)
{
	return t->cred->uid;
}

long sys_geteuid(struct task *t, const struct sysargs *a)
{
	return t->cred->euid;
}

long sys_getgid(struct task *t, const struct sysargs *a)
{
	return t->cred->gid;
}

long sys_getegid(struct task *t, const struct sysargs *a)
{
	return t->cred->egid;
}

static long put_three(struct task *t, const struct sysargs *a, uint32_t x, uint32_t y, uint32_t z)
{
	int ret = copyout(t, arg_addr(a, 0), &x, sizeof(x));

	if (ret == 0)
		ret = copyout(t, arg_addr(a, 1), &y, sizeof(y));
	if (ret == 0)
		ret = copyout(t, arg_addr(a, 2), &z, sizeof(z));
	return ret;
}

long sys_getresuid(struct task *t, const struct sysargs *a)
{
	return put_three(t, a, t->cred->uid, t->cred->euid, t->cred->suid);
}

long sys_getresgid(struct task *t, const struct sysargs *a)
{
	return put_three(t, a, t->cred->gid, t->cred->egid, t->cred->sgid);
}

/* --- changing --- */

/* Consumes new. A process that changed who it is cannot be looked into by those it was. */
static long commit(struct task *t, struct cred *new)
{
	const struct cred *old = t->cred;

	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	    old->fsgid != new->fsgid || (new->cap_permitted & ~old->cap_permitted)) {
		t->tg->dumpable = 0;
		t->pdeath_signal = 0;
	}
	task_set_cred(t, new);
	return 0;
}

static long commit_uids(struct task *t, struct cred *new)
{
	new->fsuid = new->euid;
	cred_fix_caps(t->cred, new);
	return commit(t, new);
}

static long commit_gids(struct task *t, struct cred *new)
{
	new->fsgid = new->egid;
	return commit(t, new);
}

long sys_setuid(struct task *t, const struct sysargs *a)
{
	uint32_t uid = arg_uint(a, 0);
	struct cred *new;
	int ret;

	if (uid == ID_NONE)
		return -EINVAL;
	if (!task_capable(t, LX_CAP_SETUID) && uid != t->cred->uid && uid != t->cred->suid)
		return -EPERM;
	ret = cred_copy(t->cred, &new);
	if (ret < 0)
		return ret;
	if (task_capable(t, LX_CAP_SETUID))
		new->uid = new->suid = uid;
	new->euid = uid;
	return commit_uids(t, new);
}

long sys_setgid(struct task *t, const struct sysargs *a)
{
	uint32_t gid = arg_uint(a, 0);
	struct cred *new;
	int ret;

	if (gid == ID_NONE)
		return -EINVAL;
	if (!task_capable(t, LX_CAP_SETGID) && gid != t->cred->gid && gid != t->cred->sgid)
		return -EPERM;
	ret = cred_copy(t->cred, &new);
	if (ret < 0)
		return ret;
	if (task_capable(t, LX_CAP_SETGID))
		new->gid = new->sgid = gid;
	new->egid = gid;
	return commit_gids(t, new);
}

long sys_setreuid(struct task *t, const struct sysargs *a)
{
	uint32_t ruid = arg_uint(a, 0), euid = arg_uint(a, 1);
	const struct cred *old = t->cred;
	bool cap = task_capable(t, LX_CAP_SETUID);
	struct cred *new;
	int ret;

	if (ruid != ID_NONE && ruid != old->uid && ruid != old->euid && !cap)
		return -EPERM;
	if (euid != ID_NONE && euid != old->uid && euid != old->euid && euid != old->suid && !cap)
		return -EPERM;
	ret = cred_copy(old, &new);
	if (ret < 0)
		return ret;
	if (ruid != ID_NONE)
		new->uid = ruid;
	if (euid != ID_NONE)
		new->euid = euid;
	if (ruid != ID_NONE || (euid != ID_NONE && euid != old->uid))
		new->suid = new->euid;
	return commit_uids(t, new);
}

long sys_setregid(struct task *t, const struct sysargs *a)
{
	uint32_t rgid = arg_uint(a, 0), egid = arg_uint(a, 1);
	const struct cred *old = t->cred;
	bool cap = task_capable(t, LX_CAP_SETGID);
	struct cred *new;
	int ret;

	if (rgid != ID_NONE && rgid != old->gid && rgid != old->egid && !cap)
		return -EPERM;
	if (egid != ID_NONE && egid != old->gid && egid != old->egid && egid != old->sgid && !cap)
		return -EPERM;
	ret = cred_copy(old, &new);
	if (ret < 0)
		return ret;
	if (rgid != ID_NONE)
		new->gid = rgid;
	if (egid != ID_NONE)
		new->egid = egid;
	if (rgid != ID_NONE || (egid != ID_NONE && egid != old->gid))
		new->sgid = new->egid;
	return commit_gids(t, new);
}

static bool one_of(uint32_t id, uint32_t x, uint32_t y, uint32_t z)
{
	return id == ID_NONE || id == x || id == y || id == z;
}

long sys_setresuid(struct task *t, const struct sysargs *a)
{
	uint32_t ruid = arg_uint(a, 0), euid = arg_uint(a, 1), suid = arg_uint(a, 2);
	const struct cred *old = t->cred;
	struct cred *new;
	int ret;

	if (!task_capable(t, LX_CAP_SETUID) && (!one_of(ruid, old->uid, old->euid, old->suid) ||
						!one_of(euid, old->uid, old->euid, old->suid) ||
						!one_of(suid, old->uid, old->euid, old->suid)))
		return -EPERM;
	ret = cred_copy(old, &new);
	if (ret < 0)
		return ret;
	if (ruid != ID_NONE)
		new->uid = ruid;
	if (euid != ID_NONE)
		new->euid = euid;
	if (suid != ID_NONE)
		new->suid = suid;
	return commit_uids(t, new);
}

long sys_setresgid(struct task *t, const struct sysargs *a)
{
	uint32_t rgid = arg_uint(a, 0), egid = arg_uint(a, 1), sgid = arg_uint(a, 2);
	const struct cred *old = t->cred;
	struct cred *new;
	int ret;

	if (!task_capable(t, LX_CAP_SETGID) && (!one_of(rgid, old->gid, old->egid, old->sgid) ||
						!one_of(egid, old->gid, old->egid, old->sgid) ||
						!one_of(sgid, old->gid, old->egid, old->sgid)))
		return -EPERM;
	ret = cred_copy(old, &new);
	if (ret < 0)
		return ret;
	if (rgid != ID_NONE)
		new->gid = rgid;
	if (egid != ID_NONE)
		new->egid = egid;
	if (sgid != ID_NONE)
		new->sgid = sgid;
	return commit_gids(t, new);
}

/* These two say what the id was, whether they changed it or not. */
long sys_setfsuid(struct task *t, const struct sysargs *a)
{
	uint32_t uid = arg_uint(a, 0);
	const struct cred *old = t->cred;
	uint32_t was = old->fsuid;
	struct cred *new;

	if (uid == ID_NONE || uid == was)
		return was;
	if (uid != old->uid && uid != old->euid && uid != old->suid &&
	    !task_capable(t, LX_CAP_SETUID))
		return was;
	if (cred_copy(old, &new) < 0)
		return was;
	new->fsuid = uid;
	cred_fix_caps_fsuid(old, new);
	commit(t, new);
	return was;
}

long sys_setfsgid(struct task *t, const struct sysargs *a)
{
	uint32_t gid = arg_uint(a, 0);
	const struct cred *old = t->cred;
	uint32_t was = old->fsgid;
	struct cred *new;

	if (gid == ID_NONE || gid == was)
		return was;
	if (gid != old->gid && gid != old->egid && gid != old->sgid &&
	    !task_capable(t, LX_CAP_SETGID))
		return was;
	if (cred_copy(old, &new) < 0)
		return was;
	new->fsgid = gid;
	commit(t, new);
	return was;
}

/* --- supplementary groups --- */

long sys_getgroups(struct task *t, const struct sysargs *a)
{
	int size = arg_int(a, 0);
	const struct cred *c = t->cred;

	if (size < 0)
		return -EINVAL;
	if (size) {
		if (c->nr_groups > (unsigned int)size)
			return -EINVAL;
		if (c->nr_groups &&
		    copyout(t, arg_addr(a, 1), c->groups, c->nr_groups * sizeof(uint32_t)))
			return -EFAULT;
	}
	return c->nr_groups;
}

static int compare_gids(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

long sys_setgroups(struct task *t, const struct sysargs *a)
{
	unsigned int nr = arg_uint(a, 0);
	auto_free uint32_t *gids = NULL;
	struct cred *new;
	int ret;

	if (!task_capable(t, LX_CAP_SETGID))
		return -EPERM;
	if (nr > LX_NGROUPS_MAX)
		return -EINVAL;
	if (nr) {
		gids = malloc(nr * sizeof(gids[0]));
		if (!gids)
			return -ENOMEM;
		if (copyin(t, gids, arg_addr(a, 1), nr * sizeof(gids[0])))
			return -EFAULT;
		for (unsigned int i = 0; i < nr; i++)
			if (gids[i] == ID_NONE)
				return -EINVAL;
		qsort(gids, nr, sizeof(gids[0]), compare_gids);
	}
	ret = cred_copy(t->cred, &new);
	if (ret < 0)
		return ret;
	free(new->groups);
	new->groups = STEAL(gids);
	new->nr_groups = nr;
	return commit(t, new);
}

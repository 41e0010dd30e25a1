/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and usage: getrlimit(2), prlimit(2), getrusage(2). */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/resource.h>

#include "kernel/rlimit.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"

long sys_getrlimit(struct task *t, const struct sysargs *a)
{
	struct lx_rlimit lim;
	int ret = tgroup_prlimit(t, t->tg, arg_uint(a, 0), NULL, &lim);

	return ret ? ret : copyout(t, arg_addr(a, 1), &lim, sizeof(lim));
}

long sys_setrlimit(struct task *t, const struct sysargs *a)
{
	struct lx_rlimit lim;

	if (copyin(t, &lim, arg_addr(a, 1), sizeof(lim)))
		return -EFAULT;
	return tgroup_prlimit(t, t->tg, arg_uint(a, 0), &lim, NULL);
}

static bool may_limit(struct task *t, struct task *other)
{
	const struct cred *c = t->cred;
	struct cred *o;
	bool ok;

	if (t == other || task_capable(t, LX_CAP_SYS_RESOURCE))
		return true;
	o = task_cred_get(other);
	ok = c->uid == o->euid && c->uid == o->suid && c->uid == o->uid && c->gid == o->egid &&
	     c->gid == o->sgid && c->gid == o->gid;
	cred_put(o);
	return ok;
}

long sys_prlimit64(struct task *t, const struct sysargs *a)
{
	int pid = arg_int(a, 0);
	uaddr_t new_addr = arg_addr(a, 2), old_addr = arg_addr(a, 3);
	auto_put(task) struct task *other = NULL;
	struct lx_rlimit new, old;
	int ret;

	if (new_addr && copyin(t, &new, new_addr, sizeof(new)))
		return -EFAULT;
	other = pid ? task_find(t->kernel, pid) : task_get(t);
	if (!other)
		return -ESRCH;
	if (!may_limit(t, other))
		return -EPERM;
	ret = tgroup_prlimit(t, other->tg, arg_uint(a, 1), new_addr ? &new : NULL, &old);
	if (ret == 0 && old_addr)
		ret = copyout(t, old_addr, &old, sizeof(old));
	return ret;
}

long sys_getrusage(struct task *t, const struct sysargs *a)
{
	struct lx_rusage ru;
	int ret = task_getrusage(t, arg_int(a, 0), &ru);

	return ret ? ret : copyout(t, arg_addr(a, 1), &ru, sizeof(ru));
}

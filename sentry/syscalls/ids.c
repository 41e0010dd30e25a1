/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who and where a task is: process and thread numbers (session.c has the groups), its CPU, its
 * personality and umask, and whether two tasks share a resource (kcmp).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <abi/linux/pidfd.h>
#include <host/host.h>

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "syscalls/unimpl.h"

long sys_getpid(struct task *t, const struct sysargs *a)
{
	return t->tg->tgid;
}

long sys_gettid(struct task *t, const struct sysargs *a)
{
	return t->tid;
}

long sys_getppid(struct task *t, const struct sysargs *a)
{
	long ppid;

	mutex_lock(&t->kernel->tasklist_lock);
	ppid = t->tg->parent ? t->tg->parent->tgid : 0;
	mutex_unlock(&t->kernel->tasklist_lock);
	return ppid;
}

/* The sentry thread and the guest thread it serves share a CPU when they can: the nearest truth
 * there is. */
long sys_getcpu(struct task *t, const struct sysargs *a)
{
	uint32_t cpu = (uint32_t)host_getcpu() % t->kernel->config.nr_cpus, node = 0;

	if (arg_addr(a, 0) && copyout(t, arg_addr(a, 0), &cpu, sizeof(cpu)))
		return -EFAULT;
	if (arg_addr(a, 1) && copyout(t, arg_addr(a, 1), &node, sizeof(node)))
		return -EFAULT;
	return 0;
}

/* exec looks at the bits; only the ones about execution domains nobody has do nothing, as in Linux.
 */
long sys_personality(struct task *t, const struct sysargs *a)
{
	uint32_t old = t->personality;

	if (arg_uint(a, 0) != 0xffffffffu)
		t->personality = arg_uint(a, 0);
	return old;
}

long sys_umask(struct task *t, const struct sysargs *a)
{
	return __atomic_exchange_n(&t->fs->umask, arg_uint(a, 0) & 0777, __ATOMIC_RELAXED);
}

/* --- kcmp --- */

/* Orders pointers without telling them: 0 equal, 1 less, 2 greater, as kcmp(2) returns it. */
static long compare(const void *x, const void *y)
{
	static _Atomic uint64_t cookie;
	uint64_t c = atomic_load(&cookie), expected = 0;
	uint64_t ux, uy;

	if (!c) {
		host_getrandom(&c, sizeof(c));
		c |= 1;
		if (!atomic_compare_exchange_strong(&cookie, &expected, c))
			c = expected;
	}
	ux = ((uint64_t)(uintptr_t)x ^ c) * c;
	uy = ((uint64_t)(uintptr_t)y ^ c) * c;
	return ux == uy ? 0 : ux < uy ? 1 : 2;
}

static long compare_files(struct fdtable *x, int fdx, struct fdtable *y, int fdy)
{
	struct file *fx = fd_get_any(x, fdx), *fy = fd_get_any(y, fdy);
	long ret = fx && fy ? compare(fx, fy) : -EBADF;

	if (fx)
		file_put(fx);
	if (fy)
		file_put(fy);
	return ret;
}

long sys_kcmp(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *x = task_find(t->kernel, arg_int(a, 0));
	auto_put(task) struct task *y = task_find(t->kernel, arg_int(a, 1));

	if (!x || !y)
		return -ESRCH;
	if (task_may_access(t, x) || task_may_access(t, y))
		return -EPERM;
	switch (arg_int(a, 2)) {
	case LX_KCMP_FILE: {
		struct fdtable *fx = task_fds_get(x), *fy = task_fds_get(y);
		long ret = -EBADF;

		if (fx && fy)
			ret = compare_files(fx, (int)arg_ulong(a, 3), fy, (int)arg_ulong(a, 4));
		if (fx)
			fdtable_put(fx);
		if (fy)
			fdtable_put(fy);
		return ret;
	}
	case LX_KCMP_VM:
		return compare(x->mm, y->mm);
	case LX_KCMP_FILES:
		return compare(x->fds, y->fds);
	case LX_KCMP_FS:
		return compare(x->fs, y->fs);
	case LX_KCMP_SIGHAND:
		return compare(x->tg->sighand, y->tg->sighand);
	case LX_KCMP_IO: /* nobody has one */
		return 0;
	case LX_KCMP_SYSVSEM:
		return compare(x->sem_undo, y->sem_undo);
	case LX_KCMP_EPOLL_TFD:
		unimpl(t, "kcmp: KCMP_EPOLL_TFD");
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

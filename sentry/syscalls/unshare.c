/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unshare(2): a task stops sharing its descriptor table, its root, directory and umask, its
 * semaphore undos, or the host's name. Differs from Linux: of the namespaces only UTS can be new;
 * the others are refused as by a kernel built without them.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/sched.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "syscalls/unimpl.h"
#include "vfs/mount.h"

#define NAMESPACES                                                                                 \
	(LX_CLONE_NEWNS | LX_CLONE_NEWCGROUP | LX_CLONE_NEWUTS | LX_CLONE_NEWIPC |                 \
	 LX_CLONE_NEWUSER | LX_CLONE_NEWPID | LX_CLONE_NEWNET | LX_CLONE_NEWTIME)
#define KNOWN                                                                                      \
	(NAMESPACES | LX_CLONE_THREAD | LX_CLONE_FS | LX_CLONE_SIGHAND | LX_CLONE_VM |             \
	 LX_CLONE_FILES | LX_CLONE_SYSVSEM)

/* What the request implies, and what it needs; as in the man page. */
static int check(struct task *t, unsigned long *flags)
{
	unsigned long f = *flags;

	if (f & LX_CLONE_NEWUSER)
		f |= LX_CLONE_THREAD | LX_CLONE_FS;
	if (f & LX_CLONE_VM)
		f |= LX_CLONE_SIGHAND;
	if (f & LX_CLONE_SIGHAND)
		f |= LX_CLONE_THREAD;
	if (f & LX_CLONE_NEWNS)
		f |= LX_CLONE_FS;
	if (f & ~(unsigned long)KNOWN)
		return -EINVAL;
	if (f & (LX_CLONE_THREAD | LX_CLONE_SIGHAND | LX_CLONE_VM)) {
		if (t->tg->nr_threads > 1)
			return -EINVAL;
		if ((f & LX_CLONE_VM) && mm_nr_users(t->mm) > 1)
			return -EINVAL;
	}
	if ((f & NAMESPACES) && !(f & LX_CLONE_NEWUSER) && !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (f & NAMESPACES & ~(unsigned long)LX_CLONE_NEWUTS) {
		unimpl(t, "unshare: namespaces %#lx", f & NAMESPACES);
		return -EINVAL;
	}
	*flags = f;
	return 0;
}

static int new_uts(struct task *t, struct uts_ns **ret_uts)
{
	struct uts_ns *uts;
	int ret = uts_ns_new(NULL, &uts);

	if (ret < 0)
		return ret;
	mutex_lock(&t->uts->lock);
	memcpy(uts->nodename, t->uts->nodename, sizeof(uts->nodename));
	memcpy(uts->domainname, t->uts->domainname, sizeof(uts->domainname));
	mutex_unlock(&t->uts->lock);
	*ret_uts = uts;
	return 0;
}

long sys_unshare(struct task *t, const struct sysargs *a)
{
	unsigned long flags = arg_ulong(a, 0);
	struct fdtable *fds = NULL;
	struct fscontext *fs = NULL;
	struct uts_ns *uts = NULL;
	int ret = check(t, &flags);

	if (ret == 0 && (flags & LX_CLONE_FILES) && fdtable_shared(t->fds))
		ret = fdtable_copy(t->fds, &fds);
	if (ret == 0 && (flags & LX_CLONE_FS))
		ret = fscontext_copy(t->fs, &fs);
	if (ret == 0 && (flags & LX_CLONE_NEWUTS))
		ret = new_uts(t, &uts);
	if (ret == 0) {
		/* what was shared goes where the copies were, to be dropped below */
		mutex_lock(&t->lock);
		if (fds)
			fds = __atomic_exchange_n(&t->fds, fds, __ATOMIC_RELAXED);
		if (fs)
			fs = __atomic_exchange_n(&t->fs, fs, __ATOMIC_RELAXED);
		if (uts)
			uts = __atomic_exchange_n(&t->uts, uts, __ATOMIC_RELAXED);
		mutex_unlock(&t->lock);
		if (flags & LX_CLONE_SYSVSEM)
			task_drop_sem_undo(t);
	}
	if (fds)
		fdtable_put(fds);
	if (fs)
		fscontext_put(fs);
	uts_ns_put(uts);
	return ret;
}

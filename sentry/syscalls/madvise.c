/* SPDX-License-Identifier: Apache-2.0 */
/*
 * madvise(2), process_madvise(2), mincore(2), mlock(2) and its family.
 */
#include <errno.h>
#include <stdlib.h>

#include <abi/linux/capability.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "kernel/pidfd.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "syscalls/handlers.h"
#include "vfs/file.h"

long sys_madvise(struct task *t, const struct sysargs *a)
{
	return mm_madvise(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_int(a, 2));
}

long sys_mincore(struct task *t, const struct sysargs *a)
{
	return mm_mincore(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_addr(a, 2));
}

long sys_mlock(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);

	return mm_mlock(t->mm, arg_addr(a, 0), arg_ulong(a, 1), 0, &lim);
}

long sys_mlock2(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);

	return mm_mlock(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_int(a, 2), &lim);
}

long sys_munlock(struct task *t, const struct sysargs *a)
{
	return mm_munlock(t->mm, arg_addr(a, 0), arg_ulong(a, 1));
}

long sys_mlockall(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);

	if (!arg_int(a, 0))
		return -EINVAL;
	return mm_mlockall(t->mm, arg_int(a, 0), &lim);
}

long sys_munlockall(struct task *t, const struct sysargs *a)
{
	return mm_mlockall(t->mm, 0, NULL);
}

static bool advice_for_others(int advice)
{
	return advice == LX_MADV_COLD || advice == LX_MADV_PAGEOUT || advice == LX_MADV_WILLNEED ||
	       advice == LX_MADV_COLLAPSE;
}

/* Advises each range in turn; bytes done, or the first error if there are none. */
static long advise_all(struct mm *mm, const struct uio_seg *seg, unsigned long nr, int advice)
{
	uint64_t done = 0;

	for (unsigned long i = 0; i < nr; i++) {
		int ret = mm_madvise(mm, seg[i].base, seg[i].len, advice);

		if (ret < 0)
			return done ? (long)done : ret;
		done += seg[i].len;
	}
	return (long)done;
}

static long advise_task(struct task *t, struct task *other, const struct uio_seg *seg,
			unsigned long nr, int advice)
{
	auto_put(mm) struct mm *mm = NULL;
	int ret;

	if (other->tg != t->tg) {
		ret = task_may_access(t, other);
		if (ret < 0)
			return ret;
	}
	mm = task_mm_get(other);
	if (!mm)
		return -ESRCH;
	if (mm != t->mm && !advice_for_others(advice))
		return -EINVAL;
	if (mm != t->mm && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	return advise_all(mm, seg, nr, advice);
}

long sys_process_madvise(struct task *t, const struct sysargs *a)
{
	struct uio_seg inline_seg[8], *seg = NULL;
	auto_put(task) struct task *other = NULL;
	auto_put(file) struct file *f = NULL;
	struct tgroup *tg;
	struct uio u;
	long ret;

	if (arg_uint(a, 4))
		return -EINVAL;
	ret = copyin_iovec(t, arg_addr(a, 1), arg_ulong(a, 2), inline_seg, &seg, &u);
	if (ret < 0)
		return ret;
	f = fd_get(t->fds, arg_int(a, 0));
	tg = f ? pidfd_tgroup(f) : NULL;
	if (!tg) {
		ret = -EBADF;
		goto out;
	}
	other = task_find(t->kernel, tg->tgid);
	ret = other ? advise_task(t, other, seg, arg_ulong(a, 2), arg_int(a, 3)) : -ESRCH;
out:
	if (seg != inline_seg)
		free(seg);
	return ret;
}

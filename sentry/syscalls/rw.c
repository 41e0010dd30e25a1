/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read(2), write(2) and their kin, and the loop that sleeps for all of them: file operations never
 * block, they give -EAGAIN, and here it is decided whether to wait. Partial results win over errors
 * and signals.
 */
#include <errno.h>
#include <limits.h>

#include <abi/linux/mman.h>
#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>
#include <abi/linux/uio.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

#define RWF_KNOWN                                                                                  \
	(LX_RWF_HIPRI | LX_RWF_DSYNC | LX_RWF_SYNC | LX_RWF_NOWAIT | LX_RWF_APPEND |               \
	 LX_RWF_NOAPPEND | LX_RWF_ATOMIC | LX_RWF_DONTCACHE)

struct rw {
	struct task *t;
	struct file *f;
	struct uio *u;
	int64_t *pos; /* NULL: the file's own */
	int rwf;
	bool write;
};

static ssize_t rw_once(struct rw *rw)
{
	return rw->write ? vfs_write(rw->f, rw->u, rw->pos, rw->rwf) :
			   vfs_read(rw->f, rw->u, rw->pos, rw->rwf);
}

/* Waits until f may have become ready: 0, or a reason to stop. */
static int rw_wait(struct rw *rw, struct task_waiter *w)
{
	/* Queue first, try once more, then sleep: what happens in between is not missed. */
	if (!w->w.queued) {
		task_waiter_init(w, rw->t, rw->write ? LX_POLLOUT : LX_POLLIN | LX_POLLPRI);
		waitq_add(rw->f->wq, &w->w);
		return 0;
	}
	return task_block(rw->t, TASK_NO_DEADLINE);
}

static bool may_sleep(const struct rw *rw)
{
	return !(rw->f->flags & LX_O_NONBLOCK) && !(rw->rwf & LX_RWF_NOWAIT) && rw->f->wq;
}

static long rw_loop(struct rw *rw)
{
	struct task_waiter w = { .w.queued = false };
	bool whole = rw->write; /* a blocking write moves everything, a read what there is */
	ssize_t done = 0, n;

	for (;;) {
		n = rw_once(rw);
		if (n > 0) {
			done += n;
			if (!whole || !uio_left(rw->u) || !(rw->f->ops->flags & FOP_STREAM) ||
			    !may_sleep(rw))
				break;
			continue;
		}
		if (n != -EAGAIN || !may_sleep(rw))
			break;
		n = rw_wait(rw, &w);
		if (n < 0)
			break;
	}
	if (w.w.queued)
		waitq_del(rw->f->wq, &w.w);
	if (unlikely(n == -EPIPE) && rw->write)
		signal_send_task(rw->t, LX_SIGPIPE, NULL);
	return done ? done : n;
}

/* One call: limits, then the loop. */
static long do_rw(struct task *t, struct file *f, struct uio *u, int64_t *pos, int rwf, bool write)
{
	struct rw rw = { t, f, u, pos, rwf, write };
	ssize_t n;

	if (uio_left(u) > LX_MAX_RW_COUNT)
		uio_truncate(u, LX_MAX_RW_COUNT);
	if (write && LX_S_ISREG(f->inode->mode)) {
		n = file_write_begin(t, f, pos ? *pos : f->pos, uio_left(u));
		if (n < 0)
			return n;
		uio_truncate(u, (size_t)n);
	}
	n = rw_loop(&rw);
	if (n > 0 && write &&
	    unlikely((f->flags & LX_O_DSYNC) || (rwf & (LX_RWF_DSYNC | LX_RWF_SYNC))) &&
	    f->ops->fsync) {
		int ret = f->ops->fsync(f, !(rwf & LX_RWF_SYNC));

		if (ret < 0)
			return ret;
	}
	return n;
}

static long rw_plain(struct task *t, int fd, uaddr_t buf, uint64_t size, bool has_pos, int64_t pos,
		     bool write)
{
	auto_put(file) struct file *f = NULL;
	struct uio_seg seg;
	struct uio u;

	if (has_pos && pos < 0)
		return -EINVAL;
	f = fd_get(t->fds, fd);
	if (!f)
		return -EBADF;
	if (has_pos && (f->ops->flags & FOP_STREAM))
		return -ESPIPE;
	if (!(f->mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (!size && !write && LX_S_ISSOCK(f->inode->mode))
		return 0;
	/* nothing at all may be anywhere that a program could know of */
	if (size ? size > mm_max_addr(t->mm) || buf > mm_max_addr(t->mm) - size :
		   buf > LX_TASK_SIZE)
		return -EFAULT;
	uio_init_user1(&u, t->mm, &seg, buf, size);
	return do_rw(t, f, &u, has_pos ? &pos : NULL, 0, write);
}

long sys_read(struct task *t, const struct sysargs *a)
{
	return rw_plain(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), false, 0, false);
}

long sys_write(struct task *t, const struct sysargs *a)
{
	return rw_plain(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), false, 0, true);
}

long sys_pread64(struct task *t, const struct sysargs *a)
{
	return rw_plain(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), true, arg_long(a, 3),
			false);
}

long sys_pwrite64(struct task *t, const struct sysargs *a)
{
	return rw_plain(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), true, arg_long(a, 3),
			true);
}

/* Which RWF_* this file can do. */
static int check_rwf(const struct file *f, int rwf, bool write)
{
	if (rwf & ~RWF_KNOWN)
		return -EOPNOTSUPP;
	if ((rwf & LX_RWF_APPEND) && (rwf & LX_RWF_NOAPPEND))
		return -EINVAL;
	if (rwf & (LX_RWF_ATOMIC | LX_RWF_DONTCACHE))
		return -EOPNOTSUPP;
	if ((rwf & LX_RWF_HIPRI) && !(f->flags & LX_O_DIRECT))
		return 0; /* polling is advice */
	return 0;
}

static long rw_vector(struct task *t, int fd, uaddr_t uiov, unsigned long nr, bool has_pos,
		      int64_t pos, int rwf, bool write)
{
	auto_put(file) struct file *f = NULL;
	struct uio_seg inline_seg[8], *seg = inline_seg;
	struct uio u;
	long ret;

	if (has_pos && pos < 0)
		return -EINVAL;
	f = fd_get(t->fds, fd);
	if (!f)
		return -EBADF;
	if (has_pos && (f->ops->flags & FOP_STREAM))
		return -ESPIPE;
	if (!(f->mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	ret = copyin_iovec(t, uiov, nr, inline_seg, &seg, &u);
	if (ret < 0)
		return ret;
	ret = uio_left(&u) ? check_rwf(f, rwf, write) : 0;
	if (ret == 0 && uio_left(&u))
		ret = do_rw(t, f, &u, has_pos ? &pos : NULL, rwf, write);
	if (seg != inline_seg)
		free(seg);
	return ret;
}

long sys_readv(struct task *t, const struct sysargs *a)
{
	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), false, 0, 0, false);
}

long sys_writev(struct task *t, const struct sysargs *a)
{
	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), false, 0, 0, true);
}

long sys_preadv(struct task *t, const struct sysargs *a)
{
	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), true, arg_long(a, 3), 0,
			 false);
}

long sys_pwritev(struct task *t, const struct sysargs *a)
{
	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), true, arg_long(a, 3), 0,
			 true);
}

/*
 * Argument 4 is the high half of the offset on 32-bit machines only. Offset -1: the file's
 * position.
 */
long sys_preadv2(struct task *t, const struct sysargs *a)
{
	int64_t pos = arg_long(a, 3);

	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), pos != -1, pos,
			 arg_int(a, 5), false);
}

long sys_pwritev2(struct task *t, const struct sysargs *a)
{
	int64_t pos = arg_long(a, 3);

	return rw_vector(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), pos != -1, pos,
			 arg_int(a, 5), true);
}

long sys_lseek(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	unsigned int whence = arg_uint(a, 2);

	if (!f)
		return -EBADF;
	if (whence > LX_SEEK_HOLE)
		return -EINVAL;
	return vfs_seek(f, arg_long(a, 1), (int)whence);
}

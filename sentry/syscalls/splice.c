/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sendfile(2), splice(2), tee(2), vmsplice(2), copy_file_range(2): bytes from file to file through
 * a buffer of the sentry. Nothing is lost between the two: a source is read only when the target
 * has room, and what a target did not take goes back (positions) or stays (pipes).
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>
#include <abi/linux/uio.h>
#include <base/bits.h>

#include "fs/pipe/pipe.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

#define BUF_SIZE (128u << 10)

/* Waits until f may have events of mask; nonblock: -EAGAIN instead. */
struct ready_arg {
	struct file *f;
	uint32_t mask;
};

static bool is_ready(void *arg)
{
	struct ready_arg *r = arg;

	return vfs_poll(r->f) & (r->mask | LX_POLLERR | LX_POLLHUP);
}

static int wait_ready(struct task *t, struct file *f, uint32_t mask, bool nonblock)
{
	struct ready_arg r = { f, mask };

	if (!f->wq || is_ready(&r))
		return 0;
	if (nonblock || (f->flags & LX_O_NONBLOCK))
		return -EAGAIN;
	return wait_for(t, f->wq, mask, TASK_NO_DEADLINE, is_ready, &r);
}

static ssize_t read_kernel(struct file *f, void *buf, size_t n, int64_t *pos)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return vfs_read(f, &u, pos, 0);
}

static ssize_t write_kernel(struct file *f, const void *buf, size_t n, int64_t *pos)
{
	struct uio u;

	uio_init_kernel(&u, (void *)(uintptr_t)buf, n);
	return vfs_write(f, &u, pos, 0);
}

/* All of buf to out, sleeping as need be: bytes written, or an error if none. */
static ssize_t write_all(struct task *t, struct file *out, const char *buf, size_t n, int64_t *pos)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = write_kernel(out, buf + done, n - done, pos);

		if (got == -EAGAIN && !(out->flags & LX_O_NONBLOCK) && out->wq) {
			int ret = wait_ready(t, out, LX_POLLOUT, false);

			if (ret == 0)
				continue;
			got = ret;
		}
		if (got == -EPIPE)
			signal_send_task(t, LX_SIGPIPE, NULL);
		if (got <= 0)
			return done ? (ssize_t)done : got;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/*
 * Reads at *pos (the file's own if NULL) and writes all of it; what could not be written is unread
 * again.
 */
static ssize_t copy_chunk(struct task *t, struct file *in, int64_t *ipos, struct file *out,
			  int64_t *opos, char *buf, size_t n)
{
	int64_t own = 0, *pos = ipos;
	ssize_t got, put;

	if (!pos) {
		mutex_lock(&in->pos_lock);
		own = in->pos;
		mutex_unlock(&in->pos_lock);
		pos = &own;
	}
	got = read_kernel(in, buf, n, pos);
	if (got <= 0)
		return got;
	put = write_all(t, out, buf, (size_t)got, opos);
	*pos -= got - MAX(put, (ssize_t)0);
	if (!ipos) {
		mutex_lock(&in->pos_lock);
		in->pos = own;
		mutex_unlock(&in->pos_lock);
	}
	return put;
}

/* in is seekable. */
static long copy_from_file(struct task *t, struct file *in, int64_t *ipos, struct file *out,
			   int64_t *opos, size_t n)
{
	size_t done = 0, chunk = MIN(n, (size_t)BUF_SIZE);
	auto_free char *buf = malloc(chunk ? chunk : 1);
	ssize_t got = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n) {
		ssize_t room =
			file_write_begin(t, out, opos ? *opos : out->pos, MIN(n - done, chunk));

		if (room < 0) {
			got = room;
			break;
		}
		got = copy_chunk(t, in, ipos, out, opos, buf, (size_t)room);
		if (got <= 0)
			break;
		done += (size_t)got;
		if (task_interrupted(t))
			break;
	}
	return done ? (long)done : got;
}

/* --- sendfile --- */

/* --- splice --- */

struct file_end {
	struct file *f;
	int64_t *pos;
};

static ssize_t fill_from_file(void *arg, void *buf, size_t n)
{
	struct file_end *e = arg;

	return read_kernel(e->f, buf, n, e->pos);
}

static ssize_t drain_to_file(void *arg, const void *buf, size_t n)
{
	struct file_end *e = arg;

	return write_kernel(e->f, buf, n, e->pos);
}

struct pipe_end {
	struct file *f;
	const char *buf;
	size_t n;
};

static ssize_t fill_from_buf(void *arg, void *buf, size_t n)
{
	struct pipe_end *e = arg;

	n = MIN(n, e->n);
	memcpy(buf, e->buf, n);
	e->buf += n;
	e->n -= n;
	return (ssize_t)n;
}

static ssize_t drain_to_pipe(void *arg, const void *buf, size_t n)
{
	struct file *out = arg;
	struct pipe_end e = { out, buf, n };

	return pipe_fill(out, n, fill_from_buf, &e);
}

static long splice_once(struct task *t, struct file *in, int64_t *ipos, struct file *out,
			int64_t *opos, size_t n)
{
	struct file_end ie = { in, ipos }, oe = { out, opos };

	if (file_is_pipe(in) && file_is_pipe(out)) {
		long ret = pipe_drain(in, n, false, drain_to_pipe, out);

		/* nothing came and nothing will, but nobody would read it either: that counts */
		return ret == 0 && vfs_poll(out) & LX_POLLERR ? -EPIPE : ret;
	}
	if (file_is_pipe(in))
		return pipe_drain(in, n, false, drain_to_file, &oe);
	return pipe_fill(out, n, fill_from_file, &ie);
}

/* Sleeps for whichever side is not ready. */
static long splice_loop(struct task *t, struct file *in, int64_t *ipos, struct file *out,
			int64_t *opos, size_t n, bool nonblock)
{
	long ret;

	for (;;) {
		ret = splice_once(t, in, ipos, out, opos, n);
		if (ret != -EAGAIN)
			break;
		ret = wait_ready(t, out, LX_POLLOUT, nonblock);
		if (ret == 0)
			ret = wait_ready(t, in, LX_POLLIN, nonblock);
		if (ret < 0)
			break;
	}
	if (ret == -EPIPE)
		signal_send_task(t, LX_SIGPIPE, NULL);
	return ret;
}

long sys_sendfile(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *in = fd_get_readable(t, arg_int(a, 1));
	auto_put(file) struct file *out = NULL;
	uaddr_t upos = arg_addr(a, 2);
	uint64_t n = MIN(arg_ulong(a, 3), (uint64_t)LX_MAX_RW_COUNT);
	int64_t pos;
	long ret;

	if (upos && copyin(t, &pos, upos, sizeof(pos)) < 0)
		return -EFAULT;
	if (!in)
		return -EBADF;
	if (upos && (in->ops->flags & FOP_STREAM))
		return -ESPIPE;
	out = fd_get_writable(t, arg_int(a, 0));
	if (!out)
		return -EBADF;
	if (file_is_pipe(out) && (vfs_poll(out) & LX_POLLERR)) {
		signal_send_task(t, LX_SIGPIPE, NULL);
		return -EPIPE;
	}
	if (file_is_pipe(out) && (out->flags & LX_O_NONBLOCK) && !(vfs_poll(out) & LX_POLLOUT))
		return -EAGAIN;
	/* from a socket into a pipe as splice() does it, from other streams not at all */
	if (n && LX_S_ISSOCK(in->inode->mode) && file_is_pipe(out))
		return splice_loop(t, in, NULL, out, NULL, n, out->flags & LX_O_NONBLOCK);
	if ((in->ops->flags & FOP_STREAM) && (n || !file_is_pipe(out)))
		return -EINVAL;
	if (!n && !(out->flags & LX_O_APPEND))
		return 0;
	if (!in->ops->read || LX_S_ISDIR(in->inode->mode))
		return -EINVAL;
	if (upos && pos < 0)
		return -EINVAL;
	if (out->flags & LX_O_APPEND)
		return -EINVAL;
	ret = copy_from_file(t, in, upos ? &pos : NULL, out, NULL, n);
	if (upos && copyout(t, upos, &pos, sizeof(pos)) < 0)
		return -EFAULT;
	return ret;
}

static int splice_pos(struct task *t, struct file *f, uaddr_t upos, int64_t *pos)
{
	if (!upos)
		return 0;
	if (file_is_pipe(f))
		return -ESPIPE;
	if (copyin(t, pos, upos, sizeof(*pos)) < 0)
		return -EFAULT;
	if (f->ops->flags & FOP_STREAM)
		return -EINVAL;
	return *pos < 0 ? -EINVAL : 0;
}

#define SPLICE_KNOWN (LX_SPLICE_F_MOVE | LX_SPLICE_F_NONBLOCK | LX_SPLICE_F_MORE | LX_SPLICE_F_GIFT)

long sys_splice(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *in = NULL;
	auto_put(file) struct file *out = NULL;
	uint64_t n = MIN(arg_ulong(a, 4), (uint64_t)LX_MAX_RW_COUNT);
	unsigned int flags = arg_uint(a, 5);
	int64_t ipos = 0, opos = 0;
	long ret;

	if (!n)
		return 0;
	if (flags & ~(unsigned int)SPLICE_KNOWN)
		return -EINVAL;
	in = fd_get_readable(t, arg_int(a, 0));
	out = fd_get_writable(t, arg_int(a, 2));
	if (!in || !out)
		return -EBADF;
	if (!file_is_pipe(in) && !file_is_pipe(out))
		return -EINVAL;
	if (!file_is_pipe(in) && (vfs_poll(out) & LX_POLLERR)) {
		signal_send_task(t, LX_SIGPIPE, NULL);
		return -EPIPE;
	}
	/* eventfd, epoll and the like have neither splice operation */
	if (!(in->inode->mode & LX_S_IFMT) || !(out->inode->mode & LX_S_IFMT))
		return -EINVAL;
	ret = splice_pos(t, in, arg_addr(a, 1), &ipos);
	if (ret == 0)
		ret = splice_pos(t, out, arg_addr(a, 3), &opos);
	if (ret < 0)
		return ret;
	if (file_is_pipe(in) && file_is_pipe(out) && pipe_same(in, out))
		return -EINVAL;
	if (!file_is_pipe(out) && (out->flags & LX_O_APPEND))
		return -EINVAL;
	if (!in->ops->read || !out->ops->write || LX_S_ISDIR(in->inode->mode))
		return -EINVAL;
	ret = splice_loop(t, in, arg_addr(a, 1) ? &ipos : NULL, out, arg_addr(a, 3) ? &opos : NULL,
			  n, flags & LX_SPLICE_F_NONBLOCK);
	if (ret >= 0 && arg_addr(a, 1) && copyout(t, arg_addr(a, 1), &ipos, sizeof(ipos)) < 0)
		return -EFAULT;
	if (ret >= 0 && arg_addr(a, 3) && copyout(t, arg_addr(a, 3), &opos, sizeof(opos)) < 0)
		return -EFAULT;
	return ret;
}

long sys_tee(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *in = fd_get_readable(t, arg_int(a, 0));
	auto_put(file) struct file *out = fd_get_writable(t, arg_int(a, 1));
	uint64_t n = MIN(arg_ulong(a, 2), (uint64_t)LX_MAX_RW_COUNT);
	unsigned int flags = arg_uint(a, 3);
	bool nonblock = flags & LX_SPLICE_F_NONBLOCK;
	long ret;

	if (flags & ~(unsigned int)SPLICE_KNOWN)
		return -EINVAL;
	if (!n)
		return 0;
	if (!in || !out)
		return -EBADF;
	if (!file_is_pipe(in) || !file_is_pipe(out) || pipe_same(in, out))
		return -EINVAL;
	for (;;) {
		ret = pipe_drain(in, n, true, drain_to_pipe, out);
		if (ret != -EAGAIN)
			break;
		ret = wait_ready(t, in, LX_POLLIN, nonblock);
		if (ret == 0)
			ret = wait_ready(t, out, LX_POLLOUT, nonblock);
		if (ret < 0)
			break;
	}
	if (ret == -EPIPE)
		signal_send_task(t, LX_SIGPIPE, NULL);
	return ret;
}

long sys_vmsplice(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	unsigned int flags = arg_uint(a, 3);
	struct uio_seg inline_seg[8], *seg = inline_seg;
	size_t done = 0;
	struct uio u;
	long ret;

	if (flags & ~(unsigned int)SPLICE_KNOWN)
		return -EINVAL;
	if (!f || !file_is_pipe(f))
		return -EBADF;
	ret = copyin_iovec(t, arg_addr(a, 1), arg_ulong(a, 2), inline_seg, &seg, &u);
	if (ret < 0)
		return ret;
	/* Pages are copied: gifts need not be kept. */
	while (uio_left(&u)) {
		bool out = f->mode & FMODE_WRITE;

		ret = out ? vfs_write(f, &u, NULL, 0) : vfs_read(f, &u, NULL, 0);
		if (ret == -EAGAIN && !done) {
			ret = wait_ready(t, f, out ? LX_POLLOUT : LX_POLLIN,
					 flags & LX_SPLICE_F_NONBLOCK);
			if (ret == 0)
				continue;
		}
		if (ret <= 0)
			break;
		done += (size_t)ret;
		if (!out)
			break;
	}
	if (seg != inline_seg)
		free(seg);
	if (ret == -EPIPE && !done)
		signal_send_task(t, LX_SIGPIPE, NULL);
	return done ? (long)done : ret;
}

/* --- copy_file_range --- */

static int cfr_check(const struct file *in, const struct file *out)
{
	if (LX_S_ISDIR(in->inode->mode) || LX_S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!LX_S_ISREG(in->inode->mode) || !LX_S_ISREG(out->inode->mode))
		return -EINVAL;
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE) || (out->flags & LX_O_APPEND))
		return -EBADF;
	return in->inode->sb == out->inode->sb ? 0 : -EXDEV;
}

long sys_copy_file_range(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *in = fd_get(t->fds, arg_int(a, 0));
	auto_put(file) struct file *out = fd_get(t->fds, arg_int(a, 2));
	uaddr_t uin = arg_addr(a, 1), uout = arg_addr(a, 3);
	uint64_t n = MIN(arg_ulong(a, 4), (uint64_t)LX_MAX_RW_COUNT), size;
	int64_t ipos, opos;
	long ret;

	if (!in || !out)
		return -EBADF;
	if ((uin && copyin(t, &ipos, uin, sizeof(ipos)) < 0) ||
	    (uout && copyin(t, &opos, uout, sizeof(opos)) < 0))
		return -EFAULT;
	if (!uin)
		ipos = in->pos;
	if (!uout)
		opos = out->pos;
	if (arg_uint(a, 5))
		return -EINVAL;
	ret = cfr_check(in, out);
	if (ret < 0)
		return ret;
	if (ipos < 0 || opos < 0)
		return -EINVAL;
	if (__builtin_add_overflow(ipos, (int64_t)n, &(int64_t){ 0 }) ||
	    __builtin_add_overflow(opos, (int64_t)n, &(int64_t){ 0 }))
		return -EOVERFLOW;
	size = in->inode->size;
	n = (uint64_t)ipos >= size ? 0 : MIN(n, size - (uint64_t)ipos);
	if (in->inode == out->inode && n && ipos < opos + (int64_t)n && opos < ipos + (int64_t)n)
		return -EINVAL;
	ret = n ? copy_from_file(t, in, &ipos, out, &opos, n) : 0;
	if (ret <= 0)
		return ret;
	if (uin) {
		if (copyout(t, uin, &ipos, sizeof(ipos)) < 0)
			return -EFAULT;
	} else {
		vfs_seek(in, ipos, LX_SEEK_SET);
	}
	if (uout) {
		if (copyout(t, uout, &opos, sizeof(opos)) < 0)
			return -EFAULT;
	} else {
		vfs_seek(out, opos, LX_SEEK_SET);
	}
	return ret;
}

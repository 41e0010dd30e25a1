/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcntl(2) in full, dup(2), flock(2), close_range(2). Locks sleep here; their rules are in
 * vfs/flock.c.
 */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/stat.h>

#include "fs/pipe/pipe.h"
#include "fs/tmpfs/tmpfs.h"
#include "kernel/fown.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/flock.h"
#include "vfs/inotify.h"
#include "vfs/perm.h"

#define SETFL_MASK (LX_O_APPEND | LX_O_NONBLOCK | LX_O_DIRECT | LX_O_NOATIME | LX_FASYNC)

/* --- locks --- */

struct lock_wait {
	struct inode *inode;
	const struct flock_req *req;
	struct file *file;
	int type;
	int ret;
};

static bool try_range(void *arg)
{
	struct lock_wait *w = arg;

	w->ret = flock_set(w->inode, w->req);
	return w->ret != -EAGAIN;
}

static bool try_whole(void *arg)
{
	struct lock_wait *w = arg;

	w->ret = flock_whole(w->file, w->type);
	return w->ret != -EAGAIN;
}

/* Sleeps until the lock is had. */
static long lock_sleep(struct task *t, struct lock_wait *w, bool detect, bool (*try)(void *arg))
{
	struct waitq *q;
	int ret = flock_waitq(w->inode, &q);

	if (ret < 0)
		return ret;
	while (!try(w)) {
		if (detect) {
			ret = flock_wait_begin(w->inode, w->req);
			if (ret < 0)
				return ret;
		}
		ret = wait_for(t, q, LX_POLLIN, TASK_NO_DEADLINE, try, w);
		if (detect)
			flock_wait_end(w->req->owner);
		if (w->ret != -EAGAIN)
			return w->ret;
		if (ret < 0)
			return ret;
	}
	return w->ret;
}

static int flock_base(const struct file *f, int whence, int64_t *ret_base)
{
	switch (whence) {
	case LX_SEEK_SET:
		*ret_base = 0;
		return 0;
	case LX_SEEK_CUR:
		*ret_base = f->pos;
		return 0;
	case LX_SEEK_END:
		*ret_base = (int64_t)f->inode->size;
		return 0;
	default:
		return -EINVAL;
	}
}

/* struct flock to bytes, POSIX 2001: a negative length counts backwards. */
static int flock_range(const struct file *f, const struct lx_flock *l, struct flock_req *req)
{
	int64_t base, start;
	int ret = flock_base(f, l->l_whence, &base);

	if (ret < 0)
		return ret;
	if (__builtin_add_overflow(base, l->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	req->start = start;
	req->end = INT64_MAX;
	if (l->l_len > 0) {
		if (__builtin_add_overflow(start, l->l_len - 1, &req->end))
			return -EOVERFLOW;
	} else if (l->l_len < 0) {
		if (start + l->l_len < 0)
			return -EINVAL;
		req->end = start - 1;
		req->start = start + l->l_len;
	}
	switch (l->l_type) {
	case LX_F_RDLCK:
	case LX_F_WRLCK:
	case LX_F_UNLCK:
		req->type = l->l_type;
		return 0;
	default:
		return -EINVAL;
	}
}

static int read_flock(struct task *t, struct file *f, uaddr_t ul, bool ofd, struct lx_flock *l,
		      struct flock_req *req)
{
	if (copyin(t, l, ul, sizeof(*l)) < 0)
		return -EFAULT;
	if (ofd && l->l_pid != 0)
		return -EINVAL;
	req->owner = ofd ? (const void *)f : (const void *)t->fds;
	req->pid = ofd ? -1 : t->tg->tgid;
	return flock_range(f, l, req);
}

static long do_getlk(struct task *t, struct file *f, uaddr_t ul, bool ofd)
{
	struct flock_req req;
	struct lx_flock l;
	int ret = read_flock(t, f, ul, ofd, &l, &req);

	if (ret < 0)
		return ret;
	if (req.type == LX_F_UNLCK && !ofd)
		return -EINVAL;
	flock_test(f->inode, &req);
	l.l_type = (int16_t)req.type;
	if (req.type != LX_F_UNLCK) {
		l.l_whence = LX_SEEK_SET;
		l.l_start = req.start;
		l.l_len = req.end == INT64_MAX ? 0 : req.end - req.start + 1;
		l.l_pid = req.pid;
	}
	return copyout(t, ul, &l, sizeof(l)) < 0 ? -EFAULT : 0;
}

static long do_setlk(struct task *t, struct file *f, int fd, uaddr_t ul, bool ofd, bool wait)
{
	struct flock_req req;
	struct lock_wait w = { .inode = f->inode, .req = &req };
	struct file *now;
	struct lx_flock l;
	long ret = read_flock(t, f, ul, ofd, &l, &req);

	if (ret < 0)
		return ret;
	if ((req.type == LX_F_RDLCK && !(f->mode & FMODE_READ)) ||
	    (req.type == LX_F_WRLCK && !(f->mode & FMODE_WRITE)))
		return -EBADF;
	ret = wait ? lock_sleep(t, &w, !ofd, try_range) : flock_set(f->inode, &req);
	/*
	 * close(2) by another thread may have run before the lock was set: it must not stay behind.
	 */
	if (ret == 0 && !ofd && req.type != LX_F_UNLCK) {
		now = fd_get_any(t->fds, fd);
		if (now != f) {
			flock_release_owner(f->inode, t->fds);
			ret = -EBADF;
		}
		file_put(now);
	}
	return ret;
}

long sys_flock(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	int op = arg_int(a, 1);
	struct lock_wait w = { .file = f };

	if (op & LX_LOCK_MAND)
		return 0; /* as Linux since 5.18: mandatory locks are gone */
	switch (op & ~LX_LOCK_NB) {
	case LX_LOCK_SH:
		w.type = LX_F_RDLCK;
		break;
	case LX_LOCK_EX:
		w.type = LX_F_WRLCK;
		break;
	case LX_LOCK_UN:
		w.type = LX_F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	if (!f)
		return -EBADF;
	if (w.type != LX_F_UNLCK && !(f->mode & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	w.inode = f->inode;
	if (op & LX_LOCK_NB || w.type == LX_F_UNLCK)
		return flock_whole(f, w.type);
	return lock_sleep(t, &w, false, try_whole);
}

/* --- the rest of fcntl --- */

static long do_setfl(struct task *t, struct file *f, unsigned int want)
{
	unsigned int old = f->flags, new;
	long ret;

	if ((want & LX_O_NOATIME) && !(old & LX_O_NOATIME) && !cred_owns(t->cred, f->inode))
		return -EPERM;
	if ((old & LX_O_APPEND) && !(want & LX_O_APPEND) &&
	    (f->inode->attributes & LX_STATX_ATTR_APPEND))
		return -EPERM;
	new = (old & ~(unsigned int)SETFL_MASK) | (want & SETFL_MASK);
	if (f->ops->setfl) {
		ret = f->ops->setfl(f, new);
		if (ret < 0)
			return ret;
	}
	if ((old ^ new) & LX_FASYNC) {
		ret = fown_set_async(f, new &LX_FASYNC);
		if (ret < 0)
			return ret;
	}
	atomic_store(&f->flags, new);
	return 0;
}

static long rw_hint(struct task *t, struct file *f, int cmd, uaddr_t uarg)
{
	uint64_t hint = LX_RWH_WRITE_LIFE_NOT_SET;

	if (!LX_S_ISREG(f->inode->mode))
		return -EINVAL;
	if (cmd == LX_F_GET_RW_HINT)
		return copyout(t, uarg, &hint, sizeof(hint)) < 0 ? -EFAULT : 0;
	if (copyin(t, &hint, uarg, sizeof(hint)) < 0)
		return -EFAULT;
	return hint > LX_RWH_WRITE_LIFE_EXTREME ? -EINVAL : 0;
}

static long do_lease(struct task *t, struct file *f, int cmd, int arg)
{
	if (cmd == LX_F_GETLEASE)
		return LX_F_UNLCK;
	if (!cred_owns(t->cred, f->inode) && !task_capable(t, LX_CAP_LEASE))
		return -EACCES;
	if (!LX_S_ISREG(f->inode->mode))
		return -EINVAL;
	if (arg != LX_F_RDLCK && arg != LX_F_WRLCK && arg != LX_F_UNLCK)
		return -EINVAL;
	return -EAGAIN; /* none is granted: "somebody has it open" */
}

static long pipe_size(struct task *t, struct file *f, int cmd, uint64_t arg)
{
	if (!file_is_pipe(f))
		return -EBADF;
	if (cmd == LX_F_GETPIPE_SZ)
		return pipe_get_size(f);
	return pipe_set_size(f, arg, task_capable(t, LX_CAP_SYS_RESOURCE));
}

static long dup_min(struct task *t, struct file *f, uint64_t min, int fd_flags)
{
	if (min >= task_rlimit(t, LX_RLIMIT_NOFILE))
		return -EINVAL;
	return fd_install_min(t->fds, (int)min, f, fd_flags);
}

/* What an O_PATH descriptor allows as well. */
static bool allowed_for_path(int cmd)
{
	switch (cmd) {
	case LX_F_DUPFD:
	case LX_F_DUPFD_CLOEXEC:
	case LX_F_DUPFD_QUERY:
	case LX_F_GETFD:
	case LX_F_SETFD:
	case LX_F_GETFL:
		return true;
	default:
		return false;
	}
}

static long fcntl_lock(struct task *t, struct file *f, int fd, int cmd, uaddr_t arg)
{
	switch (cmd) {
	case LX_F_GETLK:
		return do_getlk(t, f, arg, false);
	case LX_F_SETLK:
		return do_setlk(t, f, fd, arg, false, false);
	case LX_F_SETLKW:
		return do_setlk(t, f, fd, arg, false, true);
	case LX_F_OFD_GETLK:
		return do_getlk(t, f, arg, true);
	case LX_F_OFD_SETLK:
		return do_setlk(t, f, fd, arg, true, false);
	default:
		return do_setlk(t, f, fd, arg, true, true);
	}
}

static long fcntl_file(struct task *t, struct file *f, int fd, int cmd, uint64_t arg)
{
	switch (cmd) {
	case LX_F_GETFL:
		return (long)atomic_load(&f->flags);
	case LX_F_SETFL:
		return do_setfl(t, f, (unsigned int)arg);
	case LX_F_GETLK:
	case LX_F_SETLK:
	case LX_F_SETLKW:
	case LX_F_OFD_GETLK:
	case LX_F_OFD_SETLK:
	case LX_F_OFD_SETLKW:
		return fcntl_lock(t, f, fd, cmd, arg);
	case LX_F_SETOWN:
	case LX_F_GETOWN:
	case LX_F_SETSIG:
	case LX_F_GETSIG:
	case LX_F_SETOWN_EX:
	case LX_F_GETOWN_EX:
	case LX_F_GETOWNER_UIDS:
		return fown_fcntl(t, f, cmd, arg);
	case LX_F_SETLEASE:
	case LX_F_GETLEASE:
		return do_lease(t, f, cmd, (int)arg);
	case LX_F_NOTIFY:
		/* as without CONFIG_DNOTIFY */
		return LX_S_ISDIR(f->inode->mode) ? -EINVAL : -ENOTDIR;
	case LX_F_SETPIPE_SZ:
	case LX_F_GETPIPE_SZ:
		return pipe_size(t, f, cmd, (unsigned int)arg);
	case LX_F_ADD_SEALS:
		return arg >> 32 ? -EINVAL : tmpfs_add_seals(f, (unsigned int)arg);
	case LX_F_GET_SEALS:
		return tmpfs_get_seals(f);
	case LX_F_GET_RW_HINT:
	case LX_F_SET_RW_HINT:
		return rw_hint(t, f, cmd, arg);
	default:
		return -EINVAL;
	}
}

long sys_fcntl(struct task *t, const struct sysargs *a)
{
	int fd = arg_int(a, 0), cmd = arg_int(a, 1);
	auto_put(file) struct file *f = fd_get_any(t->fds, fd);
	auto_put(file) struct file *other = NULL;
	uint64_t arg = arg_ulong(a, 2);

	if (!f || ((f->mode & FMODE_PATH) && !allowed_for_path(cmd)))
		return -EBADF;
	switch (cmd) {
	case LX_F_DUPFD:
		return dup_min(t, f, (unsigned int)arg, 0);
	case LX_F_DUPFD_CLOEXEC:
		return dup_min(t, f, (unsigned int)arg, LX_FD_CLOEXEC);
	case LX_F_DUPFD_QUERY:
		other = fd_get_any(t->fds, (int)arg);
		return other ? other == f : -EBADF;
	case LX_F_GETFD:
		return fd_get_flags(t->fds, fd);
	case LX_F_SETFD:
		return fd_set_flags(t->fds, fd, (int)arg & LX_FD_CLOEXEC);
	default:
		return fcntl_file(t, f, fd, cmd, arg);
	}
}

/* --- dup --- */

long sys_dup(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get_any(t->fds, arg_int(a, 0));

	return f ? fd_install(t->fds, f, 0) : -EBADF;
}

static long dup_to(struct task *t, int from, unsigned int to, int fd_flags)
{
	auto_put(file) struct file *f = NULL;

	if (to >= task_rlimit(t, LX_RLIMIT_NOFILE))
		return -EBADF;
	f = fd_get_any(t->fds, from);
	return f ? fd_install_at(t->fds, (int)to, f, fd_flags) : -EBADF;
}

long sys_dup2(struct task *t, const struct sysargs *a)
{
	int from = arg_int(a, 0);
	unsigned int to = arg_uint(a, 1);

	if ((unsigned int)from == to) {
		auto_put(file) struct file *f = fd_get_any(t->fds, from);

		return f ? from : -EBADF;
	}
	return dup_to(t, from, to, 0);
}

long sys_dup3(struct task *t, const struct sysargs *a)
{
	int from = arg_int(a, 0), flags = arg_int(a, 2);
	unsigned int to = arg_uint(a, 1);

	if (flags & ~LX_O_CLOEXEC)
		return -EINVAL;
	if ((unsigned int)from == to)
		return -EINVAL;
	return dup_to(t, from, to, flags & LX_O_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

static int unshare_fds(struct task *t)
{
	struct fdtable *new, *old;
	int ret = fdtable_copy(t->fds, &new);

	if (ret < 0)
		return ret;
	mutex_lock(&t->lock);
	old = t->fds;
	t->fds = new;
	mutex_unlock(&t->lock);
	fdtable_put(old);
	return 0;
}

long sys_close_range(struct task *t, const struct sysargs *a)
{
	unsigned int first = arg_uint(a, 0), last = arg_uint(a, 1), flags = arg_uint(a, 2);
	int ret;

	if (flags & ~(unsigned int)(LX_CLOSE_RANGE_UNSHARE | LX_CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	if (flags & LX_CLOSE_RANGE_UNSHARE) {
		ret = unshare_fds(t);
		if (ret < 0)
			return ret;
	}
	return fd_close_range(t->fds, first, last, flags & LX_CLOSE_RANGE_CLOEXEC);
}

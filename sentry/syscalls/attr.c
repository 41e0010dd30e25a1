/* SPDX-License-Identifier: Apache-2.0 */
/* Changing attributes: chmod, chown, utimes, truncate, fallocate, and their kin. */
#include <errno.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/inotify.h"

static long chmod_path(struct task *t, const struct path *p, uint32_t mode)
{
	struct kattr at = { .valid = SA_MODE, .mode = mode & LX_S_IALLUGO };
	struct vfs_caller c = task_vfs_caller(t);

	if (LX_S_ISLNK(p->dentry->inode->mode))
		return -EOPNOTSUPP;
	return vfs_setattr(&c, p, &at);
}

static long chmod_at(struct task *t, int dirfd, uaddr_t uname, uint32_t mode, int flags)
{
	auto_path struct path p = { 0 };
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	int ret;

	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, dirfd, uname, walk, &p);
	return ret < 0 ? ret : chmod_path(t, &p, mode);
}

long sys_chmod(struct task *t, const struct sysargs *a)
{
	return chmod_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1), 0);
}

long sys_fchmodat(struct task *t, const struct sysargs *a)
{
	return chmod_at(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), 0);
}

long sys_fchmodat2(struct task *t, const struct sysargs *a)
{
	return chmod_at(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), arg_int(a, 3));
}

long sys_fchmod(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));

	return f ? chmod_path(t, &f->path, arg_uint(a, 1)) : -EBADF;
}

static long chown_path(struct task *t, const struct path *p, uint32_t uid, uint32_t gid)
{
	struct kattr at = { .valid = SA_CTIME, .uid = uid, .gid = gid };
	struct vfs_caller c = task_vfs_caller(t);

	if (uid != UINT32_MAX)
		at.valid |= SA_UID;
	if (gid != UINT32_MAX)
		at.valid |= SA_GID;
	return vfs_setattr(&c, p, &at);
}

static long chown_at(struct task *t, int dirfd, uaddr_t uname, uint32_t uid, uint32_t gid,
		     int flags)
{
	auto_path struct path p = { 0 };
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	int ret;

	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, dirfd, uname, walk, &p);
	return ret < 0 ? ret : chown_path(t, &p, uid, gid);
}

long sys_chown(struct task *t, const struct sysargs *a)
{
	return chown_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1), arg_uint(a, 2), 0);
}

long sys_lchown(struct task *t, const struct sysargs *a)
{
	return chown_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1), arg_uint(a, 2),
			LX_AT_SYMLINK_NOFOLLOW);
}

long sys_fchownat(struct task *t, const struct sysargs *a)
{
	return chown_at(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), arg_uint(a, 3),
			arg_int(a, 4));
}

long sys_fchown(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));

	return f ? chown_path(t, &f->path, arg_uint(a, 1), arg_uint(a, 2)) : -EBADF;
}

/* --- times --- */

#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* One of the two; bits: the SA_* for a value and for now. */
static int take_time(const struct lx_timespec *ts, unsigned int set, unsigned int now,
		     struct ktime *k, uint32_t *valid)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	if (ts->tv_nsec == UTIME_NOW) {
		*valid |= now;
		return 0;
	}
	if (ts->tv_nsec < 0 || ts->tv_nsec >= 1000000000)
		return -EINVAL;
	*valid |= set;
	k->sec = ts->tv_sec;
	k->nsec = (uint32_t)ts->tv_nsec;
	return 0;
}

static long utimes_path(struct task *t, const struct path *p, const struct lx_timespec *ts)
{
	struct vfs_caller c = task_vfs_caller(t);
	struct kattr at = { 0 };
	int ret = 0;

	if (!ts) {
		at.valid = SA_ATIME_NOW | SA_MTIME_NOW;
	} else {
		ret = take_time(&ts[0], SA_ATIME, SA_ATIME_NOW, &at.atime, &at.valid);
		if (ret == 0)
			ret = take_time(&ts[1], SA_MTIME, SA_MTIME_NOW, &at.mtime, &at.valid);
		if (ret == 0 && !at.valid)
			return 0;
	}
	return ret < 0 ? ret : vfs_setattr(&c, p, &at);
}

static long utimes_at(struct task *t, int dirfd, uaddr_t uname, const struct lx_timespec *ts,
		      int flags)
{
	auto_path struct path p = { 0 };
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	int ret;

	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	/* futimens(3): no name means the descriptor itself. */
	if (!uname && dirfd != LX_AT_FDCWD) {
		auto_put(file) struct file *f = fd_get(t->fds, dirfd);

		if (flags & LX_AT_SYMLINK_NOFOLLOW)
			return -EINVAL;
		return f ? utimes_path(t, &f->path, ts) : -EBADF;
	}
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, dirfd, uname, walk & ~(uname ? 0 : WALK_EMPTY), &p);
	return ret < 0 ? ret : utimes_path(t, &p, ts);
}

long sys_utimensat(struct task *t, const struct sysargs *a)
{
	struct lx_timespec ts[2];

	if (!arg_addr(a, 2))
		return utimes_at(t, arg_int(a, 0), arg_addr(a, 1), NULL, arg_int(a, 3));
	if (copyin(t, ts, arg_addr(a, 2), sizeof(ts)) < 0)
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	return utimes_at(t, arg_int(a, 0), arg_addr(a, 1), ts, arg_int(a, 3));
}

static long utimes_micro(struct task *t, int dirfd, uaddr_t uname, uaddr_t utv)
{
	struct lx_timeval tv[2];
	struct lx_timespec ts[2];

	if (!utv)
		return utimes_at(t, dirfd, uname, NULL, 0);
	if (copyin(t, tv, utv, sizeof(tv)) < 0)
		return -EFAULT;
	for (int n = 0; n < 2; n++) {
		if (tv[n].tv_usec < 0 || tv[n].tv_usec >= 1000000)
			return -EINVAL;
		ts[n].tv_sec = tv[n].tv_sec;
		ts[n].tv_nsec = tv[n].tv_usec * 1000;
	}
	return utimes_at(t, dirfd, uname, ts, 0);
}

long sys_futimesat(struct task *t, const struct sysargs *a)
{
	return utimes_micro(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2));
}

long sys_utimes(struct task *t, const struct sysargs *a)
{
	return utimes_micro(t, LX_AT_FDCWD, arg_addr(a, 0), arg_addr(a, 1));
}

long sys_utime(struct task *t, const struct sysargs *a)
{
	struct lx_timespec ts[2] = { 0 };
	int64_t sec[2]; /* struct utimbuf */

	if (!arg_addr(a, 1))
		return utimes_at(t, LX_AT_FDCWD, arg_addr(a, 0), NULL, 0);
	if (copyin(t, sec, arg_addr(a, 1), sizeof(sec)) < 0)
		return -EFAULT;
	ts[0].tv_sec = sec[0];
	ts[1].tv_sec = sec[1];
	return utimes_at(t, LX_AT_FDCWD, arg_addr(a, 0), ts, 0);
}

/* --- sizes --- */

static long too_big(struct task *t, long ret, int64_t size)
{
	if (ret == -EFBIG && (uint64_t)size > task_rlimit(t, LX_RLIMIT_FSIZE))
		signal_send_task(t, LX_SIGXFSZ, NULL);
	return ret;
}

long sys_truncate(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int64_t size = arg_long(a, 1);
	int ret;

	if (size < 0)
		return -EINVAL;
	ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0), WALK_FOLLOW, &p);
	return ret < 0 ? ret : too_big(t, vfs_truncate(&c, &p, size), size);
}

long sys_ftruncate(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = NULL;
	struct kattr at = { .valid = SA_SIZE | SA_MTIME_NOW };
	struct vfs_caller c = task_vfs_caller(t);
	int64_t size = arg_long(a, 1);
	int ret;

	if (size < 0)
		return -EINVAL;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	if (!LX_S_ISREG(f->inode->mode) || !(f->mode & FMODE_WRITE))
		return -EINVAL;
	if ((uint64_t)size > f->inode->size && (uint64_t)size > c.fsize_limit)
		return too_big(t, -EFBIG, size);
	ret = inode_drop_privileges(f->inode, &c);
	if (ret < 0)
		return ret;
	at.size = (uint64_t)size;
	ret = inode_setattr(f->inode, &c, &at);
	if (ret == 0)
		inotify_dentry(f->path.dentry, LX_IN_MODIFY);
	return ret;
}

long sys_fallocate(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	int mode = arg_int(a, 1), kind;
	int64_t off = arg_long(a, 2), len = arg_long(a, 3), end;
	int ret;

	if (!f)
		return -EBADF;
	if (off < 0 || len <= 0)
		return -EINVAL;
	if (mode &
	    ~(LX_FALLOC_FL_KEEP_SIZE | LX_FALLOC_FL_PUNCH_HOLE | LX_FALLOC_FL_COLLAPSE_RANGE |
	      LX_FALLOC_FL_ZERO_RANGE | LX_FALLOC_FL_INSERT_RANGE | LX_FALLOC_FL_UNSHARE_RANGE))
		return -EOPNOTSUPP;
	kind = mode & ~LX_FALLOC_FL_KEEP_SIZE;
	if (kind & (kind - 1)) /* one thing at a time */
		return -EOPNOTSUPP;
	if ((mode & LX_FALLOC_FL_PUNCH_HOLE) && !(mode & LX_FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if ((kind & (LX_FALLOC_FL_COLLAPSE_RANGE | LX_FALLOC_FL_INSERT_RANGE)) &&
	    (mode & LX_FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	/* the inode's attribute, not O_APPEND */
	if ((f->inode->attributes & LX_STATX_ATTR_APPEND) && kind)
		return -EPERM;
	if (LX_S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (LX_S_ISDIR(f->inode->mode))
		return -EISDIR;
	if (!LX_S_ISREG(f->inode->mode))
		return -ENODEV;
	if (__builtin_add_overflow(off, len, &end))
		return -EFBIG;
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	if (!(mode & LX_FALLOC_FL_KEEP_SIZE) && (uint64_t)end > task_rlimit(t, LX_RLIMIT_FSIZE))
		return too_big(t, -EFBIG, end);
	ret = f->ops->fallocate(f, mode, off, len);
	if (ret == 0)
		inotify_dentry(f->path.dentry, LX_IN_MODIFY);
	return ret;
}

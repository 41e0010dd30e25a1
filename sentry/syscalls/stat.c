/* SPDX-License-Identifier: Apache-2.0 */
/* stat(2), statx(2), statfs(2), access(2), readlink(2). */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/mount.h>
#include <abi/linux/stat.h>

#include <base/bits.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/perm.h"

static long put_stat(struct task *t, uaddr_t ubuf, const struct kstat *k)
{
	struct lx_stat st;

	memset(&st, 0, sizeof(st));
	st.st_dev = lx_makedev(k->dev_major, k->dev_minor);
	st.st_ino = k->ino;
	st.st_nlink = k->nlink;
	st.st_mode = k->mode;
	st.st_uid = k->uid;
	st.st_gid = k->gid;
	st.st_rdev = lx_makedev(k->rdev_major, k->rdev_minor);
	st.st_size = (int64_t)k->size;
	st.st_blksize = (int32_t)k->blksize;
	st.st_blocks = (int64_t)k->blocks;
	st.st_atime_sec = (uint64_t)k->atime.sec;
	st.st_atime_nsec = k->atime.nsec;
	st.st_mtime_sec = (uint64_t)k->mtime.sec;
	st.st_mtime_nsec = k->mtime.nsec;
	st.st_ctime_sec = (uint64_t)k->ctime.sec;
	st.st_ctime_nsec = k->ctime.nsec;
	return copyout(t, ubuf, &st, sizeof(st)) < 0 ? -EFAULT : 0;
}

static long stat_at(struct task *t, int dirfd, uaddr_t uname, uaddr_t ubuf, int flags)
{
	auto_path struct path p = { 0 };
	struct kstat k;
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	int ret;

	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, dirfd, uname, walk, &p);
	if (ret == 0)
		ret = vfs_getattr(&p, LX_STATX_BASIC_STATS, &k);
	return ret < 0 ? ret : put_stat(t, ubuf, &k);
}

long sys_stat(struct task *t, const struct sysargs *a)
{
	return stat_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_addr(a, 1), 0);
}

long sys_lstat(struct task *t, const struct sysargs *a)
{
	return stat_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_addr(a, 1), LX_AT_SYMLINK_NOFOLLOW);
}

static long stat_fd(struct task *t, int fd, uaddr_t ubuf)
{
	auto_put(file) struct file *f = fd_get_any(t->fds, fd);
	struct kstat k;
	int ret;

	if (!f)
		return -EBADF;
	ret = vfs_fstat(f, LX_STATX_BASIC_STATS, &k);
	return ret < 0 ? ret : put_stat(t, ubuf, &k);
}

long sys_fstat(struct task *t, const struct sysargs *a)
{
	return stat_fd(t, arg_int(a, 0), arg_addr(a, 1));
}

long sys_newfstatat(struct task *t, const struct sysargs *a)
{
	int dirfd = arg_int(a, 0), flags = arg_int(a, 3);
	char first;

	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH))
		return -EINVAL;
	/* fstat(3) of the C library is this call with an empty name: no path is walked for it. */
	if ((flags & LX_AT_EMPTY_PATH) && dirfd >= 0 &&
	    (!arg_addr(a, 1) || (copyin(t, &first, arg_addr(a, 1), 1) == 0 && !first)))
		return stat_fd(t, dirfd, arg_addr(a, 2));
	return stat_at(t, dirfd, arg_addr(a, 1), arg_addr(a, 2), flags);
}

static struct lx_statx_timestamp stamp(struct ktime k)
{
	return (struct lx_statx_timestamp){ .tv_sec = k.sec, .tv_nsec = k.nsec };
}

long sys_statx(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	int flags = arg_int(a, 2), ret;
	unsigned int mask = arg_uint(a, 3), walk;
	struct lx_statx st;
	struct kstat k;

	if (mask & LX_STATX__RESERVED)
		return -EINVAL;
	if ((flags & LX_AT_STATX_SYNC_TYPE) == LX_AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH |
		      LX_AT_STATX_SYNC_TYPE))
		return -EINVAL;
	walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, arg_int(a, 0), arg_addr(a, 1), walk, &p);
	if (ret == 0)
		ret = vfs_getattr(&p, mask, &k);
	if (ret < 0)
		return ret;
	memset(&st, 0, sizeof(st));
	st.stx_mask = k.mask;
	st.stx_blksize = k.blksize;
	st.stx_attributes = k.attributes;
	st.stx_attributes_mask = k.attributes_mask;
	st.stx_nlink = k.nlink;
	st.stx_uid = k.uid;
	st.stx_gid = k.gid;
	st.stx_mode = (uint16_t)k.mode;
	st.stx_ino = k.ino;
	st.stx_size = k.size;
	st.stx_blocks = k.blocks;
	st.stx_atime = stamp(k.atime);
	st.stx_mtime = stamp(k.mtime);
	st.stx_ctime = stamp(k.ctime);
	if (k.mask & LX_STATX_BTIME)
		st.stx_btime = stamp(k.btime);
	st.stx_rdev_major = k.rdev_major;
	st.stx_rdev_minor = k.rdev_minor;
	st.stx_dev_major = k.dev_major;
	st.stx_dev_minor = k.dev_minor;
	if (mask & LX_STATX_MNT_ID_UNIQUE)
		st.stx_mask = (st.stx_mask & ~(uint32_t)LX_STATX_MNT_ID) | LX_STATX_MNT_ID_UNIQUE;
	st.stx_mnt_id = k.mnt_id;
	return copyout(t, arg_addr(a, 4), &st, sizeof(st)) < 0 ? -EFAULT : 0;
}

static long put_statfs(struct task *t, const struct path *p, uaddr_t ubuf)
{
	struct lx_statfs st;
	int ret = vfs_statfs(p, &st);

	if (ret < 0)
		return ret;
	return copyout(t, ubuf, &st, sizeof(st)) < 0 ? -EFAULT : 0;
}

long sys_statfs(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	int ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0), WALK_FOLLOW, &p);

	return ret < 0 ? ret : put_statfs(t, &p, arg_addr(a, 1));
}

long sys_fstatfs(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get_any(t->fds, arg_int(a, 0));

	return f ? put_statfs(t, &f->path, arg_addr(a, 1)) : -EBADF;
}

/* access(2) asks with the real ids, and with the capabilities those would have. */
static int real_cred(struct task *t, struct cred **ret_c)
{
	struct cred *c;
	int ret = cred_copy(t->cred, &c);

	if (ret < 0)
		return ret;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	if (!(c->securebits & (1u << 2 /* SECURE_NO_SETUID_FIXUP */)))
		c->cap_effective = c->uid == 0 ? c->cap_permitted : 0;
	*ret_c = c;
	return 0;
}

static long access_at(struct task *t, int dirfd, uaddr_t uname, int mode, int flags)
{
	auto_name struct name_arg n = { 0 };
	auto_path struct path p = { 0 };
	auto_put(cred) struct cred *real = NULL;
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	struct vfs_caller c = task_vfs_caller(t);
	struct inode *i;
	int ret;

	if (mode & ~(LX_R_OK | LX_W_OK | LX_X_OK))
		return -EINVAL;
	if (flags & ~(LX_AT_EACCESS | LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	if (!(flags & LX_AT_EACCESS) &&
	    (t->cred->fsuid != t->cred->uid || t->cred->fsgid != t->cred->gid ||
	     t->cred->cap_effective != t->cred->cap_permitted)) {
		ret = real_cred(t, &real);
		if (ret < 0)
			return ret;
		c.cred = real;
	}
	ret = name_arg_get(t, dirfd, uname, &n);
	if (ret < 0)
		return ret;
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = vfs_walk(&c, &n.start, n.name, walk, &p);
	if (ret < 0)
		return ret;
	i = p.dentry->inode;
	if ((mode & LX_X_OK) && LX_S_ISREG(i->mode) && (p.mnt->flags & LX_MS_NOEXEC))
		return -EACCES;
	/* R_OK, W_OK, X_OK are VFS_MAY_READ, WRITE, EXEC. */
	return path_permission(&p, &c, (unsigned int)mode);
}

long sys_access(struct task *t, const struct sysargs *a)
{
	return access_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_int(a, 1), 0);
}

long sys_faccessat(struct task *t, const struct sysargs *a)
{
	return access_at(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), 0);
}

long sys_faccessat2(struct task *t, const struct sysargs *a)
{
	return access_at(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), arg_int(a, 3));
}

static long readlink_at(struct task *t, int dirfd, uaddr_t uname, uaddr_t ubuf, int size)
{
	auto_path struct path p = { 0 };
	auto_free char *buf = NULL;
	struct vfs_caller c = task_vfs_caller(t);
	ssize_t len;
	int ret;

	if (size <= 0)
		return -EINVAL;
	ret = task_walk(t, dirfd, uname, WALK_EMPTY, &p);
	if (ret < 0)
		return ret;
	if (!LX_S_ISLNK(p.dentry->inode->mode)) {
		char first = 0;

		/* An empty name asks for the link that dirfd is (O_PATH|O_NOFOLLOW). */
		return copyin(t, &first, uname, 1) == 0 && !first ? -ENOENT : -EINVAL;
	}
	buf = malloc(LX_PATH_MAX);
	if (!buf)
		return -ENOMEM;
	len = vfs_readlink(&c, &p, buf, LX_PATH_MAX);
	if (len < 0)
		return len;
	len = MIN(len, (ssize_t)size);
	return copyout(t, ubuf, buf, (size_t)len) < 0 ? -EFAULT : len;
}

long sys_readlink(struct task *t, const struct sysargs *a)
{
	return readlink_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_addr(a, 1), arg_int(a, 2));
}

long sys_readlinkat(struct task *t, const struct sysargs *a)
{
	return readlink_at(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), arg_int(a, 3));
}

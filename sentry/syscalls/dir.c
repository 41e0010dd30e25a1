/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on names and directories: mkdir, unlink, rename, link, symlink, mknod, getdents, chdir,
 * chroot, getcwd.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/dirent.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

static long mkdir_at(struct task *t, int dirfd, uaddr_t uname, uint32_t mode)
{
	auto_name struct name_arg n = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int ret = name_arg_get(t, dirfd, uname, &n);

	return ret < 0 ? ret : vfs_mkdir(&c, &n.start, n.name, mode);
}

long sys_mkdir(struct task *t, const struct sysargs *a)
{
	return mkdir_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1));
}

long sys_mkdirat(struct task *t, const struct sysargs *a)
{
	return mkdir_at(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2));
}

static long unlink_at(struct task *t, int dirfd, uaddr_t uname, bool dir)
{
	auto_name struct name_arg n = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int ret = name_arg_get(t, dirfd, uname, &n);

	if (ret < 0)
		return ret;
	return dir ? vfs_rmdir(&c, &n.start, n.name) : vfs_unlink(&c, &n.start, n.name);
}

long sys_rmdir(struct task *t, const struct sysargs *a)
{
	return unlink_at(t, LX_AT_FDCWD, arg_addr(a, 0), true);
}

long sys_unlink(struct task *t, const struct sysargs *a)
{
	return unlink_at(t, LX_AT_FDCWD, arg_addr(a, 0), false);
}

long sys_unlinkat(struct task *t, const struct sysargs *a)
{
	int flags = arg_int(a, 2);

	if (flags & ~LX_AT_REMOVEDIR)
		return -EINVAL;
	return unlink_at(t, arg_int(a, 0), arg_addr(a, 1), flags & LX_AT_REMOVEDIR);
}

static long rename_at(struct task *t, int fromfd, uaddr_t from, int tofd, uaddr_t to,
		      unsigned int flags)
{
	auto_name struct name_arg f = { 0 };
	auto_name struct name_arg n = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int ret;

	if (flags & ~(unsigned int)(LX_RENAME_NOREPLACE | LX_RENAME_EXCHANGE |
				    LX_RENAME_WHITEOUT) ||
	    ((flags & LX_RENAME_EXCHANGE) && (flags & (LX_RENAME_NOREPLACE | LX_RENAME_WHITEOUT))))
		return -EINVAL;
	ret = name_arg_get(t, fromfd, from, &f);
	if (ret == 0)
		ret = name_arg_get(t, tofd, to, &n);
	return ret < 0 ? ret : vfs_rename(&c, &f.start, f.name, &n.start, n.name, flags);
}

long sys_rename(struct task *t, const struct sysargs *a)
{
	return rename_at(t, LX_AT_FDCWD, arg_addr(a, 0), LX_AT_FDCWD, arg_addr(a, 1), 0);
}

long sys_renameat(struct task *t, const struct sysargs *a)
{
	return rename_at(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), arg_addr(a, 3), 0);
}

long sys_renameat2(struct task *t, const struct sysargs *a)
{
	return rename_at(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), arg_addr(a, 3),
			 arg_uint(a, 4));
}

static long link_at(struct task *t, int fromfd, uaddr_t from, int tofd, uaddr_t to, int flags)
{
	auto_name struct name_arg n = { 0 };
	auto_path struct path p = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	unsigned int walk = flags & LX_AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0;
	int ret;

	if (flags & ~(LX_AT_SYMLINK_FOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & LX_AT_EMPTY_PATH) {
		/*
		 * Naming a bare descriptor could get around directories that the caller may not
		 * search.
		 */
		if (!task_capable(t, LX_CAP_DAC_READ_SEARCH)) {
			char first;

			if (copyin(t, &first, from, 1) == 0 && !first)
				return -ENOENT;
		}
		walk |= WALK_EMPTY;
	}
	ret = task_walk(t, fromfd, from, walk, &p);
	if (ret == 0)
		ret = name_arg_get(t, tofd, to, &n);
	return ret < 0 ? ret : vfs_link(&c, &p, &n.start, n.name);
}

long sys_link(struct task *t, const struct sysargs *a)
{
	return link_at(t, LX_AT_FDCWD, arg_addr(a, 0), LX_AT_FDCWD, arg_addr(a, 1), 0);
}

long sys_linkat(struct task *t, const struct sysargs *a)
{
	return link_at(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), arg_addr(a, 3),
		       arg_int(a, 4));
}

static long symlink_at(struct task *t, uaddr_t utarget, int dirfd, uaddr_t uname)
{
	auto_name struct name_arg n = { 0 };
	auto_free char *target = NULL;
	struct vfs_caller c = task_vfs_caller(t);
	int ret = copyin_path(t, utarget, &target);

	if (ret == 0 && !*target)
		ret = -ENOENT;
	if (ret == 0)
		ret = name_arg_get(t, dirfd, uname, &n);
	return ret < 0 ? ret : vfs_symlink(&c, target, &n.start, n.name);
}

long sys_symlink(struct task *t, const struct sysargs *a)
{
	return symlink_at(t, arg_addr(a, 0), LX_AT_FDCWD, arg_addr(a, 1));
}

long sys_symlinkat(struct task *t, const struct sysargs *a)
{
	return symlink_at(t, arg_addr(a, 0), arg_int(a, 1), arg_addr(a, 2));
}

static long mknod_at(struct task *t, int dirfd, uaddr_t uname, uint32_t mode, uint32_t dev)
{
	auto_name struct name_arg n = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int ret = name_arg_get(t, dirfd, uname, &n);

	return ret < 0 ? ret : vfs_mknod(&c, &n.start, n.name, mode, lx_major(dev), lx_minor(dev));
}

long sys_mknod(struct task *t, const struct sysargs *a)
{
	return mknod_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1) & 0xffff, arg_uint(a, 2));
}

long sys_mknodat(struct task *t, const struct sysargs *a)
{
	return mknod_at(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2) & 0xffff, arg_uint(a, 3));
}

/* --- getdents --- */

/*
 * Records are collected here and copied out at once: no guest memory is touched while a directory
 * is locked.
 */
struct dents {
	struct dir_ctx ctx;
	char *buf;
	size_t size, used;
	bool old, full;
	int64_t *last_off; /* of the newest record */
};

#define DENTS_MAX (64u << 10)

static bool emit(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos, uint64_t ino,
		 unsigned int type)
{
	struct dents *d = container_of(ctx, struct dents, ctx);
	struct lx_dirent64 *e = (struct lx_dirent64 *)(d->buf + d->used);
	size_t rec = round_up(offsetof(struct lx_dirent64, d_name) + len + 1, (size_t)8);

	if (d->old)
		rec = round_up(offsetof(struct lx_dirent, d_name) + len + 2, (size_t)8);
	if (d->used + rec > d->size) {
		d->full = true;
		return false;
	}
	memset((char *)e + rec - 8, 0, 8);
	e->d_ino = ino;
	e->d_off = next_pos;
	e->d_reclen = (uint16_t)rec;
	if (d->old) {
		struct lx_dirent *o = (struct lx_dirent *)e;

		memcpy(o->d_name, name, len);
		o->d_name[len] = '\0';
		((char *)o)[rec - 1] = (char)type;
	} else {
		e->d_type = (uint8_t)type;
		memcpy(e->d_name, name, len);
		e->d_name[len] = '\0';
	}
	d->used += rec;
	return true;
}

static long getdents(struct task *t, int fd, uaddr_t ubuf, unsigned int size, bool old)
{
	auto_put(file) struct file *f = fd_get(t->fds, fd);
	auto_free char *buf = NULL;
	struct dents d = { .ctx.emit = emit, .old = old };
	int ret;

	if (!f)
		return -EBADF;
	if (!LX_S_ISDIR(f->inode->mode))
		return -ENOTDIR;
	d.size = MIN(size, DENTS_MAX);
	buf = d.buf = malloc(d.size ? d.size : 1);
	if (!buf)
		return -ENOMEM;
	ret = vfs_readdir(f, &d.ctx);
	if (ret < 0 && !d.used)
		return ret;
	if (!d.used)
		return d.full ? -EINVAL : 0;
	return copyout(t, ubuf, buf, d.used) < 0 ? -EFAULT : (long)d.used;
}

long sys_getdents64(struct task *t, const struct sysargs *a)
{
	return getdents(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), false);
}

long sys_getdents(struct task *t, const struct sysargs *a)
{
	return getdents(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), true);
}

/* --- where a task stands --- */

static long change_dir(struct task *t, const struct path *p)
{
	struct vfs_caller c = task_vfs_caller(t);
	int ret;

	if (!LX_S_ISDIR(p->dentry->inode->mode))
		return -ENOTDIR;
	ret = inode_permission(p->dentry->inode, &c, VFS_MAY_EXEC);
	if (ret < 0)
		return ret;
	fscontext_set_cwd(t->fs, p);
	return 0;
}

long sys_chdir(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	int ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0), WALK_FOLLOW | WALK_DIRECTORY, &p);

	return ret < 0 ? ret : change_dir(t, &p);
}

long sys_fchdir(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get_any(t->fds, arg_int(a, 0));

	return f ? change_dir(t, &f->path) : -EBADF;
}

long sys_chroot(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	int ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0), WALK_FOLLOW | WALK_DIRECTORY, &p);

	if (ret == 0)
		ret = inode_permission(p.dentry->inode, &c, VFS_MAY_EXEC);
	if (ret < 0)
		return ret;
	if (!task_capable(t, LX_CAP_SYS_CHROOT))
		return -EPERM;
	fscontext_set_root(t->fs, &p);
	return 0;
}

long sys_getcwd(struct task *t, const struct sysargs *a)
{
	auto_path struct path root = { 0 };
	auto_path struct path cwd = { 0 };
	auto_free char *buf = malloc(LX_PATH_MAX);
	uint64_t size = arg_ulong(a, 1);
	ssize_t len;

	if (!buf)
		return -ENOMEM;
	fscontext_root(t->fs, &root);
	fscontext_cwd(t->fs, &cwd);
	len = vfs_cwd_name(&cwd, &root, buf, LX_PATH_MAX);
	if (len < 0)
		return len;
	if ((uint64_t)len + 1 > size)
		return -ERANGE;
	return copyout(t, arg_addr(a, 0), buf, (size_t)len + 1) < 0 ? -EFAULT : len + 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The xattr(7) calls: by path, by link, by descriptor, and the *at forms. */
#include <errno.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/xattr.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/xattr.h"

/* What a call names: a path, followed or not, or a descriptor. */
static int target(struct task *t, int dirfd, uaddr_t uname, int at_flags, struct path *ret_p)
{
	unsigned int walk = at_flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;

	if (at_flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	return task_walk(t, dirfd, uname, walk, ret_p);
}

static int target_fd(struct task *t, int fd, struct path *ret_p)
{
	auto_put(file) struct file *f = fd_get(t->fds, fd);

	if (!f)
		return -EBADF;
	*ret_p = f->path;
	path_get(ret_p);
	return 0;
}

static int get_name(struct task *t, uaddr_t uname, char name[LX_XATTR_NAME_MAX + 2])
{
	ssize_t len = copyin_str(t, name, uname, LX_XATTR_NAME_MAX + 1);

	if (len == -ENAMETOOLONG || len == 0)
		return -ERANGE;
	if (len < 0)
		return (int)len;
	name[len] = '\0';
	return 0;
}

static long do_set(struct task *t, const struct path *p, uaddr_t uname, uaddr_t uval, uint64_t size,
		   int flags)
{
	char name[LX_XATTR_NAME_MAX + 2];
	auto_free void *val = NULL;
	struct vfs_caller c = task_vfs_caller(t);
	int ret;

	if (flags & ~(LX_XATTR_CREATE | LX_XATTR_REPLACE))
		return -EINVAL;
	ret = get_name(t, uname, name);
	if (ret < 0)
		return ret;
	if (size > LX_XATTR_SIZE_MAX)
		return -E2BIG;
	val = malloc(size ? size : 1);
	if (!val)
		return -ENOMEM;
	if (size && copyin(t, val, uval, size) < 0)
		return -EFAULT;
	return vfs_setxattr(&c, p, name, val, size, flags);
}

static long do_get(struct task *t, const struct path *p, uaddr_t uname, uaddr_t uval, uint64_t size)
{
	char name[LX_XATTR_NAME_MAX + 2];
	auto_free void *val = NULL;
	struct vfs_caller c = task_vfs_caller(t);
	ssize_t len;
	int ret = get_name(t, uname, name);

	if (ret < 0)
		return ret;
	if (size > LX_XATTR_SIZE_MAX)
		size = LX_XATTR_SIZE_MAX;
	val = malloc(size ? size : 1);
	if (!val)
		return -ENOMEM;
	len = vfs_getxattr(&c, p->dentry->inode, name, val, size);
	if (len > 0 && size && copyout(t, uval, val, (size_t)len) < 0)
		return -EFAULT;
	return len;
}

static long do_list(struct task *t, const struct path *p, uaddr_t ulist, uint64_t size)
{
	auto_free char *list = NULL;
	struct vfs_caller c = task_vfs_caller(t);
	ssize_t len;

	if (size > LX_XATTR_LIST_MAX)
		size = LX_XATTR_LIST_MAX;
	list = malloc(size ? size : 1);
	if (!list)
		return -ENOMEM;
	len = vfs_listxattr(&c, p->dentry->inode, list, size);
	if (len > 0 && size && copyout(t, ulist, list, (size_t)len) < 0)
		return -EFAULT;
	return len;
}

static long do_remove(struct task *t, const struct path *p, uaddr_t uname)
{
	char name[LX_XATTR_NAME_MAX + 2];
	struct vfs_caller c = task_vfs_caller(t);
	int ret = get_name(t, uname, name);

	return ret < 0 ? ret : vfs_removexattr(&c, p, name);
}

#define BY_PATH(p, flags)                                                                          \
	auto_path struct path p = { 0 };                                                           \
	long ret = target(t, LX_AT_FDCWD, arg_addr(a, 0), flags, &p);                              \
                                                                                                   \
	if (ret < 0)                                                                               \
	return ret

#define BY_FD(p)                                                                                   \
	auto_path struct path p = { 0 };                                                           \
	long ret = target_fd(t, arg_int(a, 0), &p);                                                \
                                                                                                   \
	if (ret < 0)                                                                               \
	return ret

long sys_setxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, 0);
	return do_set(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3), arg_int(a, 4));
}

long sys_lsetxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, LX_AT_SYMLINK_NOFOLLOW);
	return do_set(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3), arg_int(a, 4));
}

long sys_fsetxattr(struct task *t, const struct sysargs *a)
{
	BY_FD(p);
	return do_set(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3), arg_int(a, 4));
}

long sys_getxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, 0);
	return do_get(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3));
}

long sys_lgetxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, LX_AT_SYMLINK_NOFOLLOW);
	return do_get(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3));
}

long sys_fgetxattr(struct task *t, const struct sysargs *a)
{
	BY_FD(p);
	return do_get(t, &p, arg_addr(a, 1), arg_addr(a, 2), arg_ulong(a, 3));
}

long sys_listxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, 0);
	return do_list(t, &p, arg_addr(a, 1), arg_ulong(a, 2));
}

long sys_llistxattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, LX_AT_SYMLINK_NOFOLLOW);
	return do_list(t, &p, arg_addr(a, 1), arg_ulong(a, 2));
}

long sys_flistxattr(struct task *t, const struct sysargs *a)
{
	BY_FD(p);
	return do_list(t, &p, arg_addr(a, 1), arg_ulong(a, 2));
}

long sys_removexattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, 0);
	return do_remove(t, &p, arg_addr(a, 1));
}

long sys_lremovexattr(struct task *t, const struct sysargs *a)
{
	BY_PATH(p, LX_AT_SYMLINK_NOFOLLOW);
	return do_remove(t, &p, arg_addr(a, 1));
}

long sys_fremovexattr(struct task *t, const struct sysargs *a)
{
	BY_FD(p);
	return do_remove(t, &p, arg_addr(a, 1));
}

/* --- the *at forms: value, size and flags come in a structure --- */

static int get_args(struct task *t, uaddr_t uargs, uint64_t size, struct lx_xattr_args *args)
{
	if (size < sizeof(*args))
		return -EINVAL;
	if (size > LX_PAGE_SIZE)
		return -E2BIG;
	if (copyin(t, args, uargs, sizeof(*args)) < 0)
		return -EFAULT;
	for (uint64_t off = sizeof(*args); off < size; off++) {
		char byte;

		if (copyin(t, &byte, uargs + off, 1) < 0)
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

long sys_setxattrat(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	struct lx_xattr_args args;
	int ret = get_args(t, arg_addr(a, 4), arg_ulong(a, 5), &args);

	if (ret == 0)
		ret = target(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), &p);
	return ret < 0 ? ret :
			 do_set(t, &p, arg_addr(a, 3), args.value, args.size, (int)args.flags);
}

long sys_getxattrat(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	struct lx_xattr_args args;
	int ret = get_args(t, arg_addr(a, 4), arg_ulong(a, 5), &args);

	if (ret == 0 && args.flags)
		ret = -EINVAL;
	if (ret == 0)
		ret = target(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), &p);
	return ret < 0 ? ret : do_get(t, &p, arg_addr(a, 3), args.value, args.size);
}

long sys_listxattrat(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	int ret = target(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), &p);

	return ret < 0 ? ret : do_list(t, &p, arg_addr(a, 3), arg_ulong(a, 4));
}

long sys_removexattrat(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	int ret = target(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2), &p);

	return ret < 0 ? ret : do_remove(t, &p, arg_addr(a, 3));
}

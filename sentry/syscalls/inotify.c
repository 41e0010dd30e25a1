/* SPDX-License-Identifier: Apache-2.0 */
/* inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2). */
#include <errno.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/inotify.h"

#define ADD_FLAGS                                                                                  \
	(LX_IN_ALL_EVENTS | LX_IN_ONLYDIR | LX_IN_DONT_FOLLOW | LX_IN_EXCL_UNLINK |                \
	 LX_IN_MASK_CREATE | LX_IN_MASK_ADD | LX_IN_ONESHOT)

static long do_init(struct task *t, int flags)
{
	struct file *f;
	int ret;

	if (flags & ~(LX_IN_CLOEXEC | LX_IN_NONBLOCK))
		return -EINVAL;
	ret = inotify_new(LX_O_RDONLY | ((unsigned int)flags & LX_IN_NONBLOCK), t->cred, &f);
	return ret < 0 ? ret : fd_install_put(t, f, flags & LX_IN_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

long sys_inotify_init(struct task *t, const struct sysargs *a)
{
	return do_init(t, 0);
}

long sys_inotify_init1(struct task *t, const struct sysargs *a)
{
	return do_init(t, arg_int(a, 0));
}

long sys_inotify_add_watch(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = NULL;
	auto_path struct path p = { 0 };
	struct vfs_caller c = task_vfs_caller(t);
	uint32_t mask = arg_uint(a, 2);
	unsigned int walk = mask & LX_IN_DONT_FOLLOW ? 0 : WALK_FOLLOW;
	int ret;

	if (!(mask & (LX_IN_ALL_EVENTS | LX_IN_ONLYDIR | LX_IN_DONT_FOLLOW | LX_IN_EXCL_UNLINK |
		      LX_IN_MASK_ADD | LX_IN_ONESHOT | LX_IN_ISDIR | LX_IN_UNMOUNT |
		      LX_IN_Q_OVERFLOW | LX_IN_IGNORED)))
		return -EINVAL;
	if ((mask & LX_IN_MASK_ADD) && (mask & LX_IN_MASK_CREATE))
		return -EINVAL;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	if (!file_is_inotify(f))
		return -EINVAL;
	if (mask & LX_IN_ONLYDIR)
		walk |= WALK_DIRECTORY;
	ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 1), walk, &p);
	if (ret == 0)
		ret = inode_permission(p.dentry->inode, &c, VFS_MAY_READ);
	return ret < 0 ? ret : inotify_add_watch(f, p.dentry->inode, mask & ADD_FLAGS);
}

long sys_inotify_rm_watch(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));

	if (!f)
		return -EBADF;
	return file_is_inotify(f) ? inotify_rm_watch(f, arg_int(a, 1)) : -EINVAL;
}

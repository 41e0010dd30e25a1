/* SPDX-License-Identifier: Apache-2.0 */
/* ioctl(2): the requests that every file knows; the rest goes to the file's own operations. */
#include <errno.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/stat.h>

#include "kernel/fown.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

static long set_flag(struct task *t, struct file *f, unsigned int flag, uaddr_t uarg)
{
	int32_t on;

	if (copyin(t, &on, uarg, sizeof(on)) < 0)
		return -EFAULT;
	if (flag == LX_FASYNC) {
		if (!!on != !!(f->flags & LX_FASYNC)) {
			int ret = fown_set_async(f, on);

			if (ret < 0)
				return ret;
		}
	}
	if (on)
		atomic_fetch_or(&f->flags, flag);
	else
		atomic_fetch_and(&f->flags, ~flag);
	return 0;
}

static long put_int(struct task *t, uaddr_t uarg, int64_t v)
{
	int32_t v32 = v > INT32_MAX ? INT32_MAX : (int32_t)v;

	return copyout(t, uarg, &v32, sizeof(v32)) < 0 ? -EFAULT : 0;
}

static long file_flags(struct task *t, struct file *f, uaddr_t uarg, bool set)
{
	uint32_t flags = 0;

	if (!LX_S_ISREG(f->inode->mode) && !LX_S_ISDIR(f->inode->mode))
		return -ENOTTY;
	if (set)
		return -EOPNOTSUPP;
	if (f->inode->attributes & LX_STATX_ATTR_IMMUTABLE)
		flags |= LX_FS_IMMUTABLE_FL;
	if (f->inode->attributes & LX_STATX_ATTR_APPEND)
		flags |= LX_FS_APPEND_FL;
	return copyout(t, uarg, &flags, sizeof(flags)) < 0 ? -EFAULT : 0;
}

static long generic(struct task *t, struct file *f, unsigned int cmd, uaddr_t arg)
{
	uint64_t size;

	switch (cmd) {
	case LX_FIONREAD:
		if (f->ops->nread)
			return put_int(t, arg, f->ops->nread(f));
		if (LX_S_ISREG(f->inode->mode))
			return put_int(t, arg, (int64_t)f->inode->size - f->pos);
		return -ENOTTY;
	case LX_FIOQSIZE:
		if (!LX_S_ISDIR(f->inode->mode) && !LX_S_ISREG(f->inode->mode) &&
		    !LX_S_ISLNK(f->inode->mode))
			return -ENOTTY;
		size = f->inode->size;
		return copyout(t, arg, &size, sizeof(size)) < 0 ? -EFAULT : 0;
	case LX_FIGETBSZ:
		return f->inode->sb->flags & SB_NO_DCACHE ? -EINVAL : put_int(t, arg, 4096);
	case LX_FIBMAP:
		return -EPERM;
	case LX_FS_IOC_GETFLAGS:
		return file_flags(t, f, arg, false);
	case LX_FS_IOC_SETFLAGS:
		return file_flags(t, f, arg, true);
	case LX_FICLONE:
	case LX_FICLONERANGE:
	case LX_FIDEDUPERANGE:
		return -EOPNOTSUPP;
	default:
		return -ENOTTY;
	}
}

long sys_ioctl(struct task *t, const struct sysargs *a)
{
	int fd = arg_int(a, 0);
	auto_put(file) struct file *f = fd_get(t->fds, fd);
	unsigned int cmd = arg_uint(a, 1);
	uaddr_t arg = arg_addr(a, 2);
	long ret = -ENOTTY;

	if (!f)
		return -EBADF;
	switch (cmd) {
	case LX_FIOCLEX:
		return fd_set_flags(t->fds, fd, LX_FD_CLOEXEC);
	case LX_FIONCLEX:
		return fd_set_flags(t->fds, fd, 0);
	case LX_FIONBIO:
		return set_flag(t, f, LX_O_NONBLOCK, arg);
	case LX_FIOASYNC:
		return set_flag(t, f, LX_FASYNC, arg);
	default:
		break;
	}
	if (f->ops->ioctl)
		ret = f->ops->ioctl(f, t, cmd, arg);
	if (ret == -ENOTTY || ret == -LX_ENOIOCTLCMD)
		ret = generic(t, f, cmd, arg);
	return ret;
}

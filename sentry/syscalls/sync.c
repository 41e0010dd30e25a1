/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync(2), fsync(2), sync_file_range(2), and advice about reading: readahead(2), posix_fadvise(2).
 */
#include <errno.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

static long do_fsync(struct task *t, int fd, bool data_only)
{
	auto_put(file) struct file *f = fd_get(t->fds, fd);

	if (!f)
		return -EBADF;
	return f->ops->fsync ? f->ops->fsync(f, data_only) : -EINVAL;
}

long sys_fsync(struct task *t, const struct sysargs *a)
{
	return do_fsync(t, arg_int(a, 0), false);
}

long sys_fdatasync(struct task *t, const struct sysargs *a)
{
	return do_fsync(t, arg_int(a, 0), true);
}

/* What was written is with the gofer's host already: its page cache is the host's to write. */
long sys_sync(struct task *t, const struct sysargs *a)
{
	return 0;
}

long sys_syncfs(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	struct super_block *sb;

	if (!f)
		return -EBADF;
	sb = f->inode->sb;
	return sb->ops && sb->ops->sync ? sb->ops->sync(sb) : 0;
}

long sys_sync_file_range(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	int64_t off = arg_long(a, 1), len = arg_long(a, 2), end;
	unsigned int flags = arg_uint(a, 3);

	if (!f)
		return -EBADF;
	if (flags & ~(unsigned int)(LX_SYNC_FILE_RANGE_WAIT_BEFORE | LX_SYNC_FILE_RANGE_WRITE |
				    LX_SYNC_FILE_RANGE_WAIT_AFTER))
		return -EINVAL;
	if (off < 0 || __builtin_add_overflow(off, len, &end) || end < off)
		return -EINVAL;
	if (!LX_S_ISREG(f->inode->mode) && !LX_S_ISBLK(f->inode->mode) &&
	    !LX_S_ISDIR(f->inode->mode) && !LX_S_ISLNK(f->inode->mode))
		return -ESPIPE;
	if (!flags || !f->ops->fsync)
		return 0;
	return f->ops->fsync(f, true);
}

long sys_readahead(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get_readable(t, arg_int(a, 0));

	if (!f)
		return -EBADF;
	return LX_S_ISREG(f->inode->mode) || LX_S_ISBLK(f->inode->mode) ? 0 : -EINVAL;
}

long sys_fadvise64(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));

	if (!f)
		return -EBADF;
	if (LX_S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (arg_long(a, 2) < 0)
		return -EINVAL;
	return arg_int(a, 3) < LX_POSIX_FADV_NORMAL || arg_int(a, 3) > LX_POSIX_FADV_NOREUSE ?
		       -EINVAL :
		       0;
}

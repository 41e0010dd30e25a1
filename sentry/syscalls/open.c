/* SPDX-License-Identifier: Apache-2.0 */
/* open(2), openat2(2), close(2), and waiting for the other end of a FIFO. */
#include <errno.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/poll.h>
#include <abi/linux/stat.h>

#include "fs/pipe/pipe.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

#define OPEN_FLAGS                                                                                 \
	(LX_O_ACCMODE | LX_O_CREAT | LX_O_EXCL | LX_O_NOCTTY | LX_O_TRUNC | LX_O_APPEND |          \
	 LX_O_NONBLOCK | LX_O_SYNC | LX_O_DSYNC | LX_FASYNC | LX_O_DIRECT | LX_O_LARGEFILE |       \
	 LX_O_DIRECTORY | LX_O_NOFOLLOW | LX_O_NOATIME | LX_O_CLOEXEC | LX_O_PATH |                \
	 LX___O_TMPFILE)

static bool fifo_ready(void *arg)
{
	return fifo_open_check(arg) != -EAGAIN;
}

/* open of a FIFO waits for the other end, fifo(7). */
static long fifo_wait(struct task *t, struct file *f)
{
	long ret;

	while ((ret = fifo_open_check(f)) == -EAGAIN) {
		int err =
			wait_for(t, f->wq, LX_POLLIN | LX_POLLOUT, TASK_NO_DEADLINE, fifo_ready, f);

		if (err < 0)
			return err;
	}
	return ret;
}

/* What open(2) refuses before it looks at anything else. */
static int check_open_flags(unsigned int flags)
{
	if (flags & LX_O_PATH)
		return 0;
	if (flags & LX___O_TMPFILE) {
		if ((flags & LX_O_TMPFILE) != LX_O_TMPFILE || (flags & LX_O_CREAT) ||
		    !((flags & LX_O_ACCMODE) & (LX_O_WRONLY | LX_O_RDWR)))
			return -EINVAL;
		return 0;
	}
	if ((flags & (LX_O_CREAT | LX_O_DIRECTORY)) == (LX_O_CREAT | LX_O_DIRECTORY))
		return -EINVAL;
	return 0;
}

static long do_open(struct task *t, int dirfd, uaddr_t uname, const struct vfs_open_how *how)
{
	auto_name struct name_arg n = { 0 };
	struct file *f = NULL;
	struct vfs_caller c;
	long ret = check_open_flags((unsigned int)how->flags);

	if (ret < 0)
		return ret;
	ret = name_arg_get_scoped(t, dirfd, uname, how->walk & (WALK_BENEATH | WALK_IN_ROOT), &n);
	if (ret < 0)
		return ret;
	if (!fd_room(t->fds))
		return -EMFILE;
	c = task_vfs_caller(t);
	ret = vfs_open(&c, &n.start, n.name, how, &f);
	if (ret < 0)
		return ret;
	if (unlikely(LX_S_ISFIFO(f->inode->mode)) && !(f->mode & FMODE_PATH)) {
		ret = fifo_wait(t, f);
		if (ret < 0) {
			file_put(f);
			return ret;
		}
	}
	return fd_install_put(t, f, how->flags & LX_O_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

/* open(2) ignores flags it does not know, and a mode without O_CREAT. */
static long open_plain(struct task *t, int dirfd, uaddr_t uname, uint32_t flags, uint32_t mode)
{
	struct vfs_open_how how = { .flags = (flags & OPEN_FLAGS) | LX_O_LARGEFILE };

	if (flags & LX_O_PATH)
		how.flags &= LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW | LX_O_CLOEXEC;
	if (how.flags & (LX_O_CREAT | LX___O_TMPFILE))
		how.mode = mode & LX_S_IALLUGO;
	return do_open(t, dirfd, uname, &how);
}

long sys_open(struct task *t, const struct sysargs *a)
{
	return open_plain(t, LX_AT_FDCWD, arg_addr(a, 0), arg_uint(a, 1), arg_uint(a, 2));
}

long sys_openat(struct task *t, const struct sysargs *a)
{
	return open_plain(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), arg_uint(a, 3));
}

long sys_creat(struct task *t, const struct sysargs *a)
{
	return open_plain(t, LX_AT_FDCWD, arg_addr(a, 0), LX_O_CREAT | LX_O_WRONLY | LX_O_TRUNC,
			  arg_uint(a, 1));
}

static int check_how(const struct lx_open_how *h, struct vfs_open_how *how)
{
	static const struct {
		uint64_t resolve;
		unsigned int walk;
	} map[] = {
		{ LX_RESOLVE_NO_XDEV, WALK_NO_XDEV },
		{ LX_RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC },
		{ LX_RESOLVE_NO_SYMLINKS, WALK_NO_SYMLINKS | WALK_NO_MAGIC },
		{ LX_RESOLVE_BENEATH, WALK_BENEATH },
		{ LX_RESOLVE_IN_ROOT, WALK_IN_ROOT },
		{ LX_RESOLVE_CACHED, WALK_CACHED },
	};
	uint64_t left = h->resolve;

	for (size_t n = 0; n < ARRAY_SIZE(map); n++) {
		if (left & map[n].resolve)
			how->walk |= map[n].walk;
		left &= ~map[n].resolve;
	}
	if (left || (h->flags & ~(uint64_t)OPEN_FLAGS))
		return -EINVAL;
	if ((h->resolve & LX_RESOLVE_BENEATH) && (h->resolve & LX_RESOLVE_IN_ROOT))
		return -EINVAL;
	if (h->flags & (LX_O_CREAT | LX___O_TMPFILE)) {
		if (h->mode & ~(uint64_t)LX_S_IALLUGO)
			return -EINVAL;
	} else if (h->mode) {
		return -EINVAL;
	}
	if ((h->flags & LX_O_PATH) &&
	    (h->flags & ~(uint64_t)(LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW | LX_O_CLOEXEC)))
		return -EINVAL;
	if ((h->resolve & LX_RESOLVE_CACHED) &&
	    (h->flags & (LX_O_TRUNC | LX_O_CREAT | LX___O_TMPFILE)))
		return -EAGAIN;
	how->flags = h->flags;
	how->mode = (uint32_t)h->mode;
	return 0;
}

long sys_openat2(struct task *t, const struct sysargs *a)
{
	struct vfs_open_how how = { 0 };
	struct lx_open_how h = { 0 };
	uint64_t size = arg_ulong(a, 3);
	int ret;

	if (size < LX_OPEN_HOW_SIZE_VER0)
		return -EINVAL;
	if (size > LX_PAGE_SIZE)
		return -E2BIG;
	if (copyin(t, &h, arg_addr(a, 2), sizeof(h)) < 0)
		return -EFAULT;
	/* A longer structure is fine as long as what we do not know is zero. */
	for (uint64_t off = sizeof(h); off < size; off++) {
		char byte;

		if (copyin(t, &byte, arg_addr(a, 2) + off, 1) < 0)
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	ret = check_how(&h, &how);
	if (ret < 0)
		return ret;
	return do_open(t, arg_int(a, 0), arg_addr(a, 1), &how);
}

long sys_close(struct task *t, const struct sysargs *a)
{
	long ret = fd_close(t->fds, arg_int(a, 0));

	/* The descriptor is gone whatever flush says: no restart. */
	return ret == -LX_ERESTARTSYS ? -EINTR : ret;
}

long sys_name_to_handle_at(struct task *t, const struct sysargs *a)
{
	return -EOPNOTSUPP;
}

long sys_open_by_handle_at(struct task *t, const struct sysargs *a)
{
	return task_capable(t, 2 /* CAP_DAC_READ_SEARCH */) ? -EOPNOTSUPP : -EPERM;
}

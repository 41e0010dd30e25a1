/* SPDX-License-Identifier: Apache-2.0 */
/* pipe(2), eventfd(2), memfd_create(2): files without a name. */
#include <errno.h>
#include <string.h>

#include <abi/linux/eventfd.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/memfd.h>

#include "fs/eventfd/eventfd.h"
#include "fs/memfd/memfd.h"
#include "fs/pipe/pipe.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

static long do_pipe(struct task *t, uaddr_t ufds, int flags)
{
	struct file *f[2];
	int32_t fds[2];
	int fdf = flags & LX_O_CLOEXEC ? LX_FD_CLOEXEC : 0;
	long ret;

	if (flags & ~(LX_O_CLOEXEC | LX_O_NONBLOCK | LX_O_DIRECT))
		return -EINVAL;
	ret = pipe_new((unsigned int)flags & (LX_O_NONBLOCK | LX_O_DIRECT), t->cred, f);
	if (ret < 0)
		return ret;
	ret = fd_install(t->fds, f[0], fdf);
	if (ret >= 0) {
		fds[0] = (int32_t)ret;
		ret = fd_install(t->fds, f[1], fdf);
		if (ret >= 0) {
			fds[1] = (int32_t)ret;
			ret = copyout(t, ufds, fds, sizeof(fds)) < 0 ? -EFAULT : 0;
			if (ret < 0)
				fd_close(t->fds, fds[1]);
		}
		if (ret < 0)
			fd_close(t->fds, fds[0]);
	}
	file_put(f[0]);
	file_put(f[1]);
	return ret;
}

long sys_pipe(struct task *t, const struct sysargs *a)
{
	return do_pipe(t, arg_addr(a, 0), 0);
}

long sys_pipe2(struct task *t, const struct sysargs *a)
{
	return do_pipe(t, arg_addr(a, 0), arg_int(a, 1));
}

static long do_eventfd(struct task *t, unsigned int initval, int flags)
{
	struct file *f;
	int ret;

	if (flags & ~(LX_EFD_SEMAPHORE | LX_EFD_CLOEXEC | LX_EFD_NONBLOCK))
		return -EINVAL;
	ret = eventfd_new(initval, flags, t->cred, &f);
	return ret < 0 ? ret : fd_install_put(t, f, flags & LX_EFD_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

long sys_eventfd(struct task *t, const struct sysargs *a)
{
	return do_eventfd(t, arg_uint(a, 0), 0);
}

long sys_eventfd2(struct task *t, const struct sysargs *a)
{
	return do_eventfd(t, arg_uint(a, 0), arg_int(a, 1));
}

#define MEMFD_NAME_MAX 249 /* NAME_MAX less "memfd:" */

long sys_memfd_create(struct task *t, const struct sysargs *a)
{
	unsigned int flags = arg_uint(a, 1);
	struct vfs_caller c = task_vfs_caller(t);
	char name[MEMFD_NAME_MAX + 2];
	struct file *f;
	ssize_t len;
	int ret;

	if (flags & LX_MFD_HUGETLB)
		return flags & ~0xfc00001fu ? -EINVAL : -ENOSYS;
	if (flags & ~(unsigned int)(LX_MFD_CLOEXEC | LX_MFD_ALLOW_SEALING | LX_MFD_NOEXEC_SEAL |
				    LX_MFD_EXEC))
		return -EINVAL;
	if ((flags & LX_MFD_EXEC) && (flags & LX_MFD_NOEXEC_SEAL))
		return -EINVAL;
	len = copyin_str(t, name, arg_addr(a, 0), sizeof(name) - 1);
	if (len == -ENAMETOOLONG)
		return -EINVAL;
	if (len < 0)
		return len;
	name[len] = '\0';
	ret = memfd_new(name, flags, &c, &f);
	return ret < 0 ? ret : fd_install_put(t, f, flags & LX_MFD_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

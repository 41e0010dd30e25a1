/* SPDX-License-Identifier: Apache-2.0 */
/* signalfd(2). */
#include "fs/signalfd/signalfd.h"

#include <errno.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/signal.h>
#include <abi/linux/signalfd.h>

#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"

static long do_signalfd(struct task *t, int fd, uaddr_t umask, uint64_t size, int flags)
{
	auto_put(file) struct file *old = NULL;
	struct file *f;
	uint64_t mask;
	int ret;

	if (flags & ~(LX_SFD_CLOEXEC | LX_SFD_NONBLOCK))
		return -EINVAL;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copyin(t, &mask, umask, sizeof(mask)) < 0)
		return -EFAULT;
	mask &= ~((1ull << (LX_SIGKILL - 1)) | (1ull << (LX_SIGSTOP - 1)));
	if (fd != -1) {
		old = fd_get(t->fds, fd);
		if (!old)
			return -EBADF;
		if (!file_is_signalfd(old))
			return -EINVAL;
		signalfd_set_mask(old, mask);
		return fd;
	}
	ret = signalfd_new(t->tg, mask, (unsigned int)flags & LX_SFD_NONBLOCK, t->cred, &f);
	return ret < 0 ? ret : fd_install_put(t, f, flags & LX_SFD_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

long sys_signalfd(struct task *t, const struct sysargs *a)
{
	return do_signalfd(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), 0);
}

long sys_signalfd4(struct task *t, const struct sysargs *a)
{
	return do_signalfd(t, arg_int(a, 0), arg_addr(a, 1), arg_ulong(a, 2), arg_int(a, 3));
}

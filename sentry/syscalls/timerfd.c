/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd_create(2), timerfd_settime(2), timerfd_gettime(2). */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/time.h>
#include <abi/linux/timerfd.h>

#include "fs/timerfd/timerfd.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

long sys_timerfd_create(struct task *t, const struct sysargs *a)
{
	int clock = arg_int(a, 0), flags = arg_int(a, 1), ret;
	auto_put(file) struct file *f = NULL;

	if (flags & ~(LX_TFD_NONBLOCK | LX_TFD_CLOEXEC))
		return -EINVAL;
	switch (clock) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_BOOTTIME:
		break;
	case LX_CLOCK_REALTIME_ALARM:
	case LX_CLOCK_BOOTTIME_ALARM:
		if (!task_capable(t, LX_CAP_WAKE_ALARM))
			return -EPERM;
		break;
	default:
		return -EINVAL;
	}
	ret = timerfd_new(clock, (unsigned int)flags, t->cred, &f);
	if (ret < 0)
		return ret;
	return fd_install(t->fds, f, flags & LX_TFD_CLOEXEC ? LX_FD_CLOEXEC_FLAG : 0);
}

static int copyout_value(struct task *t, uaddr_t addr, const struct timerfd_value *v)
{
	struct lx_itimerspec is = {
		.it_value = ns_to_timespec(v->value),
		.it_interval = ns_to_timespec(v->period),
	};

	return copyout(t, addr, &is, sizeof(is));
}

long sys_timerfd_settime(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = NULL;
	struct timerfd_value v, old;
	struct lx_itimerspec is;
	int flags = arg_int(a, 1), ret;

	if (copyin(t, &is, arg_addr(a, 2), sizeof(is)) < 0)
		return -EFAULT;
	if ((flags & ~(LX_TFD_TIMER_ABSTIME | LX_TFD_TIMER_CANCEL_ON_SET)) ||
	    !timespec_valid(&is.it_value) || !timespec_valid(&is.it_interval))
		return -EINVAL;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	v = (struct timerfd_value){ timespec_to_ns(&is.it_value), timespec_to_ns(&is.it_interval) };
	ret = timerfd_set(f, flags, &v, &old);
	if (ret < 0)
		return ret;
	return arg_addr(a, 3) ? copyout_value(t, arg_addr(a, 3), &old) : 0;
}

long sys_timerfd_gettime(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	struct timerfd_value v;
	int ret;

	if (!f)
		return -EBADF;
	ret = timerfd_get(f, &v);
	return ret < 0 ? ret : copyout_value(t, arg_addr(a, 1), &v);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interval timers and POSIX timers: decoding for kernel/itimer.c and kernel/posix_timer.c.
 */
#include <errno.h>
#include <string.h>

#include "kernel/itimer.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

static bool timeval_valid(const struct lx_timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static int64_t timeval_to_ns(const struct lx_timeval *tv)
{
	struct lx_timespec ts = { .tv_sec = tv->tv_sec, .tv_nsec = tv->tv_usec * NS_PER_USEC };

	return timespec_to_ns(&ts);
}

static int copyout_itimerval(struct task *t, uaddr_t addr, const struct itimer_value *v)
{
	struct lx_itimerval iv = {
		.it_value = ns_to_timeval(v->value),
		.it_interval = ns_to_timeval(v->period),
	};

	return copyout(t, addr, &iv, sizeof(iv));
}

long sys_getitimer(struct task *t, const struct sysargs *a)
{
	unsigned int which = arg_uint(a, 0);
	struct itimer_value v;
	int ret;

	if (which > LX_ITIMER_PROF)
		return -EINVAL;
	ret = itimer_get(t, (int)which, &v);
	return ret < 0 ? ret : copyout_itimerval(t, arg_addr(a, 1), &v);
}

long sys_setitimer(struct task *t, const struct sysargs *a)
{
	unsigned int which = arg_uint(a, 0);
	struct lx_itimerval iv = { 0 }; /* a null pointer disarms, as Linux does */
	struct itimer_value old;
	int ret;

	if (arg_addr(a, 1)) {
		if (copyin(t, &iv, arg_addr(a, 1), sizeof(iv)) < 0)
			return -EFAULT;
		if (!timeval_valid(&iv.it_value) || !timeval_valid(&iv.it_interval))
			return -EINVAL;
	}
	if (which > LX_ITIMER_PROF)
		return -EINVAL;
	ret = itimer_set(t, (int)which, timeval_to_ns(&iv.it_value), timeval_to_ns(&iv.it_interval),
			 &old);
	if (ret < 0)
		return ret;
	return arg_addr(a, 2) ? copyout_itimerval(t, arg_addr(a, 2), &old) : 0;
}

long sys_alarm(struct task *t, const struct sysargs *a)
{
	int64_t s = arg_uint(a, 0);
	struct itimer_value old;
	struct lx_timeval tv;

	if (s > INT32_MAX)
		s = INT32_MAX;
	if (itimer_set(t, LX_ITIMER_REAL, s * NS_PER_SEC, 0, &old) < 0)
		return 0;
	tv = ns_to_timeval(old.value);
	/* never 0 for an alarm that is still to come */
	if ((tv.tv_sec == 0 && tv.tv_usec) || tv.tv_usec >= 500000)
		tv.tv_sec++;
	return tv.tv_sec;
}

long sys_timer_create(struct task *t, const struct sysargs *a)
{
	struct lx_sigevent ev;
	int id, ret;

	if (arg_addr(a, 1) && copyin(t, &ev, arg_addr(a, 1), sizeof(ev)) < 0)
		return -EFAULT;
	ret = posix_timer_create(t, arg_int(a, 0), arg_addr(a, 1) ? &ev : NULL, &id);
	if (ret < 0)
		return ret;
	if (copyout(t, arg_addr(a, 2), &id, sizeof(int32_t)) < 0) {
		posix_timer_delete(t, id);
		return -EFAULT;
	}
	return 0;
}

static int copyout_itimerspec(struct task *t, uaddr_t addr, const struct itimer_value *v)
{
	struct lx_itimerspec is = {
		.it_value = ns_to_timespec(v->value),
		.it_interval = ns_to_timespec(v->period),
	};

	return copyout(t, addr, &is, sizeof(is));
}

long sys_timer_settime(struct task *t, const struct sysargs *a)
{
	struct itimer_value v, old;
	struct lx_itimerspec is;
	int ret;

	if (!arg_addr(a, 2))
		return -EINVAL;
	if (copyin(t, &is, arg_addr(a, 2), sizeof(is)) < 0)
		return -EFAULT;
	if (!timespec_valid(&is.it_value) || !timespec_valid(&is.it_interval))
		return -EINVAL;
	v = (struct itimer_value){ timespec_to_ns(&is.it_value), timespec_to_ns(&is.it_interval) };
	ret = posix_timer_set(t, arg_int(a, 0), arg_int(a, 1) & LX_TIMER_ABSTIME, &v, &old);
	if (ret < 0)
		return ret;
	return arg_addr(a, 3) ? copyout_itimerspec(t, arg_addr(a, 3), &old) : 0;
}

long sys_timer_gettime(struct task *t, const struct sysargs *a)
{
	struct itimer_value v;
	int ret = posix_timer_get(t, arg_int(a, 0), &v);

	return ret < 0 ? ret : copyout_itimerspec(t, arg_addr(a, 1), &v);
}

long sys_timer_getoverrun(struct task *t, const struct sysargs *a)
{
	return posix_timer_overrun(t, arg_int(a, 0));
}

long sys_timer_delete(struct task *t, const struct sysargs *a)
{
	return posix_timer_delete(t, arg_int(a, 0));
}

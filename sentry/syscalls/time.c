/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and (not) setting clocks, and sleeping: clock_gettime(2), nanosleep(2), times(2),
 * adjtimex(2).
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/time.h>

#include "kernel/itimer.h"
#include "kernel/kernel_int.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

/* There is no hardware in a sandbox that could wake it: as on a machine without an RTC. */
static bool is_alarm(int clock)
{
	return clock == LX_CLOCK_REALTIME_ALARM || clock == LX_CLOCK_BOOTTIME_ALARM;
}

static int read_clock(struct task *t, int clock, int64_t *ret_ns)
{
	if (is_alarm(clock))
		return -EINVAL;
	return clock_read(clock, ret_ns) ? 0 : cpu_clock_read(t, clock, ret_ns);
}

long sys_clock_gettime(struct task *t, const struct sysargs *a)
{
	struct lx_timespec ts;
	int64_t ns;
	int ret = read_clock(t, arg_int(a, 0), &ns);

	if (ret < 0)
		return ret;
	ts = ns_to_timespec(ns);
	return copyout(t, arg_addr(a, 1), &ts, sizeof(ts));
}

long sys_clock_getres(struct task *t, const struct sysargs *a)
{
	int clock = arg_int(a, 0);
	struct lx_timespec ts;
	int64_t ns, now;

	if (is_alarm(clock))
		return -EINVAL;
	if (clock_read(clock, &now)) {
		ns = clock_resolution(clock);
	} else {
		int ret = cpu_clock_resolution(t, clock, &ns);

		if (ret < 0)
			return ret;
	}
	ts = ns_to_timespec(ns);
	return arg_addr(a, 1) ? copyout(t, arg_addr(a, 1), &ts, sizeof(ts)) : 0;
}

/* The host's clock is not ours to set, whatever the guest's capabilities. */
long sys_clock_settime(struct task *t, const struct sysargs *a)
{
	int clock = arg_int(a, 0);
	struct lx_timespec ts;

	if (clock != LX_CLOCK_REALTIME) {
		if (clock < 0) {
			int64_t ns;
			int ret = cpu_clock_read(t, clock, &ns);

			return ret < 0 ? ret : -EPERM;
		}
		return clock == LX_CLOCK_PROCESS_CPUTIME_ID || clock == LX_CLOCK_THREAD_CPUTIME_ID ?
			       -EPERM :
			       -EINVAL;
	}
	if (copyin(t, &ts, arg_addr(a, 1), sizeof(ts)) < 0)
		return -EFAULT;
	return timespec_valid(&ts) ? -EPERM : -EINVAL;
}

long sys_gettimeofday(struct task *t, const struct sysargs *a)
{
	struct lx_timezone tz = { 0 };
	struct lx_timeval tv = ns_to_timeval(clock_realtime_ns());

	if (arg_addr(a, 0) && copyout(t, arg_addr(a, 0), &tv, sizeof(tv)) < 0)
		return -EFAULT;
	return arg_addr(a, 1) ? copyout(t, arg_addr(a, 1), &tz, sizeof(tz)) : 0;
}

long sys_settimeofday(struct task *t, const struct sysargs *a)
{
	struct lx_timeval tv;
	struct lx_timezone tz;

	if (arg_addr(a, 0)) {
		if (copyin(t, &tv, arg_addr(a, 0), sizeof(tv)) < 0)
			return -EFAULT;
		if (tv.tv_usec < 0 || tv.tv_usec > 1000000 || tv.tv_sec < 0)
			return -EINVAL;
	}
	if (arg_addr(a, 1) && copyin(t, &tz, arg_addr(a, 1), sizeof(tz)) < 0)
		return -EFAULT;
	return -EPERM;
}

long sys_time(struct task *t, const struct sysargs *a)
{
	int64_t s = clock_realtime_ns() / NS_PER_SEC;

	if (arg_addr(a, 0) && copyout(t, arg_addr(a, 0), &s, sizeof(s)) < 0)
		return -EFAULT;
	return s;
}

static int64_t ticks(uint64_t ns)
{
	return (int64_t)(ns / (1000000000 / LX_USER_HZ));
}

long sys_times(struct task *t, const struct sysargs *a)
{
	struct tgroup *tg = t->tg;
	struct lx_tms tms;
	struct cputime c;

	if (arg_addr(a, 0)) {
		mutex_lock(&t->kernel->tasklist_lock);
		tgroup_cputime_locked(tg, &c);
		tms = (struct lx_tms){
			.tms_utime = ticks(c.utime_ns),
			.tms_stime = ticks(c.stime_ns),
			.tms_cutime = ticks(atomic_load(&tg->child_usage.utime_ns)),
			.tms_cstime = ticks(atomic_load(&tg->child_usage.stime_ns)),
		};
		mutex_unlock(&t->kernel->tasklist_lock);
		if (copyout(t, arg_addr(a, 0), &tms, sizeof(tms)) < 0)
			return -EFAULT;
	}
	return ticks((uint64_t)clock_boottime_ns());
}

/* --- adjtimex --- */

static long adjtime(struct task *t, uaddr_t addr)
{
	struct lx_timex tx;

	if (copyin(t, &tx, addr, sizeof(tx)) < 0)
		return -EFAULT;
	if (tx.modes && tx.modes != LX_ADJ_OFFSET_SS_READ)
		return -EPERM;
	/* as an unsynchronised clock that nobody steers */
	tx = (struct lx_timex){
		.modes = tx.modes,
		.maxerror = 16000000,
		.esterror = 16000000,
		.status = LX_STA_UNSYNC,
		.constant = 2,
		.precision = 1,
		.tolerance = 32768000,
		.time = ns_to_timeval(clock_realtime_ns()),
		.tick = 10000,
	};
	if (copyout(t, addr, &tx, sizeof(tx)) < 0)
		return -EFAULT;
	return LX_TIME_ERROR;
}

long sys_adjtimex(struct task *t, const struct sysargs *a)
{
	return adjtime(t, arg_addr(a, 0));
}

long sys_clock_adjtime(struct task *t, const struct sysargs *a)
{
	int clock = arg_int(a, 0);
	int64_t ns;

	if (clock == LX_CLOCK_REALTIME)
		return adjtime(t, arg_addr(a, 1));
	return read_clock(t, clock, &ns) < 0 ? -EINVAL : -EOPNOTSUPP;
}

/* --- sleeping --- */

/* Until the deadline (monotonic) or a signal: 0 or -LX_ERESTARTSYS. */
static long sleep_until(struct task *t, int64_t deadline)
{
	long ret;

	do {
		if (now_monotonic() >= deadline)
			return 0;
		ret = task_block(t, deadline);
	} while (ret == 0);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static long sleep_restart(struct task *t, struct restart_block *rb);

/* A relative sleep was interrupted: tell what is left and arrange for the rest. */
static long interrupted(struct task *t, int64_t deadline, uaddr_t rem)
{
	struct lx_timespec left = ns_to_timespec(time_left(deadline));

	if (rem && copyout(t, rem, &left, sizeof(left)) < 0)
		return -EFAULT;
	t->restart =
		(struct restart_block){ .fn = sleep_restart, .deadline = deadline, .arg = { rem } };
	return -LX_ERESTART_RESTARTBLOCK;
}

static long sleep_restart(struct task *t, struct restart_block *rb)
{
	long ret = sleep_until(t, rb->deadline);

	return ret < 0 ? interrupted(t, rb->deadline, rb->arg[0]) : 0;
}

static long sleep_for(struct task *t, int64_t ns, uaddr_t rem)
{
	int64_t deadline = deadline_in(ns);
	long ret = sleep_until(t, deadline);

	return ret < 0 ? interrupted(t, deadline, rem) : 0;
}

/* CPU time is looked at in steps: it cannot pass faster than all CPUs together make it. */
static long sleep_cpu(struct task *t, int clock, int64_t target)
{
	for (;;) {
		int64_t now;
		long ret = cpu_clock_read(t, clock, &now);

		if (ret < 0)
			return ret;
		if (now >= target)
			return 0;
		ret = task_block(t,
				 deadline_in((target - now) / t->kernel->config.nr_cpus + 4000000));
		if (ret < 0 && ret != -ETIMEDOUT)
			return ret;
	}
}

long sys_nanosleep(struct task *t, const struct sysargs *a)
{
	struct lx_timespec ts;

	if (copyin(t, &ts, arg_addr(a, 0), sizeof(ts)) < 0)
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	return sleep_for(t, timespec_to_ns(&ts), arg_addr(a, 1));
}

static long sleep_on_cpu_clock(struct task *t, int clock, bool absolute, int64_t ns, uaddr_t rem)
{
	int64_t now, left;
	long ret;

	ret = cpu_clock_read(t, clock, &now);
	if (ret < 0)
		return ret;
	/* a thread cannot sleep on its own time */
	if (clock < 0 && (clock & LX_CPUCLOCK_PERTHREAD_MASK) &&
	    (~(clock >> 3) == 0 || ~(clock >> 3) == t->tid))
		return -EINVAL;
	ret = sleep_cpu(t, clock, absolute ? ns : time_add(now, ns));
	if (ret != -LX_ERESTARTSYS)
		return ret;
	if (absolute)
		return -LX_ERESTARTNOHAND;
	if (rem && cpu_clock_read(t, clock, &left) == 0) {
		struct lx_timespec ts = ns_to_timespec(left < now + ns ? now + ns - left : 0);

		if (copyout(t, rem, &ts, sizeof(ts)) < 0)
			return -EFAULT;
	}
	return -EINTR;
}

long sys_clock_nanosleep(struct task *t, const struct sysargs *a)
{
	int clock = arg_int(a, 0);
	bool absolute = arg_int(a, 1) & LX_TIMER_ABSTIME;
	uaddr_t rem = absolute ? 0 : arg_addr(a, 3);
	struct lx_timespec ts;
	int64_t now, ns;
	long ret;

	if (clock == LX_CLOCK_MONOTONIC_RAW || clock == LX_CLOCK_REALTIME_COARSE ||
	    clock == LX_CLOCK_MONOTONIC_COARSE || clock == LX_CLOCK_THREAD_CPUTIME_ID ||
	    is_alarm(clock))
		return -EOPNOTSUPP;
	if (!clock_read(clock, &now) && cpu_clock_read(t, clock, &now) < 0)
		return -EINVAL;
	if (copyin(t, &ts, arg_addr(a, 2), sizeof(ts)) < 0)
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	ns = timespec_to_ns(&ts);
	if (!clock_read(clock, &now))
		return sleep_on_cpu_clock(t, clock, absolute, ns, rem);
	if (!absolute)
		return sleep_for(t, ns, rem);
	/* a clock that is set back meanwhile makes the sleep longer: look again at the end */
	do {
		ret = sleep_until(t, clock_to_monotonic(clock, ns));
		if (ret < 0)
			return -LX_ERESTARTNOHAND;
		clock_read(clock, &now);
	} while (now < ns);
	return 0;
}

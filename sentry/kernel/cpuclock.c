/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU clocks: of the calling process and thread, and the dynamic ids that clock_getcpuclockid(3)
 * and pthread_getcpuclockid(3) make.
 */
#include "kernel/itimer.h"
#include "kernel/kernel_int.h"

#define TICK_NS INT64_C(4000000)

static int64_t pick(const struct cputime *c, int which)
{
	return (int64_t)(which == LX_CPUCLOCK_VIRT ? c->utime_ns : c->utime_ns + c->stime_ns);
}

/* The task or group that a dynamic id means: exactly one is set, referenced. */
static int resolve(struct task *t, int clock, struct task **ret_t, struct tgroup **ret_tg)
{
	int pid = ~(clock >> 3);

	if ((clock & LX_CPUCLOCK_CLOCK_MASK) > LX_CPUCLOCK_SCHED)
		return -EINVAL;
	if (clock & LX_CPUCLOCK_PERTHREAD_MASK) {
		struct task *o = pid ? task_find(t->kernel, pid) : task_get(t);

		if (o && o->tg != t->tg) {
			task_put(o);
			o = NULL;
		}
		*ret_t = o;
		return o ? 0 : -EINVAL;
	}
	*ret_tg = pid ? tgroup_find(t->kernel, pid) : tgroup_get(t->tg);
	return *ret_tg ? 0 : -EINVAL;
}

int cpu_clock_read(struct task *t, int clock, int64_t *ret_ns)
{
	struct tgroup *tg = NULL;
	struct task *o = NULL;
	struct cputime c;
	int ret;

	if (clock == LX_CLOCK_PROCESS_CPUTIME_ID) {
		tgroup_cputime(t->tg, &c);
		*ret_ns = pick(&c, LX_CPUCLOCK_SCHED);
		return 0;
	}
	if (clock == LX_CLOCK_THREAD_CPUTIME_ID) {
		task_cputime(t, &c);
		*ret_ns = pick(&c, LX_CPUCLOCK_SCHED);
		return 0;
	}
	if (clock >= 0)
		return -EINVAL;
	ret = resolve(t, clock, &o, &tg);
	if (ret < 0)
		return ret;
	if (o) {
		task_cputime(o, &c);
		task_put(o);
	} else {
		tgroup_cputime(tg, &c);
		tgroup_put(tg);
	}
	*ret_ns = pick(&c, clock & LX_CPUCLOCK_CLOCK_MASK);
	return 0;
}

int cpu_clock_resolution(struct task *t, int clock, int64_t *ret_ns)
{
	struct tgroup *tg = NULL;
	struct task *o = NULL;
	int ret;

	*ret_ns = 1;
	if (clock == LX_CLOCK_PROCESS_CPUTIME_ID || clock == LX_CLOCK_THREAD_CPUTIME_ID)
		return 0;
	if (clock >= 0)
		return -EINVAL;
	ret = resolve(t, clock, &o, &tg);
	if (ret < 0)
		return ret;
	if (o)
		task_put(o);
	tgroup_put(tg);
	if ((clock & LX_CPUCLOCK_CLOCK_MASK) != LX_CPUCLOCK_SCHED)
		*ret_ns = TICK_NS;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interval timers and everything that runs on CPU time: setitimer(2), RLIMIT_CPU, and the CPU
 * clocks of POSIX timers. CPU time is sampled: one timer per group looks again when the nearest
 * target could have been reached at the earliest. Here rather than in time/ because it sends
 * signals to tasks. Locking: itimers.lock (LC_ITIMER); signals are sent after it is dropped.
 */
#include "kernel/itimer.h"

#include <base/bits.h>

#include "kernel/kernel_int.h"
#include "time/clock.h"

#define SAMPLE_MIN_NS INT64_C(4000000) /* as coarse as a 250 Hz tick */

int itimers_get(struct tgroup *tg, struct itimers **ret_it)
{
	struct itimers *it;
	bool mine = false;

	mutex_lock(&tg->siglock);
	it = tg->itimers;
	mutex_unlock(&tg->siglock);
	if (it) {
		*ret_it = it;
		return 0;
	}
	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->tg = tg;
	mutex_init(&it->lock, LC_ITIMER);
	INIT_LIST_HEAD(&it->posix);
	mutex_lock(&tg->siglock);
	if (!tg->itimers) {
		tg->itimers = it;
		mine = true;
	}
	*ret_it = tg->itimers;
	mutex_unlock(&tg->siglock);
	if (!mine) {
		mutex_fini(&it->lock);
		free(it);
	}
	return 0;
}

/* --- ITIMER_REAL --- */

static void real_expired(struct ktimer *kt, void *arg)
{
	struct itimers *it = arg;
	struct itimer *r = &it->real;

	mutex_lock(&it->lock);
	if (r->deadline && r->deadline <= now_monotonic()) {
		int64_t now = now_monotonic();

		r->deadline = r->period ?
				      time_add(r->deadline,
					       ((now - r->deadline) / r->period + 1) * r->period) :
				      0;
		ktimer_set(kt, r->deadline, 0);
	}
	mutex_unlock(&it->lock);
	signal_send_tgroup(it->tg, LX_SIGALRM, NULL);
}

static int set_real(struct itimers *it, int64_t value, int64_t period, struct itimer_value *ret_old)
{
	struct ktimer *kt = NULL;
	int ret = 0;

	if (!it->real_kt) {
		ret = ktimer_new(real_expired, it, &kt);
		if (ret < 0)
			return ret;
	}
	mutex_lock(&it->lock);
	if (!it->real_kt)
		it->real_kt = STEAL(kt);
	ret_old->value =
		it->real.deadline ? MAX(it->real.deadline - now_monotonic(), NS_PER_USEC) : 0;
	ret_old->period = it->real.period;
	it->real.deadline = value ? deadline_in(value) : 0;
	it->real.period = period;
	ktimer_set(it->real_kt, it->real.deadline, 0);
	mutex_unlock(&it->lock);
	ktimer_free(kt);
	return 0;
}

/* --- CPU time --- */

/* Earliest CPU-time distance to anything that waits, TIME_NEVER if nothing does. */
static int64_t nearest_locked(struct itimers *it, const struct cputime *c)
{
	int64_t total = (int64_t)(c->utime_ns + c->stime_ns), best = TIME_NEVER;

	if (it->virt.deadline)
		best = MIN(best, it->virt.deadline - (int64_t)c->utime_ns);
	if (it->prof.deadline)
		best = MIN(best, it->prof.deadline - total);
	if (it->cpu_limit)
		best = MIN(best, it->cpu_limit - total);
	return MIN(best, posix_timers_nearest_cpu_locked(it, c));
}

static bool reached(struct itimer *t, int64_t now)
{
	if (!t->deadline || now < t->deadline)
		return false;
	t->deadline = t->period ? time_add(now, t->period) : 0;
	return true;
}

static void check_cpu_limit(struct itimers *it, int64_t total, int *ret_sig)
{
	struct tgroup *tg = it->tg;
	struct lx_rlimit lim;

	mutex_lock(&tg->limit_lock);
	lim = tg->rlim[LX_RLIMIT_CPU];
	mutex_unlock(&tg->limit_lock);
	*ret_sig = 0;
	mutex_lock(&it->lock);
	if (it->cpu_limit && total >= it->cpu_limit) {
		bool hard = lim.rlim_max != LX_RLIM_INFINITY &&
			    total / NS_PER_SEC >= (int64_t)lim.rlim_max;

		*ret_sig = hard ? LX_SIGKILL : LX_SIGXCPU;
		it->cpu_limit = time_add(total, NS_PER_SEC); /* once a second from now on */
	}
	mutex_unlock(&it->lock);
}

static void sample(struct ktimer *kt, void *arg)
{
	struct itimers *it = arg;
	struct tgroup *tg = it->tg;
	bool virt, prof;
	struct cputime c;
	int64_t total;
	int sig;

	tgroup_cputime(tg, &c);
	total = (int64_t)(c.utime_ns + c.stime_ns);
	check_cpu_limit(it, total, &sig);
	mutex_lock(&it->lock);
	virt = reached(&it->virt, (int64_t)c.utime_ns);
	prof = reached(&it->prof, total);
	mutex_unlock(&it->lock);
	if (virt)
		signal_send_tgroup(tg, LX_SIGVTALRM, NULL);
	if (prof)
		signal_send_tgroup(tg, LX_SIGPROF, NULL);
	if (sig)
		signal_send_tgroup(tg, sig, NULL);
	posix_timers_check_cpu(it, &c);
	itimers_rearm_cpu(it, &c);
}

void itimers_rearm_cpu(struct itimers *it, const struct cputime *c)
{
	unsigned int nr = it->tg->nr_live ? it->tg->nr_live : 1;
	int64_t left;

	mutex_lock(&it->lock);
	left = nearest_locked(it, c);
	if (it->cpu_kt)
		ktimer_set(it->cpu_kt,
			   left == TIME_NEVER ? 0 : deadline_in(MAX(left / nr, SAMPLE_MIN_NS)), 0);
	mutex_unlock(&it->lock);
}

int itimers_start_cpu(struct itimers *it)
{
	struct ktimer *kt;
	int ret;

	if (it->cpu_kt)
		return 0;
	ret = ktimer_new(sample, it, &kt);
	if (ret < 0)
		return ret;
	mutex_lock(&it->lock);
	if (!it->cpu_kt)
		it->cpu_kt = STEAL(kt);
	mutex_unlock(&it->lock);
	ktimer_free(kt);
	return 0;
}

static int set_cpu(struct itimers *it, int which, int64_t value, int64_t period,
		   struct itimer_value *ret_old)
{
	struct itimer *t = which == LX_ITIMER_VIRTUAL ? &it->virt : &it->prof;
	struct cputime c;
	int64_t now;
	int ret;

	ret = itimers_start_cpu(it);
	if (ret < 0)
		return ret;
	tgroup_cputime(it->tg, &c);
	now = (int64_t)(which == LX_ITIMER_VIRTUAL ? c.utime_ns : c.utime_ns + c.stime_ns);
	mutex_lock(&it->lock);
	ret_old->value = t->deadline ? MAX(t->deadline - now, NS_PER_USEC) : 0;
	ret_old->period = t->period;
	t->deadline = value ? time_add(now, value) : 0;
	t->period = period;
	mutex_unlock(&it->lock);
	itimers_rearm_cpu(it, &c);
	return 0;
}

int itimer_set(struct task *t, int which, int64_t value, int64_t period,
	       struct itimer_value *ret_old)
{
	struct itimers *it;
	int ret = itimers_get(t->tg, &it);

	if (ret < 0)
		return ret;
	return which == LX_ITIMER_REAL ? set_real(it, value, period, ret_old) :
					 set_cpu(it, which, value, period, ret_old);
}

int itimer_get(struct task *t, int which, struct itimer_value *ret_v)
{
	struct itimers *it;
	struct itimer *i;
	int64_t now;
	int ret = itimers_get(t->tg, &it);

	if (ret < 0)
		return ret;
	if (which == LX_ITIMER_REAL) {
		now = now_monotonic();
		i = &it->real;
	} else {
		struct cputime c;

		tgroup_cputime(t->tg, &c);
		now = (int64_t)(which == LX_ITIMER_VIRTUAL ? c.utime_ns : c.utime_ns + c.stime_ns);
		i = which == LX_ITIMER_VIRTUAL ? &it->virt : &it->prof;
	}
	mutex_lock(&it->lock);
	ret_v->value = i->deadline ? MAX(i->deadline - now, NS_PER_USEC) : 0;
	ret_v->period = i->period;
	mutex_unlock(&it->lock);
	return 0;
}

void itimers_cpu_limit_changed(struct tgroup *tg)
{
	struct itimers *it;
	struct cputime c;
	uint64_t cur;

	mutex_lock(&tg->limit_lock);
	cur = tg->rlim[LX_RLIMIT_CPU].rlim_cur;
	mutex_unlock(&tg->limit_lock);
	if ((cur == LX_RLIM_INFINITY && !tg->itimers) || itimers_get(tg, &it) < 0 ||
	    itimers_start_cpu(it) < 0)
		return;
	tgroup_cputime(tg, &c);
	mutex_lock(&it->lock);
	/* 0 means at once; one second is the smallest that Linux enforces */
	it->cpu_limit =
		cur >= INT64_MAX / (uint64_t)NS_PER_SEC ? 0 : (int64_t)MAX(cur, 1u) * NS_PER_SEC;
	mutex_unlock(&it->lock);
	itimers_rearm_cpu(it, &c);
}

void itimers_exec(struct tgroup *tg)
{
	if (tg->itimers)
		posix_timers_delete_all(tg->itimers);
}

void itimers_exit(struct tgroup *tg)
{
	struct itimers *it;

	mutex_lock(&tg->siglock);
	it = tg->itimers;
	mutex_unlock(&tg->siglock);
	if (!it)
		return;
	ktimer_free(it->real_kt);
	ktimer_free(it->cpu_kt);
	it->real_kt = NULL;
	it->cpu_kt = NULL;
	posix_timers_delete_all(it);
	mutex_lock(&tg->siglock);
	tg->itimers = NULL;
	mutex_unlock(&tg->siglock);
	mutex_fini(&it->lock);
	free(it);
}

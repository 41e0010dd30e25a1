/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX timers (timer_create(2)). Each has one preallocated queue entry: while its signal is
 * pending the timer does not run; taking the signal counts the periods missed and starts it again,
 * so that no period however short can keep the sentry busy. Locking: itimers.lock; queueing under
 * siglock, which is outside of it.
 */
#include <limits.h>

#include <abi/linux/capability.h>
#include <base/bits.h>

#include "kernel/itimer.h"
#include "kernel/kernel_int.h"
#include "time/clock.h"

#define IGNORED_RETRY_NS                                                                           \
	INT64_C(1000000) /* a periodic timer whose signal is ignored looks this often */

struct posix_timer {
	struct list_head link;
	struct itimers *it; /* const, as the next six */
	int id, clock, notify;
	bool cpu;
	struct task *target;     /* owned: SIGEV_THREAD_ID */
	struct task *clock_task; /* owned: whose CPU time it counts; NULL: the group's */
	struct ucount *uc;       /* owned: it counts as a queued signal */
	struct ktimer *kt;       /* owned; NULL for CPU clocks and SIGEV_NONE */
	struct sigqueue q;       /* siglock */
	int64_t deadline;        /* on its clock; 0: not armed. it->lock, as below */
	int64_t period;
	bool waiting; /* its signal is queued: runs again when that is taken */
	int64_t overrun, overrun_last;
};

static struct posix_timer *find_locked(struct itimers *it, int id)
{
	struct posix_timer *pt;

	list_for_each_entry(pt, &it->posix, link) {
		if (pt->id == id)
			return pt;
	}
	return NULL;
}

/* Not for CPU clocks. */
static int64_t clock_now(const struct posix_timer *pt)
{
	int64_t now = 0;

	clock_read(pt->clock, &now);
	return now;
}

/* group: CPU time of the whole group, asked for before any lock of ours was taken. */
static int64_t cpu_now(const struct posix_timer *pt, const struct cputime *group)
{
	int which = pt->clock < 0 ? pt->clock & LX_CPUCLOCK_CLOCK_MASK : LX_CPUCLOCK_SCHED;
	struct cputime c = *group;

	if (pt->clock_task)
		task_cputime(pt->clock_task, &c);
	return (int64_t)(which == LX_CPUCLOCK_VIRT ? c.utime_ns : c.utime_ns + c.stime_ns);
}

static void arm_locked(struct posix_timer *pt)
{
	if (pt->kt)
		ktimer_set(pt->kt,
			   pt->deadline ? MAX(clock_to_monotonic(pt->clock, pt->deadline), 1) : 0,
			   0);
}

/* Moves the deadline behind now; the number of periods passed. */
static int64_t forward_locked(struct posix_timer *pt, int64_t now)
{
	int64_t n;

	if (!pt->period || now < pt->deadline)
		return 0;
	n = (now - pt->deadline) / pt->period + 1;
	pt->deadline = time_add(pt->deadline, n * pt->period);
	return n;
}

/* The signal is taken (or flushed). siglock held. */
static void timer_taken(struct sigqueue *q, struct lx_siginfo *info)
{
	struct posix_timer *pt = container_of(q, struct posix_timer, q);
	struct itimers *it = pt->it;

	/* CPU time cannot be asked for under siglock: what is known has to do */
	int64_t now = pt->cpu ? pt->deadline : clock_now(pt);

	mutex_lock(&it->lock);
	if (pt->waiting && pt->deadline && info) {
		int64_t n = forward_locked(pt, now);

		pt->overrun += n > 0 ? n - 1 : 0;
		arm_locked(pt);
	}
	pt->waiting = false;
	pt->overrun_last = MIN(pt->overrun, (int64_t)INT_MAX);
	pt->overrun = 0;
	if (info)
		info->timer.overrun = (int)pt->overrun_last;
	mutex_unlock(&it->lock);
}

/* Queues the signal of an expired timer. siglock held: a timer that is being deleted is off the
 * list before. */
static void fire_locked(struct posix_timer *pt)
{
	struct itimers *it = pt->it;
	struct task *t = pt->target ? pt->target : it->tg->leader;
	int ret = 2;

	if (t && !(pt->target && t->exiting))
		ret = signal_queue_prealloc_locked(t, &pt->q, !pt->target);
	mutex_lock(&it->lock);
	if (ret == 1)
		pt->overrun++;
	if (!pt->period) {
		pt->deadline = 0;
	} else if (ret == 2 && !pt->cpu) {
		int64_t now = clock_now(pt);

		pt->waiting = false;
		forward_locked(pt, now);
		pt->deadline = MAX(pt->deadline, time_add(now, IGNORED_RETRY_NS));
		arm_locked(pt);
	} else {
		pt->waiting = true;
	}
	mutex_unlock(&it->lock);
}

static void expired(struct ktimer *kt, void *arg)
{
	struct posix_timer *pt = arg;
	int64_t now = clock_now(pt);
	bool due;

	mutex_lock(&pt->it->lock);
	due = pt->deadline && pt->deadline <= now && !pt->waiting;
	if (!due && pt->deadline && !pt->waiting)
		arm_locked(pt); /* the clock was set back */
	mutex_unlock(&pt->it->lock);
	if (due) {
		mutex_lock(&pt->it->tg->siglock);
		fire_locked(pt);
		mutex_unlock(&pt->it->tg->siglock);
	}
}

/* --- life --- */

static void timer_destroy(struct posix_timer *pt)
{
	struct tgroup *tg = pt->it->tg;

	ktimer_free(pt->kt);
	mutex_lock(&tg->siglock);
	signal_unqueue_prealloc_locked(tg, pt->target, &pt->q);
	mutex_unlock(&tg->siglock);
	task_put(pt->target);
	task_put(pt->clock_task);
	if (pt->uc) {
		atomic_fetch_sub(&pt->uc->sigpending, 1);
		ucount_put(pt->uc);
	}
	free(pt);
}

static int check_clock(struct task *t, int clock, bool *ret_cpu)
{
	int64_t ns;

	*ret_cpu = false;
	switch (clock) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_BOOTTIME:
	case LX_CLOCK_TAI:
		return 0;
	case LX_CLOCK_REALTIME_ALARM: /* no hardware to wake the machine */
	case LX_CLOCK_BOOTTIME_ALARM:
	case LX_CLOCK_MONOTONIC_RAW:
	case LX_CLOCK_REALTIME_COARSE:
	case LX_CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		*ret_cpu = true;
		return cpu_clock_read(t, clock, &ns);
	}
}

static int check_event(struct task *t, const struct lx_sigevent *ev, struct task **ret_target)
{
	if (ev->sigev_notify == LX_SIGEV_NONE)
		return 0;
	if (ev->sigev_notify != LX_SIGEV_SIGNAL && ev->sigev_notify != LX_SIGEV_THREAD &&
	    ev->sigev_notify != (LX_SIGEV_SIGNAL | LX_SIGEV_THREAD_ID))
		return -EINVAL;
	if (!sig_valid(ev->sigev_signo))
		return -EINVAL;
	if (ev->sigev_notify & LX_SIGEV_THREAD_ID) {
		struct task *o = task_find(t->kernel, ev->sigev_tid);

		if (!o || o->tg != t->tg) {
			task_put(o);
			return -EINVAL;
		}
		*ret_target = o;
	}
	return 0;
}

/* A timer counts as one queued signal of the user for as long as it lives. */
static int charge(struct task *t, struct posix_timer *pt)
{
	if (atomic_fetch_add(&t->ucount->sigpending, 1) >= task_rlimit(t, LX_RLIMIT_SIGPENDING)) {
		atomic_fetch_sub(&t->ucount->sigpending, 1);
		return -EAGAIN;
	}
	pt->uc = ucount_get(t->ucount);
	return 0;
}

static int pick_id_locked(struct itimers *it)
{
	int id;

	do {
		id = it->next_id;
		it->next_id = id == INT_MAX ? 0 : id + 1;
	} while (find_locked(it, id));
	return id;
}

int posix_timer_create(struct task *t, int clock, const struct lx_sigevent *ev, int *ret_id)
{
	struct posix_timer *pt;
	struct itimers *it;
	bool cpu;
	int ret;

	ret = check_clock(t, clock, &cpu);
	if (ret == 0)
		ret = itimers_get(t->tg, &it);
	if (ret < 0)
		return ret;
	pt = calloc(1, sizeof(*pt));
	if (!pt)
		return -EAGAIN;
	pt->it = it;
	pt->clock = clock;
	pt->cpu = cpu;
	pt->notify = ev ? ev->sigev_notify : LX_SIGEV_SIGNAL;
	INIT_LIST_HEAD(&pt->q.link);
	pt->q.taken = timer_taken;
	if (clock == LX_CLOCK_THREAD_CPUTIME_ID)
		pt->clock_task = task_get(t);
	else if (clock < 0 && (clock & LX_CPUCLOCK_PERTHREAD_MASK))
		pt->clock_task = ~(clock >> 3) ? task_find(t->kernel, ~(clock >> 3)) : task_get(t);
	ret = ev ? check_event(t, ev, &pt->target) : 0;
	if (ret == 0)
		ret = charge(t, pt);
	if (ret == 0 && cpu)
		ret = itimers_start_cpu(it);
	if (ret == 0 && !cpu && pt->notify != LX_SIGEV_NONE)
		ret = ktimer_new(expired, pt, &pt->kt);
	if (ret < 0) {
		timer_destroy(pt);
		return ret;
	}
	mutex_lock(&it->lock);
	pt->id = pick_id_locked(it);
	pt->q.info.si_signo = ev ? ev->sigev_signo : LX_SIGALRM;
	pt->q.info.si_code = LX_SI_TIMER;
	pt->q.info.timer.tid = pt->id;
	if (ev)
		pt->q.info.timer.value = ev->sigev_value;
	else
		pt->q.info.timer.value.sival_int = pt->id;
	list_add_tail(&pt->link, &it->posix);
	*ret_id = pt->id;
	mutex_unlock(&it->lock);
	return 0;
}

static void get_locked(struct posix_timer *pt, int64_t now, struct itimer_value *ret_v)
{
	int64_t deadline = pt->deadline;

	ret_v->period = pt->period;
	ret_v->value = 0;
	if (!deadline)
		return;
	if (pt->period && deadline <= now && (pt->waiting || pt->notify == LX_SIGEV_NONE))
		deadline = time_add(deadline, ((now - deadline) / pt->period + 1) * pt->period);
	if (deadline > now)
		ret_v->value = deadline - now;
	else if (pt->notify != LX_SIGEV_NONE)
		ret_v->value = 1; /* about to expire */
}

/* Timers of a process are touched by its own threads only, and one may delete what another sets. */
static int with_timer(struct task *t, int id, struct itimers **ret_it, struct posix_timer **ret_pt,
		      int64_t *ret_now) NO_THREAD_SAFETY
{
	struct itimers *it = t->tg->itimers;
	struct cputime c = { 0 };
	struct posix_timer *pt;
	bool cpu;

	if (!it)
		return -EINVAL;
	mutex_lock(&it->lock);
	pt = find_locked(it, id);
	cpu = pt && pt->cpu;
	mutex_unlock(&it->lock);
	/* takes the tasklist lock: before ours */
	if (cpu)
		tgroup_cputime(t->tg, &c);
	mutex_lock(&it->lock);
	pt = find_locked(it, id);
	if (!pt) {
		mutex_unlock(&it->lock);
		return -EINVAL;
	}
	*ret_it = it;
	*ret_pt = pt;
	*ret_now = pt->cpu ? cpu_now(pt, &c) : clock_now(pt);
	return 0;
}

int posix_timer_get(struct task *t, int id, struct itimer_value *ret_v) NO_THREAD_SAFETY
{
	struct posix_timer *pt;
	struct itimers *it;
	int64_t now;
	int ret = with_timer(t, id, &it, &pt, &now);

	if (ret < 0)
		return ret;
	get_locked(pt, now, ret_v);
	mutex_unlock(&it->lock);
	return 0;
}

int posix_timer_set(struct task *t, int id, bool absolute, const struct itimer_value *v,
		    struct itimer_value *ret_old) NO_THREAD_SAFETY
{
	struct tgroup *tg = t->tg;
	struct posix_timer *pt;
	struct itimers *it;
	struct cputime c;
	int64_t now;
	bool cpu;
	int ret;

	/* a signal of the old setting that nobody took yet is void */
	mutex_lock(&tg->siglock);
	it = tg->itimers;
	if (it) {
		mutex_lock(&it->lock);
		pt = find_locked(it, id);
		mutex_unlock(&it->lock);
		if (pt)
			signal_unqueue_prealloc_locked(tg, pt->target, &pt->q);
	}
	mutex_unlock(&tg->siglock);
	ret = with_timer(t, id, &it, &pt, &now);
	if (ret < 0)
		return ret;
	get_locked(pt, now, ret_old);
	pt->waiting = false;
	pt->overrun = 0;
	pt->period = v->value ? v->period : 0;
	pt->deadline = v->value == 0 ? 0 : absolute ? v->value : time_add(now, v->value);
	cpu = pt->cpu;
	arm_locked(pt);
	mutex_unlock(&it->lock);
	if (cpu) {
		tgroup_cputime(tg, &c);
		itimers_rearm_cpu(it, &c);
	}
	return 0;
}

int posix_timer_overrun(struct task *t, int id) NO_THREAD_SAFETY
{
	struct posix_timer *pt;
	struct itimers *it;
	int64_t now;
	int ret = with_timer(t, id, &it, &pt, &now);

	if (ret < 0)
		return ret;
	ret = (int)pt->overrun_last;
	mutex_unlock(&it->lock);
	return ret;
}

int posix_timer_delete(struct task *t, int id) NO_THREAD_SAFETY
{
	struct posix_timer *pt;
	struct itimers *it;
	int64_t now;
	int ret = with_timer(t, id, &it, &pt, &now);

	if (ret < 0)
		return ret;
	list_del_init(&pt->link);
	mutex_unlock(&it->lock);
	timer_destroy(pt);
	return 0;
}

void posix_timers_delete_all(struct itimers *it)
{
	for (;;) {
		struct posix_timer *pt;

		mutex_lock(&it->lock);
		pt = list_first_entry_or_null(&it->posix, struct posix_timer, link);
		if (pt)
			list_del_init(&pt->link);
		mutex_unlock(&it->lock);
		if (!pt)
			break;
		timer_destroy(pt);
	}
	it->next_id = 0;
}

/* --- CPU clocks --- */

int64_t posix_timers_nearest_cpu_locked(struct itimers *it, const struct cputime *c)
{
	struct posix_timer *pt;
	int64_t best = TIME_NEVER;

	list_for_each_entry(pt, &it->posix, link) {
		if (pt->cpu && pt->deadline && !pt->waiting && pt->notify != LX_SIGEV_NONE)
			best = MIN(best, pt->deadline - cpu_now(pt, c));
	}
	return best;
}

void posix_timers_check_cpu(struct itimers *it, const struct cputime *c)
{
	struct posix_timer *due;

	do {
		struct posix_timer *pt;

		due = NULL;
		mutex_lock(&it->tg->siglock);
		mutex_lock(&it->lock);
		list_for_each_entry(pt, &it->posix, link) {
			if (pt->cpu && pt->deadline && !pt->waiting &&
			    pt->notify != LX_SIGEV_NONE && pt->deadline <= cpu_now(pt, c)) {
				due = pt;
				break;
			}
		}
		mutex_unlock(&it->lock);
		if (due)
			fire_locked(due);
		mutex_unlock(&it->tg->siglock);
	} while (due);
}

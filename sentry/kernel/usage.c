/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource usage: CPU time and counters of tasks, of groups, of waited-for children (getrusage(2)).
 * The time of a live guest thread is asked of the platform; the sentry thread that serves it counts
 * as system time.
 */
#include "kernel/kernel_int.h"

void task_cputime(struct task *t, struct cputime *ret)
{
	uint64_t user = 0, sys = 0, sentry = 0;

	mutex_lock(&t->kick_lock);
	if (t->gt)
		plat_ops(t)->thread_cputime(t->gt, &user, &sys);
	ret->utime_ns = atomic_load(&t->usage.utime_ns) + user;
	ret->stime_ns = atomic_load(&t->usage.stime_ns) + sys;
	if (t->host_tid > 0 && host_thread_cputime(t->host_tid, &sentry) == 0)
		ret->stime_ns += sentry - t->host_cpu_ns;
	mutex_unlock(&t->kick_lock);
}

void tgroup_cputime_locked(struct tgroup *tg, struct cputime *ret)
{
	struct cputime c, sum = {
		.utime_ns = atomic_load(&tg->dead_usage.utime_ns),
		.stime_ns = atomic_load(&tg->dead_usage.stime_ns),
	};
	struct task *t;

	list_for_each_entry(t, &tg->threads, tg_link) {
		if (t->dead)
			continue;
		task_cputime(t, &c);
		sum.utime_ns += c.utime_ns;
		sum.stime_ns += c.stime_ns;
	}
	*ret = sum;
}

void tgroup_cputime(struct tgroup *tg, struct cputime *ret)
{
	mutex_lock(&tg->kernel->tasklist_lock);
	tgroup_cputime_locked(tg, ret);
	mutex_unlock(&tg->kernel->tasklist_lock);
}

void usage_add(struct lx_rusage_acc *dst, const struct lx_rusage_acc *src)
{
#define ADD(f) atomic_fetch_add(&dst->f, atomic_load(&((struct lx_rusage_acc *)src)->f))
	ADD(utime_ns);
	ADD(stime_ns);
	ADD(minflt);
	ADD(majflt);
	ADD(nvcsw);
	ADD(nivcsw);
	ADD(inblock);
	ADD(oublock);
#undef ADD
}

/* The sentry thread's own time is folded into the task before this. */
void usage_fold_dead_locked(struct task *t)
{
	uint64_t sentry = 0;

	mutex_lock(&t->kick_lock);
	if (t->host_tid > 0 && host_thread_cputime(t->host_tid, &sentry) == 0)
		atomic_fetch_add(&t->usage.stime_ns, sentry - t->host_cpu_ns);
	t->host_tid = 0;
	mutex_unlock(&t->kick_lock);
	usage_add(&t->tg->dead_usage, &t->usage);
}

void usage_fold_child_locked(struct tgroup *parent, struct tgroup *child)
{
	usage_add(&parent->child_usage, &child->dead_usage);
	usage_add(&parent->child_usage, &child->child_usage);
	if (child->maxrss_kb > parent->child_maxrss_kb)
		parent->child_maxrss_kb = child->maxrss_kb;
	if (child->child_maxrss_kb > parent->child_maxrss_kb)
		parent->child_maxrss_kb = child->child_maxrss_kb;
}

static struct lx_timeval to_timeval(uint64_t ns)
{
	return (struct lx_timeval){ .tv_sec = (int64_t)(ns / 1000000000),
				    .tv_usec = (int64_t)(ns % 1000000000 / 1000) };
}

void usage_to_rusage(const struct lx_rusage_acc *acc, struct lx_rusage *ret)
{
	struct lx_rusage_acc *u = (struct lx_rusage_acc *)acc;

	memset(ret, 0, sizeof(*ret));
	ret->ru_utime = to_timeval(atomic_load(&u->utime_ns));
	ret->ru_stime = to_timeval(atomic_load(&u->stime_ns));
	ret->ru_minflt = (int64_t)atomic_load(&u->minflt);
	ret->ru_majflt = (int64_t)atomic_load(&u->majflt);
	ret->ru_nvcsw = (int64_t)atomic_load(&u->nvcsw);
	ret->ru_nivcsw = (int64_t)atomic_load(&u->nivcsw);
	ret->ru_inblock = (int64_t)atomic_load(&u->inblock);
	ret->ru_oublock = (int64_t)atomic_load(&u->oublock);
}

static void add_live(struct lx_rusage_acc *sum, struct task *t)
{
	struct cputime c;

	task_cputime(t, &c);
	usage_add(sum, &t->usage);
	/* usage holds what is folded already; task_cputime gives all */
	atomic_fetch_add(&sum->utime_ns, c.utime_ns - atomic_load(&t->usage.utime_ns));
	atomic_fetch_add(&sum->stime_ns, c.stime_ns - atomic_load(&t->usage.stime_ns));
}

static uint64_t live_maxrss_kb(struct task *t)
{
	struct mm *mm = task_mm_get(t);
	struct mm_stats st;

	if (!mm)
		return 0;
	mm_stats_get(mm, &st);
	mm_put(mm);
	return st.rss_peak / 1024;
}

int task_getrusage(struct task *t, int who, struct lx_rusage *ret)
{
	struct kernel *k = t->kernel;
	struct lx_rusage_acc sum = { 0 };
	uint64_t maxrss;

	switch (who) {
	case LX_RUSAGE_THREAD:
		add_live(&sum, t);
		usage_to_rusage(&sum, ret);
		ret->ru_maxrss = (int64_t)live_maxrss_kb(t);
		return 0;
	case LX_RUSAGE_SELF: {
		struct task *o;

		mutex_lock(&k->tasklist_lock);
		usage_add(&sum, &t->tg->dead_usage);
		list_for_each_entry(o, &t->tg->threads, tg_link) {
			if (!o->dead)
				add_live(&sum, o);
		}
		maxrss = t->tg->maxrss_kb;
		mutex_unlock(&k->tasklist_lock);
		usage_to_rusage(&sum, ret);
		if (live_maxrss_kb(t) > maxrss)
			maxrss = live_maxrss_kb(t);
		ret->ru_maxrss = (int64_t)maxrss;
		return 0;
	}
	case LX_RUSAGE_CHILDREN:
		mutex_lock(&k->tasklist_lock);
		usage_to_rusage(&t->tg->child_usage, ret);
		ret->ru_maxrss = (int64_t)t->tg->child_maxrss_kb;
		mutex_unlock(&k->tasklist_lock);
		return 0;
	default:
		return -EINVAL;
	}
}

/* A zombie's usage and that of its children: what wait4 reports. */
void tgroup_rusage_locked(struct tgroup *tg, struct lx_rusage *ret)
{
	struct lx_rusage_acc sum = { 0 };
	struct task *t;

	usage_add(&sum, &tg->dead_usage);
	usage_add(&sum, &tg->child_usage);
	list_for_each_entry(t, &tg->threads, tg_link) {
		if (!t->dead)
			add_live(&sum, t);
	}
	usage_to_rusage(&sum, ret);
	ret->ru_maxrss = (int64_t)(tg->maxrss_kb > tg->child_maxrss_kb ? tg->maxrss_kb :
									 tg->child_maxrss_kb);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers of a thread group: interval timers and POSIX timers. Made with the first one, gone
 * with the last thread.
 */
#pragma once

#include <abi/linux/signal.h>
#include <abi/linux/time.h>
#include <base/list.h>
#include <base/lock.h>

#include "time/timer.h"

struct cputime;
struct task;
struct tgroup;

struct itimer {
	int64_t deadline; /* monotonic, or CPU time; 0: not armed */
	int64_t period;
};

struct itimers {
	struct tgroup *tg; /* const after init */
	struct mutex lock; /* LC_ITIMER: guards all below */
	struct itimer real, virt, prof;
	int64_t cpu_limit;               /* CPU time of the next SIGXCPU; 0 none */
	struct ktimer *real_kt, *cpu_kt; /* owned; made once */
	struct list_head posix;
	unsigned int nr_posix;
	int next_id;
};

struct itimer_value {
	int64_t value, period; /* ns; value 0: not armed */
};

/* setitimer, getitimer: which is LX_ITIMER_*. */
int itimer_set(struct task *t, int which, int64_t value, int64_t period,
	       struct itimer_value *ret_old);
int itimer_get(struct task *t, int which, struct itimer_value *ret_v);

int itimers_get(struct tgroup *tg, struct itimers **ret_it);
int itimers_start_cpu(struct itimers *it);
void itimers_rearm_cpu(struct itimers *it, const struct cputime *c);

/* --- posix_timer.c --- */
int posix_timer_create(struct task *t, int clock, const struct lx_sigevent *ev, int *ret_id);
int posix_timer_set(struct task *t, int id, bool absolute, const struct itimer_value *v,
		    struct itimer_value *ret_old);
int posix_timer_get(struct task *t, int id, struct itimer_value *ret_v);
int posix_timer_overrun(struct task *t, int id);
int posix_timer_delete(struct task *t, int id);
void posix_timers_delete_all(struct itimers *it);
int64_t posix_timers_nearest_cpu_locked(struct itimers *it, const struct cputime *c);
void posix_timers_check_cpu(struct itimers *it, const struct cputime *c);

/* --- cpuclock.c: clocks of processes and threads --- */
/* Reads a CPU clock id as t sees it. -EINVAL: no such clock or process. */
int cpu_clock_read(struct task *t, int clock, int64_t *ret_ns);
int cpu_clock_resolution(struct task *t, int clock, int64_t *ret_ns);

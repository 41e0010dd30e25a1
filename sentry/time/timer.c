/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers that call a function. One service thread, started with the first timer, sleeps until the
 * earliest deadline and calls the functions with no lock held. Locking: g_timers.lock (LC_TIMER).
 */
#include "time/timer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include <base/rbtree.h>
#include <host/host.h>

#include "lock_class.h"
#include "time/clock.h"

struct ktimer {
	struct rb_node node; /* by deadline; GUARDED_BY(lock), as all below */
	bool armed;
	int64_t deadline, period;
	void (*fn)(struct ktimer *kt, void *arg); /* const after init */
	void *arg;
};

static struct {
	struct mutex lock; /* LC_TIMER */
	struct rb_root tree;
	struct ktimer *running; /* its function is being called */
	bool started, waiting_free;
	_Atomic uint32_t word; /* the service thread sleeps on it */
	_Atomic uint32_t done; /* changes when a function returned and somebody waits to free */
} g_timers = { .lock = MUTEX_INIT(LC_TIMER), .tree = RB_ROOT };

static struct ktimer *timer_of(struct rb_node *n)
{
	return rb_entry_safe(n, struct ktimer, node);
}

static void insert_locked(struct ktimer *kt)
{
	struct rb_node **link = &g_timers.tree.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[kt->deadline >= timer_of(parent)->deadline];
	}
	rb_link_node(&kt->node, parent, link);
	rb_insert_color(&kt->node, &g_timers.tree);
	kt->armed = true;
}

static void remove_locked(struct ktimer *kt)
{
	if (kt->armed)
		rb_erase(&kt->node, &g_timers.tree);
	kt->armed = false;
}

static void poke(_Atomic uint32_t *word)
{
	atomic_fetch_add(word, 1);
	host_futex_wake((const uint32_t *)word, INT32_MAX);
}

/* Calls what is due; returns the next deadline. */
static uint64_t run_due(void)
{
	for (;;) {
		struct ktimer *kt;
		int64_t now = now_monotonic();
		bool tell;

		mutex_lock(&g_timers.lock);
		kt = timer_of(rb_first(&g_timers.tree));
		if (!kt || kt->deadline > now) {
			uint64_t next = kt ? (uint64_t)kt->deadline : HOST_NO_DEADLINE;

			mutex_unlock(&g_timers.lock);
			return next;
		}
		remove_locked(kt);
		if (kt->period > 0) {
			int64_t late = now - kt->deadline;

			/* periods that passed unnoticed are skipped */
			kt->deadline = time_add(kt->deadline, (late / kt->period + 1) * kt->period);
			insert_locked(kt);
		}
		g_timers.running = kt;
		mutex_unlock(&g_timers.lock);

		kt->fn(kt, kt->arg);

		mutex_lock(&g_timers.lock);
		g_timers.running = NULL;
		tell = g_timers.waiting_free;
		mutex_unlock(&g_timers.lock);
		if (tell)
			poke(&g_timers.done);
	}
}

static void service(void *arg)
{
	host_signals_block_all();
	for (;;) {
		uint32_t seen = atomic_load(&g_timers.word);
		uint64_t next = run_due();

		host_futex_wait((const uint32_t *)&g_timers.word, seen, next);
		host_thread_follow();
	}
}

static int start_service(void)
{
	struct host_thread *th;
	bool start;
	int ret = 0;

	mutex_lock(&g_timers.lock);
	start = !g_timers.started;
	g_timers.started = true;
	mutex_unlock(&g_timers.lock);
	if (start) {
		ret = host_thread_start("timers", HOST_STACK_TASK, service, NULL, &th);
		if (ret == 0) {
			host_thread_detach(th);
		} else {
			mutex_lock(&g_timers.lock);
			g_timers.started = false;
			mutex_unlock(&g_timers.lock);
		}
	}
	return ret < 0 ? -EAGAIN : 0;
}

int ktimer_new(void (*fn)(struct ktimer *kt, void *arg), void *arg, struct ktimer **ret_kt)
{
	struct ktimer *kt;
	int ret;

	ret = start_service();
	if (ret < 0)
		return ret;
	kt = calloc(1, sizeof(*kt));
	if (!kt)
		return -ENOMEM;
	kt->fn = fn;
	kt->arg = arg;
	*ret_kt = kt;
	return 0;
}

void ktimer_set(struct ktimer *kt, int64_t deadline_ns, int64_t period_ns)
{
	bool first = false;

	mutex_lock(&g_timers.lock);
	remove_locked(kt);
	kt->period = 0;
	if (deadline_ns > 0) {
		kt->deadline = deadline_ns;
		kt->period = period_ns;
		insert_locked(kt);
		first = rb_first(&g_timers.tree) == &kt->node;
	}
	mutex_unlock(&g_timers.lock);
	if (first)
		poke(&g_timers.word);
}

void ktimer_free(struct ktimer *kt)
{
	if (!kt)
		return;
	for (;;) {
		uint32_t seen = atomic_load(&g_timers.done);
		bool running;

		mutex_lock(&g_timers.lock);
		remove_locked(kt); /* also what the function itself may have set */
		kt->period = 0;
		running = g_timers.running == kt;
		g_timers.waiting_free = running;
		mutex_unlock(&g_timers.lock);
		if (!running)
			break;
		host_futex_wait((const uint32_t *)&g_timers.done, seen, HOST_NO_DEADLINE);
	}
	free(kt);
}

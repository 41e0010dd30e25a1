/* SPDX-License-Identifier: Apache-2.0 */
/* Looks after kicks: a guest thread that does not come out in 100 ms loses its stub. */
#define LOG_TAG "systrap"
#include "base/log.h"
#include "host/host.h"
#include "systrap/systrap_int.h"

#define KICK_LIMIT 100000000ull

static void look_locked(struct systrap *st, bool *ret_any) REQUIRES(st->lock);
static void look_locked(struct systrap *st, bool *ret_any)
{
	struct gthread *th;

	list_for_each_entry(th, &st->threads, all) {
		uint64_t since = atomic_load(&th->kick_ns);

		if (!since)
			continue;
		/* it came out for another reason: run() has its answer, or is about to */
		if (!atomic_load(&th->running)) {
			atomic_compare_exchange_strong(&th->kick_ns, &since, 0);
			continue;
		}
		*ret_any = true;
		if (host_now_ns() - since < KICK_LIMIT)
			continue;
		log_warn("thread %d does not answer: its address space ends", th->tid);
		stub_kill(th->as->stub);
	}
}

static void watchdog_main(void *arg)
{
	struct systrap *st = arg;

	host_signals_block_all();
	mutex_lock(&st->lock);
	while (!st->closing) {
		bool any = false;

		if (!atomic_load(&st->armed)) {
			cond_wait(&st->wake, &st->lock);
			continue;
		}
		cond_wait_until(&st->wake, &st->lock, host_now_ns() + KICK_LIMIT);
		/* Before looking: a kick this round does not see finds it false and comes here. */
		atomic_store(&st->armed, false);
		look_locked(st, &any);
		if (any)
			atomic_store(&st->armed, true);
	}
	mutex_unlock(&st->lock);
}

void watchdog_arm(struct systrap *st)
{
	if (atomic_load(&st->armed))
		return;
	mutex_lock(&st->lock);
	if (!atomic_load(&st->armed)) {
		atomic_store(&st->armed, true);
		if (!st->watching)
			st->watching = host_thread_start("kick-watch", HOST_STACK_TASK,
							 watchdog_main, st, &st->watchdog) == 0;
		cond_signal(&st->wake);
	}
	mutex_unlock(&st->lock);
}

void watchdog_stop(struct systrap *st)
{
	mutex_lock(&st->lock);
	st->closing = true;
	cond_signal(&st->wake);
	mutex_unlock(&st->lock);
	if (st->watchdog)
		host_thread_join(st->watchdog);
}

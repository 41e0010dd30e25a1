/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks after kicks: a guest thread that does not come out loses its stub, soon if the stub has had
 * the CPU time that each of its threads needs to come out, else after a number of looks: where the
 * host has no CPU for us, or freezes all of us, a thread that means well must not die of it.
 */
#define LOG_TAG "systrap"
#include "base/log.h"
#include "host/host.h"
#include "systrap/systrap_int.h"

#define LOOK_NS 100000000ull

/* Its threads have run since the kick was seen first, each as long as from one look to the next. */
static bool had_its_time(const struct gthread *th, uint64_t cpu)
{
	const struct gthread *other;
	uint64_t need = LOOK_NS;

	list_for_each_entry(other, &th->as->threads, link)
		need += LOOK_NS;
	return cpu - th->kick_cpu >= need;
}

static void look_locked(struct systrap *st, bool *ret_any) REQUIRES(st->lock);
static void look_locked(struct systrap *st, bool *ret_any)
{
	struct gthread *th;

	list_for_each_entry(th, &st->threads, all) {
		uint64_t since = atomic_load(&th->kick_ns), cpu = 0;

		if (!since)
			continue;
		/* it came out for another reason: run() has its answer, or is about to */
		if (!atomic_load(&th->running)) {
			atomic_compare_exchange_strong(&th->kick_ns, &since, 0);
			continue;
		}
		*ret_any = true;
		(void)host_process_cputime(th->as->stub->pid, &cpu);
		if (th->kick_seen != since) {
			th->kick_seen = since;
			th->kick_looks = 0;
			th->kick_cpu = cpu;
		}
		if (++th->kick_looks > st->kick_looks || had_its_time(th, cpu)) {
			log_warn("thread %d does not answer: its address space ends", th->tid);
			stub_kill(th->as->stub);
		}
		/* it may have died after the kick: whoever waits for it looks */
		host_futex_wake_shared(&th->g->seq, 1);
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
		cond_wait_until(&st->wake, &st->lock, host_now_ns() + LOOK_NS);
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

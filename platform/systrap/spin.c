/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may spin. The count of threads that want a CPU is one for each pair at work and one for each
 * pair whose waiting half spins; a pair may spin as long as that stays within the CPUs of the
 * sandbox. A pair whose sentry half sleeps for something else, or waits long for its guest, counts
 * no spinner.
 */
#include "host/host.h"
#include "systrap/systrap_int.h"

#define SPIN_NS   50000 /* about what a wake across CPUs costs */
#define FAILS_MAX 5     /* each failure halves the time, down to 1/32 */
#define CALIBRATE 2000

void spin_init(struct systrap *st, int nr_cpus)
{
	uint64_t t0, ns;

	st->nr_cpus = nr_cpus;
	if (nr_cpus < 2)
		return;
	t0 = host_now_ns();
	for (int i = 0; i < CALIBRATE; i++)
		trap_relax();
	ns = host_now_ns() - t0;
	st->stub_spins = (uint32_t)(SPIN_NS * (uint64_t)CALIBRATE / (ns ? ns : 1));
	st->stub_spins = MIN(st->stub_spins, 100000u);
}

static void stop(struct gthread *th)
{
	struct systrap *st = th->as->st;

	if (!th->spins)
		return;
	th->spins = false;
	atomic_fetch_sub(&st->busy, 1);
	th->ro->spin = 0;
}

void spin_stub_may_wait(struct gthread *th)
{
	struct systrap *st = th->as->st;
	int active = atomic_load_explicit(&st->active, memory_order_relaxed) + !th->active;
	uint32_t wait = active <= st->nr_cpus && !place_narrow(st) ? 2 * st->stub_spins : 0;

	if (th->ro->wait != wait)
		th->ro->wait = wait;
}

void spin_before_run(struct gthread *th)
{
	struct systrap *st = th->as->st;
	int busy;

	if (!th->active) {
		th->active = true;
		place_active(st, host_now_ns());
		busy = atomic_fetch_add(&st->busy, 1) + 1;
	} else {
		busy = atomic_load_explicit(&st->busy, memory_order_relaxed);
	}
	if (th->spins) {
		if (busy > st->nr_cpus || place_narrow(st))
			stop(th);
	} else if (busy + 1 <= st->nr_cpus && !place_narrow(st) && st->stub_spins) {
		th->spins = true;
		atomic_fetch_add(&st->busy, 1);
		th->ro->spin = st->stub_spins;
	}
	spin_stub_may_wait(th);
}

void spin_idle(struct gthread *th)
{
	struct systrap *st = th->as->st;

	stop(th);
	if (th->active) {
		th->active = false;
		place_idle(th, host_now_ns());
		atomic_fetch_sub(&st->busy, 1);
	}
}

uint64_t spin_limit(const struct gthread *th)
{
	return SPIN_NS >> th->spin_fails;
}

void spin_result(struct gthread *th, bool found)
{
	if (found) {
		th->spin_fails = 0;
		return;
	}
	if (th->spin_fails < FAILS_MAX)
		th->spin_fails++;
	stop(th);
}

void spin_regret(struct gthread *th, uint64_t ns)
{
	/* Of that time a wake took the last part: spinning on would have been shorter. */
	if (ns < 2 * SPIN_NS)
		th->spin_fails = 0;
}

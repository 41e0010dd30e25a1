/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the threads of a sandbox run. Waking a thread on an idle CPU costs ten times what a switch
 * on one CPU costs, and handing a call over between two CPUs a quarter of it. So what sleeps and
 * wakes much runs on one CPU (narrow), what calls much or computes in parallel on all that the
 * sandbox was started with (wide). The decision is for all of them; each sentry thread carries it
 * out for itself, the guest thread it serves and that one's agent when it next lets the guest run,
 * so a change costs only those who are at work. Nothing here ever leaves the CPUs of the start, and
 * a guest is told nothing of it.
 *
 * Counted, in windows of WINDOW_NS and with decay: wakes, hand-overs while one pair was at work,
 * and the time during which more than one was.
 */
#include <string.h>

#include "host/host.h"
#include "systrap/systrap_int.h"

#define WINDOW_NS   2000000
#define OVERLAP_NS  1000000 /* two pairs at work at once for so long: both get a CPU */
#define TICK_NS     5000000
#define LATENCY_NS  60000
#define LOOKS_MAX   128       /* threads that one look counts */
#define HOLD_NS     10000000  /* ... and at least for so long */
#define HOLD_MAX    6u        /* doublings of it */
#define SHORT_NS    100000000 /* a narrow time that was too short to be worth it */
#define SHARE_NS    20000000  /* of work, between looks at whether others use our CPU */
#define WAKES_LEAST 8         /* per window; fewer are not worth a change */

/* What each costs in ns, on one CPU and on several. */
#define WAKE_NARROW 3000
#define WAKE_WIDE   20000
#define CALL_NARROW 2000
#define CALL_WIDE   500

void place_init(struct systrap *st)
{
	struct place *p = &st->place;
	int words = host_sched_getaffinity(0, p->all, ARRAY_SIZE(p->all));

	atomic_init(&p->cpu, -1);
	atomic_init(&p->gen, 1);
	p->nr_words = words > 0 ? (size_t)words : 0;
	for (size_t i = 0; i < p->nr_words; i++)
		p->nr_cpus += __builtin_popcountll(p->all[i]);
	p->enabled = p->nr_cpus > 1;
	if (p->enabled)
		host_threads_home(p->all, p->nr_words);
	atomic_init(&p->window, host_now_ns());
}

static uint64_t since(uint64_t then, uint64_t now)
{
	/* times of transitions are written by whoever makes them: what cannot be is nothing */
	return then && now > then && now - then < 10000000000ull ? now - then : 0;
}

static void decide(struct systrap *st, int cpu)
{
	atomic_store(&st->place.cpu, cpu);
	stub_one_cpu(st->stubs, cpu >= 0);
	host_threads_at(cpu);
	atomic_fetch_add(&st->place.gen, 1);
}

static void widen(struct systrap *st, uint64_t now, bool hold)
{
	struct place *p = &st->place;

	if (atomic_load(&p->cpu) < 0)
		return;
	if (hold) {
		p->holds = since(p->since, now) < SHORT_NS ? MIN(p->holds + 1, HOLD_MAX) : 0;
		p->hold_until = now + ((uint64_t)HOLD_NS << p->holds);
	}
	p->since = now;
	decide(st, -1);
}

static bool think_begin(struct place *p)
{
	return !atomic_exchange_explicit(&p->thinking, true, memory_order_acquire);
}

static void think_end(struct place *p)
{
	atomic_store_explicit(&p->thinking, false, memory_order_release);
}

/*
 * How many pairs want a CPU now, at most two. A guest that sleeps in its stub counts as at work
 * otherwise, since the sentry is not told.
 */
static int nr_working(struct systrap *st)
{
	struct gthread *th;
	unsigned int n = 0;
	int nr = 0;

	mutex_lock(&st->lock);
	list_for_each_entry(th, &st->threads, all) {
		if (atomic_load(&th->entered) ? !gthread_asleep(th) :
						__atomic_load_n(&th->active, __ATOMIC_RELAXED))
			nr++;
		if (nr == 2 || ++n == LOOKS_MAX)
			break;
	}
	mutex_unlock(&st->lock);
	return nr;
}

/* CPU time of the sentry and of all stubs, so far; 0: too many to count. */
static uint64_t all_cputime(struct systrap *st)
{
	struct aspace *as;
	unsigned int n = 0;
	uint64_t sum = 0, ns;

	if (host_process_cputime(0, &sum) < 0)
		return 0;
	mutex_lock(&st->lock);
	sum += st->ended_cpu_ns;
	list_for_each_entry(as, &st->aspaces, all) {
		if (++n > 64) {
			sum = 0;
			break;
		}
		if (host_process_cputime(as->stub->pid, &ns) == 0)
			sum += ns;
	}
	mutex_unlock(&st->lock);
	return sum;
}

/* Are we kept from our one CPU by others? Then there may be a better one. */
static bool crowded(struct systrap *st, uint64_t now)
{
	struct place *p = &st->place;
	uint64_t work = atomic_load(&p->work_ns), cpu, used;

	/* under a quota we wait for CPU time, wherever we are */
	if (st->nr_cpus < 2 || work - p->check_work < SHARE_NS)
		return false;
	cpu = all_cputime(st);
	used = since(p->check_cpu, cpu);
	work -= p->check_work;
	p->check_work += work;
	p->check_cpu = cpu;
	return cpu && used < work / 2;
}

/*
 * The overlap that ends now, as far as it was not counted yet. Its first LATENCY_NS do not count:
 * so long the one that wakes another and the one it woke overlap without doing anything.
 */
static uint64_t overlap(const struct place *p, uint64_t now)
{
	uint64_t a = atomic_load(&p->overlap_since) + LATENCY_NS, b = atomic_load(&p->window);

	return since(MAX(a, b), now);
}

static void think(struct systrap *st, uint64_t now)
{
	struct place *p = &st->place;
	uint64_t wakes, calls, side, narrow, wide;
	bool is_narrow = atomic_load(&p->cpu) >= 0;
	uint32_t waits = stub_nr_waits(st->stubs);

	/* what is still going on counts up to now */
	if (atomic_load(&st->active) > 0)
		atomic_fetch_add(&p->work_ns, since(atomic_exchange(&p->work_since, now), now));
	if (atomic_load(&st->active) > 1)
		atomic_fetch_add(&p->overlap_ns, overlap(p, now));
	/* they may sleep in their stubs: a sample tells */
	if (atomic_load(&p->overlap_ns) && nr_working(st) < 2)
		atomic_store(&p->overlap_ns, 0);
	atomic_store(&p->window, now);
	wakes = p->sum_wakes =
		p->sum_wakes / 2 + atomic_exchange(&p->wakes, 0) + 2 * (waits - p->seen_waits);
	p->seen_waits = waits;
	calls = p->sum_calls = p->sum_calls / 2 + atomic_exchange(&p->calls, 0);
	side = p->sum_overlap = p->sum_overlap / 2 + atomic_exchange(&p->overlap_ns, 0);
	/* where nobody may spin, a hand-over is two wakes */
	wide = wakes * WAKE_WIDE + calls * (st->nr_cpus > 1 ? CALL_WIDE : 2 * WAKE_WIDE);
	/* what ran side by side would run one after the other; on one CPU all of it waited */
	narrow = wakes * WAKE_NARROW + calls * CALL_NARROW + (is_narrow ? side / 2 : side);
	if (is_narrow) {
		if (crowded(st, now))
			widen(st, now, true);
		else if (wakes < WAKES_LEAST / 4 || wide + wide / 2 < narrow)
			widen(st, now, false);
	} else if (wakes >= WAKES_LEAST && now >= p->hold_until && narrow + narrow / 2 < wide) {
		p->since = now;
		p->check_cpu = all_cputime(st);
		p->check_work = atomic_load(&p->work_ns);
		decide(st, host_getcpu());
	}
}

static void look(struct systrap *st, uint64_t now)
{
	struct place *p = &st->place;

	if (!p->enabled ||
	    since(atomic_load_explicit(&p->window, memory_order_relaxed), now) < WINDOW_NS ||
	    !think_begin(p))
		return;
	if (since(atomic_load(&p->window), now) >= WINDOW_NS)
		think(st, now);
	think_end(p);
}

void place_active(struct systrap *st, uint64_t now)
{
	int others = atomic_fetch_add(&st->active, 1);

	if (others == 0)
		atomic_store_explicit(&st->place.work_since, now, memory_order_relaxed);
	else if (others == 1)
		atomic_store_explicit(&st->place.overlap_since, now, memory_order_relaxed);
}

void place_idle(struct gthread *th, uint64_t now)
{
	struct systrap *st = th->as->st;
	struct place *p = &st->place;
	int were = atomic_fetch_sub(&st->active, 1);

	if (!p->enabled)
		return;
	if (were == 1)
		atomic_fetch_add(&p->work_ns, since(atomic_load(&p->work_since), now));
	else if (were == 2)
		atomic_fetch_add(&p->overlap_ns, overlap(p, now));
	atomic_fetch_add(&p->wakes, 2);
	if (th->calls) {
		atomic_fetch_add(&p->calls, th->calls);
		th->calls = 0;
	}
	look(st, now);
}

void place_look(struct gthread *th, uint64_t now)
{
	struct systrap *st = th->as->st;

	if (atomic_load_explicit(&st->active, memory_order_relaxed) == 1)
		atomic_fetch_add(&st->place.calls, th->calls);
	th->calls = 0;
	look(st, now);
}

/* Two share the CPU for long: from now on they need not. */
static void cross(struct systrap *st, uint64_t now)
{
	struct place *p = &st->place;

	if (!think_begin(p))
		return;
	if (place_narrow(st)) {
		if (nr_working(st) > 1)
			widen(st, now, true);
		else
			atomic_store(&p->overlap_since, now);
	}
	think_end(p);
}

bool place_crossed(struct systrap *st, uint64_t now)
{
	if (atomic_load(&st->active) < 2 ||
	    since(atomic_load(&st->place.overlap_since), now) < OVERLAP_NS)
		return false;
	cross(st, now);
	return !place_narrow(st);
}

void place_waited(struct gthread *th, uint64_t now)
{
	struct systrap *st = th->as->st;
	bool was_narrow = place_narrow(st);

	if (!st->place.enabled)
		return;
	place_look(th, now);
	/* it has run for all of the slice */
	if (was_narrow && !gthread_asleep(th))
		cross(st, now);
	if (was_narrow && !place_narrow(st))
		place_spread(th);
	else
		place_follow(th);
}

/*
 * Short only when it begins to matter: a timer that comes before the host's next tick costs a
 * virtual machine more than a switch.
 */
uint64_t place_slice(const struct systrap *st, uint64_t now)
{
	if (!place_narrow(st))
		return UINT64_MAX;
	if (atomic_load(&st->active) > 1 &&
	    since(atomic_load(&st->place.overlap_since), now) > OVERLAP_NS / 4)
		return OVERLAP_NS;
	return TICK_NS;
}

/* --- carrying it out --- */

static void put(const struct place *p, int tid, int cpu)
{
	uint64_t mask[ARRAY_SIZE(p->all)] = { 0 };

	if (cpu < 0) {
		host_sched_setaffinity(tid, p->all, p->nr_words);
		return;
	}
	mask[cpu / 64] = 1ull << cpu % 64;
	host_sched_setaffinity(tid, mask, p->nr_words);
}

/* Of the calling thread: what it was put to last. */
static _Thread_local uint32_t t_gen;

static void follow(struct gthread *th, uint32_t gen)
{
	struct aspace *as = th->as;
	const struct place *p = &as->st->place;
	int cpu = atomic_load(&p->cpu);

	if (t_gen != gen) {
		t_gen = gen;
		put(p, 0, cpu);
	}
	if (th->place != gen) {
		th->place = gen;
		put(p, th->tid, cpu);
	}
	if (atomic_exchange(&as->place, gen) != gen)
		put(p, as->stub->pid, cpu);
}

void place_follow(struct gthread *th)
{
	const struct place *p = &th->as->st->place;
	uint32_t gen = atomic_load_explicit(&p->gen, memory_order_relaxed);

	if (p->enabled && unlikely(gen != th->place || gen != t_gen))
		follow(th, gen);
}

void place_spread(struct gthread *th)
{
	const struct place *p = &th->as->st->place;
	uint64_t mask[ARRAY_SIZE(p->all)];
	int cpu = host_getcpu();

	if (!p->enabled)
		return;
	place_follow(th);
	/* a wider mask alone moves nobody before the host's next look at its queues */
	memcpy(mask, p->all, sizeof(mask));
	mask[cpu / 64] &= ~(1ull << cpu % 64);
	host_sched_setaffinity(th->tid, mask, p->nr_words);
	host_sched_setaffinity(th->tid, p->all, p->nr_words);
}

void place_new_aspace(struct aspace *as)
{
	const struct place *p = &as->st->place;
	int cpu;

	/* in this order: what changes meanwhile is put right by the next place_follow() */
	atomic_store(&as->place, atomic_load(&p->gen));
	cpu = atomic_load(&p->cpu);
	if (p->enabled && cpu >= 0)
		put(p, as->stub->pid, cpu);
}

void place_new_thread(struct gthread *th)
{
	/* a pooled stub's first thread is as wide as the pool; others are where their agent is */
	if (th->n > 0)
		th->place = atomic_load(&th->as->place);
	else
		th->place = atomic_load(&th->as->st->place.cpu) < 0 ? th->as->place : 0;
}

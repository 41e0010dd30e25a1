/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the systrap backend: its objects, who may spin, the watchdog of kicks. */
#pragma once

#include <stdatomic.h>

#include <platform/answers.h>

#include "base/bits.h"
#include "base/list.h"
#include "base/lock.h"
#include "stub/stub.h"
#include "systrap/trap.h"

/* How calls came. */
struct call_count {
	uint64_t answered; /* the stub did them: its own word */
	uint64_t fast;     /* by the fast entry */
	uint64_t trapped;  /* by signals */
};

/* place.c: on which CPUs threads run. */
struct place {
	bool enabled;     /* const: there is more than one */
	uint64_t all[16]; /* const: the CPUs that the sandbox was started with ... */
	size_t nr_words;
	int nr_cpus;
	atomic_int cpu;  /* the one where all run now, -1: anywhere */
	atomic_uint gen; /* counts changes of cpu */
	/* since the last window; times: when more than none, more than one pair was at work */
	atomic_uint_fast64_t wakes, calls, work_ns, overlap_ns, work_since, overlap_since, window;

	atomic_bool thinking; /* one at a time; the rest is the thinker's */
	uint64_t sum_wakes, sum_calls, sum_overlap;
	uint32_t seen_waits;
	uint64_t since, hold_until; /* last change; not narrow before */
	unsigned int holds;
	uint64_t check_work, check_cpu;
};

struct systrap {
	struct platform base;
	struct stub_system *stubs;
	struct mutex lock;        /* LC_PLATFORM */
	struct list_head threads; /* of gthread.all */
	struct call_count calls;  /* of threads that ended; lock */
	bool patch;               /* const: call sites may be rewritten */
	uint64_t ticks0, ns0;     /* const: both clocks when it was opened */

	/* watchdog.c */
	struct cond wake;
	atomic_bool armed;
	bool watching, closing;
	unsigned int kick_looks; /* of platform_params */
	struct host_thread *watchdog;

	/* spin.c */
	int nr_cpus;
	atomic_int busy;   /* threads that want a CPU: one per pair at work, one per spinner */
	atomic_int active; /* pairs at work */
	struct place place;
	struct list_head aspaces; /* of aspace.all; lock */
	uint64_t ended_cpu_ns;    /* CPU time of stubs that ended; lock */
	uint32_t stub_spins;      /* looks at its word that a stub makes in SPIN_NS */
};

struct aspace {
	struct systrap *st;
	struct list_head all; /* st->lock */
	atomic_uint place;    /* decision that its agent follows */
	struct stub *stub;
	struct list_head threads; /* of gthread.link; st->lock */
	/* host threads without a guest thread, by gthread.link; st->lock */
	struct list_head idle;
	unsigned int nr_idle;
	unsigned long slots[SLOT_NR / 8 / sizeof(long)]; /* in use; st->lock */
	uint64_t ended_ns;       /* time in guest code of threads that ended; st->lock */
	struct call_count calls; /* of threads that ended; st->lock */
	atomic_bool lost;        /* a thread ended that nobody told to */
};

struct gthread {
	struct aspace *as;
	struct list_head link, all; /* st->lock */
	int tid;
	unsigned int n; /* its slot */
	uint64_t va;    /* ... in the stub */
	struct slot *g; /* ... here: everything in it is the guest's word */
	struct slot_ro *ro;
	uint32_t seq, go;        /* last event taken, last command given */
	uint32_t seen;           /* commands that were done when the guest last went on */
	struct call_count count; /* answered: what the slot said when it began */
	bool partial;            /* of its registers only a call's were given out: st_regs_get() */
	bool gone;               /* dead, or about to be */
	bool started;            /* by st_start(): run() only waits for what comes of it */
	bool newborn;            /* its first event is still to come */
	bool fresh;              /* starts with clean floating point, which is not set yet */
	bool at_frame;           /* waits in a signal handler, not in the fast entry */
	struct trap_at at;       /* then: its frame */
	atomic_bool kicked, running;
	uint64_t ret;                 /* for SLOT_CMD_RESULT */
	_Atomic uint64_t guest_ticks; /* between going on and stopping, so far ... */
	_Atomic uint64_t entered;     /* ... and when it last went on, 0 while it is stopped */
	_Atomic uint64_t cpu_ns;      /* what thread_cputime said last: never less again */
	_Atomic uint64_t kick_ns;     /* when a kick was sent that was not answered yet, or 0 */
	/* watchdog.c, st->lock: the kick it has seen so many times, and the stub's CPU time then */
	uint64_t kick_seen, kick_cpu;
	unsigned int kick_looks;

	/* spin.c; the serving thread's */
	bool active, spins;
	unsigned int spin_fails;

	/* place.c; the serving thread's */
	uint32_t place; /* decision that the host thread follows */
	uint32_t calls; /* not told yet */
};

/* Since when the guest sleeps on a futex in its stub, or 0; if it may be believed. */
static inline uint64_t gthread_asleep(const struct gthread *th)
{
	const struct answers_rw *rw = (const struct answers_rw *)th->g->answers;

	return __atomic_load_n(&rw->asleep_since, __ATOMIC_RELAXED);
}

/*
 * --- spin.c: a pair is a stub thread and the sentry thread that serves it. While one works the
 * other waits, by spinning if a CPU is free for that ---
 */
void spin_init(struct systrap *st, int nr_cpus);
/* The pair is at work: may its waiting half spin until the next event? */
void spin_before_run(struct gthread *th);
/* The serving thread is about to sleep for something else than its guest. */
void spin_idle(struct gthread *th);
/*
 * How long the stub may look at a futex word of the guest: from time to time, since a thread that
 * is answered there does not come by.
 */
void spin_stub_may_wait(struct gthread *th);
static inline bool spin_held(const struct gthread *th)
{
	return th->spins;
}
/* For how long the sentry's half looks, in ns; and whether that was worth it. */
uint64_t spin_limit(const struct gthread *th);
void spin_result(struct gthread *th, bool found);
/* It slept after spinning in vain, and the event came so long after the spin had begun. */
void spin_regret(struct gthread *th, uint64_t ns);

/* --- place.c: on how many CPUs the sandbox runs --- */
#define PLACE_CALLS 32 /* hand-overs that a thread makes between two looks */

void place_init(struct systrap *st);
void place_new_aspace(struct aspace *as);
void place_new_thread(struct gthread *th);
/* A pair begins to work; ends, since its serving thread sleeps for something else. */
void place_active(struct systrap *st, uint64_t now);
void place_idle(struct gthread *th, uint64_t now);
/* Tells of th->calls; perhaps decides anew. */
void place_look(struct gthread *th, uint64_t now);
/* Several pairs want to run on one CPU for too long: true if that ends now. */
bool place_crossed(struct systrap *st, uint64_t now);
/* How long to wait for a guest at most before place_waited() shall look around. */
void place_waited(struct gthread *th, uint64_t now);
uint64_t place_slice(const struct systrap *st, uint64_t now);
/* By the serving thread, before the guest goes on: carries out what was decided. */
void place_follow(struct gthread *th);
/* ... while the guest runs, and shall do so on another CPU. */
void place_spread(struct gthread *th);
static inline bool place_narrow(const struct systrap *st)
{
	return atomic_load_explicit(&st->place.cpu, memory_order_relaxed) >= 0;
}

/* --- count.c: of one guest thread, from its first run() to its end; for the debug log --- */
void count_begin(struct gthread *th);
void count_end_locked(struct gthread *th);
void count_log(const char *of, const struct call_count *c);

/* --- watchdog.c: a kick that is not answered in 2 s costs the stub its life --- */
void watchdog_arm(struct systrap *st);
void watchdog_stop(struct systrap *st);

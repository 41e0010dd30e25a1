/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guest code may be told without the sentry (platforms with a stub that answers by itself):
 * the layout of the page that the sentry writes for a guest thread and the stub only reads, of the
 * words that both write, and of the page of an address space. Read by the stub's own code and by
 * the sentry.
 *
 * Rules of the pages: answers_ro and answers_space are the sentry's word. answers_rw is the guest's
 * at any time: the sentry loads a word of it once and uses what came as what the guest asked for.
 *
 * --- the signal mask ---
 * While ANSWER_MASK is on and the thread runs guest code, answers_rw.mask is its signal mask.
 * The stub: stores the new mask, full barrier, loads answers_ro.pending; if that is not 0 it stores
 * the old mask again and hands the call over. A sender: stores pending, full barrier, loads the
 * mask; if the signal is not blocked there it kicks. One of them sees the other.
 *
 * --- futexes ---
 * answers_space.waiters counts who is queued on private futexes, by hash of the address. A sleeper
 * counts itself, full barrier, and loads the futex word; a waker has changed the word, full
 * barrier, and loads the count: 0 means that nobody waits who has not yet to look at the word.
 * A wait may begin late: while CPUs are free the stub looks at the word for a while before it makes
 * the call, and if the word changes it has come too late for it (-EAGAIN).
 *
 * While ANSWER_SLEEP is on too, a thread waits on a private futex with the host's own futex, in its
 * stub, where other threads of the stub wake it; answers_waits counts such sleepers in the same
 * way. Those two kinds of sleepers know nothing of each other: a waker looks for both. The sentry
 * wakes the second kind by platform_ops.futex. A kick ends such a sleep, and the sentry gets the
 * call. answers_waits is the guest's to write: what it says is no more than how many wakes the
 * guest wants to reach its own threads.
 */
#pragma once

#include <stdint.h>

#define ANSWER_IDS   1u /* the ids below are true */
#define ANSWER_CLOCK 2u /* the host's clocks are the guest's */
#define ANSWER_MASK  4u
#define ANSWER_FUTEX 8u
#define ANSWER_SLEEP 16u
#define ANSWER_ALL   31u

struct answers_ro {
	uint32_t on;      /* ANSWER_* */
	uint32_t pending; /* some signal is pending, blocked or not: the mask is the sentry's
			     business */
	int32_t pid, tid, ppid, pgid, sid;
	uint32_t uid, euid, gid, egid;
	uint32_t nr_cpus;
	uint64_t clock_gettime, getcpu; /* functions of the host's vDSO in the stub, or 0 */
};

struct answers_rw {
	uint64_t mask;
	uint32_t futex_fails; /* the stub's own: waits in a row that it began in vain */
	/* ns, the host's monotonic clock: sleeps by ANSWER_SLEEP; 0: does not */
	uint64_t asleep_since;
	uint64_t slept_ns; /* the like, in all so far */
};

#define ANSWERS_FUTEX_BITS 10
#define ANSWERS_WAITS      512

struct answers_space {
	uint32_t waiters[1u << ANSWERS_FUTEX_BITS];
};

/* Of an address space, beside answers_space, but the guest writes it. */
struct answers_waits {
	uint32_t count[ANSWERS_WAITS]; /* by answers_futex_slot() % ANSWERS_WAITS */
};

/* Which count a private futex at addr belongs to. */
static inline unsigned int answers_futex_slot(uint64_t addr)
{
	return (unsigned int)((addr >> 2 ^ addr >> 12 ^ addr >> 22) &
			      ((1u << ANSWERS_FUTEX_BITS) - 1));
}

/* Of one guest thread, as the sentry sees it. */
struct answers {
	struct answers_ro *ro;
	struct answers_rw *rw;
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers in the stub: system calls whose answer is the guest's own business, served between the
 * fast entry and its way out without telling the sentry. Runs in guest threads, so nothing here is
 * trusted; what it may use is in answers.h. Rules: an answer must not have changed anything before
 * its last access to guest memory (a fault there makes the sentry do the call all over); whatever
 * is not the plain case is handed over, errors included.
 * Every call here is also named in sentry/syscalls/seccomp.c: a guest's filter may forbid it.
 */
#include <asm/unistd.h>
#include <stddef.h>

#include <platform/answers.h>

#include "answer.h"

#define FUTEX_WAIT_PRIVATE                 0x80
#define FUTEX_WAKE_PRIVATE                 0x81
#define FUTEX_WAIT_BITSET_PRIVATE          0x89
#define FUTEX_WAIT_BITSET_REALTIME_PRIVATE 0x189
#define FUTEX_WAKE_BITSET_PRIVATE          0x8a
#define FUTEX_MATCH_ANY                    0xffffffffu
#define EINTR_                             4
#define EAGAIN_                            11
#define ETIMEDOUT_                         110
#define CLOCK_MONOTONIC_                   1

#define FUTEX_FAILS_MAX 5 /* each failure halves the time, down to 1/32 ... */
#define FUTEX_RETRY     32 /* ... but once in so many, since two that wait for each other must both */
#define FUTEX_EAGER     64 /* looks without a pause */

#define SIG_BLOCK_    0
#define SIG_UNBLOCK_  1
#define SIG_SETMASK_  2
#define NEVER_BLOCKED ((uint64_t)1 << 8 | (uint64_t)1 << 18) /* SIGKILL, SIGSTOP */

#define NSEC_PER_USEC 1000
#define NSEC_PER_SEC  1000000000

struct timespec_ {
	int64_t sec, nsec;
};

_Static_assert(sizeof(struct answers_ro) <= SLOT_RO_ANSWERS_SIZE, "answers");
_Static_assert(sizeof(struct answers_rw) <= SLOT_ANSWERS_SIZE, "answers");
_Static_assert(sizeof(struct answers_waits) == SLOT_WAITS_SIZE, "answers of an address space");
_Static_assert(sizeof(struct answers_space) == SLOT_SPACE_SIZE, "answers of an address space");

static inline const volatile struct answers_ro *answers_of(const struct slot *s)
{
	return (const volatile struct answers_ro *)((const char *)s + SLOT_RO + SLOT_RO_ANSWERS);
}

static inline void stub_relax(void)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#endif
#endif
}

static inline uint64_t arg(const struct slot *s, unsigned int n)
{
	return regs_arg(&s->regs, n);
}

static inline int done(struct slot *s, int64_t ret)
{
	regs_set_ret(&s->regs, (uint64_t)ret);
	return 1;
}

/* An address that guest memory can have; what is there may fault. */
static inline int guest_range(uint64_t addr, uint64_t size)
{
	return addr < STUB_BASE - size;
}

/* --- clocks --- */

static int read_clock(const volatile struct answers_ro *a, uint64_t clock, struct timespec_ *ret_ts)
{
	int (*fn)(long clock, struct timespec_ *ts) =
		(int (*)(long, struct timespec_ *))a->clock_gettime;

	return fn && fn((long)clock, ret_ts) == 0;
}

/* REALTIME, MONOTONIC, the raw and coarse ones, BOOTTIME, TAI: not the clocks of processes. */
static int host_clock(uint64_t clock)
{
	return clock < 12 && (0x8f3u >> clock & 1);
}

static int clock_gettime_(struct slot *s, const volatile struct answers_ro *a)
{
	volatile struct timespec_ *to = (volatile struct timespec_ *)arg(s, 1);
	struct timespec_ ts;

	if (!host_clock(arg(s, 0)) || !guest_range(arg(s, 1), sizeof(*to)) ||
	    !read_clock(a, arg(s, 0), &ts))
		return 0;
	to->sec = ts.sec;
	to->nsec = ts.nsec;
	return done(s, 0);
}

static int gettimeofday_(struct slot *s, const volatile struct answers_ro *a)
{
	volatile struct timespec_ *to = (volatile struct timespec_ *)arg(s, 0);
	struct timespec_ ts;

	if (arg(s, 1) || !guest_range(arg(s, 0), sizeof(*to)) || !read_clock(a, 0, &ts))
		return 0;
	to->sec = ts.sec;
	to->nsec = (int64_t)((uint32_t)ts.nsec / NSEC_PER_USEC);
	return done(s, 0);
}

#ifdef __NR_time
static int time_(struct slot *s, const volatile struct answers_ro *a)
{
	struct timespec_ ts;

	if (arg(s, 0) || !read_clock(a, 0, &ts))
		return 0;
	return done(s, ts.sec);
}
#endif

static int getcpu_(struct slot *s, const volatile struct answers_ro *a)
{
	long (*fn)(unsigned int *, unsigned int *, void *) =
		(long (*)(unsigned int *, unsigned int *, void *))a->getcpu;
	volatile uint32_t *cpu = (volatile uint32_t *)arg(s, 0);
	unsigned int host = 0, node = 0;

	if (arg(s, 1) || !guest_range(arg(s, 0), sizeof(*cpu)) || !fn || !a->nr_cpus ||
	    fn(&host, &node, NULL))
		return 0;
	*cpu = host % a->nr_cpus;
	return done(s, 0);
}

/* --- futexes --- */

/*
 * Before a thread waits for a word it looks at it for as long as waking it would take, if the
 * sentry says that there is a CPU for that. What it does then is what it would do had it come
 * later.
 */
static int futex_changes(const struct slot *s, const uint32_t *word, uint32_t val)
{
	const volatile struct slot_ro *ro =
		(const volatile struct slot_ro *)((const char *)s + SLOT_RO);
	const volatile uint32_t *kick = &s->kick;
	struct answers_rw *rw = (struct answers_rw *)s->answers;
	uint32_t fails = rw->futex_fails, spins = ro->wait;

	if (fails % FUTEX_RETRY != FUTEX_RETRY - 1)
		spins >>= fails < FUTEX_FAILS_MAX ? fails : FUTEX_FAILS_MAX;
	for (uint32_t n = 0; n < spins && !*kick; n++) {
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != val) {
			rw->futex_fails = 0;
			return 1;
		}
		if (n > FUTEX_EAGER)
			stub_relax();
	}
	if (spins)
		rw->futex_fails = fails + 1;
	return 0;
}

/* Sleepers of this address space that sleep in the host. */
static uint32_t *sleepers(uint64_t addr)
{
	struct answers_waits *w = (struct answers_waits *)((struct slot *)STUB_SLOTS)->waits;

	return &w->count[answers_futex_slot(addr) % ANSWERS_WAITS];
}

static int futex_wake(struct slot *s, uint32_t on, uint32_t op, uint32_t bitset)
{
	const struct answers_space *space = (const struct answers_space *)STUB_SPACE;
	uint64_t addr = arg(s, 0);
	long ret = 0;

	if (!bitset)
		return 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&space->waiters[answers_futex_slot(addr)], __ATOMIC_SEQ_CST))
		return 0;
	if (__atomic_load_n(sleepers(addr), __ATOMIC_SEQ_CST)) {
		if (!(on & ANSWER_SLEEP))
			return 0;
		ret = stub_futex_private((const void *)addr, op, (uint32_t)arg(s, 2), NULL, bitset);
	}
	return ret < 0 ? 0 : done(s, ret);
}

/* timeout: 0 or the address of an absolute one. */
static int futex_sleep(struct slot *s, const volatile struct answers_ro *a, uint32_t op,
		       uint32_t bitset, uint64_t timeout)
{
	struct answers_rw *rw = (struct answers_rw *)s->answers;
	uint64_t addr = arg(s, 0), since;
	uint32_t *count = sleepers(addr);
	struct timespec_ ts;
	long ret;

	if (!read_clock(a, CLOCK_MONOTONIC_, &ts))
		return 0;
	since = (uint64_t)ts.sec * NSEC_PER_SEC + (uint64_t)ts.nsec;
	__atomic_store_n(&rw->asleep_since, since, __ATOMIC_RELAXED);
	__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
	ret = stub_futex_private((const void *)addr, op, (uint32_t)arg(s, 2), (const void *)timeout,
				 bitset);
	__atomic_fetch_sub(count, 1, __ATOMIC_SEQ_CST);
	if (ret != -EAGAIN_ && read_clock(a, CLOCK_MONOTONIC_, &ts))
		rw->slept_ns += (uint64_t)ts.sec * NSEC_PER_SEC + (uint64_t)ts.nsec - since;
	__atomic_store_n(&rw->asleep_since, 0, __ATOMIC_RELAXED);
	if (ret == -EINTR_) {
		/* the sentry learns of the kick by the call that it gets now */
		s->kick = 0;
		return 0;
	}
	return ret == 0 || ret == -EAGAIN_ || ret == -ETIMEDOUT_ ? done(s, ret) : 0;
}

static int futex(struct slot *s, const volatile struct answers_ro *a, uint32_t on)
{
	/* absolute time-outs only: what a kick leaves of a relative one nobody would know */
	const uint32_t timed = ANSWER_SLEEP | ANSWER_CLOCK;
	uint32_t op = (uint32_t)arg(s, 1), bitset = FUTEX_MATCH_ANY;
	uint64_t addr = arg(s, 0), timeout = arg(s, 3);

	if (addr & 3 || !guest_range(addr, 4))
		return 0;
	switch (op) {
	case FUTEX_WAKE_PRIVATE:
		return futex_wake(s, on, op, bitset);
	case FUTEX_WAKE_BITSET_PRIVATE:
		return futex_wake(s, on, op, (uint32_t)arg(s, 5));
	case FUTEX_WAIT_PRIVATE:
		if (timeout)
			return 0;
		break;
	case FUTEX_WAIT_BITSET_PRIVATE:
	case FUTEX_WAIT_BITSET_REALTIME_PRIVATE:
		bitset = (uint32_t)arg(s, 5);
		if (!bitset || (timeout && ((on & timed) != timed || !guest_range(timeout, 16))))
			return 0;
		break;
	default:
		return 0;
	}
	/* a time-out would have to be looked at before */
	if (!timeout &&
	    (__atomic_load_n((const uint32_t *)addr, __ATOMIC_SEQ_CST) != (uint32_t)arg(s, 2) ||
	     futex_changes(s, (const uint32_t *)addr, (uint32_t)arg(s, 2))))
		return done(s, -EAGAIN_);
	if (!(on & ANSWER_SLEEP))
		return 0;
	return futex_sleep(s, a, op, bitset, timeout);
}

/* --- signals --- */

static int sigprocmask(struct slot *s, const volatile struct answers_ro *a)
{
	struct answers_rw *rw = (struct answers_rw *)s->answers;
	const volatile uint64_t *set = (const volatile uint64_t *)arg(s, 1);
	volatile uint64_t *old = (volatile uint64_t *)arg(s, 2);
	uint64_t was = rw->mask, now = was;

	if (arg(s, 3) != 8 || (set && !guest_range(arg(s, 1), 8)) ||
	    (old && !guest_range(arg(s, 2), 8)))
		return 0;
	if (set) {
		uint64_t v = *set & ~NEVER_BLOCKED;

		if (arg(s, 0) == SIG_BLOCK_)
			now |= v;
		else if (arg(s, 0) == SIG_UNBLOCK_)
			now &= ~v;
		else if (arg(s, 0) == SIG_SETMASK_)
			now = v;
		else
			return 0;
	}
	if (old)
		*old = was;
	if (now != was) {
		__atomic_store_n(&rw->mask, now, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (a->pending) {
			__atomic_store_n(&rw->mask, was, __ATOMIC_SEQ_CST);
			return 0;
		}
	}
	return done(s, 0);
}

/* --- which call --- */

static int ids(struct slot *s, const volatile struct answers_ro *a, uint64_t nr)
{
	switch (nr) {
	case __NR_getpid:
		return done(s, a->pid);
	case __NR_gettid:
		return done(s, a->tid);
	case __NR_getppid:
		return done(s, a->ppid);
	case __NR_getuid:
		return done(s, a->uid);
	case __NR_geteuid:
		return done(s, a->euid);
	case __NR_getgid:
		return done(s, a->gid);
	case __NR_getegid:
		return done(s, a->egid);
#ifdef __NR_getpgrp
	case __NR_getpgrp:
		return done(s, a->pgid);
#endif
	case __NR_getpgid:
		return (int32_t)arg(s, 0) ? 0 : done(s, a->pgid);
	case __NR_getsid:
		return (int32_t)arg(s, 0) ? 0 : done(s, a->sid);
	}
	return 0;
}

int stub_answer(struct slot *s)
{
	const volatile struct answers_ro *a = answers_of(s);
	uint32_t on = a->on;
	/* as Linux, which looks at 32 bits of the number */
	uint32_t nr = (uint32_t)regs_sysno(&s->regs);

	if (!on)
		return 0;
	if (on & ANSWER_IDS && ids(s, a, nr))
		return 1;
	switch (nr) {
	case __NR_futex:
		return on & ANSWER_FUTEX && futex(s, a, on);
	case __NR_rt_sigprocmask:
		return on & ANSWER_MASK && sigprocmask(s, a);
	case __NR_clock_gettime:
		return on & ANSWER_CLOCK && clock_gettime_(s, a);
	case __NR_gettimeofday:
		return on & ANSWER_CLOCK && gettimeofday_(s, a);
#ifdef __NR_time
	case __NR_time:
		return on & ANSWER_CLOCK && time_(s, a);
#endif
	case __NR_getcpu:
		return on & ANSWER_CLOCK && getcpu_(s, a);
	}
	return 0;
}

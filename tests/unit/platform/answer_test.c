/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers in the stub, run natively: the code is linked in here, a slot and its pages are
 * mapped where it expects them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include <platform/answers.h>

#include "stub/answer.h"

static struct slot *g_slot;
static struct answers_ro *g_ro;
static struct answers_rw *g_rw;
static struct answers_space *g_space;

/* stands for the host's futex, and says what it was asked */
static struct {
	const void *word, *timeout;
	uint32_t op, val, bitset, counted;
	long ret;
	unsigned int calls;
} g_host;

long stub_futex_private(const void *word, uint32_t op, uint32_t val, const void *timeout,
			uint32_t bitset)
{
	const struct answers_waits *w = (const struct answers_waits *)g_slot->waits;

	g_host.word = word;
	g_host.op = op;
	g_host.val = val;
	g_host.timeout = timeout;
	g_host.bitset = bitset;
	g_host.counted = w->count[answers_futex_slot((uint64_t)word) % ANSWERS_WAITS];
	g_host.calls++;
	return g_host.ret;
}

static void *page_at(uint64_t at, size_t size)
{
	void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(p, (void *)at);
	return p;
}

static int fake_clock(long clock, struct timespec *ts)
{
	*ts = (struct timespec){ .tv_sec = 1000 + clock, .tv_nsec = 123456789 };
	return 0;
}

static int fake_getcpu(unsigned int *cpu, unsigned int *node, void *unused)
{
	*cpu = 5;
	*node = 0;
	return 0;
}

static int setup(void **state)
{
	g_slot = page_at(STUB_SLOTS, SLOT_SIZE);
	page_at(STUB_SLOTS_RO, 2 * STUB_PAGE);
	g_ro = (struct answers_ro *)((char *)g_slot + SLOT_RO + SLOT_RO_ANSWERS);
	g_rw = (struct answers_rw *)g_slot->answers;
	g_space = (struct answers_space *)STUB_SPACE;
	return 0;
}

static int fresh(void **state)
{
	memset(g_ro, 0, sizeof(*g_ro));
	*g_ro = (struct answers_ro){
		.on = ANSWER_IDS | ANSWER_CLOCK | ANSWER_MASK | ANSWER_FUTEX,
		.pid = 10,
		.tid = 11,
		.ppid = 12,
		.pgid = 13,
		.sid = 14,
		.uid = 20,
		.euid = 21,
		.gid = 22,
		.egid = 4000000000u,
		.nr_cpus = 2,
		.clock_gettime = (uint64_t)fake_clock,
		.getcpu = (uint64_t)fake_getcpu,
	};
	g_rw->mask = 0;
	memset(g_space, 0, sizeof(*g_space));
	return 0;
}

static int call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, int64_t *ret)
{
	struct regs *r = &g_slot->regs;
	int answered;

	memset(r, 0, sizeof(*r));
	regs_set_sysno(r, (uint64_t)nr);
	regs_set_arg(r, 0, a);
	regs_set_arg(r, 1, b);
	regs_set_arg(r, 2, c);
	regs_set_arg(r, 3, d);
	answered = stub_answer(g_slot);
	*ret = (int64_t)regs_ret(r);
	return answered;
}

#define ANSWERED(val, ...)                                                                         \
	do {                                                                                       \
		int64_t ret_;                                                                      \
		assert_int_equal(call(__VA_ARGS__, &ret_), 1);                                     \
		assert_true(ret_ == (val));                                                        \
	} while (0)
#define HANDED_OVER(...)                                                                           \
	do {                                                                                       \
		int64_t ret_;                                                                      \
		assert_int_equal(call(__VA_ARGS__, &ret_), 0);                                     \
	} while (0)

static void ids_come_from_the_page(void **state)
{
	ANSWERED(10, SYS_getpid, 0, 0, 0, 0);
	ANSWERED(11, SYS_gettid, 0, 0, 0, 0);
	ANSWERED(12, SYS_getppid, 0, 0, 0, 0);
	ANSWERED(13, SYS_getpgid, 0, 0, 0, 0);
	ANSWERED(14, SYS_getsid, 0, 0, 0, 0);
	ANSWERED(20, SYS_getuid, 0, 0, 0, 0);
	ANSWERED(21, SYS_geteuid, 0, 0, 0, 0);
	ANSWERED(22, SYS_getgid, 0, 0, 0, 0);
	/* ids do not look like errors */
	ANSWERED(4000000000, SYS_getegid, 0, 0, 0, 0);
	HANDED_OVER(SYS_getpgid, 1, 0, 0, 0);
	HANDED_OVER(SYS_getsid, 10, 0, 0, 0);
	HANDED_OVER(SYS_read, 0, 0, 0, 0);
	HANDED_OVER(-1, 0, 0, 0, 0);
}

static void nothing_is_answered_when_it_is_off(void **state)
{
	static uint32_t word;

	g_ro->on = 0;
	HANDED_OVER(SYS_getppid, 0, 0, 0, 0);
	HANDED_OVER(SYS_clock_gettime, 1, (uint64_t)&word, 0, 0);
	HANDED_OVER(SYS_futex, (uint64_t)&word, 0x81, 1, 0);
	HANDED_OVER(SYS_rt_sigprocmask, 0, 0, 0, 8);
}

static void the_mask_moves_unless_something_is_pending(void **state)
{
	static uint64_t set, old;

	set = 0xff;
	ANSWERED(0, SYS_rt_sigprocmask, 0, (uint64_t)&set, (uint64_t)&old, 8);
	assert_int_equal(old, 0);
	assert_int_equal(g_rw->mask, 0xff);
	set = 0xf;
	ANSWERED(0, SYS_rt_sigprocmask, 1, (uint64_t)&set, (uint64_t)&old, 8);
	assert_int_equal(old, 0xff);
	assert_int_equal(g_rw->mask, 0xf0);
	set = UINT64_MAX;
	ANSWERED(0, SYS_rt_sigprocmask, 2, (uint64_t)&set, 0, 8);
	assert_true(g_rw->mask == ~(UINT64_C(1) << 8 | UINT64_C(1) << 18));
	set = 0;
	g_ro->pending = 1;
	HANDED_OVER(SYS_rt_sigprocmask, 2, (uint64_t)&set, 0, 8);
	assert_true(g_rw->mask == ~(UINT64_C(1) << 8 | UINT64_C(1) << 18));
	/* asking changes nothing */
	ANSWERED(0, SYS_rt_sigprocmask, 2, 0, (uint64_t)&old, 8);
	HANDED_OVER(SYS_rt_sigprocmask, 3, (uint64_t)&set, 0, 8);
	HANDED_OVER(SYS_rt_sigprocmask, 0, (uint64_t)&set, 0, 4);
	HANDED_OVER(SYS_rt_sigprocmask, 0, STUB_SLOTS, 0, 8);
	HANDED_OVER(SYS_rt_sigprocmask, 0, 0, (uint64_t)-8, 8);
}

static void futexes_that_need_nobody(void **state)
{
	static uint32_t word = 7;
	uint64_t at = (uint64_t)&word;

	ANSWERED(0, SYS_futex, at, 0x81, 1, 0);
	ANSWERED(-EAGAIN, SYS_futex, at, 0x80, 8, 0);
	HANDED_OVER(SYS_futex, at, 0x80, 7, 0);
	HANDED_OVER(SYS_futex, at, 0x80, 8, at); /* a deadline */
	HANDED_OVER(SYS_futex, at + 1, 0x81, 1, 0);
	HANDED_OVER(SYS_futex, at, 1, 1, 0);    /* shared */
	HANDED_OVER(SYS_futex, at, 0x8a, 1, 0); /* no bits */
	HANDED_OVER(SYS_futex, STUB_SLOTS, 0x81, 1, 0);
	g_space->waiters[answers_futex_slot(at)] = 1;
	HANDED_OVER(SYS_futex, at, 0x81, 1, 0);
}

static void futexes_that_sleep_in_the_host(void **state)
{
	static uint32_t word = 7;
	static struct timespec ts;
	uint64_t at = (uint64_t)&word;
	struct answers_waits *w = (struct answers_waits *)g_slot->waits;

	g_ro->on |= ANSWER_SLEEP;
	memset(&g_host, 0, sizeof(g_host));
	ANSWERED(0, SYS_futex, at, 0x80, 7, 0);
	assert_ptr_equal(g_host.word, &word);
	assert_int_equal(g_host.op, 0x80);
	assert_int_equal(g_host.val, 7);
	assert_int_equal(g_host.counted, 1); /* before it sleeps */
	assert_int_equal(w->count[answers_futex_slot(at) % ANSWERS_WAITS], 0);
	assert_int_equal(g_rw->asleep_since, 0);
	/* what the host says goes to the guest, other errors to the sentry */
	g_host.ret = -EAGAIN;
	ANSWERED(-EAGAIN, SYS_futex, at, 0x80, 7, 0);
	g_host.ret = -EFAULT;
	HANDED_OVER(SYS_futex, at, 0x80, 7, 0);
	g_host.ret = -EINTR;
	g_slot->kick = 1;
	HANDED_OVER(SYS_futex, at, 0x80, 7, 0);
	assert_int_equal(g_slot->kick, 0);
	/* relative deadlines are the sentry's */
	g_host.calls = 0;
	HANDED_OVER(SYS_futex, at, 0x80, 7, (uint64_t)&ts);
	HANDED_OVER(SYS_futex, at, 0x89, 7, STUB_SLOTS);
	assert_int_equal(g_host.calls, 0);
	/* nobody to wake: nobody asked; somebody: the host is */
	ANSWERED(0, SYS_futex, at, 0x81, 1, 0);
	assert_int_equal(g_host.calls, 0);
	w->count[answers_futex_slot(at) % ANSWERS_WAITS] = 2;
	g_host.ret = 2;
	ANSWERED(2, SYS_futex, at, 0x81, 9, 0);
	assert_int_equal(g_host.val, 9);
	assert_int_equal(g_host.bitset, 0xffffffff);
	/* one that sleeps in the sentry: it looks after both kinds */
	g_space->waiters[answers_futex_slot(at)] = 1;
	g_host.calls = 0;
	HANDED_OVER(SYS_futex, at, 0x81, 9, 0);
	assert_int_equal(g_host.calls, 0);
	memset(w, 0, sizeof(*w));
}

static void clocks_are_the_hosts(void **state)
{
	static struct timespec ts;
	static struct {
		int64_t sec, usec;
	} tv;
	static uint32_t cpu;

	ANSWERED(0, SYS_clock_gettime, 1, (uint64_t)&ts, 0, 0);
	assert_int_equal(ts.tv_sec, 1001);
	assert_int_equal(ts.tv_nsec, 123456789);
	ANSWERED(0, SYS_gettimeofday, (uint64_t)&tv, 0, 0, 0);
	assert_int_equal(tv.sec, 1000);
	assert_int_equal(tv.usec, 123456);
	ANSWERED(0, SYS_getcpu, (uint64_t)&cpu, 0, 0, 0);
	assert_int_equal(cpu, 1);
	/* CPU clocks, alarms, dynamic clocks */
	HANDED_OVER(SYS_clock_gettime, 2, (uint64_t)&ts, 0, 0);
	HANDED_OVER(SYS_clock_gettime, 3, (uint64_t)&ts, 0, 0);
	HANDED_OVER(SYS_clock_gettime, 8, (uint64_t)&ts, 0, 0);
	HANDED_OVER(SYS_clock_gettime, 12, (uint64_t)&ts, 0, 0);
	HANDED_OVER(SYS_clock_gettime, (uint64_t)-6, (uint64_t)&ts, 0, 0);
	HANDED_OVER(SYS_clock_gettime, 1, STUB_BASE, 0, 0);
	g_ro->clock_gettime = 0;
	HANDED_OVER(SYS_clock_gettime, 1, (uint64_t)&ts, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ids_come_from_the_page, fresh),
		cmocka_unit_test_setup(nothing_is_answered_when_it_is_off, fresh),
		cmocka_unit_test_setup(the_mask_moves_unless_something_is_pending, fresh),
		cmocka_unit_test_setup(futexes_that_need_nobody, fresh),
		cmocka_unit_test_setup(futexes_that_sleep_in_the_host, fresh),
		cmocka_unit_test_setup(clocks_are_the_hosts, fresh),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots of systrap: the fast entry with odd segment bases, flags, keys and steps, kicks at every
 * instruction of it, forged frames, and slots that other threads write. Guests may end themselves
 * at worst; a second guest and the sentry notice nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guest.h"
#include "host/host.h"
#include "stub/stub.h"

DECLARE_GUEST(fast_calls);
DECLARE_GUEST(fast_gs);
DECLARE_GUEST(fast_once);
DECLARE_GUEST(no_keys);
DECLARE_GUEST(scribble);

#define RW (PF_PROT_READ | PF_PROT_WRITE)

static struct guest_env g;
static struct aspace *g_victim;
static struct gthread *g_victim_th;
static struct regs g_victim_regs;

static int setup(void **state)
{
	int ret = guest_env_open(&g, "systrap");

	if (ret == 0)
		ret = guest_aspace(&g, &g_victim);
	if (ret == 0)
		ret = g.o->thread_new(g_victim, &g_victim_th);
	regs_init_user(&g_victim_regs, GUEST_PUT(&g, 15, calls), GUEST_DATA);
	return ret;
}

static int teardown(void **state)
{
	g.o->thread_free(g_victim_th);
	g.o->aspace_free(g_victim);
	guest_env_close(&g);
	return 0;
}

static void victim_is_well(void)
{
	struct guest_event ev;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(g.o->run(g_victim_th, &g_victim_regs, &ev), 0);
		assert_int_equal(ev.kind, GE_SYSCALL);
		assert_int_equal(regs_sysno(&g_victim_regs), 39);
	}
}

struct one {
	struct aspace *as;
	struct gthread *th;
	struct regs r;
	struct guest_event ev;
};

static void one_start(struct one *o, uaddr_t pc)
{
	assert_int_equal(guest_aspace(&g, &o->as), 0);
	assert_int_equal(g.o->map(o->as, GUEST_DATA, PAGE_SIZE, g.pf, 100 * PAGE_SIZE, RW, 0), 0);
	assert_int_equal(g.o->thread_new(o->as, &o->th), 0);
	regs_init_user(&o->r, pc, GUEST_DATA + 0x800);
	o->r.r15 = stub_image_header()->fast_entry;
}

static void one_end(struct one *o)
{
	g.o->thread_free(o->th);
	g.o->aspace_free(o->as);
	victim_is_well();
}

static void one_call(struct one *o, uint64_t nr)
{
	assert_int_equal(g.o->run(o->th, &o->r, &o->ev), 0);
	assert_int_equal(o->ev.kind, GE_SYSCALL);
	assert_int_equal(regs_sysno(&o->r), nr);
	if (o->ev.partial)
		g.o->regs_get(o->th, &o->r);
	assert_int_equal(regs_sysno(&o->r), nr);
	assert_int_equal(o->r.rcx, o->r.rip);
}

/* A number that no answer of the stub's own is for. */
#define NR_ODD 4000

static void the_fast_entry_keeps_registers(void **state)
{
	struct one o;
	uint64_t t0;

	one_start(&o, GUEST_PUT(&g, 0, fast_calls));
	o.r.r14 = NR_ODD;
	t0 = host_now_ns();
	for (uint64_t i = 1; i <= 20000; i++) {
		if (i % 4) {
			/* the guest goes on without the others having been asked for */
			assert_int_equal(g.o->run(o.th, &o.r, &o.ev), 0);
			assert_int_equal(regs_sysno(&o.r), NR_ODD);
			assert_true(o.ev.partial);
			assert_int_equal(o.r.rdi, 0x3333);
			assert_int_equal(o.r.r9, 0x8888);
			regs_set_ret(&o.r, i);
			continue;
		}
		one_call(&o, NR_ODD);
		assert_int_equal(o.r.rdi, 0x3333);
		assert_int_equal(o.r.r9, 0x8888);
		assert_int_equal(o.r.rsp, GUEST_DATA + 0x800);
		regs_set_ret(&o.r, i);
	}
	print_message("a call by the fast entry: %llu ns\n",
		      (unsigned long long)(host_now_ns() - t0) / 20000);
	/* all of it can be changed too, as a signal handler's start does */
	o.r.rip = GUEST_PUT(&g, 1, raw_call);
	o.r.rax = 77;
	o.r.rbx = 5;
	one_call(&o, 77);
	assert_int_equal(o.r.rbx, 5);
	one_end(&o);
}

static void kick_once(void *arg)
{
	host_sleep_until(host_now_ns() + 2000000);
	g.o->kick(arg);
}

static void any_gs_base_will_do(void **state)
{
	static const uint64_t bases[] = { 0,         0x1000,         GUEST_DATA,    GUEST_CODE,
					  STUB_BASE, STUB_SLOTS - 8, STUB_SLOTS_RO, STUB_SLOTS_END };
	struct one o;

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		one_start(&o, GUEST_PUT(&g, 0, fast_gs));
		o.r.rdx = bases[i];
		one_call(&o, 39);
		assert_int_equal(o.r.rdx, bases[i]);
		assert_int_equal(o.r.gs_base, bases[i]);
		one_call(&o, 40);
		one_end(&o);
	}
	/* inside the slots, but nobody's: its own loss, once somebody wants it to come out */
	for (uint64_t off = 8; off < SLOT_RANGE; off = off * 5 + 8) {
		struct host_thread *kicker;

		one_start(&o, GUEST_PUT(&g, 0, fast_gs));
		o.r.rdx = STUB_SLOTS + off;
		assert_int_equal(
			host_thread_start("kicker", HOST_STACK_TASK, kick_once, o.th, &kicker), 0);
		(void)g.o->run(o.th, &o.r, &o.ev);
		host_thread_join(kicker);
		one_end(&o);
	}
}

static void odd_flags_come_back(void **state)
{
	static const uint64_t flags[] = { 0x400, 0x40000, 0x40400, 0x8d5, 0x40cd5, 0x200000 };
	struct one o;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		one_start(&o, GUEST_PUT(&g, 0, fast_once));
		o.r.eflags |= flags[i];
		one_call(&o, 39);
		assert_int_equal(o.r.eflags & flags[i] & X86_EFLAGS_USER,
				 flags[i] & X86_EFLAGS_USER);
		assert_int_equal(o.r.r11, o.r.eflags);
		one_call(&o, 40);
		assert_int_equal(o.r.eflags & flags[i] & X86_EFLAGS_USER,
				 flags[i] & X86_EFLAGS_USER);
		one_end(&o);
	}
}

static void steps_through_the_stub_end_in_the_call(void **state)
{
	struct one o;
	int steps = 0, calls = 0;

	one_start(&o, GUEST_PUT(&g, 0, fast_once));
	regs_set_step(&o.r, true);
	while (calls < 2 && steps < 2000) {
		assert_int_equal(g.o->run(o.th, &o.r, &o.ev), 0);
		if (o.ev.kind == GE_SYSCALL) {
			assert_int_equal(regs_sysno(&o.r), calls ? 40 : 39);
			calls++;
		} else {
			assert_int_equal(o.ev.kind, GE_STEP);
			steps++;
		}
		regs_set_step(&o.r, true);
	}
	assert_int_equal(calls, 2);
	one_end(&o);
}

static void without_keys_it_loses_at_most_itself(void **state)
{
	struct one o;

	for (int fast = 0; fast < 2; fast++) {
		one_start(&o, GUEST_PUT(&g, 0, no_keys));
		if (!fast)
			o.r.r15 = 0;
		for (int i = 0; i < 3; i++) {
			if (g.o->run(o.th, &o.r, &o.ev) < 0)
				break;
		}
		one_end(&o);
	}
}

static bool g_stop;

static void kick_storm(void *arg)
{
	unsigned int seed = 1;

	while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
		g.o->kick(arg);
		for (volatile int i = (int)(rand_r(&seed) % 3000); i > 0; i--)
			;
	}
}

static void kicks_anywhere_lose_no_call(void **state)
{
	struct host_thread *kicker;
	uint64_t done = 0, kicks = 0;
	struct one o;

	one_start(&o, GUEST_PUT(&g, 0, fast_calls));
	o.r.r14 = NR_ODD;
	g_stop = false;
	assert_int_equal(host_thread_start("kicker", HOST_STACK_TASK, kick_storm, o.th, &kicker),
			 0);
	for (uint64_t end = host_now_ns() + 2000000000; host_now_ns() < end;) {
		assert_int_equal(g.o->run(o.th, &o.r, &o.ev), 0);
		if (o.ev.kind == GE_KICKED) {
			kicks++;
			continue;
		}
		assert_int_equal(o.ev.kind, GE_SYSCALL);
		assert_int_equal(regs_sysno(&o.r), NR_ODD);
		assert_int_equal(o.r.rdi, 0x3333);
		regs_set_ret(&o.r, ++done);
	}
	__atomic_store_n(&g_stop, true, __ATOMIC_SEQ_CST);
	host_thread_join(kicker);
	print_message("%llu calls, %llu kicks\n", (unsigned long long)done,
		      (unsigned long long)kicks);
	assert_true(done > 100 && kicks > 100);
	one_end(&o);
}

static void forged_frames_are_its_own_loss(void **state)
{
	unsigned int seed = 4711;
	unsigned int deaths = 0;
	struct host_thread *kicker;
	struct one o;
	int ret;

	one_start(&o, 0);
	for (int i = 0; i < 200; i++) {
		uint64_t *frame = (uint64_t *)(g.mem + 100 * PAGE_SIZE);
		static const uint64_t odd[] = { 0,
						UINT64_MAX,
						STUB_SLOTS,
						STUB_SLOTS + SLOT_ALTSTACK,
						STUB_SLOTS + SLOT_SIZE,
						STUB_SLOTS_RO,
						STUB_AGENT,
						GUEST_DATA,
						GUEST_CODE,
						0x8000000000000000ull,
						0x33 | 0x2bull << 48,
						0x23 | 0x2bull << 48,
						0x7ffffffff000ull };

		for (size_t n = 0; n < 128; n++)
			frame[n] = odd[(unsigned int)rand_r(&seed) % ARRAY_SIZE(odd)];
		/* some of them with segments that the host takes, some with no floating point */
		if (i % 2)
			frame[24] = odd[10];
		if (i % 4 > 1)
			frame[29] = 0;
		regs_init_user(&o.r, stub_image_header()->sigreturn, GUEST_DATA + 8);
		o.r.rax = 15;
		if (i % 10 == 9)
			o.r.rsp = STUB_SLOTS + SLOT_ALTSTACK + 8 * (rand_r(&seed) % 1024);
		assert_int_equal(
			host_thread_start("kicker", HOST_STACK_TASK, kick_once, o.th, &kicker), 0);
		ret = g.o->run(o.th, &o.r, &o.ev);
		host_thread_join(kicker);
		if (ret < 0 || o.ev.kind == GE_CORRUPT) {
			deaths++;
			one_end(&o);
			one_start(&o, 0);
		}
		/* one that blocked all its signals spins or dies; nobody else may */
		victim_is_well();
	}
	print_message("%u guests ended themselves\n", deaths);
	one_end(&o);
}

static void stop_later(void *arg)
{
	struct gthread **th = arg;

	for (int i = 0; i < 40; i++) {
		host_sleep_until(host_now_ns() + 5000000);
		g.o->kick(th[0]);
		g.o->kick(th[1]);
	}
	__atomic_store_n(&g_stop, true, __ATOMIC_SEQ_CST);
	g.o->kick(th[0]);
	g.o->kick(th[1]);
}

struct scribbler {
	struct gthread *th;
	struct regs r;
};

static void scribbler_main(void *arg)
{
	struct scribbler *sc = arg;
	struct guest_event ev;

	while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
		if (g.o->run(sc->th, &sc->r, &ev) < 0 || ev.kind == GE_CORRUPT)
			return;
	}
}

/* One thread calls, the other writes its slot: all of it, or one part. */
static void slots_under_fire(void **state)
{
	static const struct {
		uint64_t from, to, step;
	} part[] = {
		{ 0, 0x40, 8 },       { 0x40, 0x80, 4 },
		{ 0x80, 0x200, 8 },   { SLOT_ALTSTACK, SLOT_SIZE, 8 },
		{ 0, SLOT_SIZE, 8 },  { SLOT_SIZE - 0x1000, SLOT_SIZE, 8 },
		{ 0x200, 0x1000, 8 },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(part); i++) {
		struct host_thread *ht, *stopper;
		struct scribbler sc;
		struct gthread *both[2];
		uint64_t calls = 0;
		struct one o;
		bool slow = i % 2;

		one_start(&o, slow ? GUEST_PUT(&g, 0, calls) : GUEST_PUT(&g, 0, fast_calls));
		o.r.r14 = NR_ODD;
		one_call(&o, slow ? 39 : NR_ODD);
		assert_int_equal(g.o->thread_new(o.as, &sc.th), 0);
		regs_init_user(&sc.r, GUEST_PUT(&g, 1, scribble), 0);
		/* the caller's slot is the first */
		sc.r.rdi = STUB_SLOTS + part[i / 2].from;
		sc.r.rsi = STUB_SLOTS + part[i / 2].to;
		sc.r.rdx = part[i / 2].step;
		sc.r.rax = 0x1234567 + i;
		g_stop = false;
		both[0] = o.th;
		both[1] = sc.th;
		assert_int_equal(host_thread_start("scribbler", HOST_STACK_TASK, scribbler_main,
						   &sc, &ht),
				 0);
		assert_int_equal(host_thread_start("stopper", HOST_STACK_TASK, stop_later, both,
						   &stopper),
				 0);
		while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
			if (g.o->run(o.th, &o.r, &o.ev) < 0 || o.ev.kind == GE_CORRUPT)
				break;
			regs_set_ret(&o.r, ++calls);
			if (!regs_valid(&o.r) || o.ev.kind != GE_SYSCALL)
				regs_init_user(&o.r, GUEST_CODE, GUEST_DATA);
		}
		host_thread_join(stopper);
		host_thread_join(ht);
		g.o->thread_free(sc.th);
		one_end(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_entry_keeps_registers),
		cmocka_unit_test(any_gs_base_will_do),
		cmocka_unit_test(odd_flags_come_back),
		cmocka_unit_test(steps_through_the_stub_end_in_the_call),
		cmocka_unit_test(without_keys_it_loses_at_most_itself),
		cmocka_unit_test(kicks_anywhere_lose_no_call),
		cmocka_unit_test(forged_frames_are_its_own_loss),
		cmocka_unit_test(slots_under_fire),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

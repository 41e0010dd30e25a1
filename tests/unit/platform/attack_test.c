/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests that attack the stub they live in. Each may end itself at worst: the agent goes on
 * working, a second guest runs on, its memory is untouched, no call reaches the host.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "guest.h"
#include "host/host.h"
#include "base/lock.h"
#include "slot.h"

#define RW (PF_PROT_READ | PF_PROT_WRITE)

static struct guest_env g;

/* A second guest that must notice nothing. */
static struct aspace *g_victim;
static struct gthread *g_victim_th;
static struct regs g_victim_regs;

static int setup(void **state)
{
	int ret = guest_env_open(&g, NULL);

	if (ret == 0)
		ret = guest_aspace(&g, &g_victim);
	if (ret == 0)
		ret = g.o->thread_new(g_victim, &g_victim_th);
	regs_init_user(&g_victim_regs, GUEST_PUT(&g, 15, calls), GUEST_DATA);
	memset(g.mem + 200 * PAGE_SIZE, 0x33, PAGE_SIZE);
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
	}
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(g.mem[200 * PAGE_SIZE + i], 0x33);
}

/* Maps, protects and unmaps still do what they say. */
static void agent_is_well(struct aspace *as, struct gthread *th)
{
	uaddr_t ld = GUEST_PUT(&g, 14, load);
	struct guest_event ev;
	struct regs r;

	*(uint64_t *)(g.mem + 100 * PAGE_SIZE) = 4711;
	assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 100 * PAGE_SIZE, RW, 0), 0);
	regs_init_user(&r, ld, 0);
	regs_set_arg(&r, 0, GUEST_DATA);
	do {
		assert_int_equal(g.o->run(th, &r, &ev), 0);
	} while (ev.kind == GE_KICKED);
	assert_int_equal(ev.kind, GE_SYSCALL);
	assert_int_equal(regs_arg(&r, 1), 4711);
	assert_int_equal(g.o->unmap(as, GUEST_DATA, PAGE_SIZE), 0);
	regs_set_pc(&r, ld);
	do {
		assert_int_equal(g.o->run(th, &r, &ev), 0);
	} while (ev.kind == GE_KICKED);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_int_equal(g.o->sync(as), 0);
}

/*
 * A guest that may end itself: on systrap, code of the stub can be talked into calls that are its
 * thread's own end. It is then replaced. It may also spin in what it jumped into: somebody kicks it
 * now and then.
 */
static struct attacker {
	struct mutex lock;
	struct aspace *as;
	struct gthread *th;
	unsigned int nr_deaths;
	bool mortal, stop;
} g_at;

static void attacker_start(void)
{
	assert_int_equal(guest_aspace(&g, &g_at.as), 0);
	assert_int_equal(g.o->thread_new(g_at.as, &g_at.th), 0);
	assert_int_equal(g.o->map(g_at.as, GUEST_DATA, PAGE_SIZE, g.pf, 101 * PAGE_SIZE, RW, 0), 0);
}

static void attacker_end(void)
{
	g.o->thread_free(g_at.th);
	g.o->aspace_free(g_at.as);
}

static void kick_now_and_then(void *arg)
{
	while (!__atomic_load_n(&g_at.stop, __ATOMIC_SEQ_CST)) {
		host_sleep_until(host_now_ns() + 1000000);
		mutex_lock(&g_at.lock);
		g.o->kick(g_at.th);
		mutex_unlock(&g_at.lock);
	}
}

static void run_attacker(struct regs *r, struct guest_event *ev)
{
	int ret = g.o->run(g_at.th, r, ev);

	if (ret == 0 && ev->kind != GE_CORRUPT) {
		assert_true(ev->kind == GE_SYSCALL || ev->kind == GE_FAULT ||
			    ev->kind == GE_EXCEPTION || ev->kind == GE_KICKED);
		return;
	}
	assert_true(g_at.mortal && (ret == 0 || ret == -ESRCH));
	g_at.nr_deaths++;
	mutex_lock(&g_at.lock);
	attacker_end();
	attacker_start();
	mutex_unlock(&g_at.lock);
}

static void jump_to(uaddr_t pc, uint64_t call, uint64_t seed)
{
	struct guest_event ev;
	struct regs r;

	regs_init_user(&r, pc, GUEST_DATA + 0x800);
	/* arguments that would hurt: the stub's own pages, its descriptors, everything */
	regs_set_hostile(&r, call, seed);
	regs_set_pc(&r, pc);
	run_attacker(&r, &ev);
}

static void jumping_to_every_byte_of_the_stub(void **state)
{
	static const uint64_t seeds[] = { 0,          STUB_CMD,   STUB_REPLY,
					  UINT64_MAX, GUEST_DATA, STUB_SLOTS };
	static const int calls[] = { SYS_munmap,     SYS_mmap,  SYS_pwrite64,
				     SYS_exit_group, SYS_clone, SYS_rt_sigreturn };
	struct host_thread *kicker;

	mutex_init(&g_at.lock, LC_UNRANKED);
	g_at.mortal = strcmp(g.o->name, "systrap") == 0;
	attacker_start();
	assert_int_equal(
		host_thread_start("kicker", HOST_STACK_TASK, kick_now_and_then, NULL, &kicker), 0);
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		for (uaddr_t pc = STUB_AGENT; pc < STUB_AGENT + 0x400; pc++)
			jump_to(pc, (uint64_t)calls[i], seeds[i]);
		for (uaddr_t pc = STUB_THREAD; pc < STUB_THREAD + 0x100; pc++)
			jump_to(pc, (uint64_t)calls[i], seeds[i]);
		for (uaddr_t pc = STUB_SETUP; pc < STUB_SETUP + 0xc00; pc++)
			jump_to(pc, (uint64_t)calls[i], seeds[i]);
	}
	for (uaddr_t pc = STUB_VDSO; pc < STUB_VDSO + 0x8000; pc += 3)
		jump_to(pc, SYS_munmap, pc);
	for (uaddr_t pc = STUB_BASE; pc < STUB_VDSO; pc += 61)
		jump_to(pc, SYS_munmap, STUB_CMD);
	__atomic_store_n(&g_at.stop, true, __ATOMIC_SEQ_CST);
	host_thread_join(kicker);
	print_message("%u guests ended themselves\n", g_at.nr_deaths);
	agent_is_well(g_at.as, g_at.th);
	victim_is_well();
	attacker_end();
}

static void no_page_above_the_limit_takes_a_store(void **state)
{
	uaddr_t st = GUEST_PUT(&g, 0, store);
	struct platform_limits lim;
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	g.o->limits(g.p, &lim);
	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	/* ptrace stubs have no writable page of their own at all: no slot to forge */
	for (uaddr_t va = lim.max_addr; va < STUB_TOP; va += va < STUB_SLOTS ? 0x1000 : 0x10000) {
		if (strcmp(g.o->name, "systrap") == 0 && va >= STUB_SLOTS && va < STUB_SLOTS_RO)
			va = STUB_SLOTS_RO;
		regs_init_user(&r, st, 0);
		regs_set_arg(&r, 0, va);
		assert_int_equal(g.o->run(th, &r, &ev), 0);
		assert_int_equal(ev.kind, GE_FAULT);
	}
	agent_is_well(as, th);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void raw_calls_stay_with_the_sentry(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, raw_call);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	for (uint64_t nr = 0; nr < 700; nr++) {
		for (int high = 0; high < 2; high++) {
			/* with the bit of x32 too */
			uint64_t call = nr | (high ? 0x40000000 : 0);

			regs_init_user(&r, pc, 0);
			regs_set_sysno(&r, call);
			for (unsigned int n = 0; n < 6; n++)
				regs_set_arg(&r, n, n == 0 ? GUEST_CODE : 0x1000);
			assert_int_equal(g.o->run(th, &r, &ev), 0);
			assert_int_equal(ev.kind, GE_SYSCALL);
			assert_int_equal(regs_sysno(&r), call);
			assert_int_equal(regs_arg(&r, 0), GUEST_CODE);
		}
	}
	agent_is_well(as, th);
	victim_is_well();
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static bool g_stop;

struct writer {
	struct aspace *as;
	struct gthread *th;
	uaddr_t pc;
	uint32_t ready;
	int failures;
};

static void writer_main(void *arg)
{
	struct writer *w = arg;
	struct guest_event ev;
	struct regs r;

	if (g.o->thread_new(w->as, &w->th) < 0) {
		w->failures++;
		__atomic_store_n(&w->ready, 1, __ATOMIC_SEQ_CST);
		return;
	}
	__atomic_store_n(&w->ready, 1, __ATOMIC_SEQ_CST);
	regs_init_user(&r, w->pc, 0);
	regs_set_arg(&r, 0, GUEST_DATA + 8);
	while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
		if (g.o->run(w->th, &r, &ev) < 0)
			w->failures++;
		else if (ev.kind != GE_KICKED && (ev.kind != GE_FAULT || ev.addr != GUEST_DATA + 8))
			w->failures++;
	}
	while (__atomic_load_n(&w->ready, __ATOMIC_SEQ_CST) != 2)
		host_sched_yield(); /* the kicks use w->th */
	g.o->thread_free(w->th);
}

/*
 * What unmap() says is so: no store arrives after it came back, whatever the guest does meanwhile.
 */
static void an_acknowledged_unmap_is_true(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, storm);
	volatile uint64_t *word = (volatile uint64_t *)(g.mem + 102 * PAGE_SIZE + 8);
	struct host_thread *ht[3];
	struct writer w[3];
	struct aspace *as;
	int landed = 0;

	assert_int_equal(guest_aspace(&g, &as), 0);
	g_stop = false;
	for (int i = 0; i < 3; i++) {
		w[i] = (struct writer){ .as = as, .pc = pc };
		assert_int_equal(host_thread_start("writer", HOST_STACK_TASK, writer_main, &w[i],
						   &ht[i]),
				 0);
	}
	for (int i = 0; i < 3; i++) {
		while (!__atomic_load_n(&w[i].ready, __ATOMIC_SEQ_CST))
			host_sched_yield();
		assert_int_equal(w[i].failures, 0);
	}
	for (int round = 0; round < 90; round++) {
		uint64_t before;

		*word = UINT64_MAX;
		assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 102 * PAGE_SIZE, RW, 0),
				 0);
		assert_int_equal(g.o->sync(as), 0);
		for (int i = 0; i < 2000 && *word == UINT64_MAX; i++)
			host_sched_yield();
		landed += *word != UINT64_MAX;
		if (round % 3 == 0)
			assert_int_equal(g.o->protect(as, GUEST_DATA, PAGE_SIZE, PF_PROT_READ), 0);
		else if (round % 3 == 1)
			assert_int_equal(g.o->unmap(as, GUEST_DATA, PAGE_SIZE), 0);
		else
			assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 103 * PAGE_SIZE,
						  RW, 0) ||
						 g.o->sync(as),
					 0);
		before = *word;
		for (int i = 0; i < 50; i++)
			host_sched_yield();
		assert_int_equal(*word, before);
	}
	assert_true(landed > 10);
	__atomic_store_n(&g_stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 3; i++) {
		g.o->kick(w[i].th);
		__atomic_store_n(&w[i].ready, 2, __ATOMIC_SEQ_CST);
	}
	for (int i = 0; i < 3; i++) {
		host_thread_join(ht[i]);
		assert_int_equal(w[i].failures, 0);
	}
	victim_is_well();
	g.o->aspace_free(as);
}

static void pages_of_a_dead_guest_are_out_of_its_reach(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, storm);
	volatile uint64_t *word = (volatile uint64_t *)(g.mem + 104 * PAGE_SIZE + 8);

	for (int round = 0; round < 20; round++) {
		struct guest_event ev;
		struct gthread *th;
		struct aspace *as;
		struct regs r;
		uint64_t before;

		assert_int_equal(guest_aspace(&g, &as), 0);
		assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 104 * PAGE_SIZE, RW, 0),
				 0);
		assert_int_equal(g.o->thread_new(as, &th), 0);
		regs_init_user(&r, pc, 0);
		regs_set_arg(&r, 0, GUEST_DATA + 8);
		/* killed from outside in the middle of its work */
		assert_int_equal(host_tgkill(g.o->aspace_pid(as), g.o->aspace_pid(as), SIGKILL), 0);
		assert_int_equal(g.o->run(th, &r, &ev), -ESRCH);
		g.o->aspace_free(as);
		before = *word;
		for (int i = 0; i < 20; i++)
			host_sched_yield();
		assert_int_equal(*word, before);
	}
	victim_is_well();
}

struct maker {
	unsigned int seed;
	int failures;
};

static void maker_main(void *arg)
{
	uaddr_t pc = GUEST_CODE + 15 * 256;
	struct maker *m = arg;

	for (int i = 0; i < 15; i++) {
		struct guest_event ev;
		struct gthread *th;
		struct aspace *as;
		struct regs r;

		if (guest_aspace(&g, &as) < 0) {
			m->failures++;
			return;
		}
		if (rand_r(&m->seed) % 4 == 0)
			host_tgkill(g.o->aspace_pid(as), g.o->aspace_pid(as), SIGKILL);
		if (g.o->thread_new(as, &th) == 0) {
			regs_init_user(&r, pc, 0);
			for (int n = 0; n < 20; n++) {
				if (rand_r(&m->seed) % 50 == 0)
					host_tgkill(g.o->aspace_pid(as), g.o->aspace_pid(as),
						    SIGKILL);
				if (g.o->run(th, &r, &ev) < 0)
					break;
				if (rand_r(&m->seed) % 5 == 0)
					g.o->unmap(as, GUEST_DATA, PAGE_SIZE);
			}
			if (rand_r(&m->seed) % 2)
				g.o->thread_free(th);
		}
		g.o->aspace_free(as);
	}
}

static void stubs_killed_at_random_trouble_nobody_else(void **state)
{
	struct host_thread *ht[4];
	struct maker m[4];

	for (unsigned int i = 0; i < 4; i++) {
		m[i] = (struct maker){ .seed = 77 + i };
		assert_int_equal(
			host_thread_start("maker", HOST_STACK_TASK, maker_main, &m[i], &ht[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		host_thread_join(ht[i]);
		assert_int_equal(m[i].failures, 0);
	}
	victim_is_well();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumping_to_every_byte_of_the_stub),
		cmocka_unit_test(no_page_above_the_limit_takes_a_store),
		cmocka_unit_test(raw_calls_stay_with_the_sentry),
		cmocka_unit_test(an_acknowledged_unmap_is_true),
		cmocka_unit_test(pages_of_a_dead_guest_are_out_of_its_reach),
		cmocka_unit_test(stubs_killed_at_random_trouble_nobody_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

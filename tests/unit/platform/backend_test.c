/* SPDX-License-Identifier: Apache-2.0 */
/* Tiny guests on a real backend: calls, faults, kicks, maps, threads, deaths. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guest.h"
#include "host/host.h"

static struct guest_env g;

static int setup(void **state)
{
	return guest_env_open(&g, NULL);
}

static int teardown(void **state)
{
	guest_env_close(&g);
	return 0;
}

static void start(struct regs *r, uaddr_t pc)
{
	regs_init_user(r, pc, GUEST_DATA + 0x1000);
}

static void calls_come_with_their_number(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;
	uint64_t t0;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, pc);
	t0 = host_now_ns();
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(g.o->run(th, &r, &ev), 0);
		assert_int_equal(ev.kind, GE_SYSCALL);
		regs_set_ret(&r, (uint64_t)i);
	}
	print_message("a call: %llu ns\n", (unsigned long long)(host_now_ns() - t0) / 5000);
	assert_true(regs_pc(&r) > pc && regs_pc(&r) < pc + 16);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void faults_tell_their_address(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, store), pc2 = GUEST_PUT(&g, 1, load);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, pc);
	regs_set_arg(&r, 0, GUEST_DATA + 8);
	regs_set_arg(&r, 1, 77);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_int_equal(ev.addr, GUEST_DATA + 8);
	assert_int_equal(ev.code, SEGV_MAPERR);
	assert_false(ev.bus);
	/* posted: the guest goes on at once */
	assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, PAGE_SIZE, PF_PROT_READ, 0), 0);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_int_equal(ev.code, SEGV_ACCERR);
	assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, PAGE_SIZE,
				  PF_PROT_READ | PF_PROT_WRITE, 0),
			 0);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_SYSCALL);
	assert_int_equal(*(uint64_t *)(g.mem + PAGE_SIZE + 8), 77);
	/* gone, and the host is sure of it */
	assert_int_equal(g.o->unmap(as, GUEST_DATA, PAGE_SIZE), 0);
	regs_set_pc(&r, pc2);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	/* no code there */
	regs_set_pc(&r, GUEST_DATA);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_int_equal(ev.access, GA_EXEC);
	/* past the end of the file */
	assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 1u << 20, PF_PROT_READ, 0), 0);
	regs_set_pc(&r, pc2);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_true(ev.bus);
	assert_int_equal(ev.signo, SIGBUS);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void the_stub_is_out_of_reach(void **state)
{
	uaddr_t st = GUEST_PUT(&g, 0, store);
	struct platform_limits lim;
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	g.o->limits(g.p, &lim);
	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->map(as, lim.max_addr, PAGE_SIZE, g.pf, 0, PF_PROT_READ, 0), -EINVAL);
	assert_int_equal(g.o->map(as, lim.max_addr - PAGE_SIZE, 2 * PAGE_SIZE, g.pf, 0,
				  PF_PROT_READ, 0),
			 -EINVAL);
	assert_int_equal(g.o->unmap(as, PAGE_SIZE, lim.max_addr), -EINVAL);
	assert_int_equal(g.o->protect(as, lim.max_addr, PAGE_SIZE, 7), -EINVAL);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	/* no page of it takes a store */
	for (uaddr_t va = lim.max_addr; va < lim.max_addr + (1u << 20); va += PAGE_SIZE) {
		start(&r, st);
		regs_set_arg(&r, 0, va);
		assert_int_equal(g.o->run(th, &r, &ev), 0);
		assert_int_equal(ev.kind, GE_FAULT);
		assert_int_equal(ev.addr, va);
	}
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void kick_later(void *arg)
{
	struct gthread *th = arg;

	host_sleep_until(host_now_ns() + 2000000);
	g.o->kick(th);
}

static void kicks_come_through(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, spin);
	struct host_thread *kicker;
	struct guest_event ev;
	uint64_t user, sys;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, pc);
	/* before it runs: it does not even start */
	g.o->kick(th);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_KICKED);
	assert_int_equal(regs_pc(&r), pc);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(
			host_thread_start("kick", HOST_STACK_TASK, kick_later, th, &kicker), 0);
		assert_int_equal(g.o->run(th, &r, &ev), 0);
		assert_int_equal(ev.kind, GE_KICKED);
		host_thread_join(kicker);
	}
	/* it did nothing else than compute */
	assert_int_equal(g.o->thread_cputime(th, &user, &sys), 0);
	assert_true(user > 0);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void single_steps_stop_after_one_instruction(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, nops);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, pc);
	regs_set_step(&r, true);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_STEP);
	assert_true(regs_pc(&r) > pc && regs_pc(&r) <= pc + 4);
	regs_set_step(&r, false);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_SYSCALL);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void traps_are_exceptions(void **state)
{
	uaddr_t ill = GUEST_PUT(&g, 0, illegal), brk = GUEST_PUT(&g, 1, breakpoint);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, ill);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_EXCEPTION);
	assert_int_equal(ev.signo, SIGILL);
	assert_int_equal(ev.addr, ill);
	start(&r, brk);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_EXCEPTION);
	assert_int_equal(ev.signo, SIGTRAP);
	/* a place where no code can be */
	start(&r, 0xdead000000000000ull);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_EXCEPTION);
	assert_int_equal(ev.signo, SIGSEGV);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

struct worker {
	struct aspace *as;
	uaddr_t pc;
	int nr_calls, failures;
};

static void worker_main(void *arg)
{
	struct worker *w = arg;
	struct guest_event ev;
	struct gthread *th;
	struct regs r;

	if (g.o->thread_new(w->as, &th) < 0) {
		w->failures++;
		return;
	}
	start(&r, w->pc);
	for (int i = 0; i < w->nr_calls; i++) {
		if (g.o->run(th, &r, &ev) < 0 || ev.kind != GE_SYSCALL)
			w->failures++;
	}
	g.o->thread_free(th);
}

static void threads_share_an_address_space(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct host_thread *ht[8];
	struct worker w[8];
	struct aspace *as;

	assert_int_equal(guest_aspace(&g, &as), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++) {
			w[i] = (struct worker){ as, pc, 200, 0 };
			assert_int_equal(host_thread_start("worker", HOST_STACK_TASK, worker_main,
							   &w[i], &ht[i]),
					 0);
		}
		for (int i = 0; i < 8; i++) {
			host_thread_join(ht[i]);
			assert_int_equal(w[i].failures, 0);
		}
	}
	g.o->aspace_free(as);
}

static void a_hundred_address_spaces(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct aspace *as[100];
	struct gthread *th[100];
	struct guest_event ev;
	uint64_t t0, t1, t2, t3;
	struct regs r;

	t0 = host_now_ns();
	for (int i = 0; i < 100; i++)
		assert_int_equal(guest_aspace(&g, &as[i]), 0);
	t1 = host_now_ns();
	for (int i = 0; i < 100; i++)
		assert_int_equal(g.o->thread_new(as[i], &th[i]), 0);
	t2 = host_now_ns();
	for (int i = 0; i < 100; i++) {
		start(&r, pc);
		assert_int_equal(g.o->run(th[i], &r, &ev), 0);
		assert_int_equal(ev.kind, GE_SYSCALL);
	}
	t3 = host_now_ns();
	for (int i = 0; i < 100; i++) {
		/* half of them die with their address space */
		if (i % 2)
			g.o->thread_free(th[i]);
		g.o->aspace_free(as[i]);
	}
	print_message("per address space: new %llu, first thread %llu, first call %llu, "
		      "end %llu ns\n",
		      (unsigned long long)(t1 - t0) / 100, (unsigned long long)(t2 - t1) / 100,
		      (unsigned long long)(t3 - t2) / 100,
		      (unsigned long long)(host_now_ns() - t3) / 100);
}

static void a_killed_stub_is_noticed(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	int status = -1;
	struct regs r;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	start(&r, pc);
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	assert_false(g.o->aspace_dead(as, &status));
	assert_int_equal(host_tgkill(g.o->aspace_pid(as), g.o->aspace_pid(as), SIGKILL), 0);
	assert_int_equal(g.o->run(th, &r, &ev), -ESRCH);
	assert_int_equal(g.o->run(th, &r, &ev), -ESRCH);
	assert_true(g.o->aspace_dead(as, &status));
	assert_int_equal(status & 0x7f, SIGKILL);
	assert_int_equal(g.o->unmap(as, GUEST_CODE, PAGE_SIZE), -ESRCH);
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

static void maps_are_cheap_and_many(void **state)
{
	struct aspace *as;
	uint64_t t0;

	assert_int_equal(guest_aspace(&g, &as), 0);
	t0 = host_now_ns();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(g.o->map(as, GUEST_DATA + (uaddr_t)i * 2 * PAGE_SIZE, PAGE_SIZE,
					  g.pf, PAGE_SIZE, PF_PROT_READ | PF_PROT_WRITE, 0),
				 0);
	assert_int_equal(g.o->sync(as), 0);
	print_message("a posted map: %llu ns\n", (unsigned long long)(host_now_ns() - t0) / 1000);
	t0 = host_now_ns();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(g.o->unmap(as, GUEST_DATA + (uaddr_t)i * 2 * PAGE_SIZE, PAGE_SIZE),
				 0);
	print_message("an unmap: %llu ns\n", (unsigned long long)(host_now_ns() - t0) / 1000);
	assert_int_equal(g.o->sync(as), 0);
	g.o->aspace_free(as);
}

static void floating_point_state_moves(void **state)
{
	size_t size = g.o->fp_size(g.p);
	static unsigned char a[20000], b[20000], c[20000];
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct guest_event ev;
	struct gthread *t1, *t2;
	struct aspace *as;
	struct regs r;
	int n;

	assert_true(size < sizeof(a));
	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &t1), 0);
	assert_int_equal(g.o->thread_new(as, &t2), 0);
	n = g.o->fp_get(t1, a, size);
	assert_true(n > 0 && (size_t)n <= size);
	assert_int_equal(g.o->fp_get(t1, a, (size_t)n - 1), n == (int)size ? -EINVAL : n);
	/* fresh: both alike */
	assert_int_equal(g.o->fp_get(t2, b, size), n);
	assert_memory_equal(a, b, (size_t)n);
	/* a byte of a vector register, where both architectures have one */
	a[170] = 0x5a;
	assert_int_equal(g.o->fp_set(t1, a, (size_t)n), 0);
	start(&r, pc);
	for (int i = 0; i < 3; i++)
		assert_int_equal(g.o->run(t1, &r, &ev), 0);
	assert_int_equal(g.o->fp_get(t1, c, size), n);
	assert_int_equal(c[170], 0x5a);
	assert_int_equal(g.o->fp_get(t2, c, size), n);
	assert_memory_equal(c, b, (size_t)n);
	assert_int_equal(g.o->fp_reset(t1), 0);
	assert_int_equal(g.o->fp_get(t1, c, size), n);
	assert_memory_equal(c, b, (size_t)n);
	g.o->thread_free(t1);
	g.o->thread_free(t2);
	g.o->aspace_free(as);
}

static void files_come_and_go(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, load);
	struct platform_file *pf[200];
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;
	int fd;

	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			uint64_t v = (uint64_t)(round * 1000 + i);

			fd = host_memfd_create("file", 0);
			assert_true(fd >= 0);
			assert_int_equal(host_pwrite(fd, &v, sizeof(v), 0), sizeof(v));
			assert_int_equal(g.o->file_new(g.p, fd, &pf[i]), 0);
			host_close(fd);
		}
		for (int i = 0; i < 200; i++) {
			assert_int_equal(g.o->map(as, GUEST_DATA + (uaddr_t)i * PAGE_SIZE,
						  PAGE_SIZE, pf[i], 0, PF_PROT_READ, 0),
					 0);
			/* the mapping outlives the descriptor */
			g.o->file_put(pf[i]);
		}
		for (int i = 0; i < 200; i++) {
			start(&r, pc);
			regs_set_arg(&r, 0, GUEST_DATA + (uaddr_t)i * PAGE_SIZE);
			assert_int_equal(g.o->run(th, &r, &ev), 0);
			assert_int_equal(ev.kind, GE_SYSCALL);
			assert_int_equal(regs_arg(&r, 1), round * 1000 + i);
		}
	}
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

/* As fork() does it: the whole address space is there before its first thread. */
static void the_first_thread_may_come_late(void **state)
{
	uaddr_t pc = GUEST_PUT(&g, 0, calls);
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;

	for (int nr = 50; nr < 300; nr += 13) {
		assert_int_equal(guest_aspace(&g, &as), 0);
		for (int i = 0; i < nr; i++)
			assert_int_equal(g.o->map(as, GUEST_DATA + (uaddr_t)i * 2 * PAGE_SIZE,
						  PAGE_SIZE, g.pf, PAGE_SIZE, PF_PROT_READ,
						  PF_MAP_FRESH),
					 0);
		assert_int_equal(g.o->thread_new(as, &th), 0);
		start(&r, pc);
		assert_int_equal(g.o->run(th, &r, &ev), 0);
		assert_int_equal(ev.kind, GE_SYSCALL);
		assert_int_equal(g.o->sync(as), 0);
		g.o->thread_free(th);
		g.o->aspace_free(as);
	}
}

static void threads_are_made_and_ended_quickly(void **state)
{
	struct gthread *th;
	struct aspace *as;
	uint64_t t0;

	assert_int_equal(guest_aspace(&g, &as), 0);
	t0 = host_now_ns();
	for (int i = 0; i < 200; i++) {
		assert_int_equal(g.o->thread_new(as, &th), 0);
		g.o->thread_free(th);
	}
	print_message("a thread made and ended: %llu ns\n",
		      (unsigned long long)(host_now_ns() - t0) / 200);
	g.o->aspace_free(as);
	t0 = host_now_ns();
	for (int i = 0; i < 100; i++) {
		assert_int_equal(g.o->aspace_new(g.p, &as), 0);
		assert_int_equal(g.o->thread_new(as, &th), 0);
		g.o->thread_free(th);
		g.o->aspace_free(as);
	}
	print_message("an address space with a thread made and ended: %llu ns\n",
		      (unsigned long long)(host_now_ns() - t0) / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_come_with_their_number),
		cmocka_unit_test(faults_tell_their_address),
		cmocka_unit_test(the_stub_is_out_of_reach),
		cmocka_unit_test(kicks_come_through),
		cmocka_unit_test(single_steps_stop_after_one_instruction),
		cmocka_unit_test(traps_are_exceptions),
		cmocka_unit_test(threads_share_an_address_space),
		cmocka_unit_test(a_hundred_address_spaces),
		cmocka_unit_test(a_killed_stub_is_noticed),
		cmocka_unit_test(maps_are_cheap_and_many),
		cmocka_unit_test(floating_point_state_moves),
		cmocka_unit_test(files_come_and_go),
		cmocka_unit_test(the_first_thread_may_come_late),
		cmocka_unit_test(threads_are_made_and_ended_quickly),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

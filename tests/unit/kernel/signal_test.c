/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: queues, masks, actions, stops, frames. */
#include "ktest.h"

#define STACK_TOP 0x200000ull
#define HANDLER   0x123450ull
#define RESTORER  0x123460ull

static int send(struct task *t, int sig, int code, int value)
{
	struct lx_siginfo info = { .si_signo = sig, .si_code = code };

	info.rt.value.sival_int = value;
	return signal_send_tgroup(t->tg, sig, &info);
}

static void block(struct task *t, int sig)
{
	signal_set_blocked(t, t->blocked | LX_SIGMASK(sig));
}

static void act(struct task *t, int sig, uint64_t handler, uint64_t flags, ksigset_t mask)
{
	struct lx_sigaction a = {
		.handler = handler,
		.flags = flags | LX_SA_RESTORER,
		.restorer = RESTORER,
		.mask = mask,
	};

	signal_set_action(t, sig, &a, NULL);
}

static int queues(struct task *t)
{
	struct lx_siginfo info;

	block(t, LX_SIGUSR1);
	block(t, 40);
	block(t, 41);
	for (int i = 0; i < 3; i++) {
		CHECK(send(t, LX_SIGUSR1, LX_SI_QUEUE, i) == 0);
		CHECK(send(t, 41, LX_SI_QUEUE, i) == 0);
		CHECK(send(t, 40, LX_SI_QUEUE, 10 + i) == 0);
	}
	/* one of the ordinary ones, all of the others, lowest number first, in order */
	CHECK(signal_dequeue(t, ~0ull, &info) == LX_SIGUSR1 && info.rt.value.sival_int == 0);
	for (int i = 0; i < 3; i++)
		CHECK(signal_dequeue(t, ~0ull, &info) == 40 && info.rt.value.sival_int == 10 + i);
	for (int i = 0; i < 3; i++)
		CHECK(signal_dequeue(t, LX_SIGMASK(41), &info) == 41 &&
		      info.rt.value.sival_int == i);
	CHECK(signal_dequeue(t, ~0ull, &info) == 0);
	CHECK(atomic_load(&t->ucount->sigpending) == 0);
	return 0;
}

static void queues_keep_order_and_merge_ordinary_signals(void **state)
{
	assert_int_equal(kt_exec(queues), 0);
}

static int limits(struct task *t)
{
	struct lx_rlimit lim = { 2, 2 };
	struct lx_siginfo info;

	tgroup_prlimit(t, t->tg, LX_RLIMIT_SIGPENDING, &lim, NULL);
	block(t, 40);
	block(t, LX_SIGUSR1);
	CHECK(send(t, 40, LX_SI_QUEUE, 1) == 0);
	CHECK(send(t, 40, LX_SI_QUEUE, 2) == 0);
	CHECK(send(t, 40, LX_SI_QUEUE, 3) == -EAGAIN);
	CHECK(send(t, LX_SIGUSR1, LX_SI_USER, 0) == 0);
	CHECK(signal_dequeue(t, LX_SIGMASK(40), &info) == 40);
	CHECK(signal_dequeue(t, LX_SIGMASK(LX_SIGUSR1), &info) == LX_SIGUSR1);
	CHECK(send(t, 40, LX_SI_QUEUE, 3) == 0);
	return 0;
}

static void queued_signals_are_limited(void **state)
{
	assert_int_equal(kt_exec(limits), 0);
}

static int ignored(struct task *t)
{
	act(t, LX_SIGUSR1, LX_SIG_IGN, 0, 0);
	CHECK(send(t, LX_SIGUSR1, LX_SI_USER, 0) == 0);
	CHECK(signal_pending_set(t) == 0);
	CHECK(send(t, LX_SIGCHLD, LX_SI_USER, 0) == 0);
	CHECK(signal_pending_set(t) == 0);
	/* a blocked one is kept, until it is ignored explicitly */
	block(t, LX_SIGCHLD);
	send(t, LX_SIGCHLD, LX_SI_USER, 0);
	CHECK(signal_pending_set(t) == LX_SIGMASK(LX_SIGCHLD));
	act(t, LX_SIGCHLD, LX_SIG_IGN, 0, 0);
	CHECK(signal_pending_set(t) == 0);
	signal_set_blocked(t, ~0ull);
	CHECK(!sigset_has(t->blocked, LX_SIGKILL) && !sigset_has(t->blocked, LX_SIGSTOP));
	return 0;
}

static void ignored_signals_vanish(void **state)
{
	assert_int_equal(kt_exec(ignored), 0);
}

static int stop_cancels(struct task *t)
{
	signal_set_blocked(t, ~0ull);
	send(t, LX_SIGTSTP, LX_SI_USER, 0);
	CHECK(signal_pending_set(t) & LX_SIGMASK(LX_SIGTSTP));
	send(t, LX_SIGCONT, LX_SI_USER, 0);
	CHECK(!(signal_pending_set(t) & LX_SIGMASK(LX_SIGTSTP)));
	send(t, LX_SIGTTIN, LX_SI_USER, 0);
	CHECK(!(signal_pending_set(t) & LX_SIGMASK(LX_SIGCONT)));
	return 0;
}

static void stop_and_continue_cancel_each_other(void **state)
{
	assert_int_equal(kt_exec(stop_cancels), 0);
}

static int sleeper(struct task *t)
{
	kt_sleep(t);
	return KT_DONE;
}

static int spinner(struct task *t)
{
	return KT_DONE;
}

static int stops(struct task *t)
{
	int pid = kt_fork(t, sleeper);

	for (int i = 0; i < 10; i++) {
		kt_kill(t, pid, LX_SIGSTOP);
		CHECK(kt_wait(t, pid, LX_WSTOPPED, NULL) == LX_W_STOPCODE(LX_SIGSTOP));
		CHECK(kt_wait(t, pid, LX_WSTOPPED | LX_WNOHANG, NULL) == 0);
		kt_kill(t, pid, LX_SIGCONT);
		CHECK(kt_wait(t, pid, LX_WCONTINUED, NULL) == LX_W_CONTINUED);
	}
	kt_kill(t, pid, LX_SIGSTOP);
	kt_kill(t, pid, LX_SIGKILL);
	CHECK(kt_wait(t, pid, 0, NULL) == LX_SIGKILL);
	return 0;
}

static void a_stop_is_reported_continued_and_killed(void **state)
{
	assert_int_equal(kt_exec(stops), 0);
}

static int many_threads(struct task *t)
{
	for (int i = 0; i < 6; i++)
		kt_thread(t, i % 2 ? sleeper : spinner);
	kt_sleep(t);
	return KT_DONE;
}

static int stops_threads(struct task *t)
{
	int pid = kt_fork(t, many_threads);

	task_block(t, (int64_t)host_now_ns() + 20000000);
	for (int i = 0; i < 5; i++) {
		kt_kill(t, pid, LX_SIGSTOP);
		CHECK(kt_wait(t, pid, LX_WSTOPPED, NULL) == LX_W_STOPCODE(LX_SIGSTOP));
		kt_kill(t, pid, LX_SIGCONT);
		CHECK(kt_wait(t, pid, LX_WCONTINUED, NULL) == LX_W_CONTINUED);
	}
	kt_kill(t, pid, LX_SIGINT);
	CHECK(kt_wait(t, pid, 0, NULL) == LX_SIGINT);
	return 0;
}

static void a_group_of_threads_stops_as_one(void **state)
{
	assert_int_equal(kt_exec(stops_threads), 0);
}

static int g_seen;

static int survives(struct task *t)
{
	kt_kill(t, 1, LX_SIGTERM);
	kt_kill(t, 1, LX_SIGKILL);
	kt_kill(t, 1, LX_SIGSEGV);
	CHECK(signal_pending_set(t) == 0 && !task_killed(t));
	g_seen++;
	return 4;
}

static void a_protected_init_drops_what_it_does_not_handle(void **state)
{
	g_seen = 0;
	assert_int_equal(kt_exec_as(survives, true, 0), EXITED(4));
	assert_int_equal(g_seen, 1);
}

/* --- frames --- */

static struct regs g_before;

static int frame_setup(struct task *t, uint64_t flags)
{
	struct mm_mmap_req rq = {
		.addr = STACK_TOP - 0x10000,
		.size = 0x10000,
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE,
		.flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS | LX_MAP_FIXED,
	};

	CHECK(mm_mmap(t->mm, &rq, NULL) == (int64_t)rq.addr);
	regs_set_sp(&t->regs, STACK_TOP - 0x100);
	regs_set_pc(&t->regs, 0x4000);
	t->in_syscall = false;
	g_before = t->regs;
	act(t, LX_SIGUSR1, HANDLER, flags, LX_SIGMASK(LX_SIGUSR2));
	return 0;
}

static int frames(struct task *t)
{
	struct lx_rt_sigframe f;
	ksigset_t blocked = t->blocked;

	CHECK(frame_setup(t, LX_SA_SIGINFO) == 0);
	CHECK(send(t, LX_SIGUSR1, LX_SI_QUEUE, 77) == 0);
	CHECK(signal_handle(t));
	CHECK(regs_pc(&t->regs) == HANDLER);
	CHECK(t->blocked == (blocked | LX_SIGMASK(LX_SIGUSR1) | LX_SIGMASK(LX_SIGUSR2)));
	CHECK(copyin(t, &f, regs_sp(&t->regs), sizeof(f)) == 0);
	CHECK(f.info.si_signo == LX_SIGUSR1 && f.info.rt.value.sival_int == 77);
	CHECK(f.uc.uc_sigmask == blocked);
	/* the way back; x86's handler has taken the return address off the stack */
	if (sizeof(f) < 1024)
		regs_set_sp(&t->regs, regs_sp(&t->regs) + 8);
	signal_return(t);
	CHECK(t->regs_replaced);
	t->regs_replaced = false;
	CHECK(t->blocked == blocked);
	CHECK(regs_pc(&t->regs) == 0x4000 && regs_sp(&t->regs) == STACK_TOP - 0x100);
	regs_set_sp(&t->regs, kt_sp(frames));
	return 0;
}

static void a_frame_leads_to_the_handler_and_back(void **state)
{
	assert_int_equal(kt_exec(frames), 0);
}

static int bad_stack(struct task *t)
{
	CHECK(frame_setup(t, 0) == 0);
	regs_set_sp(&t->regs, 0x40);
	send(t, LX_SIGUSR1, LX_SI_USER, 0);
	signal_handle(t);
	return KT_DONE;
}

static void no_room_for_a_frame_is_deadly(void **state)
{
	assert_int_equal(kt_exec(bad_stack) & 0x7f, LX_SIGSEGV);
}

static int bad_return(struct task *t)
{
	CHECK(frame_setup(t, 0) == 0);
	regs_set_sp(&t->regs, 0xdead0000);
	signal_return(t);
	return KT_DONE;
}

static void a_bad_frame_is_deadly(void **state)
{
	assert_int_equal(kt_exec(bad_return) & 0x7f, LX_SIGSEGV);
}

static int altstack(struct task *t)
{
	struct lx_sigaltstack ss = { .ss_sp = STACK_TOP - 0x10000, .ss_size = 100 }, old;

	CHECK(frame_setup(t, LX_SA_ONSTACK | LX_SA_NODEFER) == 0);
	CHECK(task_altstack_set(t, &ss, regs_sp(&t->regs), LX_MINSIGSTKSZ) == -ENOMEM);
	ss.ss_flags = 8;
	ss.ss_size = 0x6000;
	CHECK(task_altstack_set(t, &ss, regs_sp(&t->regs), LX_MINSIGSTKSZ) == -EINVAL);
	ss.ss_flags = 0;
	CHECK(task_altstack_set(t, &ss, regs_sp(&t->regs), LX_MINSIGSTKSZ) == 0);
	send(t, LX_SIGUSR1, LX_SI_USER, 0);
	CHECK(signal_handle(t));
	CHECK(task_on_altstack(t, regs_sp(&t->regs)));
	task_altstack_fill(t, regs_sp(&t->regs), &old);
	CHECK(old.ss_flags == LX_SS_ONSTACK);
	CHECK(task_altstack_set(t, &ss, regs_sp(&t->regs), LX_MINSIGSTKSZ) == -EPERM);
	regs_set_sp(&t->regs, kt_sp(altstack));
	return 0;
}

static void the_alternate_stack_is_used_and_guarded(void **state)
{
	assert_int_equal(kt_exec(altstack), 0);
}

static int restarts(struct task *t)
{
	static const struct {
		long code;
		uint64_t flags;
		bool handler;
		bool restarted;
	} c[] = {
		{ LX_ERESTARTSYS, 0, true, false },
		{ LX_ERESTARTSYS, LX_SA_RESTART, true, true },
		{ LX_ERESTARTNOHAND, LX_SA_RESTART, true, false },
		{ LX_ERESTARTNOINTR, 0, true, true },
		{ LX_ERESTARTSYS, 0, false, true },
		{ LX_ERESTARTNOHAND, 0, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		uint64_t pc = 0x4000;

		CHECK(frame_setup(t, c[i].flags) == 0);
		regs_set_sysno(&t->regs, 1);
		regs_set_ret(&t->regs, (uint64_t)-c[i].code);
		t->in_syscall = true;
		if (c[i].handler)
			send(t, LX_SIGUSR1, LX_SI_USER, 0);
		CHECK(signal_handle(t));
		if (c[i].handler) {
			if (sizeof(struct lx_rt_sigframe) < 1024)
				regs_set_sp(&t->regs, regs_sp(&t->regs) + 8);
			signal_return(t);
			t->regs_replaced = false;
		}
		CHECK(regs_pc(&t->regs) == (c[i].restarted ? pc - REGS_SYSCALL_INSN_SIZE : pc));
		if (!c[i].restarted)
			CHECK((long)regs_ret(&t->regs) == -EINTR);
	}
	regs_set_sp(&t->regs, kt_sp(restarts));
	return 0;
}

static void interrupted_calls_restart_by_the_rules(void **state)
{
	assert_int_equal(kt_exec(restarts), 0);
}

static int chooses_unblocked(struct task *t)
{
	signal_set_blocked(t, ~0ull);
	task_block(t, (int64_t)host_now_ns() + 30000000);
	return KT_DONE;
}

static int other_takes_it(struct task *t)
{
	CHECK(kt_thread(t, sleeper) > 0);
	signal_set_blocked(t, ~0ull);
	CHECK(kt_thread(t, chooses_unblocked) > 0);
	task_block(t, (int64_t)host_now_ns() + 30000000);
	kt_kill(t, t->tg->tgid, LX_SIGTERM);
	kt_sleep(t);
	return KT_DONE;
}

static void a_group_signal_finds_the_thread_that_takes_it(void **state)
{
	assert_int_equal(kt_exec(other_takes_it), LX_SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_keep_order_and_merge_ordinary_signals),
		cmocka_unit_test(queued_signals_are_limited),
		cmocka_unit_test(ignored_signals_vanish),
		cmocka_unit_test(stop_and_continue_cancel_each_other),
		cmocka_unit_test(a_stop_is_reported_continued_and_killed),
		cmocka_unit_test(a_group_of_threads_stops_as_one),
		cmocka_unit_test(a_protected_init_drops_what_it_does_not_handle),
		cmocka_unit_test(a_frame_leads_to_the_handler_and_back),
		cmocka_unit_test(no_room_for_a_frame_is_deadly),
		cmocka_unit_test(a_bad_frame_is_deadly),
		cmocka_unit_test(the_alternate_stack_is_used_and_guarded),
		cmocka_unit_test(interrupted_calls_restart_by_the_rules),
		cmocka_unit_test(a_group_signal_finds_the_thread_that_takes_it),
	};

	return cmocka_run_group_tests(tests, kt_setup, NULL);
}

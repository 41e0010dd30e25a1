/* SPDX-License-Identifier: Apache-2.0 */
/* Life of tasks: fork, threads, exec, exit, wait, reparenting, limits. */
#include "ktest.h"

static int exit_7(struct task *t)
{
	return 7;
}

static int sleeper(struct task *t)
{
	kt_sleep(t);
	return KT_DONE;
}

static void a_program_ends_with_its_code(void **state)
{
	assert_int_equal(kt_exec(exit_7), EXITED(7));
}

static int fork_and_wait(struct task *t)
{
	int pid = kt_fork(t, exit_7), got = 0;

	CHECK(pid > 1);
	CHECK(kt_wait(t, pid, 0, &got) == EXITED(7));
	CHECK(got == pid);
	CHECK(kt_wait(t, pid, 0, NULL) == -ECHILD);
	CHECK(task_find(t->kernel, pid) == NULL);
	return 0;
}

static void a_child_is_waited_for_once(void **state)
{
	assert_int_equal(kt_exec(fork_and_wait), 0);
}

static int fork_many(struct task *t)
{
	int n = 0;

	for (int i = 0; i < 40; i++)
		CHECK(kt_fork(t, exit_7) > 0);
	while (kt_wait(t, -1, 0, NULL) == EXITED(7))
		n++;
	return n;
}

static void many_children_are_all_reaped(void **state)
{
	assert_int_equal(kt_exec(fork_many), EXITED(40));
}

static int limit(struct task *t)
{
	int n = 0, pid;

	while ((pid = kt_fork(t, sleeper)) > 0)
		n++;
	CHECK(pid == -EAGAIN);
	CHECK(n == 199);
	return 0;
}

static void tasks_are_limited(void **state)
{
	assert_int_equal(kt_exec(limit), 0);
}

static int nproc(struct task *t)
{
	struct lx_rlimit lim = { 3, 10 };
	int pid;

	CHECK(tgroup_prlimit(t, t->tg, LX_RLIMIT_NPROC, &lim, NULL) == 0);
	CHECK(kt_fork(t, sleeper) > 0);
	CHECK((pid = kt_fork(t, sleeper)) > 0);
	CHECK(kt_fork(t, sleeper) == -EAGAIN);
	kt_kill(t, pid, LX_SIGKILL);
	CHECK(kt_wait(t, pid, 0, NULL) == LX_SIGKILL);
	CHECK(kt_fork(t, sleeper) > 0);
	return 0;
}

static void a_user_has_a_process_limit(void **state)
{
	assert_int_equal(kt_exec_as(nproc, false, 1000), 0);
}

static int thread_spin(struct task *t)
{
	return KT_DONE; /* back to the "guest", for ever */
}

static int group_exit(struct task *t)
{
	for (int i = 0; i < 5; i++)
		CHECK(kt_thread(t, i % 2 ? sleeper : thread_spin) > 0);
	return 3;
}

static void exit_ends_all_threads(void **state)
{
	assert_int_equal(kt_exec(group_exit), EXITED(3));
}

static int ends_alone(struct task *t)
{
	task_exit_request(t, EXITED(9));
	return KT_DONE;
}

static int leader_first(struct task *t)
{
	CHECK(kt_thread(t, ends_alone) > 0);
	task_exit_request(t, EXITED(1));
	return KT_DONE;
}

static void the_last_thread_gives_the_code(void **state)
{
	int status = kt_exec(leader_first);

	assert_true(status == EXITED(9) || status == EXITED(1));
}

static int killed_child(struct task *t)
{
	int pid = kt_fork(t, sleeper), spin = kt_fork(t, thread_spin);

	kt_kill(t, pid, LX_SIGTERM);
	CHECK(kt_wait(t, pid, 0, NULL) == LX_SIGTERM);
	kt_kill(t, spin, LX_SIGKILL);
	CHECK(kt_wait(t, spin, 0, NULL) == LX_SIGKILL);
	return 0;
}

static void signals_end_sleepers_and_runners(void **state)
{
	assert_int_equal(kt_exec(killed_child), 0);
}

static int execs(struct task *t)
{
	struct exec_image img;

	for (int i = 0; i < 3; i++)
		CHECK(kt_thread(t, sleeper) > 0);
	kt_image(t, exit_7, &img);
	CHECK(exec_commit(t, &img) == 0);
	CHECK(t->tg->nr_threads == 1 && t->tg->leader == t && t->tid == t->tg->tgid);
	return KT_DONE;
}

static void exec_ends_the_other_threads(void **state)
{
	assert_int_equal(kt_exec(execs), EXITED(7));
}

static int thread_execs(struct task *t)
{
	CHECK(kt_thread(t, execs) > 0);
	kt_sleep(t);
	return KT_DONE;
}

static void exec_by_a_thread_takes_the_leaders_place(void **state)
{
	assert_int_equal(kt_exec(thread_execs), EXITED(7));
}

/* What fails here fails because another thread was faster. */
static int execs_if_it_can(struct task *t)
{
	struct exec_image img;

	kt_thread(t, sleeper);
	kt_image(t, exit_7, &img);
	if (exec_commit(t, &img) < 0)
		exec_image_fini(&img);
	return KT_DONE;
}

static int both_exec(struct task *t)
{
	for (int i = 0; i < 4; i++)
		kt_thread(t, execs_if_it_can);
	kt_sleep(t);
	return KT_DONE;
}

static void one_of_several_execs_wins(void **state)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(kt_exec(both_exec), EXITED(7));
}

static _Atomic int g_vforked;

static int vfork_exit(struct task *t)
{
	task_block(t, (int64_t)host_now_ns() + 10000000);
	atomic_store(&g_vforked, 1);
	return 5;
}

static int vforks(struct task *t)
{
	struct clone_req rq = {
		.flags = LX_CLONE_VM | LX_CLONE_VFORK,
		.exit_signal = LX_SIGCHLD,
		.stack = kt_sp(vfork_exit),
	};
	int pid = (int)task_clone(t, &rq);

	CHECK(pid > 0);
	CHECK(atomic_load(&g_vforked) == 1);
	CHECK(kt_wait(t, pid, 0, NULL) == EXITED(5));
	return 0;
}

static void vfork_returns_after_the_child_left(void **state)
{
	assert_int_equal(kt_exec(vforks), 0);
}

static int g_orphan_ppid;

/* The parent's number once it is the subreaper, else 0. */
static int new_parent(struct task *t)
{
	struct kernel *k = t->kernel;
	int pid = 0;

	mutex_lock(&k->tasklist_lock);
	if (t->tg->parent && t->tg->parent->child_subreaper)
		pid = t->tg->parent->tgid;
	mutex_unlock(&k->tasklist_lock);
	return pid;
}

static int orphan(struct task *t)
{
	while ((g_orphan_ppid = new_parent(t)) == 0)
		task_block(t, (int64_t)host_now_ns() + 1000000);
	return 21;
}

static int middle(struct task *t)
{
	CHECK(kt_fork(t, orphan) > 0);
	return 20;
}

static int subreaper(struct task *t)
{
	int st1, st2;

	t->tg->child_subreaper = true;
	CHECK(kt_fork(t, middle) > 0);
	st1 = kt_wait(t, -1, 0, NULL);
	st2 = kt_wait(t, -1, 0, NULL);
	CHECK(st1 == EXITED(20) && st2 == EXITED(21));
	CHECK(g_orphan_ppid == t->tg->tgid);
	return 0;
}

static int under_subreaper(struct task *t)
{
	int pid = kt_fork(t, subreaper);

	return kt_wait(t, pid, 0, NULL) >> 8;
}

static void orphans_go_to_the_subreaper(void **state)
{
	assert_int_equal(kt_exec(under_subreaper), 0);
}

static int ignores_children(struct task *t)
{
	struct lx_sigaction ign = { .handler = LX_SIG_IGN };

	signal_set_action(t, LX_SIGCHLD, &ign, NULL);
	for (int i = 0; i < 5; i++)
		CHECK(kt_fork(t, exit_7) > 0);
	CHECK(kt_wait(t, -1, 0, NULL) == -ECHILD);
	CHECK(t->kernel->nr_tasks == 1);
	return 0;
}

static void ignored_children_reap_themselves(void **state)
{
	assert_int_equal(kt_exec(ignores_children), 0);
}

static int leaves_everything(struct task *t)
{
	for (int i = 0; i < 10; i++) {
		CHECK(kt_fork(t, i % 2 ? sleeper : thread_spin) > 0);
		CHECK(kt_thread(t, i % 2 ? sleeper : thread_spin) > 0);
	}
	return 0;
}

static void the_end_of_init_ends_all(void **state)
{
	assert_int_equal(kt_exec(leaves_everything), 0);
}

static int bad_flags(struct task *t)
{
	static const uint64_t bad[] = {
		LX_CLONE_THREAD,
		LX_CLONE_SIGHAND,
		LX_CLONE_THREAD | LX_CLONE_VM,
		LX_CLONE_NEWNS | LX_CLONE_FS,
		LX_CLONE_PARENT,
		LX_CLONE_PIDFD | LX_CLONE_DETACHED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct clone_req rq = { .flags = bad[i] };

		CHECK(task_clone(t, &rq) == -EINVAL);
	}
	return 0;
}

static void clone_refuses_what_makes_no_sense(void **state)
{
	assert_int_equal(kt_exec(bad_flags), 0);
}

static int spawn_fails(struct task *t)
{
	return 0;
}

static int load_fails(struct task *t, const struct exec_request *req, struct exec_image *ret_img)
{
	return -ENOENT;
}

static void a_program_that_cannot_be_loaded_leaves_nothing(void **state)
{
	static const struct kernel_upcalls up = { .syscall = kt_syscall, .exec_load = load_fails };
	const struct kernel_upcalls *was = g_kt.k->config.upcalls;
	struct spawn_request req = { .exec = { .path = "x" } };
	struct super_block *sb;
	struct mntns *ns;
	struct tgroup *tg;

	kt_sp(spawn_fails);
	assert_int_equal(tmpfs_type.mount(&tmpfs_type, "t", "mode=755", NULL, &sb), 0);
	assert_int_equal(mntns_new(sb, "root", 0, &ns), 0);
	super_put(sb);
	assert_int_equal(fscontext_new(ns, &req.fs), 0);
	mntns_put(ns);
	assert_int_equal(fdtable_new(&req.fds), 0);
	assert_int_equal(cred_new_root(&req.cred), 0);
	g_kt.k->config.upcalls = &up;
	assert_int_equal(kernel_spawn(g_kt.k, &req, &tg), -ENOENT);
	g_kt.k->config.upcalls = was;
	kernel_shutdown(g_kt.k);
	assert_int_equal(g_kt.k->nr_tasks, 0);
	assert_true(list_empty(&g_kt.k->tgroups));
	kt_afresh();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_ends_with_its_code),
		cmocka_unit_test(a_child_is_waited_for_once),
		cmocka_unit_test(many_children_are_all_reaped),
		cmocka_unit_test(tasks_are_limited),
		cmocka_unit_test(a_user_has_a_process_limit),
		cmocka_unit_test(exit_ends_all_threads),
		cmocka_unit_test(the_last_thread_gives_the_code),
		cmocka_unit_test(signals_end_sleepers_and_runners),
		cmocka_unit_test(exec_ends_the_other_threads),
		cmocka_unit_test(exec_by_a_thread_takes_the_leaders_place),
		cmocka_unit_test(one_of_several_execs_wins),
		cmocka_unit_test(vfork_returns_after_the_child_left),
		cmocka_unit_test(orphans_go_to_the_subreaper),
		cmocka_unit_test(ignored_children_reap_themselves),
		cmocka_unit_test(the_end_of_init_ends_all),
		cmocka_unit_test(clone_refuses_what_makes_no_sense),
		cmocka_unit_test(a_program_that_cannot_be_loaded_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, kt_setup, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel object: its making, the start of processes from outside (init, exec into a container),
 * waiting for their end, and the end of everything.
 */
#define LOG_TAG "kernel"
#include "kernel/kernel.h"
#include "kernel/oom.h"

#include <abi/linux/poll.h>
#include <base/log.h>

#include "kernel/container.h"
#include "kernel/exec.h"
#include "kernel/kernel_int.h"
#include "kernel/pid.h"
#include "kernel/rlimit.h"
#include "kernel/session_int.h"

struct kernel *g_kernel;

int kernel_new(const struct kernel_config *cfg, struct kernel **ret_k)
{
	const struct container_limits limits = {
		.memory_max = cfg->memory_max,
		.pids_max = cfg->pids_max,
		.cpu_quota = cfg->cpu_quota,
		.cpu_period = cfg->cpu_period,
	};
	struct kernel *k = calloc(1, sizeof(*k));
	int ret;

	if (!k)
		return -ENOMEM;
	k->config = *cfg;
	mutex_init(&k->tasklist_lock, LC_TASKLIST);
	INIT_LIST_HEAD(&k->tgroups);
	k->boot_monotonic_ns = host_now_ns();
	k->boot_realtime_ns = host_clock_ns(HOST_CLOCK_REALTIME);
	INIT_LIST_HEAD(&k->containers);
	ret = container_new(k, 0, NULL, NULL, cfg->hostname, &limits, &k->container);
	if (ret < 0) {
		free(k);
		return ret;
	}
	k->uts = k->container->uts;
	g_kernel = k;
	*ret_k = k;
	return 0;
}

/* Runs on the new task's thread: loads the program. */
static int spawn_start(struct task *t)
{
	struct spawn_request *req = t->start_arg;
	struct exec_image img = { 0 };
	int ret;

	ret = t->kernel->config.upcalls->exec_load(t, &req->exec, &img);
	if (ret < 0)
		return ret;
	/* nobody waits for a dead group's memory here, so the first switch is exec's own */
	ret = exec_commit(t, &img);
	t->regs_replaced = false;
	exec_image_fini(&img);
	return ret;
}

static int spawn_build(struct kernel *k, struct spawn_request *req, struct task *t)
{
	struct container *ct = req->container ? req->container : k->container;
	struct tgroup *tg;
	int ret;

	t->cred = STEAL(req->cred);
	t->fs = STEAL(req->fs);
	t->fds = STEAL(req->fds);
	t->uts = ct->uts;
	ref_get(&ct->uts->ref);
	t->no_new_privs = req->no_new_privs;
	ret = ucount_find(t->cred->uid, &t->ucount);
	if (ret < 0)
		return ret;
	atomic_fetch_add(&t->ucount->processes, 1);
	for (unsigned int cpu = 0; cpu < k->config.nr_cpus && cpu < 1024; cpu++)
		t->affinity[cpu / 64] |= 1ull << (cpu % 64);
	ret = tgroup_alloc(k, ct, &tg);
	if (ret < 0)
		return ret;
	t->tg = tg;
	tg->leader = t;
	tg->oom_score_adj = req->oom_score_adj;
	t->nice = req->niceness;
	if (req->rlim)
		memcpy(tg->rlim, req->rlim, sizeof(tg->rlim));
	else
		rlimits_default(tg->rlim, &k->config);
	ret = sighand_new(&tg->sighand);
	if (ret < 0)
		return ret;
	ret = pid_alloc(ct->pid_ns, 0, &t->pid);
	if (ret < 0)
		return ret;
	t->tid = t->pid->nr;
	tg->tgid = t->tid;
	t->exit_signal = LX_SIGCHLD;
	return 0;
}

/* A session and a group of its own. */
static int spawn_publish(struct kernel *k, struct spawn_request *req, struct task *t)
{
	struct tgroup *tg = t->tg;
	struct container *ct = tg->container;
	struct session *s;
	struct pgroup *pg;
	int ret;

	mutex_lock(&k->tasklist_lock);
	ret = k->shutting_down || ct->ended || pid_ns_dead_locked(ct->pid_ns) ?
		      -ESRCH :
		      session_new_locked(k, tg, t->pid, &s);
	if (ret < 0)
		goto out;
	ret = pgroup_new_locked(k, s, t->pid, &pg);
	if (ret < 0) {
		session_put(s);
		goto out;
	}
	task_publish_locked(t);
	tgroup_publish_locked(tg, NULL, pg, s);
	if (!ct->init)
		ct->init = tg;
	if (!pid_ns_init_locked(ct->pid_ns)) {
		pid_ns_set_init_locked(ct->pid_ns, tg);
		tg->is_init = true;
		tg->unkillable = k->config.protect_init;
	}
	if (req->tty && g_tty_ops)
		s->tty = g_tty_ops->get(req->tty);
	pgroup_put(pg);
	session_put(s);
out:
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

static void spawn_discard(struct task *t)
{
	if (t->fds)
		fdtable_put(STEAL(t->fds));
	if (t->fs)
		fscontext_put(STEAL(t->fs));
	uts_ns_put(STEAL(t->uts));
	if (t->ucount)
		atomic_fetch_sub(&t->ucount->processes, 1);
}

int kernel_spawn(struct kernel *k, struct spawn_request *req, struct tgroup **ret_tg)
{
	struct task *t;
	int ret;

	ret = task_alloc(k, &t);
	if (ret < 0)
		return ret;
	t->start_fn = spawn_start;
	t->start_arg = req;
	ret = spawn_build(k, req, t);
	if (ret == 0)
		ret = spawn_publish(k, req, t);
	if (ret < 0) {
		spawn_discard(t);
		task_put(t);
		return ret;
	}
	tgroup_get(t->tg);
	ret = task_thread_start(t);
	if (ret < 0) {
		/* the thread was told to end; the tree forgets the task here */
		struct tgroup *tg = t->tg;

		mutex_lock(&k->tasklist_lock);
		tg->nr_live--;
		tg->zombie = true;
		t->dead = true;
		tgroup_forget_first_locked(tg);
		if (tg->session->leader == tg)
			tg->session->leader = NULL;
		tgroup_get(tg);
		tgroup_reap_locked(tg);
		mutex_unlock(&k->tasklist_lock);
		spawn_discard(t);
		tgroup_put(tg);
		tgroup_put(tg);
		task_put(t);
		return ret;
	}
	if (!k->oom_watched) {
		k->oom_watched = true;
		kernel_oom_start(k);
	}
	*ret_tg = t->tg;
	task_thread_go(t);
	task_put(t);
	return 0;
}

struct exit_waiter {
	struct waiter w;
	_Atomic uint32_t word;
};

static void exit_waiter_fn(struct waiter *w, uint32_t events)
{
	struct exit_waiter *ew = container_of(w, struct exit_waiter, w);

	atomic_fetch_add(&ew->word, 1);
	host_futex_wake((const uint32_t *)&ew->word, INT32_MAX);
}

int kernel_wait_exit(struct kernel *k, struct tgroup *tg)
{
	struct exit_waiter ew = { .w = { .fn = exit_waiter_fn, .mask = LX_POLLHUP } };
	int status;

	INIT_LIST_HEAD(&ew.w.link);
	waitq_add(&tg->exit_wq, &ew.w);
	for (;;) {
		uint32_t seen = atomic_load(&ew.word);
		bool ended;

		mutex_lock(&k->tasklist_lock);
		ended = tg->zombie;
		status = ended ? tg->group_exit_code : 0;
		mutex_unlock(&k->tasklist_lock);
		if (ended)
			break;
		host_futex_wait((const uint32_t *)&ew.word, seen, HOST_NO_DEADLINE);
	}
	waitq_del(&tg->exit_wq, &ew.w);
	return status;
}

void kernel_shutdown(struct kernel *k)
{
	struct tgroup *tg;

	mutex_lock(&k->tasklist_lock);
	k->shutting_down = true;
	list_for_each_entry(tg, &k->tgroups, table_link)
		tgroup_exit(tg, LX_SIGKILL);
	mutex_unlock(&k->tasklist_lock);
	for (;;) {
		uint32_t seen = atomic_load(&k->host_threads_word);
		unsigned int left;

		mutex_lock(&k->tasklist_lock);
		left = k->nr_host_threads;
		mutex_unlock(&k->tasklist_lock);
		if (left == 0)
			return;
		host_futex_wait((const uint32_t *)&k->host_threads_word, seen, HOST_NO_DEADLINE);
	}
}

/* The load of the machine, as a container sees it in /proc/loadavg. */
void kernel_loadavg(uint32_t ret_load[3])
{
	struct host_sysinfo si;

	memset(ret_load, 0, 3 * sizeof(*ret_load));
	if (host_sysinfo(&si) < 0)
		return;
	for (int i = 0; i < 3; i++)
		ret_load[i] = (uint32_t)si.load[i];
}

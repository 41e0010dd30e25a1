/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control thread: one poll loop over the command's socket and those of other commands. It never
 * waits for the guest; what takes time has a thread of its own (exec.c).
 *
 * Locking: control.lock guards init, con, the start and what connections are attached to; it is
 * held while a signal is sent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/bits.h"
#include "base/lock.h"
#include "console.h"
#include "control.h"
#include "control_ps.h"
#include "exec.h"
#include "fs/devpts/tty.h"
#include "host/host.h"
#include "joined.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/oom.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "proto/control.h"
#include "vfs/mount.h"

#define LOG_TAG "control"
#include "base/log.h"

#define MAX_CONNS 256

struct conn {
	int fd; /* owned; -1 free. Changes under control.lock */
	uint32_t gen;
	struct tgroup *tg;   /* borrowed: the program started over it. GUARDED_BY(lock) */
	struct console *con; /* its terminal. GUARDED_BY(lock) */
	int host_pid;        /* of its monitor: control thread only */
	uint32_t held;       /* the container that ends with it, 0: none: control thread only */
};

struct control {
	int ctl, listen;
	bool foreground;
	struct host_thread *thread;
	struct kernel *kernel; /* const once the first program is there, as the next two */
	struct mntns *ns;
	struct super_block *pts;
	struct conn conns[MAX_CONNS];

	struct mutex lock; /* LC_CONTROL */
	struct tgroup *init;
	struct console *con;
	uint32_t started; /* futex word: CTL_START came */
	bool start_answered;
	int start_fd; /* who asked for it, and is to be answered; -1: nobody */
	uint64_t start_tag;
	uint32_t nr_jobs; /* futex word: threads of exec.c; atomic */
};

static void send_msg(int fd, uint16_t op, uint64_t tag, const void *fixed, const char *text,
		     size_t size)
{
	char *buf = malloc(CTL_MSG_MAX);

	if (!buf)
		return;
	/* a peer that does not read is no reason to wait */
	host_send(fd, buf, ctl_encode(buf, op, tag, fixed, text, size), NULL, 0, HOST_MSG_DONTWAIT);
	free(buf);
}

void control_send_ready(struct control *c, const char *warnings)
{
	const struct ctl_ready m = { 0 };

	send_msg(c->ctl, CTL_READY, 0, &m, warnings, strlen(warnings));
}

static uint32_t kills_of(const struct container *ct)
{
	return ct ? (uint32_t)MIN(atomic_load(&ct->oom_kills), (uint64_t)UINT32_MAX) : 0;
}

void control_send_exit(struct control *c, int wait_status)
{
	const struct container *ct = c->kernel ? c->kernel->container : NULL;
	const struct ctl_exit m = { .status = (uint32_t)wait_status, .oom_kills = kills_of(ct) };

	send_msg(c->ctl, CTL_EXIT, 0, &m, NULL, 0);
}

void control_send_exit_to(int fd, uint64_t tag, const struct container *ct, int wait_status)
{
	const struct ctl_exit m = { .status = (uint32_t)wait_status, .oom_kills = kills_of(ct) };

	send_msg(fd, CTL_EXIT, tag, &m, NULL, 0);
}

void control_reply(int fd, uint64_t tag, int err, int value, const char *text)
{
	const struct ctl_reply r = { .error = err, .value = value };

	send_msg(fd, CTL_REPLY, tag, &r, text, text ? strlen(text) : 0);
}

void control_send_stopped(struct control *c, int sig)
{
	const struct ctl_stopped m = { .sig = (uint32_t)sig };

	send_msg(c->ctl, CTL_STOPPED, 0, &m, NULL, 0);
}

void control_send_failed(int ctl, int err, bool exec, const char *text)
{
	const struct ctl_failed m = { .code = (uint32_t)err,
				      .stage = exec ? CTL_STAGE_EXEC : CTL_STAGE_BOOT };

	send_msg(ctl, CTL_FAILED, 0, &m, text, strlen(text));
}

/* --- requests --- */

/* The foreground group of the terminal, or the program's own group where there is no terminal. */
static int signal_foreground(struct tgroup *tg, struct console *con, int sig)
{
	struct pgroup *pg = NULL;
	int ret;

	if (con)
		pg = console_foreground(con);
	if (!pg) {
		/* it may have ended already: then it has no leader and no group any more */
		mutex_lock(&g_kernel->tasklist_lock);
		if (tg->leader && tg->pgrp)
			pg = pgroup_get(tg->pgrp);
		mutex_unlock(&g_kernel->tasklist_lock);
	}
	if (!pg)
		return -ESRCH;
	ret = signal_send_pgrp(pg, sig, NULL);
	pgroup_put(pg);
	return ret;
}

static int signal_all(const struct container *ct, int sig)
{
	struct task *t;
	int ret = -ESRCH;

	/* by number: groups come and go while the signals are sent */
	for (int id = 1; (t = pid_next_task(ct->pid_ns, id, true)); task_put(t)) {
		id = t->tid + 1;
		if (t->tg->container == ct && signal_send_tgroup(t->tg, sig, NULL) == 0)
			ret = 0;
	}
	return ret;
}

/*
 * Before the program runs there is nobody to take a signal: those that would end it end the
 * sandbox, others come to nothing, as with a process that has not yet executed anything.
 */
static int signal_before_start(int sig)
{
	switch (sig) {
	case LX_SIGHUP:
	case LX_SIGINT:
	case LX_SIGQUIT:
	case LX_SIGTERM:
	case LX_SIGKILL:
		log_info("ended by signal %d before the start", sig);
		return sig;
	default:
		return 0;
	}
}

/* Which container a request is about. */
struct target {
	struct joined *j;     /* owned; NULL: the first */
	struct container *ct; /* borrowed; NULL before there is a kernel */
};

static int find_target(struct control *c, uint32_t nr, struct target *ret_t)
{
	*ret_t = (struct target){ NULL, c->kernel ? c->kernel->container : NULL };
	if (!nr)
		return 0;
	ret_t->j = joined_find(nr);
	if (!ret_t->j)
		return -ESRCH;
	ret_t->ct = joined_container(ret_t->j);
	return 0;
}

/* The process s->pid of the container; all of its group's numbers are its namespace's. */
static int signal_one(const struct target *tg, int pid, int sig)
{
	auto_put(tgroup) struct tgroup *g = pid_ns_find_tgroup(tg->ct->pid_ns, pid);

	return g && g->container == tg->ct ? signal_send_tgroup(g, sig, NULL) : -ESRCH;
}

/* Joined containers; c->lock held. */
static int signal_joined(const struct target *tg, const struct ctl_signal *s)
{
	auto_put(tgroup) struct tgroup *init = joined_init(tg->j);

	if (!init) {
		int sig = signal_before_start(s->sig);

		if (sig <= 0)
			return sig;
		return joined_end_unstarted(tg->j, sig) ? 0 : -ESRCH;
	}
	if (s->foreground)
		return signal_foreground(init, joined_console(tg->j), s->sig);
	if (s->pid == -1)
		return signal_all(tg->ct, s->sig);
	return s->pid == 0 ? signal_send_tgroup(init, s->sig, NULL) :
			     signal_one(tg, s->pid, s->sig);
}

/* c->lock held. > 0: the sandbox ends by that signal before its start. */
static int do_signal(struct control *c, const struct conn *conn, const struct target *tg,
		     const struct ctl_signal *s)
{
	struct tgroup *own = conn && conn->tg ? conn->tg : c->init;
	struct console *con = conn && conn->tg ? conn->con : c->con;

	if (s->sig < 0 || s->sig > 64)
		return -EINVAL;
	if (tg->j && !(conn && conn->tg))
		return signal_joined(tg, s);
	if (!own)
		return c->start_answered ? -ESRCH : signal_before_start(s->sig);
	if (s->foreground)
		return signal_foreground(own, con, s->sig);
	if (s->pid == -1)
		return signal_all(tg->ct, s->sig);
	if (s->pid == 0)
		return signal_send_tgroup(own, s->sig, NULL);
	return s->pid > 0 ? signal_one(tg, s->pid, s->sig) : -ESRCH;
}

static void on_signal(struct control *c, struct conn *conn, const struct target *tg, int fd,
		      const struct ctl_msg *m)
{
	int ret;

	mutex_lock(&c->lock);
	ret = do_signal(c, conn, tg, m->fixed);
	mutex_unlock(&c->lock);
	/* programs do not wait for answers about the signals they pass on */
	if (conn && !conn->tg)
		control_reply(fd, m->tag, ret > 0 ? 0 : ret, 0, NULL);
	if (ret > 0) {
		control_send_exit(c, ret);
		host_exit(128 + ret);
	}
}

static void on_resize(struct control *c, struct conn *conn, const struct target *tg,
		      const struct ctl_resize *r)
{
	mutex_lock(&c->lock);
	console_resize(conn && conn->tg ? conn->con :
		       tg->j            ? joined_console(tg->j) :
					  c->con,
		       r->rows, r->cols, r->xpixel, r->ypixel);
	mutex_unlock(&c->lock);
}

static void on_start(struct control *c, int fd, const struct ctl_msg *m)
{
	bool first;

	mutex_lock(&c->lock);
	first = !c->started;
	if (first) {
		c->start_fd = fd;
		c->start_tag = m->tag;
	}
	mutex_unlock(&c->lock);
	if (!first) {
		control_reply(fd, m->tag, -EALREADY, 0, NULL);
		return;
	}
	__atomic_store_n(&c->started, 1, __ATOMIC_RELEASE);
	host_futex_wake(&c->started, 1);
}

static void job_done(struct control *c)
{
	__atomic_fetch_sub(&c->nr_jobs, 1, __ATOMIC_ACQ_REL);
	host_futex_wake(&c->nr_jobs, 1);
}

static int make_job(struct control *c, struct conn *conn, const struct target *tg,
		    const struct ctl_msg *m, struct exec_job *ret_job)
{
	int fd = conn ? host_dup(conn->fd) : -EINVAL;

	if (fd < 0)
		return fd;
	*ret_job = (struct exec_job){
		.ctl = c,
		.conn = { (unsigned int)(conn - c->conns), conn->gen },
		.fd = fd,
		.tag = m->tag,
		.kernel = c->kernel,
		.ct = container_get(tg->ct),
		.ns = mntns_get(tg->j ? joined_mntns(tg->j) : c->ns),
		.pts = tg->j ? joined_pts(tg->j) : c->pts,
		.done = job_done,
	};
	__atomic_fetch_add(&c->nr_jobs, 1, __ATOMIC_ACQ_REL);
	return 0;
}

static bool target_runs(struct control *c, const struct target *tg)
{
	auto_put(tgroup) struct tgroup *init = tg->j ? joined_init(tg->j) : NULL;
	bool runs;

	if (tg->j)
		return init;
	mutex_lock(&c->lock);
	runs = c->init;
	mutex_unlock(&c->lock);
	return runs;
}

static void on_exec(struct control *c, struct conn *conn, const struct target *tg, int fd,
		    const struct ctl_msg *m, const int *fds, unsigned int nr)
{
	struct exec_job job;
	int ret = target_runs(c, tg) ? 0 : -ESRCH;

	mutex_lock(&c->lock);
	/* one program per connection: its signals and its terminal belong to it */
	if (ret == 0 && conn && conn->tg)
		ret = -EBUSY;
	mutex_unlock(&c->lock);
	if (ret == 0)
		ret = make_job(c, conn, tg, m, &job);
	if (ret < 0) {
		for (unsigned int i = 0; i < nr; i++)
			host_close(fds[i]);
		control_reply(fd, m->tag, ret, CTL_STAGE_BOOT,
			      ret == -ESRCH ? "the container is not running" : NULL);
		return;
	}
	conn->host_pid = ((const struct ctl_exec *)m->fixed)->host_pid;
	ret = exec_begin(&job, ((const struct ctl_exec *)m->fixed)->fds, fds, nr);
	if (ret < 0) {
		job_done(c);
		control_reply(fd, m->tag, ret, CTL_STAGE_BOOT, NULL);
	}
}

/* Of a joined container: fn takes over the job and a reference on j. */
static void on_joined(struct control *c, struct conn *conn, const struct target *tg, int fd,
		      const struct ctl_msg *m,
		      int (*fn)(const struct exec_job *job, struct joined *j))
{
	struct exec_job job;
	int ret = tg->j ? make_job(c, conn, tg, m, &job) : -EINVAL;

	if (ret == 0) {
		ret = fn(&job, joined_find(m->container));
		if (ret < 0)
			job_done(c);
	}
	if (ret < 0)
		control_reply(fd, m->tag, ret, 0,
			      ret == -EINVAL ? "the first container ends with its sandbox" : NULL);
}

static void on_wait(struct control *c, struct conn *conn, const struct target *tg, int fd,
		    const struct ctl_msg *m)
{
	const struct ctl_wait *w = m->fixed;
	struct tgroup *who = NULL;
	struct exec_job job;
	int ret = -ESRCH;

	if (w->pid == 0 && tg->j) {
		if (w->held && conn)
			conn->held = m->container;
		on_joined(c, conn, tg, fd, m, joined_wait_begin);
		return;
	}
	mutex_lock(&c->lock);
	if (w->pid == 0 && c->init)
		who = tgroup_get(c->init);
	mutex_unlock(&c->lock);
	if (w->pid > 0 && tg->ct)
		who = pid_ns_find_tgroup(tg->ct->pid_ns, w->pid);
	if (who) {
		ret = make_job(c, conn, tg, m, &job);
		if (ret < 0) {
			tgroup_put(who);
		} else {
			ret = exec_wait_begin(&job, who);
			if (ret < 0)
				job_done(c);
		}
	}
	if (ret < 0)
		control_reply(fd, m->tag, ret, 0, NULL);
}

static void on_create(struct control *c, struct conn *conn, const struct target *tg, int fd,
		      const struct ctl_msg *m, const int *fds, unsigned int nr)
{
	struct exec_job job;
	int ret = !target_runs(c, tg) ? -ESRCH : tg->j ? -EINVAL : 0;

	if (ret == 0)
		ret = make_job(c, conn, tg, m, &job);
	if (ret < 0) {
		for (unsigned int i = 0; i < nr; i++)
			host_close(fds[i]);
	} else {
		ret = joined_create_begin(&job, ((const struct ctl_create *)m->fixed)->fds, fds,
					  nr);
		if (ret < 0)
			job_done(c);
	}
	if (ret < 0)
		control_reply(fd, m->tag, ret, CTL_STAGE_BOOT,
			      ret == -ESRCH ? "the sandbox does not run" : NULL);
}

static void on_pause(struct control *c, const struct target *tg, int fd, const struct ctl_msg *m)
{
	const struct ctl_pause *p = m->fixed;

	/* the kernel outlives this thread's requests */
	if (!c->kernel) {
		control_reply(fd, m->tag, -ESRCH, 0, NULL);
		return;
	}
	if (p->resume)
		kernel_resume(c->kernel, tg->ct);
	else
		kernel_pause(c->kernel, tg->ct);
	control_reply(fd, m->tag, 0, 0, NULL);
}

static const char *state_name(struct control *c, const struct target *tg)
{
	const char *s;

	if (tg->j)
		return joined_state(tg->j);

	mutex_lock(&c->lock);
	s = c->init ? "running" : c->start_answered ? "stopped" : "created";
	mutex_unlock(&c->lock);
	return s;
}

static void on_usage(struct control *c, const struct target *tg, int fd, const struct ctl_msg *m)
{
	uint64_t user = 0, sys = 0, memory = 0;
	unsigned int pids = 0;
	char text[160];

	if (tg->ct) {
		container_cpu(c->kernel, tg->ct, &user, &sys);
		memory = container_memory(c->kernel, tg->ct);
		mutex_lock(&c->kernel->tasklist_lock);
		pids = tg->ct->nr_tasks;
		mutex_unlock(&c->kernel->tasklist_lock);
	}
	snprintf(text, sizeof(text),
		 "{\"memory\":%llu,\"pids\":%u,\"cpu\":%llu,\"oom_kills\":%llu}",
		 (unsigned long long)memory, pids, (unsigned long long)(user + sys),
		 (unsigned long long)(tg->ct ? atomic_load(&tg->ct->oom_kills) : 0));
	control_reply(fd, m->tag, 0, 0, text);
}

static void on_update(struct control *c, const struct target *tg, int fd, const struct ctl_msg *m)
{
	const struct ctl_update *u = m->fixed;
	const struct container_limits limits = {
		.memory_max = u->memory_max,
		.pids_max = u->pids_max,
		.max_tasks = u->max_tasks,
		.cpu_quota = u->cpu_quota,
		.cpu_period = u->cpu_period,
	};

	if (tg->ct) {
		container_set_limits(tg->ct, &limits);
		if (!tg->j)
			kernel_set_size(c->kernel, u->total_memory, u->nr_cpus);
	}
	control_reply(fd, m->tag, tg->ct ? 0 : -ESRCH, 0, NULL);
}

static void on_ps(struct control *c, const struct target *tg, int fd, const struct ctl_msg *m)
{
	char *list = tg->ct ? control_ps(c, tg->ct) : NULL;

	control_reply(fd, m->tag, list ? 0 : -ENOMEM, 0, list);
	free(list);
}

static void dispatch(struct control *c, struct conn *conn, const struct target *tg, int fd,
		     const struct ctl_msg *m)
{
	switch (m->op) {
	case CTL_SIGNAL:
		on_signal(c, conn, tg, fd, m);
		break;
	case CTL_RESIZE:
		on_resize(c, conn, tg, m->fixed);
		break;
	case CTL_START:
		if (tg->j)
			on_joined(c, conn, tg, fd, m, joined_start_begin);
		else
			on_start(c, fd, m);
		break;
	case CTL_DELETE:
		on_joined(c, conn, tg, fd, m, joined_delete_begin);
		break;
	case CTL_PS:
		on_ps(c, tg, fd, m);
		break;
	case CTL_STATE:
		control_reply(fd, m->tag, 0, 0, state_name(c, tg));
		break;
	case CTL_PAUSE:
		on_pause(c, tg, fd, m);
		break;
	case CTL_UPDATE:
		on_update(c, tg, fd, m);
		break;
	case CTL_USAGE:
		on_usage(c, tg, fd, m);
		break;
	case CTL_WAIT:
		on_wait(c, conn, tg, fd, m);
		break;
	default:
		control_reply(fd, m->tag, -ENOSYS, 0, NULL);
	}
}

static void on_request(struct control *c, struct conn *conn, int fd, const struct ctl_msg *m,
		       const int *fds, unsigned int nr_fds)
{
	struct target tg;
	int ret = find_target(c, m->container, &tg);

	if (ret == 0 && m->op == CTL_EXEC) {
		on_exec(c, conn, &tg, fd, m, fds, nr_fds);
	} else if (ret == 0 && m->op == CTL_CREATE) {
		on_create(c, conn, &tg, fd, m, fds, nr_fds);
	} else {
		for (unsigned int i = 0; i < nr_fds; i++)
			host_close(fds[i]);
		if (ret == 0)
			dispatch(c, conn, &tg, fd, m);
		else
			control_reply(fd, m->tag, ret, 0, "the sandbox has no such container");
	}
	joined_put(tg.j);
}

/* conn: NULL for the command that started us. False at the end of the connection. */
static bool on_readable(struct control *c, struct conn *conn, int fd)
{
	static char buf[CTL_MSG_MAX] __aligned(8);
	unsigned int nr_fds = CTL_FDS_MAX;
	int fds[CTL_FDS_MAX];
	struct ctl_msg m;
	ssize_t n = host_recv(fd, buf, sizeof(buf), fds, &nr_fds, HOST_MSG_DONTWAIT);

	if (n == -EAGAIN || n == -EMSGSIZE)
		return true;
	if (n <= 0)
		return false;
	if (ctl_decode(buf, (size_t)n, &m) < 0) {
		log_warn("a control message of %zd bytes makes no sense", n);
		for (unsigned int i = 0; i < nr_fds; i++)
			host_close(fds[i]);
		return true;
	}
	on_request(c, conn, fd, &m, fds, nr_fds);
	return true;
}

static void on_connection(struct control *c)
{
	int fd = host_accept(c->listen);

	if (fd < 0)
		return;
	mutex_lock(&c->lock);
	for (unsigned int i = 0; i < MAX_CONNS; i++) {
		if (c->conns[i].fd < 0) {
			c->conns[i].fd = STEAL_FD(fd);
			c->conns[i].gen++;
			break;
		}
	}
	mutex_unlock(&c->lock);
	if (fd >= 0)
		host_close(fd);
}

/* The end of whoever asked is the end of what was started for it. */
static void end_connection(struct control *c, struct conn *conn)
{
	mutex_lock(&c->lock);
	if (conn->tg)
		signal_send_tgroup(conn->tg, LX_SIGKILL, NULL);
	if (c->start_fd == conn->fd)
		c->start_fd = -1;
	conn->tg = NULL;
	conn->con = NULL;
	host_close(conn->fd);
	conn->fd = -1;
	mutex_unlock(&c->lock);
	if (conn->held)
		joined_abandon(conn->held);
	conn->held = 0;
}

int control_host_pid(struct control *c, const struct tgroup *tg)
{
	int pid = 0;

	mutex_lock(&c->lock);
	for (unsigned int i = 0; i < MAX_CONNS; i++) {
		if (c->conns[i].tg == tg)
			pid = c->conns[i].host_pid;
	}
	mutex_unlock(&c->lock);
	return pid;
}

bool control_attach(struct control *c, struct control_conn conn, struct tgroup *tg,
		    struct console *con)
{
	struct conn *k = &c->conns[conn.slot];
	bool there;

	mutex_lock(&c->lock);
	there = k->fd >= 0 && k->gen == conn.gen;
	if (there) {
		k->tg = tg;
		k->con = con;
	}
	mutex_unlock(&c->lock);
	return there;
}

void control_detach(struct control *c, struct control_conn conn)
{
	struct conn *k = &c->conns[conn.slot];

	mutex_lock(&c->lock);
	if (k->gen == conn.gen) {
		k->tg = NULL;
		k->con = NULL;
	}
	mutex_unlock(&c->lock);
}

static void control_main(void *arg)
{
	struct control *c = arg;
	bool ctl_open = true;

	for (;;) {
		static struct host_pollfd p[MAX_CONNS + 2];
		static unsigned int slot[MAX_CONNS];
		unsigned int nr = 0;

		p[0] = (struct host_pollfd){ ctl_open ? c->ctl : -1, HOST_POLLIN, 0 };
		p[1] = (struct host_pollfd){ c->listen, HOST_POLLIN, 0 };
		for (unsigned int i = 0; i < MAX_CONNS; i++) {
			if (c->conns[i].fd < 0)
				continue;
			p[2 + nr] = (struct host_pollfd){ c->conns[i].fd, HOST_POLLIN, 0 };
			slot[nr++] = i;
		}
		if (host_poll(p, nr + 2, HOST_NO_DEADLINE) <= 0)
			continue;
		if (p[0].revents && !on_readable(c, NULL, c->ctl)) {
			ctl_open = false;
			/* we are pid 1 of everything: this ends the guests too */
			if (c->foreground) {
				log_info("the command is gone");
				host_exit(128);
			}
		}
		if (p[1].revents)
			on_connection(c);
		for (unsigned int i = 0; i < nr; i++) {
			struct conn *k = &c->conns[slot[i]];

			if (p[2 + i].revents && !on_readable(c, k, k->fd))
				end_connection(c, k);
		}
	}
}

int control_start(int ctl, int listen, bool foreground, struct control **ret_ctl)
{
	struct control *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return -ENOMEM;
	c->ctl = ctl;
	c->listen = listen;
	c->foreground = foreground;
	mutex_init(&c->lock, LC_CONTROL);
	for (unsigned int i = 0; i < MAX_CONNS; i++)
		c->conns[i].fd = -1;
	c->start_fd = -1;
	ret = host_thread_start("husk-control", HOST_STACK_TASK, control_main, c, &c->thread);
	if (ret < 0) {
		free(c);
		return ret;
	}
	*ret_ctl = c;
	return 0;
}

void control_set_init(struct control *c, struct tgroup *init, struct console *con)
{
	mutex_lock(&c->lock);
	c->init = init;
	c->con = con;
	if (!init)
		c->start_answered = true;
	mutex_unlock(&c->lock);
}

void control_set_space(struct control *c, struct kernel *k, struct mntns *ns,
		       struct super_block *pts)
{
	mutex_lock(&c->lock);
	c->kernel = k;
	c->ns = ns;
	c->pts = pts;
	mutex_unlock(&c->lock);
}

void control_started(struct control *c, int err, bool exec, const char *text)
{
	mutex_lock(&c->lock);
	c->start_answered = true;
	if (c->start_fd >= 0)
		control_reply(c->start_fd, c->start_tag, err,
			      exec ? CTL_STAGE_EXEC : CTL_STAGE_BOOT, text);
	c->start_fd = -1;
	mutex_unlock(&c->lock);
}

void control_barrier(struct control *c)
{
	mutex_lock(&c->lock);
	mutex_unlock(&c->lock);
}

void control_wait_idle(struct control *c)
{
	uint64_t deadline = host_now_ns() + 200000000u;
	uint32_t n;

	while ((n = __atomic_load_n(&c->nr_jobs, __ATOMIC_ACQUIRE)) > 0) {
		if (host_futex_wait(&c->nr_jobs, n, deadline) == -ETIMEDOUT)
			return;
	}
}

void control_wait_start(struct control *c)
{
	while (!__atomic_load_n(&c->started, __ATOMIC_ACQUIRE))
		host_futex_wait(&c->started, 0, HOST_NO_DEADLINE);
}

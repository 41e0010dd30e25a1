/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that join a sandbox: see joined.h. What takes time runs on threads of its own, so the
 * control thread never waits.
 *
 * Locking: g_lock (LC_JOINED) guards the table, the volumes and what changes of a joined; nothing
 * is called under it.
 */
#include "joined.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/ref.h"
#include "boot_mounts.h"
#include "console.h"
#include "fs/gofer/conn.h"
#include "host/host.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/kernel_int.h"
#include "lock_class.h"
#include "vfs/mount.h"

#define LOG_TAG "joined"
#include "base/log.h"

enum state { CREATED, STARTING, RUNNING, STOPPED, DELETED };

struct joined {
	struct ref ref;
	struct list_head link; /* g_table */
	uint32_t nr;
	struct kernel *kernel;
	struct boot_conf conf; /* owned */
	struct container *ct;  /* owned */
	struct mntns *ns;      /* owned */
	struct super_block *pts;
	struct program prog;
	struct tgroup *tg; /* owned: the first process, also when it has ended */
	/* g_lock: */
	enum state state;
	int status;          /* wait status, STOPPED */
	struct console *con; /* RUNNING */
	uint32_t word;       /* futex: counts changes of the state */
	char warnings[1024];
};

struct volume {
	struct list_head link;
	char *name;             /* owned */
	struct super_block *sb; /* owned */
	unsigned int users;
};

static struct mutex g_lock = MUTEX_INIT(LC_JOINED);
static LIST_HEAD(g_table);
static LIST_HEAD(g_volumes);
static uint32_t g_last;

/* --- volumes --- */

static struct volume *volume_locked(const char *name)
{
	struct volume *v;

	list_for_each_entry(v, &g_volumes, link) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

struct super_block *volume_find(const char *name)
{
	struct super_block *sb = NULL;
	struct volume *v;

	mutex_lock(&g_lock);
	v = volume_locked(name);
	if (v) {
		v->users++;
		ref_get(&v->sb->ref);
		sb = v->sb;
	}
	mutex_unlock(&g_lock);
	return sb;
}

int volume_add(const char *name, struct super_block *sb)
{
	struct volume *v = calloc(1, sizeof(*v));
	bool there;

	if (!v)
		return -ENOMEM;
	v->name = strdup(name);
	if (!v->name) {
		free(v);
		return -ENOMEM;
	}
	v->users = 1;
	mutex_lock(&g_lock);
	there = volume_locked(name);
	if (!there) {
		ref_get(&sb->ref);
		v->sb = sb;
		list_add_tail(&v->link, &g_volumes);
	}
	mutex_unlock(&g_lock);
	if (there) {
		/* two containers at the same moment: the second keeps its own */
		free(v->name);
		free(v);
	}
	return there ? -EEXIST : 0;
}

void volumes_release(const struct boot_conf *c)
{
	for (size_t i = 0; i < c->nr_mounts; i++) {
		struct volume *v;

		if (!c->mounts[i].volume)
			continue;
		mutex_lock(&g_lock);
		v = volume_locked(c->mounts[i].volume);
		if (v && --v->users > 0)
			v = NULL;
		if (v)
			list_del(&v->link);
		mutex_unlock(&g_lock);
		if (v) {
			super_block_put(v->sb);
			free(v->name);
			free(v);
		}
	}
}

/* --- one of them --- */

static struct joined *joined_get(struct joined *j)
{
	ref_get(&j->ref);
	return j;
}

void joined_put(struct joined *j)
{
	if (!j || !ref_put(&j->ref))
		return;
	program_fini(&j->prog);
	if (j->ns)
		mntns_put(j->ns);
	if (j->ct)
		volumes_release(&j->conf);
	container_put(j->ct);
	if (j->tg)
		tgroup_put(j->tg);
	boot_conf_fini(&j->conf);
	free(j);
}

struct joined *joined_find(uint32_t nr)
{
	struct joined *j, *found = NULL;

	mutex_lock(&g_lock);
	list_for_each_entry(j, &g_table, link) {
		if (j->nr == nr)
			found = joined_get(j);
	}
	mutex_unlock(&g_lock);
	return found;
}

struct container *joined_container(const struct joined *j)
{
	return j->ct;
}

struct mntns *joined_mntns(const struct joined *j)
{
	return j->ns;
}

struct super_block *joined_pts(const struct joined *j)
{
	return j->pts;
}

struct tgroup *joined_init(struct joined *j)
{
	struct tgroup *tg;

	mutex_lock(&g_lock);
	tg = j->state == RUNNING ? tgroup_get(j->tg) : NULL;
	mutex_unlock(&g_lock);
	return tg;
}

struct console *joined_console(struct joined *j)
{
	struct console *con;

	mutex_lock(&g_lock);
	con = j->con;
	mutex_unlock(&g_lock);
	return con;
}

const char *joined_state(struct joined *j)
{
	enum state s;

	mutex_lock(&g_lock);
	s = j->state;
	mutex_unlock(&g_lock);
	return s < RUNNING ? "created" : s == RUNNING ? "running" : "stopped";
}

static void set_state_locked(struct joined *j, enum state s)
{
	j->state = s;
	__atomic_fetch_add(&j->word, 1, __ATOMIC_RELEASE);
	host_futex_wake(&j->word, INT32_MAX);
}

/* False: it is not in state from. */
static bool change(struct joined *j, enum state from, enum state to)
{
	bool ok;

	mutex_lock(&g_lock);
	ok = j->state == from;
	if (ok)
		set_state_locked(j, to);
	mutex_unlock(&g_lock);
	return ok;
}

bool joined_end_unstarted(struct joined *j, int sig)
{
	bool ok;

	mutex_lock(&g_lock);
	ok = j->state == CREATED;
	if (ok) {
		j->status = sig;
		set_state_locked(j, STOPPED);
	}
	mutex_unlock(&g_lock);
	return ok;
}

void joined_abandon(uint32_t nr)
{
	struct joined *j = joined_find(nr);

	if (j && !joined_end_unstarted(j, LX_SIGKILL)) {
		mutex_lock(&j->kernel->tasklist_lock);
		container_kill_locked(j->kernel, j->ct);
		mutex_unlock(&j->kernel->tasklist_lock);
	}
	joined_put(j);
}

/* Until it has ended or was never to run; its wait status. */
static int wait_end(struct joined *j)
{
	for (;;) {
		uint32_t seen = __atomic_load_n(&j->word, __ATOMIC_ACQUIRE);
		enum state s;
		int status;

		mutex_lock(&g_lock);
		s = j->state;
		status = j->status;
		mutex_unlock(&g_lock);
		if (s >= STOPPED)
			return status;
		host_futex_wait(&j->word, seen, HOST_NO_DEADLINE);
	}
}

/* --- jobs --- */

struct work {
	struct exec_job job;
	struct joined *j; /* owned */
	int gofer;        /* owned; -1: none */
	bool exec_failed;
	char why[600];
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		host_close(*fd);
	*fd = -1;
}

static void work_free(struct work *w)
{
	close_fd(&w->job.conf_fd);
	close_fd(&w->job.tty_fd);
	close_fd(&w->gofer);
	for (int i = 0; i < 3; i++)
		close_fd(&w->job.fds.stdio[i]);
	for (size_t i = 0; i < BOOT_MAX_FDS; i++)
		close_fd(&w->job.fds.extra[i]);
	close_fd(&w->job.fd);
	exec_job_drop(&w->job);
	joined_put(w->j);
	free(w);
}

/* The thread's last act: the job is over. */
static void work_done(struct work *w)
{
	void (*done)(struct control * c) = w->job.done;
	struct control *ctl = w->job.ctl;

	work_free(w);
	done(ctl);
}

static void reply(struct work *w, int err, int value, const char *text)
{
	control_reply(w->job.fd, w->job.tag, err, value, text);
}

static int work_start(struct work *w, void (*fn)(void *arg))
{
	struct host_thread *th;
	int ret = host_thread_start("husk-joined", HOST_STACK_TASK, fn, w, &th);

	if (ret < 0) {
		work_free(w);
		return ret;
	}
	host_thread_detach(th);
	return 0;
}

/* Takes over a reference on j. */
static int begin(const struct exec_job *job, struct joined *j, void (*fn)(void *arg))
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w) {
		struct exec_job drop = *job;

		close_fd(&drop.fd);
		exec_job_drop(&drop);
		joined_put(j);
		return -ENOMEM;
	}
	w->job = *job;
	w->job.conf_fd = w->job.tty_fd = w->gofer = -1;
	memset(&w->job.fds, 0xff, sizeof(w->job.fds));
	w->j = j;
	return work_start(w, fn);
}

/* --- create --- */

static int fail(struct work *w, int err, const char *what)
{
	if (!w->why[0])
		snprintf(w->why, sizeof(w->why), "%s: %s", what, strerror(-err));
	return err;
}

static int make_container(struct work *w)
{
	struct joined *j = w->j, *other = NULL;
	const struct boot_conf *c = &j->conf;
	struct kernel *k = w->job.kernel;
	const struct container_limits limits = {
		.memory_max = c->memory_max,
		.pids_max = c->pids_max,
		.cpu_quota = c->cpu_quota,
		.cpu_period = c->cpu_period,
		.max_tasks = c->max_tasks,
	};
	struct uts_ns *uts = c->flags & BOOT_SHARE_UTS ? k->container->uts : NULL;
	struct pid_ns *ns = NULL;
	int ret;

	if (c->pid_container == 1) {
		ns = k->container->pid_ns;
	} else if (c->pid_container) {
		other = c->pid_container > UINT32_MAX ? NULL :
							joined_find((uint32_t)c->pid_container - 1);
		if (!other)
			return fail(w, -ESRCH, "the container whose processes it shares");
		ns = other->ct->pid_ns;
	}
	ret = container_new(k, j->nr, ns, uts, c->hostname ? c->hostname : "husk", &limits, &j->ct);
	joined_put(other);
	if (ret < 0)
		return fail(w, ret, "container");
	if (!uts && c->domainname)
		snprintf(j->ct->uts->domainname, sizeof(j->ct->uts->domainname), "%s",
			 c->domainname);
	return 0;
}

static int make_mounts(struct work *w)
{
	auto_put(gofer_conn) struct gofer_conn *conn = NULL;
	struct joined *j = w->j;
	const char *what = "";
	int ret = gofer_conn_new(w->gofer, &conn);

	w->gofer = -1;
	if (ret < 0)
		return fail(w, ret, "connection to the gofer");
	ret = boot_mounts(&j->conf, conn, &j->ns, &j->pts, &what, j->warnings, sizeof(j->warnings));
	if (ret < 0)
		snprintf(w->why, sizeof(w->why), "mount of %.300s: %s", what, strerror(-ret));
	return ret;
}

static int make_program(struct work *w)
{
	struct joined *j = w->j;
	struct program *p = &j->prog;
	int ret;

	program_init(p, w->job.kernel, &j->conf, j->ns);
	p->req.container = j->ct;
	ret = program_console(p, j->pts, w->job.tty_fd);
	if (p->console)
		w->job.tty_fd = -1;
	if (ret == 0)
		ret = program_prepare(p, &w->job.fds, true);
	if (ret < 0) {
		snprintf(w->why, sizeof(w->why), "%s", p->why);
		w->exec_failed = p->exec_failed;
		console_stop(STEAL(p->console));
	}
	return ret;
}

static void end_container(struct joined *j)
{
	if (j->ct)
		container_end(j->kernel, j->ct);
}

static void create_main(void *arg)
{
	struct work *w = arg;
	struct joined *j = w->j;
	int ret = exec_read_conf(w->job.conf_fd, &j->conf);

	if (ret < 0)
		fail(w, ret, "boot configuration");
	if (ret == 0)
		ret = make_container(w);
	if (ret == 0)
		ret = make_mounts(w);
	if (ret == 0)
		ret = make_program(w);
	if (ret < 0) {
		end_container(j);
		reply(w, ret, w->exec_failed ? CTL_STAGE_EXEC : CTL_STAGE_BOOT,
		      w->why[0] ? w->why : strerror(-ret));
	} else {
		mutex_lock(&g_lock);
		list_add_tail(&joined_get(j)->link, &g_table);
		mutex_unlock(&g_lock);
		reply(w, 0, (int)j->nr, j->warnings);
	}
	work_done(w);
}

int joined_create_begin(const struct exec_job *job, uint32_t which, const int *fds, unsigned int nr)
{
	const uint32_t known = CTL_FD_ALL | CTL_FD_GOFER;
	unsigned int want = 1 + (unsigned int)__builtin_popcount(which & known), n = 0;
	struct joined *j = calloc(1, sizeof(*j));
	struct work *w = calloc(1, sizeof(*w));
	int ret = !j || !w ? -ENOMEM : 0;

	if (which & ~known || !(which & CTL_FD_GOFER) || nr < want || nr > want + BOOT_MAX_FDS)
		ret = -EINVAL;
	if (ret < 0) {
		struct exec_job drop = *job;

		for (unsigned int i = 0; i < nr; i++)
			host_close(fds[i]);
		close_fd(&drop.fd);
		exec_job_drop(&drop);
		free(j);
		free(w);
		return ret;
	}
	ref_init(&j->ref);
	INIT_LIST_HEAD(&j->link);
	j->kernel = job->kernel;
	mutex_lock(&g_lock);
	j->nr = ++g_last;
	mutex_unlock(&g_lock);
	w->j = j;
	w->job = *job;
	w->job.conf_fd = fds[n++];
	for (int i = 0; i < 3; i++)
		w->job.fds.stdio[i] = which & CTL_FD_STDIN << i ? fds[n++] : -1;
	w->job.tty_fd = which & CTL_FD_TTY ? fds[n++] : -1;
	w->gofer = fds[n++];
	for (unsigned int i = 0; i < BOOT_MAX_FDS; i++)
		w->job.fds.extra[i] = n < nr ? fds[n++] : -1;
	return work_start(w, create_main);
}

/* --- start, wait, delete --- */

static void start_main(void *arg)
{
	struct work *w = arg;
	struct joined *j = w->j;
	struct program *p = &j->prog;
	struct console *con;
	struct tgroup *tg;
	int ret;

	if (!change(j, CREATED, STARTING)) {
		reply(w, -EALREADY, CTL_STAGE_BOOT, "the container was started or has ended");
		work_done(w);
		return;
	}
	ret = program_start(p, &tg);
	mutex_lock(&g_lock);
	if (ret == 0) {
		j->tg = tg;
		j->con = p->console;
	} else {
		j->status = 127 << 8;
	}
	set_state_locked(j, ret == 0 ? RUNNING : STOPPED);
	mutex_unlock(&g_lock);
	reply(w, ret, p->exec_failed ? CTL_STAGE_EXEC : CTL_STAGE_BOOT, ret == 0 ? NULL : p->why);
	program_fini(p);
	if (ret == 0)
		ret = kernel_wait_exit(j->kernel, tg);
	else
		ret = 127 << 8;
	/* nobody uses the terminal any more once control.lock was free without it */
	mutex_lock(&g_lock);
	con = STEAL(j->con);
	mutex_unlock(&g_lock);
	control_barrier(w->job.ctl);
	console_stop(con ? con : STEAL(p->console));
	p->console = NULL;
	mutex_lock(&g_lock);
	j->status = ret;
	set_state_locked(j, STOPPED);
	mutex_unlock(&g_lock);
	work_done(w);
}

int joined_start_begin(const struct exec_job *job, struct joined *j)
{
	return begin(job, j, start_main);
}

static void wait_main(void *arg)
{
	struct work *w = arg;
	int status = wait_end(w->j);

	control_send_exit_to(w->job.fd, w->job.tag, w->j->ct, status);
	work_done(w);
}

int joined_wait_begin(const struct exec_job *job, struct joined *j)
{
	return begin(job, j, wait_main);
}

static void delete_main(void *arg)
{
	struct work *w = arg;
	struct joined *j = w->j;
	bool mine;

	joined_end_unstarted(j, LX_SIGKILL);
	end_container(j);
	wait_end(j);
	/* of one that never ran; start_main() has taken any other */
	console_stop(STEAL(j->prog.console));
	mutex_lock(&g_lock);
	mine = !list_empty(&j->link);
	if (mine) {
		list_del_init(&j->link);
		set_state_locked(j, DELETED);
	}
	mutex_unlock(&g_lock);
	if (mine)
		joined_put(j); /* the table's */
	reply(w, mine ? 0 : -ESRCH, 0, NULL);
	work_done(w);
}

int joined_delete_begin(const struct exec_job *job, struct joined *j)
{
	return begin(job, j, delete_main);
}

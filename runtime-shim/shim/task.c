/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container's processes. States and locking: shim.h. */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "copy.h"
#include "events.h"
#include "log.h"
#include "mounts.h"
#include "reap.h"
#include "runtime.h"
#include "shim/task.pb-c.h"
#include "ttrpc.h"

/* How long output that somebody else still holds open is waited for. */
#define INIT_OUTPUT_MS 5000
#define EXEC_OUTPUT_MS 2000

struct waiter {
	struct waiter *next;
	struct call *call; /* owned */
};

struct shim g_shim = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct container *find_locked(const char *id)
{
	struct container *c;

	list_for_each_entry(c, &g_shim.containers, link) {
		if (strcmp(c->id, id) == 0)
			return c;
	}
	return NULL;
}

struct proc *proc_ref_locked(struct proc *p)
{
	p->refs++;
	return p;
}

struct proc *proc_get(const char *id, const char *exec_id)
{
	struct proc *p = NULL, *e;
	struct container *c;

	pthread_mutex_lock(&g_shim.lock);
	c = find_locked(id);
	if (c && !*exec_id)
		p = &c->init;
	else if (c)
		list_for_each_entry(e, &c->execs, link) {
			if (strcmp(e->exec_id, exec_id) == 0)
				p = e;
		}
	if (p)
		proc_ref_locked(p);
	pthread_mutex_unlock(&g_shim.lock);
	return p;
}

static void container_free(struct container *c)
{
	stdio_fini(&c->init.io);
	options_fini(&c->opt);
	cgroup_fini(&c->cg);
	if (c->oom_fd >= 0)
		close(c->oom_fd);
	free(c->init.exec_id);
	free(c->id);
	free(c->bundle);
	free(c);
}

/* Lets go of one reference; a process without any is freed, and an exec's one on its container. */
void proc_put(struct proc *p)
{
	struct container *c = p->c;
	bool last, exec = p != &c->init;

	pthread_mutex_lock(&g_shim.lock);
	last = --p->refs == 0;
	pthread_mutex_unlock(&g_shim.lock);
	if (!last)
		return;
	if (!exec) {
		container_free(c);
		return;
	}
	stdio_fini(&p->io);
	if (p->spec)
		unlink(p->spec);
	free(p->spec);
	free(p->exec_id);
	free(p);
	proc_put(&c->init);
}

static void set_time(Shim__Time *t, const struct timespec *ts)
{
	t->seconds = ts->tv_sec;
	t->nanos = (int32_t)ts->tv_nsec;
}

static void answer_wait(struct call *call, const struct proc *p)
{
	Shim__WaitResponse r = SHIM__WAIT_RESPONSE__INIT;
	Shim__Time t = SHIM__TIME__INIT;

	set_time(&t, &p->exited_at);
	r.exit_status = p->exit_code;
	r.exited_at = &t;
	call_reply(call, &r.base);
	call_finish(call);
}

static void *kill_rest(void *arg)
{
	struct proc *p = arg;
	struct rt_err err = { 0 };

	runtime_command(p->c, &err, "kill", "--all", p->c->id, "9", NULL);
	proc_put(p);
	return NULL;
}

/* Kills of the sentry's own, of which the host's cgroup knows nothing. */
static bool killed_for_memory(const struct proc *init)
{
	int kills = runtime_oom_kills(init->c);

	if (kills >= 0)
		return kills > 0;
	/* nobody said: a guess */
	return init->exit_code == 128 + SIGKILL && !init->killed && cgroup_was_full(&init->c->cg);
}

/* Tells the world of an end that is known, once; waiters[] has been taken off under the lock. */
static void announce_end(struct proc *p, struct waiter *w)
{
	Shim__TaskExit e = SHIM__TASK_EXIT__INIT;
	Shim__Time t = SHIM__TIME__INIT;
	struct waiter *next;

	if (p == &p->c->init && killed_for_memory(p)) {
		Shim__TaskId oom = SHIM__TASK_ID__INIT;

		oom.container_id = p->c->id;
		events_publish("/tasks/oom", "containerd.events.TaskOOM", &oom.base);
	}
	set_time(&t, &p->exited_at);
	e.container_id = p->c->id;
	e.id = *p->exec_id ? p->exec_id : p->c->id;
	e.pid = (uint32_t)p->pid;
	e.exit_status = p->exit_code;
	e.exited_at = &t;
	events_publish("/tasks/exit", "containerd.events.TaskExit", &e.base);
	for (; w; w = next) {
		next = w->next;
		answer_wait(w->call, p);
		free(w);
	}
	if (p == &p->c->init && p->c->shares_pidns) {
		pthread_mutex_lock(&g_shim.lock);
		proc_ref_locked(p);
		pthread_mutex_unlock(&g_shim.lock);
		if (loop_thread(kill_rest, p) < 0)
			proc_put(p);
	}
}

/* Leaves a state in which an end may not be told; tells it if it has come meanwhile. */
static void settle(struct proc *p, enum proc_state state)
{
	struct waiter *w = NULL;
	bool ended;

	pthread_mutex_lock(&g_shim.lock);
	ended = p->ended;
	p->state = ended ? PS_STOPPED : state;
	if (ended) {
		w = p->waiters;
		p->waiters = NULL;
	}
	pthread_mutex_unlock(&g_shim.lock);
	if (ended)
		announce_end(p, w);
}

/* reap_fn of every process of a container. */
static void proc_ended(void *arg, pid_t pid, int status, const struct timespec *when)
{
	struct proc *p = arg;
	struct waiter *w = NULL;
	bool tell;

	pthread_mutex_lock(&g_shim.lock);
	p->ended = true;
	p->exit_code =
		(unsigned int)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	p->exited_at = *when;
	tell = p->state != PS_CREATING && p->state != PS_STARTING;
	if (tell) {
		p->state = PS_STOPPED;
		w = p->waiters;
		p->waiters = NULL;
	}
	pthread_mutex_unlock(&g_shim.lock);
	slog_dbg("process %d of %s %s ended with %u", pid, p->c->id, p->exec_id, p->exit_code);
	if (tell)
		announce_end(p, w);
	proc_put(p);
}

/* The process has a number: its end will be told to proc_ended(). */
static int proc_runs(struct proc *p, pid_t pid)
{
	pthread_mutex_lock(&g_shim.lock);
	p->pid = pid;
	proc_ref_locked(p);
	pthread_mutex_unlock(&g_shim.lock);
	if (reap_claim(pid, proc_ended, p) == 0)
		return 0;
	proc_put(p);
	return -ENOMEM;
}

static void oom_ready(void *arg)
{
	static uint64_t seen;
	struct proc *p = proc_get(arg, "");
	Shim__TaskId e = SHIM__TASK_ID__INIT;

	if (!p)
		return;
	if (cgroup_oom_happened(&p->c->cg, p->c->oom_fd, &seen)) {
		e.container_id = p->c->id;
		events_publish("/tasks/oom", "containerd.events.TaskOOM", &e.base);
	}
	proc_put(p);
}

static void watch_cgroup(struct container *c)
{
	if (cgroup_find(c->init.pid, &c->cg) < 0)
		return;
	c->oom_fd = cgroup_oom_watch(&c->cg);
	if (c->oom_fd >= 0 && loop_watch(c->oom_fd, oom_ready, c->id) < 0)
		slog_warn("kills for memory in %s are not watched for", c->id);
}

/* True if config.json gives the container no pid namespace of its own. */
static bool shares_pidns(const char *bundle)
{
	char name[4200];
	json_t *j, *ns, *v;
	size_t i;
	bool own = false;

	snprintf(name, sizeof(name), "%s/config.json", bundle);
	j = json_load_file(name, 0, NULL);
	ns = json_object_get(json_object_get(j, "linux"), "namespaces");
	json_array_foreach(ns, i, v)
	{
		const char *type = json_string_value(json_object_get(v, "type"));
		const char *path = json_string_value(json_object_get(v, "path"));

		if (type && strcmp(type, "pid") == 0 && (!path || !*path))
			own = true;
	}
	json_decref(j);
	return !own;
}

static bool id_is_sane(const char *id)
{
	return *id && *id != '.' && !strchr(id, '/') && strlen(id) <= 1024;
}

static int new_container(struct call *call, const Shim__CreateRequest *r, struct container **ret_c)
{
	struct container *c = calloc(1, sizeof(*c));
	struct rt_err err = { 0 };

	if (!c)
		return call_fail(call, RPC_INTERNAL, "out of memory");
	INIT_LIST_HEAD(&c->execs);
	c->oom_fd = -1;
	c->id = strdup(r->id);
	c->bundle = strdup(r->bundle);
	c->init.c = c;
	c->init.exec_id = strdup("");
	c->init.refs = 2; /* the list's and the caller's */
	if (stdio_init(&c->init.io, r->in, r->out, r->err, r->terminal) < 0 || !c->id ||
	    !c->bundle || !c->init.exec_id || options_default(&c->opt, &err) < 0 ||
	    (r->options && options_any(&c->opt, r->options->type_url, r->options->value.data,
				       r->options->value.len, &err) < 0)) {
		container_free(c);
		return call_fail(call, RPC_INVALID_ARGUMENT, "%s",
				 err.code ? err.text : "out of memory");
	}
	pthread_mutex_lock(&g_shim.lock);
	if (find_locked(c->id)) {
		pthread_mutex_unlock(&g_shim.lock);
		container_free(c);
		return call_fail(call, RPC_ALREADY_EXISTS, "container %s exists", r->id);
	}
	list_add_tail(&c->link, &g_shim.containers);
	pthread_mutex_unlock(&g_shim.lock);
	*ret_c = c;
	return 0;
}

static int do_create(struct container *c, const Shim__CreateRequest *r, pid_t *ret_pid,
		     struct rt_err *err)
{
	char name[4200];
	int ret;

	snprintf(name, sizeof(name), "%s/husk-shim.toml", c->bundle);
	if (options_save(&c->opt, name) < 0)
		slog_warn("%s cannot be written", name);
	snprintf(name, sizeof(name), "%s/rootfs", c->bundle);
	ret = mounts_apply(r->rootfs, r->n_rootfs, name, err);
	if (ret < 0)
		return ret;
	c->mounted = r->n_rootfs > 0;
	c->shares_pidns = shares_pidns(c->bundle);
	reap_hold();
	ret = runtime_create(c, ret_pid, err);
	if (ret == 0)
		ret = proc_runs(&c->init, *ret_pid);
	reap_release();
	if (ret == 0)
		watch_cgroup(c);
	else if (c->mounted)
		mounts_undo(name);
	return ret;
}

int task_create(struct call *call, const Shim__CreateRequest *r, pid_t *ret_pid)
{
	Shim__TaskCreate e = SHIM__TASK_CREATE__INIT;
	Shim__TaskIo io = SHIM__TASK_IO__INIT;
	struct container *c = NULL;
	struct rt_err err = { 0 };
	int ret;

	if (!id_is_sane(r->id) || *r->bundle != '/')
		return call_fail(call, RPC_INVALID_ARGUMENT, "the id or the bundle is not valid");
	if (*r->checkpoint)
		return call_fail(call, RPC_UNIMPLEMENTED, "restore from a checkpoint comes later");
	ret = new_container(call, r, &c);
	if (ret)
		return ret;
	ret = do_create(c, r, ret_pid, &err);
	if (ret < 0) {
		pthread_mutex_lock(&g_shim.lock);
		list_del(&c->link);
		pthread_mutex_unlock(&g_shim.lock);
		stdio_finish(&c->init.io, 0);
		proc_put(&c->init);
		proc_put(&c->init);
		return call_fail(call, RPC_UNKNOWN, "%s", err.code ? err.text : strerror(-ret));
	}
	e.container_id = c->id;
	e.bundle = c->bundle;
	e.rootfs = r->rootfs;
	e.n_rootfs = r->n_rootfs;
	io.in = r->in;
	io.out = r->out;
	io.err = r->err;
	io.terminal = r->terminal;
	e.io = &io;
	e.pid = (uint32_t)*ret_pid;
	events_publish("/tasks/create", "containerd.events.TaskCreate", &e.base);
	settle(&c->init, PS_CREATED);
	proc_put(&c->init);
	return 0;
}

/* Writes the process object where the runtime reads it: a malloc'd name. */
static char *write_process(const struct container *c, const char *exec_id, const void *text,
			   size_t size, bool terminal)
{
	json_t *j = json_loadb(text, size, 0, NULL);
	char *name = NULL;
	int fd;

	if (!json_is_object(j) || json_object_set_new(j, "terminal", json_boolean(terminal)) < 0 ||
	    asprintf(&name, "%s/%s-process.json", c->bundle, exec_id) < 0) {
		json_decref(j);
		return NULL;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || json_dumpfd(j, fd, JSON_COMPACT) < 0) {
		free(name);
		name = NULL;
	}
	if (fd >= 0)
		close(fd);
	json_decref(j);
	return name;
}

int task_exec(struct call *call, const Shim__ExecRequest *r)
{
	Shim__TaskExecAdded e = SHIM__TASK_EXEC_ADDED__INIT;
	struct proc *init, *old, *p;
	int ret = 0;

	if (!id_is_sane(r->exec_id))
		return call_fail(call, RPC_INVALID_ARGUMENT, "the exec id is not valid");
	if (!r->spec)
		return call_fail(call, RPC_INVALID_ARGUMENT, "no process is given");
	init = proc_get(r->id, "");
	if (!init)
		return call_fail(call, RPC_NOT_FOUND, "container %s does not exist", r->id);
	p = calloc(1, sizeof(*p));
	if (!p) {
		proc_put(init);
		return call_fail(call, RPC_INTERNAL, "out of memory");
	}
	p->c = init->c; /* with the reference on init */
	p->refs = 1;
	p->exec_id = strdup(r->exec_id);
	p->state = PS_CREATED;
	if (stdio_init(&p->io, r->in, r->out, r->err, r->terminal) < 0 || !p->exec_id)
		ret = call_fail(call, RPC_INTERNAL, "out of memory");
	if (ret == 0 && init->ended)
		ret = call_fail(call, RPC_FAILED_PRECONDITION, "container %s has stopped", r->id);
	old = ret ? NULL : proc_get(r->id, r->exec_id);
	if (old) {
		proc_put(old);
		ret = call_fail(call, RPC_ALREADY_EXISTS, "exec %s exists", r->exec_id);
	}
	if (ret == 0) {
		p->spec = write_process(p->c, r->exec_id, r->spec->value.data, r->spec->value.len,
					r->terminal);
		if (!p->spec)
			ret = call_fail(call, RPC_INVALID_ARGUMENT,
					"the process object cannot be used");
	}
	if (ret) {
		proc_put(p);
		return ret;
	}
	pthread_mutex_lock(&g_shim.lock);
	list_add_tail(&p->link, &p->c->execs);
	pthread_mutex_unlock(&g_shim.lock);
	e.container_id = r->id;
	e.exec_id = r->exec_id;
	events_publish("/tasks/exec-added", "containerd.events.TaskExecAdded", &e.base);
	return 0;
}

static void told_start(struct proc *p)
{
	if (*p->exec_id) {
		Shim__TaskExecStarted e = SHIM__TASK_EXEC_STARTED__INIT;

		e.container_id = p->c->id;
		e.exec_id = p->exec_id;
		e.pid = (uint32_t)p->pid;
		events_publish("/tasks/exec-started", "containerd.events.TaskExecStarted", &e.base);
	} else {
		Shim__TaskStart e = SHIM__TASK_START__INIT;

		e.container_id = p->c->id;
		e.pid = (uint32_t)p->pid;
		events_publish("/tasks/start", "containerd.events.TaskStart", &e.base);
	}
}

int task_start(struct call *call, struct proc *p, pid_t *ret_pid)
{
	struct rt_err err = { 0 };
	bool ready;
	pid_t pid = 0;
	int ret;

	pthread_mutex_lock(&g_shim.lock);
	ready = p->state == PS_CREATED;
	if (ready)
		p->state = PS_STARTING;
	pthread_mutex_unlock(&g_shim.lock);
	if (!ready)
		return call_fail(call, RPC_FAILED_PRECONDITION, "%s is not in the created state",
				 *p->exec_id ? p->exec_id : p->c->id);
	reap_hold();
	if (*p->exec_id) {
		ret = runtime_exec(p, &pid, &err);
		if (ret == 0)
			ret = proc_runs(p, pid);
	} else {
		ret = runtime_command(p->c, &err, "start", p->c->id, NULL);
	}
	reap_release();
	if (ret < 0) {
		if (*p->exec_id)
			stdio_finish(&p->io, 0);
		settle(p, PS_CREATED);
		return call_fail(call, RPC_UNKNOWN, "%s", err.code ? err.text : strerror(-ret));
	}
	told_start(p);
	*ret_pid = p->pid;
	settle(p, PS_RUNNING);
	return 0;
}

static int remove_container(struct call *call, struct proc *p)
{
	struct container *c = p->c;
	struct rt_err err = { 0 };
	char rootfs[4200];
	int ret;

	ret = p->ended ? runtime_command(c, &err, "delete", c->id, NULL) :
			 runtime_command(c, &err, "delete", "--force", c->id, NULL);
	if (ret < 0 && !strstr(err.text, "does not exist"))
		return call_fail(call, RPC_UNKNOWN, "%s", err.text);
	stdio_finish(&p->io, INIT_OUTPUT_MS);
	snprintf(rootfs, sizeof(rootfs), "%s/rootfs", c->bundle);
	if (c->mounted)
		mounts_undo(rootfs);
	if (c->oom_fd >= 0)
		loop_unwatch(c->oom_fd);
	return 0;
}

int task_delete(struct call *call, struct proc *p, Shim__DeleteResponse *ret, Shim__Time *ret_time)
{
	bool exec = *p->exec_id, may;
	struct waiter *w = NULL, *next;
	int code = 0;

	pthread_mutex_lock(&g_shim.lock);
	may = !p->deleting && (p->state == PS_STOPPED || p->state == PS_CREATED) &&
	      (exec || list_empty(&p->c->execs));
	p->deleting |= may;
	pthread_mutex_unlock(&g_shim.lock);
	if (!may)
		return call_fail(call, RPC_FAILED_PRECONDITION,
				 "%s cannot be deleted: it runs, or execs of it are left",
				 exec ? p->exec_id : p->c->id);
	if (exec)
		stdio_finish(&p->io, EXEC_OUTPUT_MS);
	else
		code = remove_container(call, p);
	pthread_mutex_lock(&g_shim.lock);
	if (code)
		p->deleting = false;
	else
		list_del(exec ? &p->link : &p->c->link);
	if (!code && !p->ended && exec) { /* never started: it will not end either */
		w = p->waiters;
		p->waiters = NULL;
	}
	pthread_mutex_unlock(&g_shim.lock);
	if (code)
		return code;
	for (; w; w = next) {
		next = w->next;
		answer_wait(w->call, p);
		free(w);
	}
	ret->pid = (uint32_t)p->pid;
	ret->exit_status = p->exit_code;
	set_time(ret_time, &p->exited_at);
	ret->exited_at = ret_time;
	if (!exec) {
		Shim__TaskDelete e = SHIM__TASK_DELETE__INIT;

		e.container_id = p->c->id;
		e.pid = ret->pid;
		e.exit_status = ret->exit_status;
		e.exited_at = ret_time;
		events_publish("/tasks/delete", "containerd.events.TaskDelete", &e.base);
	}
	proc_put(p); /* the list's */
	return 0;
}

int task_kill(struct call *call, struct proc *p, unsigned int sig, bool all)
{
	struct rt_err err = { 0 };
	char nr[16];
	bool ended;
	pid_t pid;
	int ret;

	pthread_mutex_lock(&g_shim.lock);
	ended = p->ended;
	pid = p->pid;
	p->killed |= sig == SIGKILL;
	pthread_mutex_unlock(&g_shim.lock);
	if (pid == 0 && *p->exec_id)
		return call_fail(call, RPC_FAILED_PRECONDITION, "exec %s is not started",
				 p->exec_id);
	if (ended && !all)
		return call_fail(call, RPC_NOT_FOUND, "process already finished");
	snprintf(nr, sizeof(nr), "%u", sig);
	if (*p->exec_id) {
		ret = kill(pid, (int)sig) < 0 ? -errno : 0;
		if (ret == -ESRCH)
			return call_fail(call, RPC_NOT_FOUND, "process already finished");
		return ret ? call_fail(call, RPC_UNKNOWN, "kill: %s", strerror(-ret)) : 0;
	}
	if (all)
		ret = runtime_command(p->c, &err, "kill", "--all", p->c->id, nr, NULL);
	else
		ret = runtime_command(p->c, &err, "kill", p->c->id, nr, NULL);
	if (ret == 0)
		return 0;
	if (strstr(err.text, "already finished") || strstr(err.text, "not running") ||
	    strstr(err.text, "no such process") || strstr(err.text, "does not exist"))
		return call_fail(call, RPC_NOT_FOUND, "process already finished: %s", err.text);
	return call_fail(call, RPC_UNKNOWN, "%s", err.text);
}

int task_pause(struct call *call, struct proc *p, bool pause)
{
	enum proc_state from = pause ? PS_RUNNING : PS_PAUSED, to = pause ? PS_PAUSED : PS_RUNNING;
	Shim__TaskId e = SHIM__TASK_ID__INIT;
	struct rt_err err = { 0 };
	bool may;

	pthread_mutex_lock(&g_shim.lock);
	may = p->state == from;
	pthread_mutex_unlock(&g_shim.lock);
	if (!may)
		return call_fail(call, RPC_FAILED_PRECONDITION, "container %s is not %s", p->c->id,
				 pause ? "running" : "paused");
	if (runtime_command(p->c, &err, pause ? "pause" : "resume", p->c->id, NULL) < 0)
		return call_fail(call, RPC_UNKNOWN, "%s", err.text);
	pthread_mutex_lock(&g_shim.lock);
	if (p->state == from)
		p->state = to;
	pthread_mutex_unlock(&g_shim.lock);
	e.container_id = p->c->id;
	if (pause)
		events_publish("/tasks/paused", "containerd.events.TaskPaused", &e.base);
	else
		events_publish("/tasks/resumed", "containerd.events.TaskResumed", &e.base);
	return 0;
}

int task_wait(struct call *call, struct proc *p)
{
	struct waiter *w = calloc(1, sizeof(*w));
	bool stopped;

	if (!w)
		return call_fail(call, RPC_INTERNAL, "out of memory");
	pthread_mutex_lock(&g_shim.lock);
	stopped = p->state == PS_STOPPED;
	if (!stopped) {
		call_keep(call);
		w->call = call;
		w->next = p->waiters;
		p->waiters = w;
	}
	pthread_mutex_unlock(&g_shim.lock);
	if (stopped) {
		free(w);
		answer_wait(call, p);
	}
	return CALL_KEPT;
}

void task_state(struct proc *p, Shim__StateResponse *ret, Shim__Time *ret_time)
{
	static const Shim__Status status[] = {
		[PS_CREATING] = SHIM__STATUS__CREATED, [PS_CREATED] = SHIM__STATUS__CREATED,
		[PS_STARTING] = SHIM__STATUS__CREATED, [PS_RUNNING] = SHIM__STATUS__RUNNING,
		[PS_PAUSED] = SHIM__STATUS__PAUSED,    [PS_STOPPED] = SHIM__STATUS__STOPPED,
	};

	pthread_mutex_lock(&g_shim.lock);
	ret->status = status[p->state];
	ret->pid = (uint32_t)p->pid;
	ret->exit_status = p->exit_code;
	set_time(ret_time, &p->exited_at);
	ret->exited_at = ret_time;
	pthread_mutex_unlock(&g_shim.lock);
	ret->id = p->c->id;
	ret->exec_id = p->exec_id;
	ret->bundle = p->c->bundle;
	ret->in = p->io.path[0];
	ret->out = p->io.path[1];
	ret->err = p->io.path[2];
	ret->terminal = p->io.terminal;
}

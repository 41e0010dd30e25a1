/* SPDX-License-Identifier: Apache-2.0 */
/* The task service, version 2 and 3: decoding, calling task.c, encoding. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "log.h"
#include "runtime.h"
#include "server.h"
#include "shim.h"
#include "shim/task.pb-c.h"
#include "task.h"
#include "ttrpc.h"

#define DECODE(call, type) shim__##type##__unpack(NULL, (call)->size, (call)->data)
#define DONE(type, m)      shim__##type##__free_unpacked(m, NULL)

static int undecodable(struct call *c)
{
	return call_fail(c, RPC_INVALID_ARGUMENT, "the request cannot be decoded");
}

/*
 * The process named by a request that starts with id and exec_id; the code is in the call if NULL.
 */
static struct proc *named(struct call *c, const char *id, const char *exec_id)
{
	struct proc *p = proc_get(id, exec_id);

	if (!p)
		call_fail(c, RPC_NOT_FOUND, "%s %s does not exist: not found",
			  *exec_id ? "exec" : "container", *exec_id ? exec_id : id);
	return p;
}

static int m_create(struct call *c)
{
	Shim__CreateRequest *r = DECODE(c, create_request);
	Shim__PidResponse out = SHIM__PID_RESPONSE__INIT;
	pid_t pid;
	int ret;

	if (!r)
		return undecodable(c);
	ret = task_create(c, r, &pid);
	DONE(create_request, r);
	if (ret)
		return ret;
	out.pid = (uint32_t)pid;
	return call_reply(c, &out.base);
}

static int m_exec(struct call *c)
{
	Shim__ExecRequest *r = DECODE(c, exec_request);
	int ret;

	if (!r)
		return undecodable(c);
	ret = task_exec(c, r);
	DONE(exec_request, r);
	return ret;
}

/* What a method does with the process that a request {id, exec_id} names. */
static int with_proc(struct call *c, int (*fn)(struct call *c, struct proc *p))
{
	Shim__ProcRequest *r = DECODE(c, proc_request);
	struct proc *p;
	int ret;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, r->exec_id);
	DONE(proc_request, r);
	if (!p)
		return c->code;
	ret = fn(c, p);
	proc_put(p);
	return ret;
}

/* The same for requests of which only the id counts. */
static int with_container(struct call *c, int (*fn)(struct call *c, struct proc *p))
{
	Shim__IdRequest *r = DECODE(c, id_request);
	struct proc *p;
	int ret;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, "");
	DONE(id_request, r);
	if (!p)
		return c->code;
	ret = fn(c, p);
	proc_put(p);
	return ret;
}

static int start(struct call *c, struct proc *p)
{
	Shim__PidResponse out = SHIM__PID_RESPONSE__INIT;
	pid_t pid;
	int ret = task_start(c, p, &pid);

	if (ret)
		return ret;
	out.pid = (uint32_t)pid;
	return call_reply(c, &out.base);
}

static int m_start(struct call *c)
{
	return with_proc(c, start);
}

static int delete (struct call *c, struct proc *p)
{
	Shim__DeleteResponse out = SHIM__DELETE_RESPONSE__INIT;
	Shim__Time t = SHIM__TIME__INIT;
	int ret = task_delete(c, p, &out, &t);

	return ret ? ret : call_reply(c, &out.base);
}

static int m_delete(struct call *c)
{
	return with_proc(c, delete);
}

static int state(struct call *c, struct proc *p)
{
	Shim__StateResponse out = SHIM__STATE_RESPONSE__INIT;
	Shim__Time t = SHIM__TIME__INIT;

	task_state(p, &out, &t);
	return call_reply(c, &out.base);
}

static int m_state(struct call *c)
{
	return with_proc(c, state);
}

static int m_wait(struct call *c)
{
	return with_proc(c, task_wait);
}

static int m_kill(struct call *c)
{
	Shim__KillRequest *r = DECODE(c, kill_request);
	struct proc *p;
	int ret;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, r->exec_id);
	ret = p ? task_kill(c, p, r->signal, r->all) : c->code;
	if (p)
		proc_put(p);
	DONE(kill_request, r);
	return ret;
}

static int pause_(struct call *c, struct proc *p)
{
	return task_pause(c, p, true);
}

static int resume(struct call *c, struct proc *p)
{
	return task_pause(c, p, false);
}

static int m_pause(struct call *c)
{
	return with_container(c, pause_);
}

static int m_resume(struct call *c)
{
	return with_container(c, resume);
}

static int m_resize(struct call *c)
{
	Shim__ResizeRequest *r = DECODE(c, resize_request);
	struct proc *p;
	int ret = 0;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, r->exec_id);
	if (p) {
		ret = stdio_resize(&p->io, r->width, r->height);
		proc_put(p);
	}
	DONE(resize_request, r);
	if (ret < 0)
		call_fail(c, RPC_UNKNOWN, "resize: %s", strerror(-ret));
	return c->code;
}

static int m_close_io(struct call *c)
{
	Shim__CloseIoRequest *r = DECODE(c, close_io_request);
	struct proc *p;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, r->exec_id);
	if (p && r->in) {
		pthread_mutex_lock(&g_shim.lock);
		stdio_close_stdin(&p->io);
		pthread_mutex_unlock(&g_shim.lock);
	}
	if (p)
		proc_put(p);
	DONE(close_io_request, r);
	return c->code;
}

/* Process numbers as `ps` prints them; those of execs carry their id. */
static int pids(struct call *c, struct proc *p)
{
	Shim__PidsResponse out = SHIM__PIDS_RESPONSE__INIT;
	Shim__ProcessInfo *info = NULL, **ptr = NULL;
	Shim__Any *any = NULL;
	auto_free char *text = NULL;
	struct rt_err err = { 0 };
	json_t *list, *v;
	size_t i, n;
	int ret;

	if (runtime_output(p->c, &text, &err, "ps", "--format", "json", p->c->id, NULL) < 0)
		return call_fail(c, RPC_UNKNOWN, "%s", err.text);
	list = json_loads(text, 0, NULL);
	n = json_array_size(list);
	info = calloc(n + 1, sizeof(*info));
	ptr = calloc(n + 1, sizeof(*ptr));
	any = calloc(n + 1, sizeof(*any));
	if (!info || !ptr || !any) {
		ret = call_fail(c, RPC_INTERNAL, "out of memory");
		goto out;
	}
	json_array_foreach(list, i, v)
	{
		Shim__ProcessDetails d = SHIM__PROCESS_DETAILS__INIT;
		struct proc *e;

		shim__process_info__init(&info[i]);
		info[i].pid = (uint32_t)json_integer_value(v);
		ptr[i] = &info[i];
		pthread_mutex_lock(&g_shim.lock);
		list_for_each_entry(e, &p->c->execs, link) {
			if ((uint32_t)e->pid != info[i].pid || info[i].info)
				continue;
			shim__any__init(&any[i]);
			d.exec_id = e->exec_id;
			any[i].type_url = (char *)"containerd.runc.v1.ProcessDetails";
			any[i].value.data = malloc(shim__process_details__get_packed_size(&d) + 1);
			if (any[i].value.data)
				any[i].value.len =
					shim__process_details__pack(&d, any[i].value.data);
			info[i].info = &any[i];
		}
		pthread_mutex_unlock(&g_shim.lock);
	}
	out.processes = ptr;
	out.n_processes = n;
	ret = call_reply(c, &out.base);
	for (i = 0; i < n; i++)
		free(any[i].value.data);
out:
	json_decref(list);
	free(info);
	free(ptr);
	free(any);
	return ret;
}

static int m_pids(struct call *c)
{
	return with_container(c, pids);
}

static int m_update(struct call *c)
{
	Shim__UpdateRequest *r = DECODE(c, update_request);
	struct rt_err err = { 0 };
	struct proc *p;

	if (!r)
		return undecodable(c);
	p = named(c, r->id, "");
	if (p) {
		if (!r->resources)
			call_fail(c, RPC_INVALID_ARGUMENT, "no resources are given");
		else if (runtime_command_in(p->c, r->resources->value.data, r->resources->value.len,
					    &err, "update", "--resources", "-", p->c->id, NULL) < 0)
			call_fail(c, RPC_UNKNOWN, "%s", err.text);
		proc_put(p);
	}
	DONE(update_request, r);
	return c->code;
}

static int stats(struct call *c, struct proc *p)
{
	Shim__StatsResponse out = SHIM__STATS_RESPONSE__INIT;
	Shim__Any any = SHIM__ANY__INIT;
	struct usage u;
	const char *type;
	uint8_t *data;
	bool alone;
	int ret;

	if (!cgroup_known(&p->c->cg))
		return call_fail(c, RPC_NOT_FOUND,
				 "container %s has no cgroup of its own: not found", p->c->id);
	alone = runtime_usage(p->c, &u);
	if (cgroup_metrics(&p->c->cg, alone ? &u : NULL, &data, &any.value.len, &type) < 0)
		return call_fail(c, RPC_INTERNAL, "out of memory");
	any.type_url = (char *)type;
	any.value.data = data;
	out.stats = &any;
	ret = call_reply(c, &out.base);
	free(data);
	return ret;
}

static int m_stats(struct call *c)
{
	return with_container(c, stats);
}

static int m_connect(struct call *c)
{
	Shim__ConnectResponse out = SHIM__CONNECT_RESPONSE__INIT;
	Shim__IdRequest *r = DECODE(c, id_request);
	struct proc *p = r ? proc_get(r->id, "") : NULL;

	if (!r)
		return undecodable(c);
	DONE(id_request, r);
	out.shim_pid = (uint32_t)getpid();
	if (p) {
		out.task_pid = (uint32_t)p->pid;
		proc_put(p);
	}
	out.version = (char *)HUSK_VERSION;
	return call_reply(c, &out.base);
}

static int m_shutdown(struct call *c)
{
	bool empty;

	pthread_mutex_lock(&g_shim.lock);
	empty = list_empty(&g_shim.containers);
	pthread_mutex_unlock(&g_shim.lock);
	/* Asked for once per container: the last one means it. */
	if (empty)
		loop_stop();
	return 0;
}

static int m_checkpoint(struct call *c)
{
	return call_fail(c, RPC_UNIMPLEMENTED, "checkpoint comes later; not in this version");
}

static const struct {
	const char *name;
	int (*fn)(struct call *c);
} methods[] = {
	{ "State", m_state },       { "Create", m_create },
	{ "Start", m_start },       { "Delete", m_delete },
	{ "Pids", m_pids },         { "Pause", m_pause },
	{ "Resume", m_resume },     { "Checkpoint", m_checkpoint },
	{ "Kill", m_kill },         { "Exec", m_exec },
	{ "ResizePty", m_resize },  { "CloseIO", m_close_io },
	{ "Update", m_update },     { "Wait", m_wait },
	{ "Stats", m_stats },       { "Connect", m_connect },
	{ "Shutdown", m_shutdown },
};

int service_call(struct call *c)
{
	if (strcmp(c->service, "containerd.task.v2.Task") != 0 &&
	    strcmp(c->service, "containerd.task.v3.Task") != 0)
		return call_fail(c, RPC_UNIMPLEMENTED, "service %s is not there", c->service);
	slog_dbg("call %s", c->method);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(methods[i].name, c->method) == 0)
			return methods[i].fn(c);
	}
	return call_fail(c, RPC_UNIMPLEMENTED, "method %s is not there", c->method);
}

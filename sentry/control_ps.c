/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of the sandbox as JSON. Names are the guest's: they are escaped byte by byte.
 *
 * Locking: takes the tasklist for one process at a time.
 */
#include "control_ps.h"

#include "control.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/task.h"

#define PS_MAX 59000 /* fits a control message */

struct out {
	char *p;
	size_t n;
};

static void put(struct out *o, const char *fmt, ...) __printf(2, 3);
static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	o->n += (size_t)vsnprintf(o->p + o->n, PS_MAX - o->n, fmt, ap);
	va_end(ap);
}

static void put_escaped(struct out *o, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		/* what is not ASCII may not be UTF-8 either */
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			put(o, "\\u%04x", c);
		else
			put(o, "%c", c);
	}
}

static void put_process(struct out *o, struct task *t, int host_pid)
{
	uint64_t now = host_clock_ns(HOST_CLOCK_BOOTTIME), cpu = 0;
	char comm[TASK_COMM_LEN];
	struct cred *cred = task_cred_get(t);
	struct list_head *p;
	int ppid = 0, tty = 0;

	task_comm_get(t, comm);
	mutex_lock(&g_kernel->tasklist_lock);
	if (t->tg->parent)
		ppid = t->tg->parent->tgid;
	if (t->tg->session && t->tg->session->tty && g_tty_ops)
		tty = (int)g_tty_ops->dev(t->tg->session->tty);
	cpu = t->tg->dead_usage.utime_ns + t->tg->dead_usage.stime_ns;
	for (p = t->tg->threads.next; p != &t->tg->threads; p = p->next) {
		struct task *th = container_of(p, struct task, tg_link);

		cpu += th->usage.utime_ns + th->usage.stime_ns;
	}
	mutex_unlock(&g_kernel->tasklist_lock);
	put(o,
	    "%s{\"pid\":%d,\"ppid\":%d,\"uid\":%u,\"state\":\"%c\",\"tty\":%d,\"time\":%llu,"
	    "\"start\":%llu,\"cmd\":\"",
	    o->n > 1 ? "," : "", t->tg->tgid, ppid, cred ? cred->euid : 0, t->state, tty,
	    (unsigned long long)(cpu / 1000000),
	    (unsigned long long)((now - t->start_ns) / 1000000000));
	put_escaped(o, comm);
	put(o, "\"");
	if (host_pid)
		put(o, ",\"host\":%d", host_pid);
	put(o, "}");
	if (cred)
		cred_put(cred);
}

char *control_ps(struct control *c, struct container *ct)
{
	struct out o = { .p = malloc(PS_MAX + 1) };
	struct task *t;

	if (!o.p)
		return NULL;
	put(&o, "[");
	for (int id = 1; (t = pid_next_task(ct->pid_ns, id, true)); task_put(t)) {
		id = t->tid + 1;
		if (t->tg->container == ct && o.n + 512 < PS_MAX)
			put_process(&o, t, control_host_pid(c, t->tg));
	}
	put(&o, "]");
	return o.p;
}

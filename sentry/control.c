/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control thread: one poll loop over the command's socket and those of other commands. It never
 * waits for the guest; requests are answered at once.
 *
 * Locking: control.lock guards init, con and started; it is held while a signal is sent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "console.h"
#include "control.h"
#include "fs/devpts/tty.h"
#include "host/host.h"
#include "kernel/kernel.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "proto/control.h"

#define LOG_TAG "control"
#include "base/log.h"

#define MAX_CONNS 16

struct control {
	int ctl, listen;
	bool foreground;
	struct host_thread *thread;
	int conns[MAX_CONNS]; /* control thread only; -1 free */

	struct mutex lock; /* LC_CONTROL */
	struct tgroup *init;
	struct console *con;
	uint32_t started; /* futex word: CTL_START came */
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

void control_send_ready(struct control *c)
{
	const struct ctl_ready m = { 0 };

	send_msg(c->ctl, CTL_READY, 0, &m, NULL, 0);
}

void control_send_exit(struct control *c, int wait_status)
{
	const struct ctl_exit m = { .status = (uint32_t)wait_status };

	send_msg(c->ctl, CTL_EXIT, 0, &m, NULL, 0);
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

/* The foreground group of the terminal, or init's own group where there is no terminal. */
static int signal_foreground(struct control *c, int sig)
{
	struct pgroup *pg = NULL;
	int ret;

	if (c->con)
		pg = console_foreground(c->con);
	if (!pg) {
		/* init may have ended already: then it has no leader and no group any more */
		mutex_lock(&g_kernel->tasklist_lock);
		if (c->init->leader && c->init->pgrp)
			pg = pgroup_get(c->init->pgrp);
		mutex_unlock(&g_kernel->tasklist_lock);
	}
	if (!pg)
		return -ESRCH;
	ret = signal_send_pgrp(pg, sig, NULL);
	pgroup_put(pg);
	return ret;
}

static int signal_all(int sig)
{
	struct task *t;
	int ret = -ESRCH;

	/* by number: groups come and go while the signals are sent */
	for (int id = 1; (t = pid_next_task(id, true)); task_put(t)) {
		id = t->tid + 1;
		if (signal_send_tgroup(t->tg, sig, NULL) == 0)
			ret = 0;
	}
	return ret;
}

static int do_signal(struct control *c, const struct ctl_signal *s)
{
	struct tgroup *tg;
	int ret;

	if (s->sig < 0 || s->sig > 64)
		return -EINVAL;
	if (!c->init)
		return -ESRCH;
	if (s->foreground)
		return signal_foreground(c, s->sig);
	if (s->pid == -1)
		return signal_all(s->sig);
	if (s->pid == 0)
		return signal_send_tgroup(c->init, s->sig, NULL);
	tg = s->pid > 0 ? tgroup_find(g_kernel, s->pid) : NULL;
	if (!tg)
		return -ESRCH;
	ret = signal_send_tgroup(tg, s->sig, NULL);
	tgroup_put(tg);
	return ret;
}

/* [{"pid":1},...] */
static size_t list_processes(char *buf, size_t size)
{
	struct task *t;
	size_t n = 0;

	n += (size_t)snprintf(buf + n, size - n, "[");
	for (int id = 1; (t = pid_next_task(id, true)); task_put(t)) {
		id = t->tid + 1;
		if (n + 64 < size)
			n += (size_t)snprintf(buf + n, size - n, "%s{\"pid\":%d}", n > 1 ? "," : "",
					      t->tid);
	}
	n += (size_t)snprintf(buf + n, size - n, "]");
	return n;
}

static void reply(int fd, uint64_t tag, int error, const char *text, size_t size)
{
	const struct ctl_reply r = { .error = error };

	send_msg(fd, CTL_REPLY, tag, &r, text, size);
}

static void on_request(struct control *c, int fd, const struct ctl_msg *m)
{
	const struct ctl_resize *r;
	char text[4096];
	size_t n;
	int ret;

	switch (m->op) {
	case CTL_SIGNAL:
		mutex_lock(&c->lock);
		ret = do_signal(c, m->fixed);
		mutex_unlock(&c->lock);
		/* the command that started us does not wait for answers */
		if (fd != c->ctl)
			reply(fd, m->tag, ret, NULL, 0);
		break;
	case CTL_RESIZE:
		r = m->fixed;
		mutex_lock(&c->lock);
		console_resize(c->con, r->rows, r->cols, r->xpixel, r->ypixel);
		mutex_unlock(&c->lock);
		break;
	case CTL_START:
		__atomic_store_n(&c->started, 1, __ATOMIC_RELEASE);
		host_futex_wake(&c->started, 1);
		reply(fd, m->tag, 0, NULL, 0);
		break;
	case CTL_PS:
		n = list_processes(text, sizeof(text));
		reply(fd, m->tag, 0, text, n);
		break;
	case CTL_STATE:
		n = (size_t)snprintf(text, sizeof(text), "%s", c->init ? "running" : "created");
		reply(fd, m->tag, 0, text, n);
		break;
	default:
		reply(fd, m->tag, -ENOSYS, NULL, 0);
	}
}

/* False at the end of the connection. */
static bool on_readable(struct control *c, int fd)
{
	static char buf[CTL_MSG_MAX] __aligned(8);
	unsigned int nr_fds = 0;
	struct ctl_msg m;
	ssize_t n = host_recv(fd, buf, sizeof(buf), NULL, &nr_fds, HOST_MSG_DONTWAIT);

	if (n == -EAGAIN || n == -EMSGSIZE)
		return true;
	if (n <= 0)
		return false;
	if (ctl_decode(buf, (size_t)n, &m) < 0) {
		log_warn("a control message of %zd bytes makes no sense", n);
		return true;
	}
	on_request(c, fd, &m);
	return true;
}

static void on_connection(struct control *c)
{
	int fd = host_accept(c->listen);

	if (fd < 0)
		return;
	for (unsigned int i = 0; i < MAX_CONNS; i++) {
		if (c->conns[i] < 0) {
			c->conns[i] = fd;
			return;
		}
	}
	host_close(fd);
}

static void control_main(void *arg)
{
	struct control *c = arg;
	bool ctl_open = true;

	for (;;) {
		struct host_pollfd p[MAX_CONNS + 2];

		p[0] = (struct host_pollfd){ ctl_open ? c->ctl : -1, HOST_POLLIN, 0 };
		p[1] = (struct host_pollfd){ c->listen, HOST_POLLIN, 0 };
		for (unsigned int i = 0; i < MAX_CONNS; i++)
			p[2 + i] = (struct host_pollfd){ c->conns[i], HOST_POLLIN, 0 };
		if (host_poll(p, ARRAY_SIZE(p), HOST_NO_DEADLINE) <= 0)
			continue;
		if (p[0].revents && !on_readable(c, c->ctl)) {
			ctl_open = false;
			/* we are pid 1 of everything: this ends the guests too */
			if (c->foreground) {
				log_info("the command is gone");
				host_exit(128);
			}
		}
		if (p[1].revents)
			on_connection(c);
		for (unsigned int i = 0; i < MAX_CONNS; i++) {
			if (p[2 + i].revents && !on_readable(c, c->conns[i])) {
				host_close(c->conns[i]);
				c->conns[i] = -1;
			}
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
		c->conns[i] = -1;
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
	mutex_unlock(&c->lock);
}

void control_wait_start(struct control *c)
{
	while (!__atomic_load_n(&c->started, __ATOMIC_ACQUIRE))
		host_futex_wait(&c->started, 0, HOST_NO_DEADLINE);
}

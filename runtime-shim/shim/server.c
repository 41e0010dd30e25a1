/* SPDX-License-Identifier: Apache-2.0 */
/* The main loop. Only it reads connections; answers are written by whoever has them. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "log.h"
#include "reap.h"
#include "shim.h"
#include "shim/task.pb-c.h"
#include "ttrpc.h"

#define STACK       (512 << 10)
#define MAX_CALLS   512
#define SEND_MS     10000
#define IDLE_EXIT_S 60 /* without containers and without containerd */

struct source {
	struct list_head link;
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

struct conn {
	struct source src;
	atomic_uint refs;
	struct ttrpc_reader reader;
	pthread_mutex_t wlock; /* whole frames */
	bool broken;           /* wlock */
};

static int g_epoll = -1;
static atomic_bool g_stop;
static atomic_uint g_calls, g_conns;
/* g_lock guards the list of sources, which other threads add to. */
static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(g_sources);

int loop_thread(void *(*fn)(void *), void *arg)
{
	pthread_attr_t at;
	pthread_t th;
	int ret;

	pthread_attr_init(&at);
	pthread_attr_setstacksize(&at, STACK);
	pthread_attr_setdetachstate(&at, PTHREAD_CREATE_DETACHED);
	ret = -pthread_create(&th, &at, fn, arg);
	pthread_attr_destroy(&at);
	return ret;
}

static int add_source(struct source *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = s->fd };

	pthread_mutex_lock(&g_lock);
	list_add_tail(&s->link, &g_sources);
	pthread_mutex_unlock(&g_lock);
	return epoll_ctl(g_epoll, EPOLL_CTL_ADD, s->fd, &ev) < 0 ? -errno : 0;
}

int loop_watch(int fd, void (*fn)(void *arg), void *arg)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	s->fn = fn;
	s->arg = arg;
	return add_source(s);
}

void loop_unwatch(int fd)
{
	struct source *s, *next;

	epoll_ctl(g_epoll, EPOLL_CTL_DEL, fd, NULL);
	pthread_mutex_lock(&g_lock);
	list_for_each_entry_safe(s, next, &g_sources, link) {
		if (s->fd == fd) {
			list_del(&s->link);
			free(s);
		}
	}
	pthread_mutex_unlock(&g_lock);
}

static void conn_put(struct conn *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	close(c->src.fd);
	ttrpc_reader_fini(&c->reader);
	pthread_mutex_destroy(&c->wlock);
	free(c);
}

static void conn_drop(struct conn *c)
{
	epoll_ctl(g_epoll, EPOLL_CTL_DEL, c->src.fd, NULL);
	pthread_mutex_lock(&g_lock);
	list_del(&c->src.link);
	pthread_mutex_unlock(&g_lock);
	atomic_fetch_sub(&g_conns, 1);
	conn_put(c);
}

static void conn_send(struct conn *c, const uint8_t *p, size_t n)
{
	pthread_mutex_lock(&c->wlock);
	while (n && !c->broken) {
		struct pollfd w = { .fd = c->src.fd, .events = POLLOUT };
		ssize_t k = send(c->src.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k > 0) {
			p += k;
			n -= (size_t)k;
		} else if (k < 0 && errno == EAGAIN) {
			c->broken = poll(&w, 1, SEND_MS) != 1;
		} else if (k < 0 && errno != EINTR) {
			c->broken = true;
		}
	}
	pthread_mutex_unlock(&c->wlock);
}

int call_fail(struct call *c, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
	c->code = code;
	return code;
}

int call_reply(struct call *c, const ProtobufCMessage *m)
{
	free(c->out);
	c->out = malloc(protobuf_c_message_get_packed_size(m) + 1);
	if (!c->out)
		return call_fail(c, RPC_INTERNAL, "out of memory");
	c->out_size = protobuf_c_message_pack(m, c->out);
	return 0;
}

void call_finish(struct call *c)
{
	Shim__Response r = SHIM__RESPONSE__INIT;
	Shim__RpcStatus st = SHIM__RPC_STATUS__INIT;
	uint8_t *frame;
	size_t n;

	st.code = c->code;
	st.message = c->text;
	r.status = &st;
	if (c->code == 0) {
		r.payload.data = c->out;
		r.payload.len = c->out_size;
	} else {
		slog_dbg("%s: code %d: %s", c->method, c->code, c->text);
	}
	frame = malloc(TTRPC_HEADER + shim__response__get_packed_size(&r));
	if (frame) {
		n = shim__response__pack(&r, frame + TTRPC_HEADER);
		ttrpc_put_header(frame, n, c->stream, TTRPC_RESPONSE);
		conn_send(c->conn, frame, TTRPC_HEADER + n);
		free(frame);
	}
	conn_put(c->conn);
	if (c->owner)
		shim__request__free_unpacked(c->owner, NULL);
	free(c->out);
	if (!c->kept)
		atomic_fetch_sub(&g_calls, 1);
	free(c);
}

void call_keep(struct call *c)
{
	c->kept = true;
	atomic_fetch_sub(&g_calls, 1);
}

static void *call_thread(void *arg)
{
	struct call *c = arg;

	if (service_call(c) != CALL_KEPT)
		call_finish(c);
	return NULL;
}

static void conn_frame(struct conn *c, const struct ttrpc_frame *f)
{
	struct call *call;
	Shim__Request *req;

	if (f->type != TTRPC_REQUEST)
		return;
	call = calloc(1, sizeof(*call));
	if (!call)
		return;
	atomic_fetch_add(&c->refs, 1);
	call->conn = c;
	call->stream = f->stream;
	call->method = "?";
	req = f->too_long ? NULL : shim__request__unpack(NULL, f->size, f->data);
	if (atomic_fetch_add(&g_calls, 1) >= MAX_CALLS)
		call_fail(call, RPC_RESOURCE_EXHAUSTED, "too many calls at once");
	else if (f->too_long)
		call_fail(call, RPC_RESOURCE_EXHAUSTED, "the message is too long");
	else if (!req)
		call_fail(call, RPC_INVALID_ARGUMENT, "the request cannot be decoded");
	call->owner = req;
	if (call->code) {
		call_finish(call);
		return;
	}
	call->service = req->service;
	call->method = req->method;
	call->data = req->payload.data;
	call->size = req->payload.len;
	if (loop_thread(call_thread, call) < 0) {
		call_fail(call, RPC_UNAVAILABLE, "no thread for the call");
		call_finish(call);
	}
}

static void conn_ready(void *arg)
{
	struct conn *c = arg;
	struct ttrpc_frame f;
	uint8_t buf[16384];
	ssize_t n = recv(c->src.fd, buf, sizeof(buf), MSG_DONTWAIT);
	int ret;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || ttrpc_reader_push(&c->reader, buf, (size_t)n) < 0) {
		conn_drop(c);
		return;
	}
	while ((ret = ttrpc_reader_next(&c->reader, &f)) == 1)
		conn_frame(c, &f);
	if (ret < 0) {
		slog_warn("a connection sent what is not ttrpc");
		conn_drop(c);
	}
}

static void listener_ready(void *arg)
{
	int fd = accept4(*(int *)arg, NULL, NULL, SOCK_CLOEXEC);
	struct conn *c;

	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return;
	}
	atomic_store(&c->refs, 1);
	pthread_mutex_init(&c->wlock, NULL);
	c->src.fd = fd;
	c->src.fn = conn_ready;
	c->src.arg = c;
	atomic_fetch_add(&g_conns, 1);
	if (add_source(&c->src) < 0)
		conn_drop(c);
}

static void child_ready(void *arg)
{
	struct signalfd_siginfo si[16];

	if (read(*(int *)arg, si, sizeof(si)) < 0 && errno != EAGAIN)
		slog_err("signalfd: errno %d", errno);
	reap_all();
}

void loop_stop(void)
{
	atomic_store(&g_stop, true);
	kill(getpid(), SIGCHLD);
}

/* Nobody is there and nobody will come: containerd was killed before it made a container. */
static bool forsaken(time_t *since)
{
	struct timespec now;
	bool idle;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&g_shim.lock);
	idle = list_empty(&g_shim.containers) && atomic_load(&g_conns) == 0;
	pthread_mutex_unlock(&g_shim.lock);
	if (!idle)
		*since = now.tv_sec;
	return now.tv_sec - *since >= IDLE_EXIT_S;
}

static void dispatch(int fd)
{
	void (*fn)(void *) = NULL;
	void *arg = NULL;
	struct source *s;

	pthread_mutex_lock(&g_lock);
	list_for_each_entry(s, &g_sources, link) {
		if (s->fd == fd) {
			fn = s->fn;
			arg = s->arg;
			break;
		}
	}
	pthread_mutex_unlock(&g_lock);
	if (fn)
		fn(arg);
}

int loop_run(int listener)
{
	struct timespec now;
	sigset_t set;
	time_t since;
	int sig;

	g_epoll = epoll_create1(EPOLL_CLOEXEC);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sig = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sig < 0 || loop_watch(sig, child_ready, &sig) < 0 ||
	    loop_watch(listener, listener_ready, &listener) < 0)
		return -errno;
	clock_gettime(CLOCK_MONOTONIC, &now);
	since = now.tv_sec;
	while (!(atomic_load(&g_stop) && atomic_load(&g_calls) == 0)) {
		struct epoll_event ev[16];
		int n = epoll_wait(g_epoll, ev, 16, atomic_load(&g_stop) ? 10 : 10000);

		for (int i = 0; i < n; i++)
			dispatch(ev[i].data.fd);
		if (n == 0 && forsaken(&since))
			break;
	}
	return 0;
}

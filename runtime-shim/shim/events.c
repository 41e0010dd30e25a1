/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of events and its thread. Locking: g_lock guards the queue only. */
#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/list.h"
#include "log.h"
#include "reap.h"
#include "shim.h"
#include "shim/task.pb-c.h"
#include "ttrpc.h"

#define QUEUE_MAX   4096
#define ANSWER_MS   5000
#define RETRY_MS    200
#define RETRY_TOTAL 300 /* tries: about a minute */

struct event {
	struct list_head link;
	char topic[32];
	uint8_t *any; /* owned: the packed Any */
	size_t size;
	struct timespec when;
};

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_moved = PTHREAD_COND_INITIALIZER;
static LIST_HEAD(g_queue);
static unsigned int g_queued;

static int connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = -1;

	if (strncmp(path, "unix://", 7) == 0)
		path += 7;
	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return -errno;
	return STEAL_FD(fd);
}

static int send_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno != EINTR)
			return -errno;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

/* Waits for the answer to stream: 0, or an errno. */
static int answer(int fd, uint32_t stream)
{
	struct ttrpc_reader r = { 0 };
	struct ttrpc_frame f;
	uint8_t buf[4096];
	int ret = -ETIMEDOUT;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		while ((ret = ttrpc_reader_next(&r, &f)) == 1) {
			if (f.stream == stream && f.type == TTRPC_RESPONSE) {
				Shim__Response *m = shim__response__unpack(NULL, f.size, f.data);

				ret = m && (!m->status || m->status->code == 0) ? 0 : -EREMOTEIO;
				if (m && ret)
					slog_warn("an event was refused: %s", m->status->message);
				if (m)
					shim__response__free_unpacked(m, NULL);
				goto out;
			}
		}
		if (ret < 0)
			break;
		ret = -ETIMEDOUT;
		if (poll(&p, 1, ANSWER_MS) <= 0)
			break;
		n = recv(fd, buf, sizeof(buf), 0);
		ret = -ECONNRESET;
		if (n <= 0 || ttrpc_reader_push(&r, buf, (size_t)n) < 0)
			break;
	}
out:
	ttrpc_reader_fini(&r);
	return ret;
}

static int by_ttrpc(int *fd, uint32_t *stream, const struct event *e)
{
	Shim__ForwardRequest fwd = SHIM__FORWARD_REQUEST__INIT;
	Shim__Envelope env = SHIM__ENVELOPE__INIT;
	Shim__Time when = SHIM__TIME__INIT;
	Shim__Request req = SHIM__REQUEST__INIT;
	Shim__KeyValue ns = SHIM__KEY_VALUE__INIT, *md[] = { &ns };
	Shim__Any *any;
	auto_free uint8_t *payload = NULL, *frame = NULL;
	size_t n;
	int ret;

	if (*fd < 0) {
		*fd = connect_to(g_shim.ttrpc);
		*stream = 1;
		if (*fd < 0)
			return *fd;
	}
	any = shim__any__unpack(NULL, e->size, e->any);
	if (!any)
		return -ENOMEM;
	when.seconds = e->when.tv_sec;
	when.nanos = (int32_t)e->when.tv_nsec;
	env.timestamp = &when;
	env.namespace_ = (char *)g_shim.ns;
	env.topic = (char *)e->topic;
	env.event = any;
	fwd.envelope = &env;
	payload = malloc(shim__forward_request__get_packed_size(&fwd) + 1);
	req.service = (char *)"containerd.services.events.ttrpc.v1.Events";
	req.method = (char *)"Forward";
	req.payload.data = payload;
	if (payload)
		req.payload.len = shim__forward_request__pack(&fwd, payload);
	shim__any__free_unpacked(any, NULL);
	req.timeout_nano = ANSWER_MS * 1000000ll;
	ns.key = (char *)"containerd-namespace-ttrpc";
	ns.value = (char *)g_shim.ns;
	req.metadata = md;
	req.n_metadata = 1;
	frame = malloc(TTRPC_HEADER + shim__request__get_packed_size(&req));
	if (!payload || !frame)
		return -ENOMEM;
	n = shim__request__pack(&req, frame + TTRPC_HEADER);
	ttrpc_put_header(frame, n, *stream, TTRPC_REQUEST);
	ret = send_all(*fd, frame, TTRPC_HEADER + n);
	if (ret == 0)
		ret = answer(*fd, *stream);
	*stream += 2;
	if (ret < 0 && ret != -EREMOTEIO) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}

static int by_command(const struct event *e)
{
	const char *argv[] = { g_shim.publisher, "--address", g_shim.address,
			       "publish",        "--topic",   e->topic,
			       "--namespace",    g_shim.ns,   NULL };
	int p[2], status;
	struct spawn s = { .argv = (char *const *)argv, .out = -1, .err = -1 };
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	s.in = p[0];
	pid = reap_spawn(&s);
	close(p[0]);
	/* Far below what a pipe holds: cannot block. */
	if (pid > 0 && write(p[1], e->any, e->size) < 0)
		slog_warn("publish: errno %d", errno);
	close(p[1]);
	if (pid < 0)
		return pid;
	status = reap_wait(pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EREMOTEIO;
}

static void *events_thread(void *arg)
{
	uint32_t stream = 1;
	int fd = -1;

	for (;;) {
		struct event *e;
		int ret = -EAGAIN;

		pthread_mutex_lock(&g_lock);
		while (list_empty(&g_queue))
			pthread_cond_wait(&g_moved, &g_lock);
		e = list_first_entry(&g_queue, struct event, link);
		pthread_mutex_unlock(&g_lock);
		for (int i = 0; i < RETRY_TOTAL && ret < 0 && ret != -EREMOTEIO; i++) {
			if (i)
				poll(NULL, 0, RETRY_MS);
			ret = *g_shim.ttrpc ? by_ttrpc(&fd, &stream, e) : by_command(e);
		}
		if (ret < 0)
			slog_warn("event %s could not be delivered: errno %d", e->topic, -ret);
		pthread_mutex_lock(&g_lock);
		list_del(&e->link);
		g_queued--;
		pthread_cond_broadcast(&g_moved);
		pthread_mutex_unlock(&g_lock);
		free(e->any);
		free(e);
	}
	return NULL;
}

int events_start(void)
{
	pthread_attr_t at;
	pthread_t th;
	int ret;

	pthread_attr_init(&at);
	pthread_attr_setstacksize(&at, 256 << 10);
	pthread_attr_setdetachstate(&at, PTHREAD_CREATE_DETACHED);
	ret = -pthread_create(&th, &at, events_thread, NULL);
	pthread_attr_destroy(&at);
	return ret;
}

void events_publish(const char *topic, const char *type, const ProtobufCMessage *m)
{
	Shim__Any any = SHIM__ANY__INIT;
	struct event *e = calloc(1, sizeof(*e));
	auto_free uint8_t *data = malloc(protobuf_c_message_get_packed_size(m) + 1);

	if (!e || !data)
		goto lost;
	any.type_url = (char *)type;
	any.value.data = data;
	any.value.len = protobuf_c_message_pack(m, data);
	e->any = malloc(shim__any__get_packed_size(&any) + 1);
	if (!e->any)
		goto lost;
	e->size = shim__any__pack(&any, e->any);
	snprintf(e->topic, sizeof(e->topic), "%s", topic);
	clock_gettime(CLOCK_REALTIME, &e->when);
	pthread_mutex_lock(&g_lock);
	if (g_queued < QUEUE_MAX) {
		list_add_tail(&e->link, &g_queue);
		g_queued++;
		e = NULL;
		pthread_cond_broadcast(&g_moved);
	}
	pthread_mutex_unlock(&g_lock);
	if (!e)
		return;
lost:
	slog_warn("event %s is lost", topic);
	if (e)
		free(e->any);
	free(e);
}

void events_flush(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (ms % 1000) * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&g_lock);
	while (g_queued && pthread_cond_timedwait(&g_moved, &g_lock, &t) == 0)
		;
	pthread_mutex_unlock(&g_lock);
}

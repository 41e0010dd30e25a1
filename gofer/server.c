/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that serve the connection: each takes a request from the socket, answers it, and
 * takes the next. Several of them, so that a slow request (fsync, a huge directory) does not hold
 * up the others. The end of the connection ends the process.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "server.h"

#define WORKER_STACK (128 * 1024)

static pthread_mutex_t g_start = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t g_started;

/* 0, or -errno if the connection is of no more use. The descriptors are closed. */
static int send_reply(int sock, void *buf, size_t size, const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(GOFER_MANY_MAX * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int ret;

	if (nr_fds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nr_fds * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	ret = n < 0 ? -errno : 0;
	for (unsigned int i = 0; i < nr_fds; i++)
		close(fds[i]);
	if (nr_fds > 0 && ret == -ETOOMANYREFS) {
		/* Too many descriptors under way: the sentry gets an error it can understand. */
		struct gofer_hdr *h = buf;

		h->size = sizeof(*h);
		h->error = -EMFILE;
		return send_reply(sock, buf, h->size, NULL, 0);
	}
	return ret;
}

static int serve(struct gofer_server *s)
{
	size_t size = GOFER_REQ_MAX + GOFER_REP_MAX;
	char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;
	long ret;

	if (buf == MAP_FAILED)
		return -ENOMEM;
	for (;;) {
		int fds[GOFER_MANY_MAX];
		unsigned int nr_fds = 0;

		/* No room for control data: descriptors the sentry might send are dropped. */
		n = recv(s->sock, buf, GOFER_REQ_MAX, MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret = n < 0 ? -errno : 0;
			break;
		}
		ret = n > GOFER_REQ_MAX ?
			      -EBADMSG :
			      gofer_dispatch(s, buf, (size_t)n, buf + GOFER_REQ_MAX, fds, &nr_fds);
		if (ret < 0)
			break;
		if (ret > 0) {
			ret = send_reply(s->sock, buf + GOFER_REQ_MAX, (size_t)ret, fds, nr_fds);
			if (ret < 0)
				break;
		}
	}
	munmap(buf, size);
	return (int)ret;
}

static void *worker(void *arg)
{
	/* The C library made its calls for this thread (rseq and so on): seccomp may come. */
	pthread_barrier_wait(&g_started);
	pthread_mutex_lock(&g_start);
	pthread_mutex_unlock(&g_start);
	/* Whoever sees the end of the connection first ends the process. */
	_exit(serve(arg) < 0 ? 1 : 0);
}

int gofer_start_workers(struct gofer_server *s)
{
	pthread_attr_t attr;
	int ret = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&g_start);
	pthread_barrier_init(&g_started, NULL, s->nr_workers);
	for (unsigned int i = 1; i < s->nr_workers && ret == 0; i++) {
		pthread_t t;

		ret = -pthread_create(&t, &attr, worker, s);
	}
	pthread_attr_destroy(&attr);
	if (ret == 0)
		pthread_barrier_wait(&g_started);
	return ret;
}

int gofer_serve(struct gofer_server *s)
{
	pthread_mutex_unlock(&g_start);
	return serve(s);
}

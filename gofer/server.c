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

/* 0, or -errno if the connection is of no more use. fd is closed. */
static int send_reply(int sock, void *buf, size_t size, int fd)
{
	auto_close int owned = fd;
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (fd >= 0 && errno == ETOOMANYREFS) {
		/* Too many descriptors under way: the sentry gets an error it can understand. */
		struct gofer_hdr *h = buf;

		h->size = sizeof(*h);
		h->error = -EMFILE;
		return send_reply(sock, buf, h->size, -1);
	}
	return -errno;
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
		int fd = -1;

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
			      gofer_dispatch(s, buf, (size_t)n, buf + GOFER_REQ_MAX, &fd);
		if (ret < 0)
			break;
		if (ret > 0) {
			ret = send_reply(s->sock, buf + GOFER_REQ_MAX, (size_t)ret, fd);
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

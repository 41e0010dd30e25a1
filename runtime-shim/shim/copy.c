/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copying thread. Every descriptor is non-blocking and in one epoll set, one-shot: a stream
 * waits for its source or for its sink, never for both, so that a full sink costs nothing.
 * Locking: g_lock guards every stream; it is held while bytes move, which never blocks.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "log.h"

#define CHUNK  (1u << 20)
#define BUFFER 16384
/* Rounds a stream gets before the others have their turn. */
#define ROUNDS 16

struct stream {
	struct list_head link;
	unsigned int refs;
	int src, dst;
	bool src_polled, dst_polled; /* in the epoll set */
	bool dst_file;               /* always writable, unknown to epoll */
	bool no_splice, cut, done;
	char *buf; /* owned; bytes between off and end wait for the sink */
	size_t off, end;
};

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_moved;
static LIST_HEAD(g_streams);
static uint64_t g_progress;
static int g_epoll = -1;

static void put_locked(struct stream *s)
{
	if (--s->refs == 0) {
		free(s->buf);
		free(s);
	}
}

static void finish_locked(struct stream *s)
{
	if (s->done)
		return;
	s->done = true;
	/*
	 * By hand: a copy of a terminal's descriptor would stay in the set for its siblings' sake.
	 */
	if (s->src_polled)
		epoll_ctl(g_epoll, EPOLL_CTL_DEL, s->src, NULL);
	if (s->dst_polled)
		epoll_ctl(g_epoll, EPOLL_CTL_DEL, s->dst, NULL);
	close(s->src);
	close(s->dst);
	list_del(&s->link);
	pthread_cond_broadcast(&g_moved);
	put_locked(s);
}

static void arm_locked(struct stream *s, int fd, bool *polled, uint32_t events)
{
	struct epoll_event ev = { .events = events | EPOLLONESHOT, .data.ptr = s };

	if (epoll_ctl(g_epoll, *polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) < 0) {
		slog_warn("epoll_ctl: errno %d: a stream is given up", errno);
		finish_locked(s);
		return;
	}
	*polled = true;
}

/* The source has nothing at the moment: wait for it, or take that for its end. */
static void source_empty_locked(struct stream *s)
{
	if (s->cut)
		finish_locked(s);
	else
		arm_locked(s, s->src, &s->src_polled, EPOLLIN);
}

static void sink_full_locked(struct stream *s)
{
	if (s->dst_file) /* full disk or the like */
		finish_locked(s);
	else
		arm_locked(s, s->dst, &s->dst_polled, EPOLLOUT);
}

/* 1: moved something; 0: waits or is done. */
static int by_splice_locked(struct stream *s)
{
	struct pollfd p = { .fd = s->src, .events = POLLIN };
	ssize_t n = splice(s->src, NULL, s->dst, NULL, CHUNK, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n > 0)
		return 1;
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && errno == EINVAL) {
		s->no_splice = true; /* a terminal, or a file opened for appending */
		return 1;
	}
	if (n == 0 || errno != EAGAIN) {
		finish_locked(s);
		return 0;
	}
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLIN))
		sink_full_locked(s);
	else if (p.revents & (POLLHUP | POLLERR))
		finish_locked(s);
	else
		source_empty_locked(s);
	return 0;
}

static int by_buffer_locked(struct stream *s)
{
	ssize_t n;

	if (!s->buf && !(s->buf = malloc(BUFFER))) {
		finish_locked(s);
		return 0;
	}
	if (s->off < s->end) {
		n = write(s->dst, s->buf + s->off, s->end - s->off);
		if (n > 0) {
			s->off += (size_t)n;
			return 1;
		}
		if (n < 0 && errno == EAGAIN)
			sink_full_locked(s);
		else if (n < 0 && errno == EINTR)
			return 1;
		else
			finish_locked(s);
		return 0;
	}
	n = read(s->src, s->buf, BUFFER);
	if (n > 0) {
		s->off = 0;
		s->end = (size_t)n;
		return 1;
	}
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && errno == EAGAIN)
		source_empty_locked(s);
	else
		finish_locked(s); /* end of file; EIO from a terminal nobody has open any more */
	return 0;
}

static void pump_locked(struct stream *s)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (!(s->no_splice ? by_buffer_locked(s) : by_splice_locked(s)))
			return;
		g_progress++;
	}
	if (s->off < s->end)
		sink_full_locked(s);
	else
		arm_locked(s, s->src, &s->src_polled, EPOLLIN);
}

static void *copy_thread(void *arg)
{
	struct epoll_event ev[32];
	struct stream *s;
	int n;

	for (;;) {
		n = epoll_wait(g_epoll, ev, 32, -1);
		pthread_mutex_lock(&g_lock);
		for (int i = 0; i < n; i++) {
			bool live = false;

			/*
			 * It may have ended since, by an earlier event of this batch or by
			 * copy_stop().
			 */
			list_for_each_entry(s, &g_streams, link) {
				if (s == ev[i].data.ptr) {
					live = true;
					break;
				}
			}
			if (live)
				pump_locked(s);
		}
		pthread_mutex_unlock(&g_lock);
	}
	return NULL;
}

int copy_thread_start(void)
{
	pthread_condattr_t ca;
	pthread_attr_t at;
	pthread_t th;
	int ret;

	g_epoll = epoll_create1(EPOLL_CLOEXEC);
	if (g_epoll < 0)
		return -errno;
	pthread_condattr_init(&ca);
	pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
	pthread_cond_init(&g_moved, &ca);
	pthread_attr_init(&at);
	pthread_attr_setstacksize(&at, 64 << 10);
	pthread_attr_setdetachstate(&at, PTHREAD_CREATE_DETACHED);
	ret = -pthread_create(&th, &at, copy_thread, NULL);
	pthread_attr_destroy(&at);
	return ret;
}

struct stream *copy_start(int src, int dst)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s) {
		close(src);
		close(dst);
		return NULL;
	}
	s->refs = 2;
	s->src = src;
	s->dst = dst;
	s->dst_file = fstat(dst, &st) == 0 && S_ISREG(st.st_mode);
	fcntl(src, F_SETFL, fcntl(src, F_GETFL) | O_NONBLOCK);
	if (!s->dst_file)
		fcntl(dst, F_SETFL, fcntl(dst, F_GETFL) | O_NONBLOCK);
	pthread_mutex_lock(&g_lock);
	list_add_tail(&s->link, &g_streams);
	pump_locked(s);
	pthread_mutex_unlock(&g_lock);
	return s;
}

static struct timespec after(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (ms % 1000) * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

bool copy_wait(struct stream *s, int ms)
{
	struct timespec t = after(ms);
	bool done;

	pthread_mutex_lock(&g_lock);
	while (!s->done && pthread_cond_timedwait(&g_moved, &g_lock, &t) == 0)
		;
	done = s->done;
	pthread_mutex_unlock(&g_lock);
	return done;
}

void copy_cut(struct stream *s)
{
	pthread_mutex_lock(&g_lock);
	s->cut = true;
	if (!s->done)
		pump_locked(s);
	pthread_mutex_unlock(&g_lock);
}

void copy_stop(struct stream *s)
{
	pthread_mutex_lock(&g_lock);
	finish_locked(s);
	pthread_mutex_unlock(&g_lock);
}

void copy_put(struct stream *s)
{
	pthread_mutex_lock(&g_lock);
	put_locked(s);
	pthread_mutex_unlock(&g_lock);
}

void copy_drain(int ms)
{
	struct timespec t = after(ms);
	uint64_t seen;

	pthread_mutex_lock(&g_lock);
	seen = g_progress;
	while (!list_empty(&g_streams)) {
		struct timespec step = after(50), now;

		pthread_cond_timedwait(&g_moved, &g_lock, &step);
		if (g_progress != seen) {
			seen = g_progress;
			t = after(ms);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec > t.tv_nsec))
			break;
	}
	pthread_mutex_unlock(&g_lock);
}

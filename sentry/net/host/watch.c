/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readiness of host sockets: one thread, one epoll instance, edge-triggered, all sockets for all
 * events from their birth to their end. An event names an id that is never used twice, so one that
 * comes late for a socket that is gone meets nobody. Closing the descriptor ends the watch.
 *
 * Locking: g_watch.lock (LC_HOSTPOLL); wait queues are woken under it, so watch_del() can promise
 * silence.
 */
#include <errno.h>
#include <stdlib.h>

#include <abi/linux/poll.h>
#include <base/bits.h>
#include <base/hash.h>
#include <base/list.h>
#include <base/lock.h>
#include <host/host.h>
#include <host/net.h>

#include "lock_class.h"
#include "net/host/hostnet.h"
#include "vfs/waitq.h"

#define BITS   8
#define EVENTS 64

struct watch {
	struct hlist_node link;
	uint64_t id;
	struct waitq *wq; /* borrowed */
};

static struct {
	struct mutex lock;
	struct hlist_head table[1 << BITS];
	uint64_t last_id;
	int epoll;
	struct host_thread *thread;
} g_watch = { .lock = MUTEX_INIT(LC_HOSTPOLL), .epoll = -1 };

static struct hlist_head *bucket(uint64_t id)
{
	return &g_watch.table[hash_to_bits(hash_u64(id), BITS)];
}

static struct watch *find_locked(uint64_t id)
{
	struct watch *w;

	hlist_for_each_entry(w, bucket(id), link) {
		if (w->id == id)
			return w;
	}
	return NULL;
}

/* EPOLL* and LX_POLL* are the same numbers; errors concern everybody. */
static uint32_t poll_mask(uint32_t ev)
{
	if (ev & LX_POLLIN)
		ev |= LX_POLLRDNORM;
	if (ev & LX_POLLOUT)
		ev |= LX_POLLWRNORM;
	if (ev & (LX_POLLERR | LX_POLLHUP))
		ev |= LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM | LX_POLLRDHUP;
	return ev;
}

static void watch_main(void *arg)
{
	struct host_epoll_event ev[EVENTS];

	for (;;) {
		int n = host_epoll_wait(g_watch.epoll, ev, EVENTS);

		if (n < 0)
			return;
		host_thread_follow();
		mutex_lock(&g_watch.lock);
		for (int i = 0; i < n; i++) {
			struct watch *w = find_locked(ev[i].data);

			if (w)
				waitq_wake(w->wq, poll_mask(ev[i].events));
		}
		mutex_unlock(&g_watch.lock);
	}
}

int watch_init(void)
{
	g_watch.epoll = host_epoll_new();
	if (g_watch.epoll < 0)
		return g_watch.epoll;
	return host_thread_start("husk-net", HOST_STACK_TASK, watch_main, NULL, &g_watch.thread);
}

int watch_add(struct socket *s, int fd, uint64_t *ret_id)
{
	struct watch *w = malloc(sizeof(*w));
	int ret;

	if (!w)
		return -ENOMEM;
	w->wq = &s->wq;
	mutex_lock(&g_watch.lock);
	w->id = ++g_watch.last_id;
	hlist_add_head(&w->link, bucket(w->id));
	mutex_unlock(&g_watch.lock);
	ret = host_epoll_add(g_watch.epoll, fd, w->id);
	if (ret < 0) {
		watch_del(w->id);
		return ret;
	}
	*ret_id = w->id;
	return 0;
}

void watch_del(uint64_t id)
{
	struct watch *w;

	mutex_lock(&g_watch.lock);
	w = find_locked(id);
	if (w)
		hlist_del(&w->link);
	mutex_unlock(&g_watch.lock);
	free(w);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread watches all host descriptors somebody waits for. Watching is one-shot: a descriptor is
 * in the poll set only from hostpoll_arm() until it is ready, so data nobody reads costs nothing.
 *
 * Locking: g_poller.lock (LC_HOSTPOLL) guards the list and the armed masks; wait queues are woken
 * under it, so that hostpoll_del() can promise silence.
 */
#include <stdlib.h>

#include "abi/linux/poll.h"
#include "base/lock.h"
#include "fs/hostfd/hostfd.h"
#include "host/host.h"
#include "lock_class.h"
#include "vfs/waitq.h"

#define LOG_TAG "hostfd"
#include "base/log.h"

/* HOST_POLL* and LX_POLL* are the same numbers. */
#define ALWAYS (LX_POLLERR | LX_POLLHUP)

static struct {
	struct mutex lock;
	struct hostpoll *list;
	unsigned int nr;
	int event; /* wakes the thread */
	bool stop;
	struct host_thread *thread;
} g_poller = { .event = -1 };

static unsigned int collect(struct host_pollfd *set, struct hostpoll **who, unsigned int max)
{
	unsigned int n = 0;

	set[n++] = (struct host_pollfd){ .fd = g_poller.event, .events = HOST_POLLIN };
	for (struct hostpoll *hp = g_poller.list; hp && n < max; hp = hp->next) {
		if (!hp->armed)
			continue;
		who[n] = hp;
		set[n++] = (struct host_pollfd){ .fd = hp->fd, .events = (short)hp->armed };
	}
	return n;
}

/* The entry may be gone since the set was made: only what is still listed is touched. */
static void report(struct hostpoll *who, uint32_t events)
{
	for (struct hostpoll *hp = g_poller.list; hp; hp = hp->next) {
		if (hp != who)
			continue;
		hp->armed = 0;
		waitq_wake(hp->wq, events);
		return;
	}
}

#define MAX_SET 256

static void poller_main(void *arg)
{
	static struct host_pollfd set[MAX_SET];
	static struct hostpoll *who[MAX_SET];
	bool stop = false;

	while (!stop) {
		unsigned int n;
		int ret;

		mutex_lock(&g_poller.lock);
		n = collect(set, who, MAX_SET);
		stop = g_poller.stop;
		mutex_unlock(&g_poller.lock);
		if (stop)
			break;
		ret = host_poll(set, n, HOST_NO_DEADLINE);
		host_thread_follow();
		if (ret <= 0)
			continue;
		if (set[0].revents)
			host_eventfd_drain(g_poller.event);
		mutex_lock(&g_poller.lock);
		for (unsigned int i = 1; i < n; i++) {
			uint32_t ev = (uint16_t)set[i].revents;

			if (ev & LX_POLLNVAL)
				ev = LX_POLLERR;
			if (ev)
				report(who[i], ev);
		}
		mutex_unlock(&g_poller.lock);
	}
}

int hostfd_init(void)
{
	int ret;

	mutex_init(&g_poller.lock, LC_HOSTPOLL);
	ret = host_eventfd();
	if (ret < 0)
		return ret;
	g_poller.event = ret;
	return host_thread_start("husk-poll", HOST_STACK_TASK, poller_main, NULL, &g_poller.thread);
}

void hostfd_fini(void)
{
	if (g_poller.thread) {
		mutex_lock(&g_poller.lock);
		g_poller.stop = true;
		mutex_unlock(&g_poller.lock);
		host_eventfd_signal(g_poller.event);
		host_thread_join(g_poller.thread);
		g_poller.thread = NULL;
	}
	if (g_poller.event >= 0)
		host_close(g_poller.event);
	g_poller.event = -1;
}

void hostpoll_add(struct hostpoll *hp)
{
	mutex_lock(&g_poller.lock);
	hp->armed = 0;
	hp->next = g_poller.list;
	g_poller.list = hp;
	mutex_unlock(&g_poller.lock);
}

void hostpoll_del(struct hostpoll *hp)
{
	mutex_lock(&g_poller.lock);
	for (struct hostpoll **p = &g_poller.list; *p; p = &(*p)->next) {
		if (*p == hp) {
			*p = hp->next;
			break;
		}
	}
	mutex_unlock(&g_poller.lock);
}

void hostpoll_arm(struct hostpoll *hp, uint32_t events)
{
	bool wake;

	events |= ALWAYS;
	mutex_lock(&g_poller.lock);
	wake = (hp->armed | events) != hp->armed;
	hp->armed |= events;
	mutex_unlock(&g_poller.lock);
	if (wake)
		host_eventfd_signal(g_poller.event);
}

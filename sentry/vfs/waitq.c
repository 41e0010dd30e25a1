/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait queues. Owns nothing but the order of waking: first come, first woken. Locking: waitq.lock,
 * held while the functions of the waiters run; an epoll's function wakes the epoll's own queue, so
 * a second queue's lock may be taken inside the first (vfs/epoll.c keeps that free of cycles).
 */
#include "vfs/waitq.h"

#include <stdatomic.h>

#include <abi/linux/poll.h>

#include "lock_class.h"

#define ALWAYS (LX_POLLERR | LX_POLLHUP | LX_POLLNVAL)

void waitq_init(struct waitq *q)
{
	mutex_init(&q->lock, LC_WAITQ);
	INIT_LIST_HEAD(&q->waiters);
	atomic_init(&q->nr, 0);
}

void waitq_fini(struct waitq *q)
{
	mutex_fini(&q->lock);
}

void waitq_add(struct waitq *q, struct waiter *w)
{
	mutex_lock(&q->lock);
	/* Exclusive waiters go last, so that a wake-one reaches everybody else first. */
	if (w->exclusive)
		list_add_tail(&w->link, &q->waiters);
	else
		list_add(&w->link, &q->waiters);
	w->queued = true;
	atomic_fetch_add(&q->nr, 1);
	mutex_unlock(&q->lock);
	/* Pairs with the fence in waitq_wake: the caller looks at the object next. */
	atomic_thread_fence(memory_order_seq_cst);
}

void waitq_del(struct waitq *q, struct waiter *w)
{
	if (!READ_ONCE(w->queued))
		return;
	mutex_lock(&q->lock);
	if (w->queued) {
		list_del(&w->link);
		w->queued = false;
		atomic_fetch_sub(&q->nr, 1);
	}
	mutex_unlock(&q->lock);
}

static void wake(struct waitq *q, uint32_t events, bool one)
{
	struct waiter *w, *tmp;

	/*
	 * The object was changed before: either the sleeper sees that, or it is on the list here.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&q->nr) == 0)
		return;
	mutex_lock_nested(&q->lock);
	list_for_each_entry_safe(w, tmp, &q->waiters, link) {
		bool exclusive = w->exclusive;

		if (!(events & (w->mask | ALWAYS)))
			continue;
		w->fn(w, events);
		if (one && exclusive)
			break;
	}
	mutex_unlock(&q->lock);
}

void waitq_wake(struct waitq *q, uint32_t events)
{
	wake(q, events, false);
}

void waitq_wake_one(struct waitq *q, uint32_t events)
{
	wake(q, events, true);
}

bool waitq_busy(struct waitq *q)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&q->nr) != 0;
}

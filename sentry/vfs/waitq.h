/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait queues: who is told when an object changes. Waking calls each waiter's function with the
 * event mask (LX_POLL* bits); functions must be quick, may take only leaf locks, and may not call
 * back into the queue. Locking: the queue's own leaf lock (LC_WAITQ), held during the functions;
 * after waitq_del returns, the function is not running and will not run.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/list.h>
#include <base/lock.h>

struct waiter {
	struct list_head link;
	void (*fn)(struct waiter *w, uint32_t events); /* const while queued */
	uint32_t mask;  /* events of interest; POLLERR and POLLHUP always count */
	bool exclusive; /* wake at most one of these per waitq_wake_one */
	bool queued;
};

struct waitq {
	struct mutex lock;
	struct list_head waiters;
	_Atomic unsigned int nr; /* on the list: looked at without the lock */
};

void waitq_init(struct waitq *q);
void waitq_fini(struct waitq *q); /* must be empty */
void waitq_add(struct waitq *q, struct waiter *w);
void waitq_del(struct waitq *q, struct waiter *w); /* harmless when not queued */
void waitq_wake(struct waitq *q, uint32_t events);
/* All non-exclusive waiters and the first exclusive one whose mask matches. */
void waitq_wake_one(struct waitq *q, uint32_t events);
bool waitq_busy(struct waitq *q); /* someone waits */

/* SPDX-License-Identifier: Apache-2.0 */
/* Queues of futex waiters, shared by futex.c and futex_pi.c. */
#pragma once

#include "kernel/futex.h"
#include "kernel/kernel_int.h"

struct futex_bucket {
	struct mutex lock; /* LC_FUTEX */
	struct list_head waiters;
};

/* On the sleeper's stack; off every list before the sleeper leaves. */
struct futex_waiter {
	struct list_head link;                 /* bucket's lock; empty: was woken */
	_Atomic(struct futex_bucket *) bucket; /* moves with a requeue */
	struct mm_futex_key key;               /* bucket's lock */
	uint32_t bitset;
	uint32_t hit;    /* bitset of the wake that took it off; bucket's lock */
	uaddr_t pi_addr; /* not 0: only futex_cmp_requeue_pi may wake it, for this lock */
	uint32_t *count; /* of the stub's answers: non-zero while this one is queued; bucket's lock
			  */
	struct task *t;
};

void futex_enqueue(struct task *t, struct futex_waiter *w, const struct mm_futex_key *key,
		   uint32_t bitset, uaddr_t pi_addr);
/* Left a queue: the stub's answers need not think of it any more. Bucket's lock held. */
void futex_count_out(struct futex_waiter *w);
/*
 * Of the threads of t's address space that sleep on private futexes in their stubs (answers.h):
 * wakes up to nr, or wakes and moves as LX_FUTEX_REQUEUE. How many; nothing is an error.
 */
long futex_stub_wake(struct task *t, uaddr_t addr, int nr, uint32_t bitset);
long futex_stub_requeue(struct task *t, uaddr_t from, uaddr_t to, int nr_wake, int nr_requeue,
			const uint32_t *cmp);
/* True if it was still queued. */
bool futex_dequeue(struct futex_waiter *w);
bool futex_queued(struct futex_waiter *w);
long futex_wake_key(const struct mm_futex_key *key, int nr, uint32_t bitset);
struct futex_bucket *futex_bucket(const struct mm_futex_key *key);
static inline bool futex_key_eq(const struct mm_futex_key *a, const struct mm_futex_key *b)
{
	return a->obj == b->obj && a->off == b->off;
}
/* The robust list and PI locks of an exiting task. */
void futex_pi_exit(struct task *t);

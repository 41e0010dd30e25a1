/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes as the system calls use them. Deadlines are CLOCK_MONOTONIC, TASK_NO_DEADLINE for none.
 * Results and errors are those of futex(2); a sleep that a signal ended gives -LX_ERESTARTSYS.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <platform/platform.h>

struct task;

#define FUTEX_PRIVATE true
#define FUTEX_SHARED  false

struct futex_word {
	uaddr_t addr;
	uint32_t val;
	bool is_private;
};

long futex_wait(struct task *t, const struct futex_word *w, uint32_t bitset, int64_t deadline_ns);
/* Index of the word whose wake came. */
long futex_wait_many(struct task *t, const struct futex_word *w, unsigned int nr,
		     int64_t deadline_ns);
long futex_wake(struct task *t, uaddr_t addr, bool is_private, int nr, uint32_t bitset);
/* cmp NULL: plain requeue. Woken, or woken + requeued for the comparing form (as Linux). */
long futex_requeue(struct task *t, uaddr_t from, bool from_private, uaddr_t to, bool to_private,
		   int nr_wake, int nr_requeue, const uint32_t *cmp);
long futex_wake_op(struct task *t, uaddr_t a1, bool is_private, int nr1, int nr2, uaddr_t a2,
		   uint32_t op);

/* futex_pi.c */
long futex_lock_pi(struct task *t, uaddr_t addr, bool is_private, int64_t deadline_ns,
		   bool try_only);
long futex_unlock_pi(struct task *t, uaddr_t addr, bool is_private);
long futex_wait_requeue_pi(struct task *t, const struct futex_word *w, uint32_t bitset,
			   int64_t deadline_ns, uaddr_t to);
long futex_cmp_requeue_pi(struct task *t, uaddr_t from, bool is_private, uaddr_t to, int nr_wake,
			  int nr_requeue, uint32_t cmp);

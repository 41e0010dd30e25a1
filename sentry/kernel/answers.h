/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a task's stub may answer by itself (platform/answers.h): kept true here. Does nothing on
 * platforms that ask about every call.
 */
#pragma once

#include <stdint.h>

#include <platform/answers.h>

#include "kernel/sighand.h"
#include "kernel/task.h"

/* t, on its own thread, has a guest thread and is in the task tree. Takes the tasklist. */
void task_answers_attach(struct task *t);
/* The guest thread is about to go. kick_lock held. */
void task_answers_detach_locked(struct task *t);
/* Numbers of t, or of every thread of tg, changed. tasklist held. */
void task_answers_ids_locked(struct task *t);
void tgroup_answers_ids_locked(struct tgroup *tg);
/* Its own credentials did. */
void task_answers_cred(struct task *t);
/* From now on the stub gives these answers (ANSWER_*) at most. Any thread. */
void task_answers_limit(struct task *t, uint32_t answers);
/* A signal was queued for t, or for the group of t. siglock held; before anybody looks at masks. */
void task_answers_pending(struct task *t, bool group);

/* The signal mask, while t may be running guest code. siglock held, or t's own thread in a call. */
static inline ksigset_t task_blocked(const struct task *t)
{
	const struct answers_rw *rw = t->answers.rw;

	if (atomic_load(&((struct task *)t)->mask_live) && rw)
		return __atomic_load_n(&rw->mask, __ATOMIC_SEQ_CST) & ~SIGSET_KERNEL_ONLY;
	return t->blocked;
}

void task_answers_recheck(struct task *t);
void task_answers_new_mask(struct task *t, ksigset_t set);

/*
 * Around run(), on t's own thread. Between the first two a full barrier: who queues a signal says
 * so, full barrier, and looks at mask_live; we look at the former after setting the latter.
 */
static inline void task_answers_enter(struct task *t)
{
	struct answers *a = &t->answers;

	if (!a->rw)
		return;
	if (__atomic_load_n(&a->rw->mask, __ATOMIC_RELAXED) != t->blocked)
		__atomic_store_n(&a->rw->mask, t->blocked, __ATOMIC_RELAXED);
	atomic_store_explicit(&t->mask_live, true, memory_order_release);
}

static inline void task_answers_entered(struct task *t)
{
	struct answers *a = &t->answers;

	if (a->ro && unlikely(__atomic_load_n(&a->ro->pending, __ATOMIC_RELAXED)))
		task_answers_recheck(t);
}

static inline void task_answers_leave(struct task *t)
{
	ksigset_t set;

	if (!t->answers.rw)
		return;
	set = task_blocked(t);
	if (unlikely(set != t->blocked))
		task_answers_new_mask(t, set);
	else
		atomic_store_explicit(&t->mask_live, false, memory_order_release);
}

/* It runs guest code, or seems to, and waits on a futex there. Any thread. */
bool task_sleeps_in_stub(struct task *t);

/* The counter of private futexes at addr in t's address space, or NULL. */
uint32_t *task_futex_count(struct task *t, uaddr_t addr);

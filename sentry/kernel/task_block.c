/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping and waking of tasks: one futex word per task that holds a wake token. A token that
 * nobody waited for makes the next sleep return at once, so that a wake between the check of a
 * condition and the sleep is never lost; callers check again.
 */
#include "kernel/kernel_int.h"
#include "kernel/oom.h"
#include "vfs/waitq.h"

enum {
	TASK_WAKE_NONE,
	TASK_WAKE_TOKEN,   /* woken since the last sleep */
	TASK_WAKE_SLEEPING /* in the futex: needs a host wake */
};

void task_wake(struct task *t)
{
	if (atomic_exchange(&t->wake_word, TASK_WAKE_TOKEN) == TASK_WAKE_SLEEPING)
		host_futex_wake((const uint32_t *)&t->wake_word, 1);
}

bool task_woken(struct task *t)
{
	return atomic_load(&t->wake_word) == TASK_WAKE_TOKEN;
}

bool task_interrupted(struct task *t)
{
	return atomic_load(&t->work) & (TW_SIGNAL | TW_KILL | TW_STOP | TW_EXIT);
}

bool task_killed(struct task *t)
{
	return atomic_load(&t->work) & (TW_KILL | TW_EXIT);
}

/* True if a token was there. */
static bool sleep_once(struct task *t, int64_t deadline_ns, int *ret_err)
{
	uint32_t none = TASK_WAKE_NONE;

	*ret_err = 0;
	if (atomic_compare_exchange_strong(&t->wake_word, &none, TASK_WAKE_SLEEPING)) {
		uint64_t until = deadline_ns == TASK_NO_DEADLINE ? HOST_NO_DEADLINE :
				 deadline_ns < 0                 ? 0 :
								   (uint64_t)deadline_ns;

		if (t == task_current() && t->gt && plat_ops(t)->thread_idle)
			plat_ops(t)->thread_idle(t->gt);
		atomic_fetch_add(&t->kernel->nr_asleep, 1);
		*ret_err =
			host_futex_wait((const uint32_t *)&t->wake_word, TASK_WAKE_SLEEPING, until);
		atomic_fetch_sub(&t->kernel->nr_asleep, 1);
		kernel_oom_awake(t->kernel);
	}
	return atomic_exchange(&t->wake_word, TASK_WAKE_NONE) == TASK_WAKE_TOKEN;
}

int task_block_bits(struct task *t, int64_t deadline_ns, unsigned int bits, char state)
{
	bool slept = false;
	int ret, err;

	lockcheck_none_held("task_block");
	if (t->kernel->config.upcalls->task_sleeps)
		t->kernel->config.upcalls->task_sleeps(t);
	atomic_store_explicit(&t->state, state, memory_order_relaxed);
	for (;;) {
		if (atomic_load(&t->work) & bits) {
			ret = -LX_ERESTARTSYS;
			break;
		}
		if (sleep_once(t, deadline_ns, &err)) {
			ret = 0;
			/* a signal wakes by token too: say so rather than let the caller loop */
			if (atomic_load(&t->work) & bits)
				continue;
			break;
		}
		slept = true;
		if (err == -ETIMEDOUT) {
			ret = -ETIMEDOUT;
			break;
		}
	}
	if (slept)
		atomic_fetch_add_explicit(&t->usage.nvcsw, 1, memory_order_relaxed);
	atomic_store_explicit(&t->state, 'R', memory_order_relaxed);
	return ret;
}

int task_block(struct task *t, int64_t deadline_ns)
{
	return task_block_bits(t, deadline_ns, TW_SIGNAL | TW_KILL | TW_STOP | TW_EXIT, 'S');
}

int task_block_killable(struct task *t, int64_t deadline_ns)
{
	return task_block_bits(t, deadline_ns, TW_KILL | TW_EXIT, 'D');
}

static void task_waiter_fn(struct waiter *w, uint32_t events)
{
	task_wake(container_of(w, struct task_waiter, w)->t);
}

void task_waiter_init(struct task_waiter *tw, struct task *t, uint32_t mask)
{
	memset(tw, 0, sizeof(*tw));
	INIT_LIST_HEAD(&tw->w.link);
	tw->w.fn = task_waiter_fn;
	tw->w.mask = mask;
	tw->t = t;
}

long task_wait_until(struct task *t, struct waitq *q, uint32_t mask, int64_t deadline_ns,
		     long (*cond)(void *arg), void *arg)
{
	struct task_waiter tw;
	long ret = cond(arg);

	if (ret != -EAGAIN)
		return ret;
	task_waiter_init(&tw, t, mask);
	waitq_add(q, &tw.w);
	for (;;) {
		int err;

		ret = cond(arg);
		if (ret != -EAGAIN)
			break;
		err = task_block(t, deadline_ns);
		if (err < 0) {
			/* what became ready while the clock ran out or the signal came still counts
			 */
			ret = cond(arg);
			if (ret == -EAGAIN)
				ret = err;
			break;
		}
	}
	waitq_del(q, &tw.w);
	return ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pausing: tasks stop on their way back to the guest and stay there until they are resumed or
 * killed, as the freezer of cgroups has it. A task that sleeps in a call sleeps on; when its wait
 * ends it stops too. What a paused task makes (it may be in the middle of clone) is born paused.
 *
 * Locking: the bit is set and inherited under the tasklist lock.
 */
#include "kernel/kernel.h"
#include "kernel/kernel_int.h"

#define SETTLE_NS 200000000u

static bool any_in_guest(struct kernel *k, const struct container *ct)
{
	struct tgroup *tg;
	struct task *t;
	bool any = false;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (ct && tg->container != ct)
			continue;
		list_for_each_entry(t, &tg->threads, tg_link)
			any = any || atomic_load(&t->in_guest);
	}
	mutex_unlock(&k->tasklist_lock);
	return any;
}

static void each_task(struct kernel *k, const struct container *ct, void (*fn)(struct task *t))
{
	struct tgroup *tg;
	struct task *t;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (ct && tg->container != ct)
			continue;
		list_for_each_entry(t, &tg->threads, tg_link)
			fn(t);
	}
	mutex_unlock(&k->tasklist_lock);
}

static void pause_task(struct task *t)
{
	task_add_work_bits(t, TW_PAUSE);
}

static void resume_task(struct task *t)
{
	atomic_fetch_and(&t->work, ~TW_PAUSE);
	task_wake(t);
}

void kernel_pause(struct kernel *k, const struct container *ct)
{
	uint64_t deadline = host_now_ns() + SETTLE_NS;
	const uint32_t word = 0;

	each_task(k, ct, pause_task);
	while (any_in_guest(k, ct) && host_now_ns() < deadline)
		host_futex_wait(&word, 0, host_now_ns() + 200000);
}

void kernel_resume(struct kernel *k, const struct container *ct)
{
	each_task(k, ct, resume_task);
}

void task_paused(struct task *t)
{
	while ((atomic_load(&t->work) & (TW_PAUSE | TW_KILL | TW_EXIT)) == TW_PAUSE)
		task_block_bits(t, TASK_NO_DEADLINE, TW_KILL | TW_EXIT, 'D');
}

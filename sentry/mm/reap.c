/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of address spaces behind everybody's back. Pages may be freed only when the host has
 * confirmed the death of the process that mapped them, which takes a while: whoever exits or execs
 * does not wait for it. What others can see of an address space (who executes a file, who has
 * shared memory attached) goes at once or is not left to this thread.
 */
#include "host/host.h"
#include "mm/mm_int.h"

#define PENDING_MAX 8 /* more than that wait: memory has to come back */

static struct {
	struct mutex lock;
	struct cond work, done;
	struct list_head queue; /* of mm.reap_link */
	unsigned int pending;
	bool started;
} g_reap = {
	.lock = MUTEX_INIT(LC_UNRANKED),
	.work = { PTHREAD_COND_INITIALIZER },
	.done = { PTHREAD_COND_INITIALIZER },
	.queue = LIST_HEAD_INIT(g_reap.queue),
};

static void reap_main(void *arg)
{
	host_signals_block_all();
	mutex_lock(&g_reap.lock);
	for (;;) {
		struct mm *mm;

		if (list_empty(&g_reap.queue)) {
			cond_wait(&g_reap.work, &g_reap.lock);
			continue;
		}
		mm = list_first_entry(&g_reap.queue, struct mm, reap_link);
		list_del_init(&mm->reap_link);
		mutex_unlock(&g_reap.lock);
		mm_teardown(mm);
		mm_put(mm);
		mutex_lock(&g_reap.lock);
		g_reap.pending--;
		cond_broadcast(&g_reap.done);
	}
}

/* Others count who maps these: shared memory segments, files that may be written through. */
static bool seen_by_others(struct mm *mm)
{
	bool seen = false;

	mm_lock(mm);
	for (struct vma *v = vma_first(mm); v && !seen; v = vma_next(v))
		seen = v->m && v->flags & VM_SHARED && v->max_prot & LX_PROT_WRITE;
	mm_unlock(mm);
	return seen;
}

static bool start_locked(void) REQUIRES(g_reap.lock);
static bool start_locked(void)
{
	struct host_thread *th;

	if (g_reap.started)
		return true;
	if (host_thread_start("mm-reap", HOST_STACK_TASK, reap_main, NULL, &th) < 0)
		return false;
	host_thread_detach(th);
	g_reap.started = true;
	return true;
}

bool mm_reap_later(struct mm *mm)
{
	struct mm_exe *exe;
	bool ok;

	if (!g_mm.platform->ops->aspace_kill || seen_by_others(mm))
		return false;
	mutex_lock(&g_reap.lock);
	ok = g_reap.pending < PENDING_MAX && start_locked();
	if (ok)
		g_reap.pending++;
	mutex_unlock(&g_reap.lock);
	if (!ok)
		return false;
	/* not if exec took its host process over */
	if (mm->as)
		g_mm.platform->ops->aspace_kill(mm->as);
	mm_lock(mm);
	exe = STEAL(mm->exe);
	mm_unlock(mm);
	mm_exe_unref(exe);
	mutex_lock(&g_reap.lock);
	list_add_tail(&mm->reap_link, &g_reap.queue);
	cond_signal(&g_reap.work);
	mutex_unlock(&g_reap.lock);
	return true;
}

void mm_reap_wait(void)
{
	mutex_lock(&g_reap.lock);
	while (g_reap.pending)
		cond_wait(&g_reap.done, &g_reap.lock);
	mutex_unlock(&g_reap.lock);
}

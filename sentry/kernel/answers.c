/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps what stubs answer by themselves true: identities, whether a signal is pending, who waits on
 * futexes, and the switch that turns it all off. Locking: the page of a guest thread may be written
 * while task.kick_lock is held (it goes with the guest thread), by the task itself without. Numbers
 * of the process tree are written under the tasklist, so that what is written last is true.
 */
#include "kernel/answers.h"

#include <abi/linux/futex.h>
#include <base/bits.h>

#include "kernel/futex_int.h"
#include "kernel/kernel_int.h"
#include "kernel/seccomp.h"

static void put32(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static void put_ids(struct task *t, struct answers_ro *ro)
{
	const struct tgroup *tg = t->tg;

	put32((uint32_t *)&ro->pid, (uint32_t)tg->tgid);
	put32((uint32_t *)&ro->tid, (uint32_t)t->tid);
	put32((uint32_t *)&ro->ppid, tg->parent ? (uint32_t)tg->parent->tgid : 0);
	put32((uint32_t *)&ro->pgid, tg->pgrp ? (uint32_t)tg->pgrp->pgid : 0);
	put32((uint32_t *)&ro->sid, tg->session ? (uint32_t)tg->session->sid : 0);
}

static void put_cred(const struct cred *c, struct answers_ro *ro)
{
	put32(&ro->uid, c->uid);
	put32(&ro->euid, c->euid);
	put32(&ro->gid, c->gid);
	put32(&ro->egid, c->egid);
}

static uint32_t may_answer(struct task *t)
{
	return t->kernel->config.strace || t->ptrace ? 0 : seccomp_answers(t);
}

void task_answers_attach(struct task *t)
{
	const struct platform_ops *ops = plat_ops(t);
	struct kernel *k = t->kernel;
	struct answers a;

	if (!ops->answers)
		return;
	mutex_lock(&k->tasklist_lock);
	mutex_lock(&t->kick_lock);
	if (t->gt && ops->answers(t->gt, &a)) {
		put_ids(t, a.ro);
		put_cred(t->cred, a.ro);
		put32(&a.ro->nr_cpus, k->config.nr_cpus);
		put32(&a.ro->pending, 1); /* looked at before the guest runs */
		t->answers = a;
		put32(&a.ro->on, may_answer(t));
	}
	mutex_unlock(&t->kick_lock);
	mutex_unlock(&k->tasklist_lock);
}

void task_answers_detach_locked(struct task *t)
{
	if (!t->answers.ro)
		return;
	put32(&t->answers.ro->on, 0);
	atomic_store(&t->mask_live, false);
	t->answers = (struct answers){ NULL, NULL };
}

void task_answers_ids_locked(struct task *t)
{
	mutex_lock(&t->kick_lock);
	if (t->answers.ro)
		put_ids(t, t->answers.ro);
	mutex_unlock(&t->kick_lock);
}

void tgroup_answers_ids_locked(struct tgroup *tg)
{
	struct task *t;

	list_for_each_entry(t, &tg->threads, tg_link)
		task_answers_ids_locked(t);
}

void task_answers_cred(struct task *t)
{
	if (t->answers.ro)
		put_cred(t->cred, t->answers.ro);
}

void task_answers_limit(struct task *t, uint32_t answers)
{
	mutex_lock(&t->kick_lock);
	if (t->answers.ro)
		put32(&t->answers.ro->on, t->answers.ro->on & answers);
	mutex_unlock(&t->kick_lock);
}

static void note_pending(struct task *t)
{
	mutex_lock(&t->kick_lock);
	if (t->answers.ro)
		__atomic_store_n(&t->answers.ro->pending, 1, __ATOMIC_SEQ_CST);
	mutex_unlock(&t->kick_lock);
}

void task_answers_pending(struct task *t, bool group)
{
	struct task *o;

	if (!plat_ops(t)->answers)
		return;
	if (group) {
		list_for_each_entry(o, &t->tg->threads, tg_link)
			note_pending(o);
	} else {
		note_pending(t);
	}
	atomic_thread_fence(memory_order_seq_cst);
}

void task_answers_recheck(struct task *t)
{
	struct tgroup *tg = t->tg;

	mutex_lock(&tg->siglock);
	if (!t->pending.set && !tg->shared_pending.set)
		__atomic_store_n(&t->answers.ro->pending, 0, __ATOMIC_SEQ_CST);
	mutex_unlock(&tg->siglock);
}

void task_answers_new_mask(struct task *t, ksigset_t set)
{
	mutex_lock(&t->tg->siglock);
	if (atomic_load(&t->work) & TW_SIGNAL)
		signal_retarget_locked(t, set & ~t->blocked);
	t->blocked = set;
	atomic_store(&t->mask_live, false);
	signal_recalc_locked(t);
	mutex_unlock(&t->tg->siglock);
}

uint32_t *task_futex_count(struct task *t, uaddr_t addr)
{
	const struct platform_ops *ops = plat_ops(t);
	struct answers_space *space;

	if (!ops->answers_space || !t->mm || !mm_aspace(t->mm))
		return NULL;
	space = ops->answers_space(mm_aspace(t->mm));
	return space ? &space->waiters[answers_futex_slot(addr)] : NULL;
}

bool task_sleeps_in_stub(struct task *t)
{
	bool asleep;

	mutex_lock(&t->kick_lock);
	/* what ends its sleep may be on the way */
	asleep = t->answers.rw && atomic_load(&t->in_guest) && !task_interrupted(t) &&
		 __atomic_load_n(&t->answers.rw->asleep_since, __ATOMIC_RELAXED);
	mutex_unlock(&t->kick_lock);
	return asleep;
}

/* Where the sleepers at addr are counted; NULL: nobody sleeps there. */
static uint32_t *stub_sleepers(struct task *t, uaddr_t addr)
{
	const struct platform_ops *ops = plat_ops(t);
	uint32_t *count;

	if (!ops->futex || !t->mm || !mm_aspace(t->mm))
		return NULL;
	count = &ops->answers_waits(mm_aspace(t->mm))
			 ->count[answers_futex_slot(addr) % ANSWERS_WAITS];
	return __atomic_load_n(count, __ATOMIC_SEQ_CST) ? count : NULL;
}

long futex_stub_wake(struct task *t, uaddr_t addr, int nr, uint32_t bitset)
{
	const uint32_t val[3] = { (uint32_t)nr, 0, bitset };
	long ret;

	if (!stub_sleepers(t, addr))
		return 0;
	ret = plat_ops(t)->futex(mm_aspace(t->mm), addr, LX_FUTEX_WAKE_BITSET, val, 0);
	return MAX(ret, 0L);
}

long futex_stub_requeue(struct task *t, uaddr_t from, uaddr_t to, int nr_wake, int nr_requeue,
			const uint32_t *cmp)
{
	const uint32_t val[3] = { (uint32_t)nr_wake, (uint32_t)nr_requeue, cmp ? *cmp : 0 };
	struct answers_waits *waits;
	long ret;

	if (!stub_sleepers(t, from))
		return 0;
	/*
	 * Those who move count themselves out where they were. Where they are now they are counted
	 * for good: wakes there ask the host from now on. Before they move, so that none is missed.
	 */
	waits = plat_ops(t)->answers_waits(mm_aspace(t->mm));
	__atomic_fetch_add(&waits->count[answers_futex_slot(to) % ANSWERS_WAITS], 1,
			   __ATOMIC_SEQ_CST);
	ret = plat_ops(t)->futex(mm_aspace(t->mm), from,
				 cmp ? LX_FUTEX_CMP_REQUEUE : LX_FUTEX_REQUEUE, val, to);
	return MAX(ret, 0L);
}

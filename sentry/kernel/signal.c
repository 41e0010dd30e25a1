/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending signals: queues, whom a signal wakes, job control side effects, and actions (signal(7)).
 * What a task does with a pending signal is in sigdeliver.c. Locking: tgroup.siglock; actions under
 * sighand.lock.
 */
#include "kernel/answers.h"
#include "kernel/kernel_int.h"

#include <abi/linux/capability.h>

/* --- actions --- */

int sighand_new(struct sighand **ret_sh)
{
	struct sighand *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return -ENOMEM;
	ref_init(&sh->ref);
	mutex_init(&sh->lock, LC_SIGHAND);
	*ret_sh = sh;
	return 0;
}

struct sighand *sighand_get(struct sighand *sh)
{
	ref_get(&sh->ref);
	return sh;
}

void sighand_put(struct sighand *sh)
{
	if (sh && ref_put(&sh->ref)) {
		mutex_fini(&sh->lock);
		free(sh);
	}
}

static void reset_locked(struct sighand *sh) REQUIRES(sh->lock)
{
	for (int sig = 1; sig <= LX_NSIG; sig++) {
		struct lx_sigaction *a = &sh->action[sig];

		*a = (struct lx_sigaction){ .handler = a->handler == LX_SIG_IGN ? LX_SIG_IGN :
										  LX_SIG_DFL };
	}
}

void sighand_reset(struct sighand *sh)
{
	mutex_lock(&sh->lock);
	reset_locked(sh);
	mutex_unlock(&sh->lock);
}

int sighand_copy(struct sighand *src, bool clear_handlers, struct sighand **ret_sh)
{
	struct sighand *sh;
	int ret = sighand_new(&sh);

	if (ret < 0)
		return ret;
	mutex_lock(&src->lock);
	memcpy(sh->action, src->action, sizeof(sh->action));
	mutex_unlock(&src->lock);
	if (clear_handlers)
		sighand_reset(sh);
	*ret_sh = sh;
	return 0;
}

struct lx_sigaction sighand_action(struct sighand *sh, int sig)
{
	struct lx_sigaction a;

	mutex_lock(&sh->lock);
	a = sh->action[sig];
	mutex_unlock(&sh->lock);
	return a;
}

static bool handler_ignored(uint64_t handler, int sig)
{
	return handler == LX_SIG_IGN ||
	       (handler == LX_SIG_DFL && sigset_has(SIGSET_DFL_IGNORE, sig));
}

bool signal_is_ignored(struct tgroup *tg, int sig)
{
	bool ret;

	mutex_lock(&tg->siglock);
	ret = handler_ignored(sighand_action(tg->sighand, sig).handler, sig);
	mutex_unlock(&tg->siglock);
	return ret;
}

void signal_set_action(struct task *t, int sig, const struct lx_sigaction *act,
		       struct lx_sigaction *ret_old)
{
	struct tgroup *tg = t->tg;
	struct sighand *sh;

	mutex_lock(&tg->siglock);
	sh = tg->sighand;
	mutex_lock(&sh->lock);
	if (ret_old)
		*ret_old = sh->action[sig];
	if (act) {
		sh->action[sig] = *act;
		sh->action[sig].mask &= ~SIGSET_KERNEL_ONLY;
	}
	mutex_unlock(&sh->lock);
	/* POSIX: what was pending and is ignored from now on is dropped */
	if (act && handler_ignored(act->handler, sig)) {
		struct task *other;

		sigpending_discard(&tg->shared_pending, LX_SIGMASK(sig));
		list_for_each_entry(other, &tg->threads, tg_link)
			sigpending_discard(&other->pending, LX_SIGMASK(sig));
	}
	mutex_unlock(&tg->siglock);
}

/* --- queues --- */

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	INIT_LIST_HEAD(&p->queue);
}

static void sigqueue_drop(struct sigqueue *q)
{
	list_del_init(&q->link);
	if (q->taken) {
		q->taken(q, NULL);
		return;
	}
	if (q->uc) {
		atomic_fetch_sub(&q->uc->sigpending, 1);
		ucount_put(q->uc);
	}
	free(q);
}

void sigpending_discard(struct sigpending *p, ksigset_t set)
{
	struct sigqueue *q, *tmp;

	if (!(p->set & set))
		return;
	p->set &= ~set;
	list_for_each_entry_safe(q, tmp, &p->queue, link) {
		if (sigset_has(set, q->info.si_signo))
			sigqueue_drop(q);
	}
}

void sigpending_flush(struct sigpending *p)
{
	sigpending_discard(p, ~(ksigset_t)0);
}

/* NULL when the user is over the limit (unless force) or memory is out. */
static struct sigqueue *sigqueue_new(struct task *t, bool force)
{
	struct ucount *uc = t->ucount;
	struct sigqueue *q;

	if (atomic_fetch_add(&uc->sigpending, 1) >= task_rlimit(t, LX_RLIMIT_SIGPENDING) && !force)
		goto fail;
	q = calloc(1, sizeof(*q));
	if (!q)
		goto fail;
	q->uc = ucount_get(uc);
	return q;
fail:
	atomic_fetch_sub(&uc->sigpending, 1);
	return NULL;
}

static void collect(struct sigpending *p, int sig, struct lx_siginfo *ret_info)
{
	struct sigqueue *q, *found = NULL;
	bool more = false;

	list_for_each_entry(q, &p->queue, link) {
		if (q->info.si_signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
	}
	if (!more)
		p->set &= ~LX_SIGMASK(sig);
	if (!found) {
		/* its details were lost for want of room */
		memset(ret_info, 0, sizeof(*ret_info));
		ret_info->si_signo = sig;
		ret_info->si_code = LX_SI_USER;
		return;
	}
	*ret_info = found->info;
	if (found->taken) {
		list_del_init(&found->link);
		found->taken(found, ret_info);
	} else {
		sigqueue_drop(found);
	}
}

static int next_signal(struct sigpending *p, ksigset_t mask)
{
	ksigset_t set = p->set & mask;

	if (set & SIGSET_SYNCHRONOUS)
		set &= SIGSET_SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

int signal_dequeue_locked(struct task *t, ksigset_t mask, struct lx_siginfo *ret_info)
{
	int sig = next_signal(&t->pending, mask);

	if (sig) {
		collect(&t->pending, sig, ret_info);
	} else {
		sig = next_signal(&t->tg->shared_pending, mask);
		if (sig)
			collect(&t->tg->shared_pending, sig, ret_info);
	}
	if (sig)
		signal_recalc_locked(t);
	return sig;
}

int signal_dequeue(struct task *t, ksigset_t mask, struct lx_siginfo *ret_info)
{
	int sig;

	mutex_lock(&t->tg->siglock);
	sig = signal_dequeue_locked(t, mask & ~SIGSET_KERNEL_ONLY, ret_info);
	mutex_unlock(&t->tg->siglock);
	return sig;
}

ksigset_t signal_pending_set(struct task *t)
{
	ksigset_t set;

	mutex_lock(&t->tg->siglock);
	set = t->pending.set | t->tg->shared_pending.set;
	mutex_unlock(&t->tg->siglock);
	return set;
}

void signal_recalc_locked(struct task *t)
{
	if ((t->pending.set | t->tg->shared_pending.set) & ~task_blocked(t))
		atomic_fetch_or(&t->work, TW_SIGNAL);
	else if (!t->tg->cont_notify)
		atomic_fetch_and(&t->work, ~TW_SIGNAL);
}

/* --- who takes it --- */

static bool wants(const struct task *t, int sig)
{
	char state = atomic_load(&((struct task *)t)->state);

	if (sigset_has(task_blocked(t), sig) || t->exiting)
		return false;
	if (sig == LX_SIGKILL)
		return true;
	if (state == 'T' || state == 't')
		return false;
	return !(atomic_load(&((struct task *)t)->work) & TW_SIGNAL);
}

void signal_retarget_locked(struct task *t, ksigset_t which)
{
	ksigset_t retarget = t->tg->shared_pending.set & which;
	struct task *other;

	if (!retarget)
		return;
	list_for_each_entry(other, &t->tg->threads, tg_link) {
		ksigset_t blocked = task_blocked(other);

		if (other == t || other->exiting || !(retarget & ~blocked))
			continue;
		if (!(atomic_load(&other->work) & TW_SIGNAL))
			task_add_work_bits(other, TW_SIGNAL);
		retarget &= blocked;
		if (!retarget)
			return;
	}
}

static bool is_fatal(struct tgroup *tg, int sig)
{
	if (sig == LX_SIGKILL)
		return true;
	return sighand_action(tg->sighand, sig).handler == LX_SIG_DFL &&
	       !sigset_has(SIGSET_DFL_IGNORE | SIGSET_STOP, sig) && !tg->unkillable;
}

static void complete_locked(struct task *t, int sig, bool group)
{
	struct tgroup *tg = t->tg;
	struct task *to = NULL, *other;

	if (wants(t, sig)) {
		to = t;
	} else if (group) {
		list_for_each_entry(other, &tg->threads, tg_link) {
			if (wants(other, sig)) {
				to = other;
				break;
			}
		}
	}
	if (!to)
		return;
	if (!tg->exiting && is_fatal(tg, sig) && !sigset_has(to->real_blocked, sig) &&
	    !sigset_has(SIGSET_COREDUMP, sig)) {
		/* everybody dies now, so that nothing the others do can delay it */
		tgroup_exit_locked(tg, sig);
		return;
	}
	task_add_work_bits(to, TW_SIGNAL);
}

void tgroup_exit_locked(struct tgroup *tg, int wait_status)
{
	struct task *t;

	if (!tg->exiting) {
		tg->exiting = true;
		tg->group_exit_code = wait_status;
	}
	tg->stop_state = TG_RUNNING;
	list_for_each_entry(t, &tg->threads, tg_link) {
		if (!t->exiting)
			task_add_work_bits(t, TW_KILL);
	}
}

void tgroup_exit(struct tgroup *tg, int wait_status)
{
	mutex_lock(&tg->siglock);
	tgroup_exit_locked(tg, wait_status);
	mutex_unlock(&tg->siglock);
}

/* --- sending --- */

static void continue_locked(struct tgroup *tg)
{
	struct task *t;

	tg->cont_seq++;
	sigpending_discard(&tg->shared_pending, SIGSET_STOP);
	list_for_each_entry(t, &tg->threads, tg_link) {
		sigpending_discard(&t->pending, SIGSET_STOP);
		if (atomic_fetch_and(&t->work, ~TW_STOP) & TW_STOP)
			task_wake(t);
	}
	if (tg->stop_state != TG_RUNNING) {
		tg->cont_why = tg->stop_state == TG_STOPPED ? LX_CLD_CONTINUED : LX_CLD_STOPPED;
		tg->cont_notify = true;
		tg->cont_wait = tg->stop_state == TG_STOPPED;
		tg->stop_wait = false;
		tg->stop_state = TG_RUNNING;
		tg->nr_stop_left = 0;
	}
	list_for_each_entry(t, &tg->threads, tg_link)
		task_add_work_bits(t, tg->cont_notify ? TW_SIGNAL : 0);
}

/* Job control side effects happen even if the signal is blocked or ignored. True: queue it. */
static bool prepare_locked(struct task *t, int sig, bool force)
{
	struct tgroup *tg = t->tg;
	struct task *other;
	uint64_t handler;

	if (tg->exiting || tg->zombie)
		return sig == LX_SIGKILL && !tg->exiting;
	if (sigset_has(SIGSET_STOP, sig)) {
		sigpending_discard(&tg->shared_pending, LX_SIGMASK(LX_SIGCONT));
		list_for_each_entry(other, &tg->threads, tg_link)
			sigpending_discard(&other->pending, LX_SIGMASK(LX_SIGCONT));
	} else if (sig == LX_SIGCONT) {
		continue_locked(tg);
	}
	/* a blocked signal is kept: its action may change before it is unblocked */
	if (sigset_has(task_blocked(t) | t->real_blocked, sig))
		return true;
	handler = sighand_action(tg->sighand, sig).handler;
	if (tg->unkillable && handler == LX_SIG_DFL &&
	    !(force && sigset_has(SIGSET_KERNEL_ONLY, sig)))
		return false;
	return !handler_ignored(handler, sig);
}

static int queue_locked(struct task *t, int sig, const struct lx_siginfo *info, bool group)
{
	struct sigpending *p = group ? &t->tg->shared_pending : &t->pending;
	struct sigqueue *q;

	if (sig < LX_SIGRTMIN && sigset_has(p->set, sig))
		return 0;
	if (sig == LX_SIGKILL)
		goto add; /* needs no details */
	q = sigqueue_new(t, sig < LX_SIGRTMIN && (!info || info->si_code >= 0));
	if (q) {
		if (info) {
			q->info = *info;
		} else {
			q->info.si_code = LX_SI_KERNEL;
		}
		q->info.si_signo = sig;
		list_add_tail(&q->link, &p->queue);
	} else if (info && sig >= LX_SIGRTMIN && info->si_code != LX_SI_USER) {
		return -EAGAIN; /* the sender can wait; for the rest a bare signal has to do */
	}
add:
	p->set |= LX_SIGMASK(sig);
	task_answers_pending(t, group);
	return 0;
}

int signal_send_locked(struct task *t, int sig, const struct lx_siginfo *info, bool group)
{
	int ret;

	if (!prepare_locked(t, sig, !info))
		return 0;
	ret = queue_locked(t, sig, info, group);
	if (ret < 0)
		return ret;
	waitq_wake(&t->tg->signal_wq, 1 /* LX_POLLIN */);
	complete_locked(t, sig, group);
	return 0;
}

int signal_queue_prealloc_locked(struct task *t, struct sigqueue *q, bool group)
{
	struct sigpending *p = group ? &t->tg->shared_pending : &t->pending;
	int sig = q->info.si_signo;

	if (!list_empty(&q->link))
		return 1;
	if (!prepare_locked(t, sig, false))
		return 2;
	list_add_tail(&q->link, &p->queue);
	p->set |= LX_SIGMASK(sig);
	task_answers_pending(t, group);
	waitq_wake(&t->tg->signal_wq, 1 /* LX_POLLIN */);
	complete_locked(t, sig, group);
	return 0;
}

void signal_unqueue_prealloc_locked(struct tgroup *tg, struct task *t, struct sigqueue *q)
{
	struct sigpending *p = t ? &t->pending : &tg->shared_pending;
	struct sigqueue *o;

	if (list_empty(&q->link))
		return;
	list_del_init(&q->link);
	list_for_each_entry(o, &p->queue, link) {
		if (o->info.si_signo == q->info.si_signo)
			return;
	}
	p->set &= ~LX_SIGMASK(q->info.si_signo);
}

int signal_send_task(struct task *t, int sig, const struct lx_siginfo *info)
{
	int ret = 0;

	mutex_lock(&t->tg->siglock);
	if (!t->exiting)
		ret = signal_send_locked(t, sig, info, false);
	mutex_unlock(&t->tg->siglock);
	return ret;
}

int signal_send_tgroup(struct tgroup *tg, int sig, const struct lx_siginfo *info)
{
	struct task *t, *to = NULL;
	int ret = 0;

	mutex_lock(&tg->siglock);
	/* the leader first, as Linux; a dead leader stays in the list until the group ends */
	list_for_each_entry(t, &tg->threads, tg_link) {
		if (!to || t == tg->leader)
			to = t;
	}
	if (to)
		ret = signal_send_locked(to, sig, info, true);
	mutex_unlock(&tg->siglock);
	return ret;
}

int signal_send_pgrp(struct pgroup *pg, int sig, const struct lx_siginfo *info)
{
	struct tgroup *tg;
	int ret = -ESRCH;

	mutex_lock(&g_kernel->tasklist_lock);
	list_for_each_entry(tg, &pg->members, pgrp_link) {
		int err = sig ? signal_send_tgroup(tg, sig, info) : 0;

		if (ret == -ESRCH || err == 0)
			ret = err;
	}
	mutex_unlock(&g_kernel->tasklist_lock);
	return ret;
}

void signal_force(struct task *t, int sig, const struct lx_siginfo *info)
{
	struct tgroup *tg = t->tg;

	mutex_lock(&tg->siglock);
	if (!tg->exiting) {
		struct sighand *sh = tg->sighand;
		bool blocked = sigset_has(t->blocked, sig);

		mutex_lock(&sh->lock);
		if (blocked || sh->action[sig].handler == LX_SIG_IGN) {
			sh->action[sig].handler = LX_SIG_DFL;
			t->blocked &= ~LX_SIGMASK(sig);
		}
		if (sh->action[sig].handler == LX_SIG_DFL)
			tg->unkillable = false;
		mutex_unlock(&sh->lock);
		if (queue_locked(t, sig, info, false) < 0)
			t->pending.set |= LX_SIGMASK(sig);
		atomic_fetch_or(&t->work, TW_SIGNAL);
	}
	mutex_unlock(&tg->siglock);
}

/*
 * kill(2): the real or effective id of the sender is the real or saved id of the target, or the
 * capability; SIGCONT is free within a session.
 */
bool signal_may_send(struct task *from, struct task *to, int sig)
{
	struct cred *fc, *tc;
	bool ok;

	if (from->tg == to->tg)
		return true;
	fc = task_cred_get(from);
	tc = task_cred_get(to);
	ok = fc->euid == tc->suid || fc->euid == tc->uid || fc->uid == tc->suid ||
	     fc->uid == tc->uid || cred_capable(fc, LX_CAP_KILL);
	if (!ok && sig == LX_SIGCONT)
		ok = from->tg->session == to->tg->session;
	cred_put(tc);
	cred_put(fc);
	return ok;
}

void signal_set_blocked(struct task *t, ksigset_t set)
{
	set &= ~SIGSET_KERNEL_ONLY;
	mutex_lock(&t->tg->siglock);
	if (atomic_load(&t->work) & TW_SIGNAL)
		signal_retarget_locked(t, set & ~t->blocked);
	t->blocked = set;
	signal_recalc_locked(t);
	mutex_unlock(&t->tg->siglock);
}

void signal_proc_info(struct task *t, struct signal_proc_info *ret_info)
{
	struct tgroup *tg = t->tg;
	struct sighand *sh;

	memset(ret_info, 0, sizeof(*ret_info));
	mutex_lock(&tg->siglock);
	ret_info->pending = t->pending.set;
	ret_info->shared_pending = tg->shared_pending.set;
	ret_info->blocked = task_blocked(t);
	if (t->ucount)
		ret_info->nr_queued = (unsigned int)atomic_load(&t->ucount->sigpending);
	sh = tg->sighand;
	mutex_lock(&sh->lock);
	for (int sig = 1; sig <= LX_NSIG; sig++) {
		if (sh->action[sig].handler == LX_SIG_IGN)
			ret_info->ignored |= LX_SIGMASK(sig);
		else if (sh->action[sig].handler != LX_SIG_DFL)
			ret_info->caught |= LX_SIGMASK(sig);
	}
	mutex_unlock(&sh->lock);
	mutex_unlock(&tg->siglock);
}

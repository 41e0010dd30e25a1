/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners of open files, and SIGIO. The state hangs on file->fowner and is made when first set. With
 * O_ASYNC it waits on the file's queue; since a wake function may not send signals, it starts a
 * timer that is due at once, whose thread sends it. Locking: g_lock (LC_FILE) guards the state; the
 * wake function touches only the pending mask and the timer.
 */
#include "kernel/fown.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>

#include "kernel/container.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "time/clock.h"
#include "time/timer.h"

struct fown {
	struct waiter w;
	struct ktimer *timer;     /* owned, once asynchronous */
	struct file *file;        /* borrowed: it owns us */
	_Atomic uint32_t pending; /* LX_POLL* since the last signal */
	bool async;
	/* LX_F_OWNER_*, number; 0: nobody. GUARDED_BY(g_lock) as the rest */
	int type, id;
	struct pid_ns *ns; /* owned: where id is a number; NULL before the first */
	int sig;           /* 0: SIGIO without details */
	uint32_t uid, euid;
};

static struct mutex g_lock = MUTEX_INIT(LC_FILE);

static int fown_get(struct file *f, struct fown **ret_o)
{
	struct fown *o;

	mutex_lock(&g_lock);
	if (!f->fowner) {
		o = calloc(1, sizeof(*o));
		if (o)
			o->file = f;
		f->fowner = o;
	}
	o = f->fowner;
	mutex_unlock(&g_lock);
	if (!o)
		return -ENOMEM;
	*ret_o = o;
	return 0;
}

/* On the timers' thread. */
static void send_sigio(struct pid_ns *ns, int type, int id, int sig, uint32_t events)
{
	struct lx_siginfo info = { 0 };

	info.si_signo = sig;
	info.si_code = events & LX_POLLIN  ? LX_POLL_IN :
		       events & LX_POLLOUT ? LX_POLL_OUT :
					     LX_POLL_HUP;
	info.sigpoll.band = events;
	info.sigpoll.fd = -1;
	if (type == LX_F_OWNER_TID) {
		auto_put(task) struct task *t = pid_ns_find_task(ns, id);

		if (t)
			signal_send_task(t, sig, &info);
	} else if (type == LX_F_OWNER_PID) {
		auto_put(tgroup) struct tgroup *tg = pid_ns_find_tgroup(ns, id);

		if (tg)
			signal_send_tgroup(tg, sig, &info);
	} else {
		struct pgroup *pg = pid_ns_find_pgrp(ns, id);

		if (pg) {
			signal_send_pgrp(pg, sig, &info);
			pgroup_put(pg);
		}
	}
}

static void fown_signal(struct ktimer *kt, void *arg)
{
	struct fown *o = arg;
	uint32_t events = atomic_exchange(&o->pending, 0);
	struct pid_ns *ns;
	int type, id, sig;

	mutex_lock(&g_lock);
	type = o->type;
	id = o->id;
	sig = o->sig ? o->sig : LX_SIGIO;
	ns = o->ns ? pid_ns_get(o->ns) : NULL;
	mutex_unlock(&g_lock);
	if (id && events && ns)
		send_sigio(ns, type, id, sig, events);
	pid_ns_put(ns);
}

static void on_wake(struct waiter *w, uint32_t events)
{
	struct fown *o = container_of(w, struct fown, w);

	atomic_fetch_or(&o->pending, events);
	ktimer_set(o->timer, now_monotonic(), 0);
}

int fown_set_async(struct file *f, bool on)
{
	struct fown *o;
	int ret;

	if (!f->wq)
		return 0; /* regular files: nothing ever happens */
	ret = fown_get(f, &o);
	if (ret < 0)
		return ret;
	if (on && !o->timer) {
		ret = ktimer_new(fown_signal, o, &o->timer);
		if (ret < 0)
			return ret;
	}
	if (on && !o->async) {
		o->w.fn = on_wake;
		o->w.mask = LX_POLLIN | LX_POLLOUT | LX_POLLPRI | LX_POLLRDHUP;
		waitq_add(f->wq, &o->w);
	} else if (!on && o->async) {
		waitq_del(f->wq, &o->w);
	}
	o->async = on;
	return 0;
}

void fown_free(struct file *f)
{
	struct fown *o = f->fowner;

	if (o->async)
		waitq_del(f->wq, &o->w);
	ktimer_free(o->timer);
	pid_ns_put(o->ns);
	free(o);
}

static int check_owner(int type, int id)
{
	struct pgroup *pg;
	struct task *t;

	if (id == 0)
		return 0;
	if (type == LX_F_OWNER_PGRP) {
		pg = pid_find_pgrp(id);
		if (!pg)
			return -ESRCH;
		pgroup_put(pg);
		return 0;
	}
	t = pid_find_task(id);
	if (!t)
		return -ESRCH;
	task_put(t);
	return 0;
}

static long set_owner(struct task *t, struct file *f, int type, int id)
{
	struct pid_ns *old;
	struct fown *o;
	int ret = check_owner(type, id);

	if (ret == 0)
		ret = fown_get(f, &o);
	if (ret < 0)
		return ret;
	mutex_lock(&g_lock);
	o->type = type;
	o->id = id;
	old = o->ns;
	o->ns = pid_ns_get(t->tg->container->pid_ns);
	o->uid = t->cred->uid;
	o->euid = t->cred->euid;
	mutex_unlock(&g_lock);
	pid_ns_put(old);
	return 0;
}

static long set_sig(struct file *f, uint64_t sig)
{
	struct fown *o;
	int ret;

	if (sig > 64)
		return -EINVAL;
	ret = fown_get(f, &o);
	if (ret < 0)
		return ret;
	mutex_lock(&g_lock);
	o->sig = (int)sig;
	mutex_unlock(&g_lock);
	return 0;
}

long fown_fcntl(struct task *t, struct file *f, int cmd, uint64_t arg)
{
	struct fown now = { 0 };
	struct lx_f_owner_ex ex;
	uint32_t ids[2];

	mutex_lock(&g_lock);
	if (f->fowner)
		now = *(struct fown *)f->fowner;
	mutex_unlock(&g_lock);
	switch (cmd) {
	case LX_F_SETOWN:
		if ((int)arg == INT32_MIN)
			return -EINVAL;
		if ((int)arg < 0)
			return set_owner(t, f, LX_F_OWNER_PGRP, -(int)arg);
		return set_owner(t, f, LX_F_OWNER_PID, (int)arg);
	case LX_F_GETOWN:
		return now.type == LX_F_OWNER_PGRP ? -now.id : now.id;
	case LX_F_SETOWN_EX:
		if (copyin(t, &ex, arg, sizeof(ex)) < 0)
			return -EFAULT;
		if (ex.type < LX_F_OWNER_TID || ex.type > LX_F_OWNER_PGRP)
			return -EINVAL;
		return set_owner(t, f, ex.type, ex.pid);
	case LX_F_GETOWN_EX:
		ex.type = now.id ? now.type : LX_F_OWNER_TID;
		ex.pid = now.id;
		return copyout(t, arg, &ex, sizeof(ex)) < 0 ? -EFAULT : 0;
	case LX_F_SETSIG:
		return set_sig(f, arg);
	case LX_F_GETSIG:
		return now.sig;
	case LX_F_GETOWNER_UIDS:
		ids[0] = now.uid;
		ids[1] = now.euid;
		return copyout(t, arg, ids, sizeof(ids)) < 0 ? -EFAULT : 0;
	default:
		return -EINVAL;
	}
}

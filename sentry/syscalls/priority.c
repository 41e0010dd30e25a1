/* SPDX-License-Identifier: Apache-2.0 */
/* Nice values and I/O priorities of a thread, a process group or a user: setpriority(2),
 * ioprio_set(2). */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/sched.h>
#include <base/bits.h>

#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "syscalls/sched.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* The numbering of PRIO_*; that of IOPRIO_WHO_* begins one higher. */
struct selection {
	struct task *t;
	int which, who;
	long (*fn)(struct task *t, struct task *other, int arg, long ret);
	int arg;
};

static bool selected_group(const struct selection *s, struct tgroup *tg)
{
	if (s->which == LX_PRIO_PGRP)
		return tg->pgrp && tg->pgrp->pgid == s->who;
	return true;
}

static bool selected_task(const struct selection *s, struct task *o)
{
	struct cred *c;
	bool same;

	if (s->which != LX_PRIO_USER)
		return true;
	c = task_cred_get(o);
	same = c->uid == (uint32_t)s->who;
	cred_put(c);
	return same;
}

/* fn sees every task meant, and folds the result; -ESRCH if there is none. */
static long for_selected(struct selection *s)
{
	struct kernel *k = s->t->kernel;
	long ret = -ESRCH;
	struct tgroup *tg;
	struct task *o;

	if (s->which == LX_PRIO_PROCESS) {
		o = s->who ? task_find(k, s->who) : task_get(s->t);
		if (o) {
			ret = s->fn(s->t, o, s->arg, ret);
			task_put(o);
		}
		return ret;
	}
	if (s->who == 0 && s->which == LX_PRIO_USER)
		s->who = (int)s->t->cred->uid;
	mutex_lock(&k->tasklist_lock);
	if (s->who == 0 && s->which == LX_PRIO_PGRP)
		s->who = s->t->tg->pgrp->pgid;
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container->pid_ns != s->t->tg->container->pid_ns || !selected_group(s, tg))
			continue;
		list_for_each_entry(o, &tg->threads, tg_link) {
			if (selected_task(s, o))
				ret = s->fn(s->t, o, s->arg, ret);
		}
	}
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

/* --- nice --- */

static long set_nice(struct task *t, struct task *o, int nice, long ret)
{
	struct cred *c = task_cred_get(o);
	bool mine = c->uid == t->cred->euid || c->euid == t->cred->euid;

	cred_put(c);
	if (!mine && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	if (nice < o->nice && !sched_may_nice(t, o, nice))
		return -EACCES;
	o->nice = nice;
	return ret == -ESRCH ? 0 : ret;
}

/* The kernel's form: 20 - nice, so that no result looks like an error. */
static long get_nice(struct task *t, struct task *o, int arg, long ret)
{
	return MAX(20l - o->nice, ret);
}

long sys_setpriority(struct task *t, const struct sysargs *a)
{
	struct selection s = { t, arg_int(a, 0), arg_int(a, 1), set_nice,
			       CLAMP(arg_int(a, 2), NICE_MIN, NICE_MAX) };

	if (s.which < LX_PRIO_PROCESS || s.which > LX_PRIO_USER)
		return -EINVAL;
	return for_selected(&s);
}

long sys_getpriority(struct task *t, const struct sysargs *a)
{
	struct selection s = { t, arg_int(a, 0), arg_int(a, 1), get_nice, 0 };

	if (s.which < LX_PRIO_PROCESS || s.which > LX_PRIO_USER)
		return -EINVAL;
	return for_selected(&s);
}

/* --- I/O priority: kept and told, the host's block layer never hears of it --- */

#define IOPRIO_LEVEL_MASK 7

static long set_ioprio(struct task *t, struct task *o, int ioprio, long ret)
{
	struct cred *c = task_cred_get(o);
	bool mine = c->uid == t->cred->euid || c->uid == t->cred->uid;

	cred_put(c);
	if (!mine && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	o->ioprio = (uint16_t)ioprio;
	return ret == -ESRCH ? 0 : ret;
}

/* The better of two is the lower class, then the lower level; none counts as best effort 4. */
static long get_ioprio(struct task *t, struct task *o, int which, long ret)
{
	unsigned int none = (LX_IOPRIO_CLASS_BE << LX_IOPRIO_CLASS_SHIFT) | 4;
	unsigned int mine = o->ioprio, best;

	if (ret < 0)
		return mine;
	best = (unsigned int)ret;
	if (!(mine >> LX_IOPRIO_CLASS_SHIFT))
		mine = none;
	if (!(best >> LX_IOPRIO_CLASS_SHIFT))
		best = none;
	return MIN(mine, best);
}

static int check_ioprio(struct task *t, unsigned int ioprio)
{
	unsigned int data = ioprio & ((1u << LX_IOPRIO_CLASS_SHIFT) - 1);

	switch (ioprio >> LX_IOPRIO_CLASS_SHIFT) {
	case LX_IOPRIO_CLASS_RT:
		if (!task_capable(t, LX_CAP_SYS_ADMIN) && !task_capable(t, LX_CAP_SYS_NICE))
			return -EPERM;
		return 0;
	case LX_IOPRIO_CLASS_BE:
	case LX_IOPRIO_CLASS_IDLE:
		return 0;
	case LX_IOPRIO_CLASS_NONE:
		return (data & IOPRIO_LEVEL_MASK) ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

long sys_ioprio_set(struct task *t, const struct sysargs *a)
{
	struct selection s = { t, arg_int(a, 0) - 1, arg_int(a, 1), set_ioprio, arg_int(a, 2) };
	int ret = check_ioprio(t, arg_uint(a, 2));

	if (ret < 0)
		return ret;
	if (s.which < LX_PRIO_PROCESS || s.which > LX_PRIO_USER)
		return -EINVAL;
	return for_selected(&s);
}

long sys_ioprio_get(struct task *t, const struct sysargs *a)
{
	struct selection s = { t, arg_int(a, 0) - 1, arg_int(a, 1), get_ioprio, 0 };

	if (s.which < LX_PRIO_PROCESS || s.which > LX_PRIO_USER)
		return -EINVAL;
	return for_selected(&s);
}

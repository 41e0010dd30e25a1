/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and process groups: setsid(2), setpgid(2) and their readers. */
#include <errno.h>

#include "kernel/session_int.h"
#include "syscalls/handlers.h"

long sys_setsid(struct task *t, const struct sysargs *a)
{
	return task_setsid(t);
}

long sys_setpgid(struct task *t, const struct sysargs *a)
{
	return task_setpgid(t, arg_int(a, 0), arg_int(a, 1));
}

static long group_of(struct task *t, int pid, bool session)
{
	struct task *o = pid ? task_find(t->kernel, pid) : task_get(t);
	long ret;

	if (!o)
		return -ESRCH;
	mutex_lock(&t->kernel->tasklist_lock);
	ret = session ? o->tg->session->sid : o->tg->pgrp->pgid;
	mutex_unlock(&t->kernel->tasklist_lock);
	task_put(o);
	return ret;
}

long sys_getpgid(struct task *t, const struct sysargs *a)
{
	return group_of(t, arg_int(a, 0), false);
}

long sys_getpgrp(struct task *t, const struct sysargs *a)
{
	return group_of(t, 0, false);
}

long sys_getsid(struct task *t, const struct sysargs *a)
{
	return group_of(t, arg_int(a, 0), true);
}

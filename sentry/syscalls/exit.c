/* SPDX-License-Identifier: Apache-2.0 */
/* exit(2) of a thread, exit_group(2) of a process. The task ends on its way back to the guest. */
#include "kernel/task.h"
#include "syscalls/handlers.h"

long sys_exit(struct task *t, const struct sysargs *a)
{
	task_exit_request(t, (arg_int(a, 0) & 0xff) << 8);
	return 0;
}

long sys_exit_group(struct task *t, const struct sysargs *a)
{
	tgroup_exit(t->tg, (arg_int(a, 0) & 0xff) << 8);
	return 0;
}

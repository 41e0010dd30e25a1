/* SPDX-License-Identifier: Apache-2.0 */
/* arch_prctl(2) is x86's: the row has no number here, only a name to fill. */
#include <errno.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"

long sys_arch_prctl(struct task *t, const struct sysargs *a)
{
	return -ENOSYS;
}

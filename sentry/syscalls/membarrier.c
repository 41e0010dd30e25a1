/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membarrier(2). Every form is answered with the host's global barrier, which waits until each CPU
 * has passed through the scheduler: slow, and stronger than any of them asks for. The forms that
 * serialise cores or restart rseq sections are not offered.
 */
#include <errno.h>
#include <stdatomic.h>

#include <abi/linux/membarrier.h>
#include <host/host.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"

#define OFFERED                                                                                    \
	(LX_MEMBARRIER_CMD_GLOBAL | LX_MEMBARRIER_CMD_GLOBAL_EXPEDITED |                           \
	 LX_MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | LX_MEMBARRIER_CMD_PRIVATE_EXPEDITED |       \
	 LX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | LX_MEMBARRIER_CMD_GET_REGISTRATIONS)

long sys_membarrier(struct task *t, const struct sysargs *a)
{
	int cmd = arg_int(a, 0);

	if (arg_uint(a, 1))
		return -EINVAL;
	switch (cmd) {
	case LX_MEMBARRIER_CMD_QUERY:
		return OFFERED;
	case LX_MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case LX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		atomic_fetch_or(&t->tg->membarrier, (uint32_t)cmd);
		return 0;
	case LX_MEMBARRIER_CMD_GET_REGISTRATIONS:
		return atomic_load(&t->tg->membarrier);
	case LX_MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		if (!(atomic_load(&t->tg->membarrier) &
		      LX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
			return -EPERM;
		return host_membarrier_global();
	case LX_MEMBARRIER_CMD_GLOBAL:
	case LX_MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return host_membarrier_global();
	default:
		return -EINVAL;
	}
}

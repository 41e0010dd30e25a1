/* SPDX-License-Identifier: Apache-2.0 */
/* shmget(2), shmat(2), shmdt(2), shmctl(2). */
#include <errno.h>

#include "ipc/shm.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"

long sys_shmget(struct task *t, const struct sysargs *a)
{
	return shm_get(t, arg_int(a, 0), arg_ulong(a, 1), arg_int(a, 2));
}

long sys_shmat(struct task *t, const struct sysargs *a)
{
	return shm_attach(t, arg_int(a, 0), arg_addr(a, 1), arg_int(a, 2));
}

long sys_shmdt(struct task *t, const struct sysargs *a)
{
	return shm_detach(t, arg_addr(a, 0));
}

long sys_shmctl(struct task *t, const struct sysargs *a)
{
	int id = arg_int(a, 0), cmd = arg_int(a, 1) & ~LX_IPC_64, ret;
	uaddr_t buf = arg_addr(a, 2);
	struct lx_shm_info usage;
	struct lx_shminfo limits;
	struct lx_shmid_ds ds;

	if (cmd < 0 || id < 0)
		return -EINVAL;
	switch (cmd) {
	case LX_IPC_INFO:
		ret = shm_limits(&limits);
		return copyout(t, buf, &limits, sizeof(limits)) < 0 ? -EFAULT : ret;
	case LX_SHM_INFO:
		ret = shm_usage(&usage);
		return copyout(t, buf, &usage, sizeof(usage)) < 0 ? -EFAULT : ret;
	case LX_IPC_STAT:
	case LX_SHM_STAT:
	case LX_SHM_STAT_ANY:
		ret = shm_stat(t, id, cmd, &ds);
		if (ret < 0)
			return ret;
		return copyout(t, buf, &ds, sizeof(ds)) < 0 ? -EFAULT : ret;
	case LX_IPC_SET:
		if (copyin(t, &ds, buf, sizeof(ds)) < 0)
			return -EFAULT;
		return shm_set(t, id, &ds);
	case LX_IPC_RMID:
		return shm_remove(t, id);
	case LX_SHM_LOCK:
	case LX_SHM_UNLOCK:
		return shm_lock(t, id, cmd == LX_SHM_LOCK);
	default:
		return -EINVAL;
	}
}

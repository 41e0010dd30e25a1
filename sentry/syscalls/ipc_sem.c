/* SPDX-License-Identifier: Apache-2.0 */
/* semget(2), semop(2), semtimedop(2), semctl(2). */
#include <errno.h>
#include <stdlib.h>

#include <base/auto.h>

#include "ipc/sem.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

long sys_semget(struct task *t, const struct sysargs *a)
{
	return sem_get(t, arg_int(a, 0), arg_int(a, 1), arg_int(a, 2));
}

static long do_semop(struct task *t, int id, uaddr_t uops, unsigned int nr, uaddr_t timeout)
{
	int64_t deadline = TASK_NO_DEADLINE;
	auto_free struct lx_sembuf *ops = NULL;
	struct lx_timespec ts;

	if (timeout) {
		if (copyin(t, &ts, timeout, sizeof(ts)) < 0)
			return -EFAULT;
		if (!timespec_valid(&ts))
			return -EINVAL;
		deadline = deadline_in(timespec_to_ns(&ts));
	}
	if (nr < 1 || id < 0)
		return -EINVAL;
	if (nr > LX_SEMOPM)
		return -E2BIG;
	ops = malloc(nr * sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	if (copyin(t, ops, uops, nr * sizeof(*ops)) < 0)
		return -EFAULT;
	return sem_op(t, id, ops, nr, deadline);
}

long sys_semop(struct task *t, const struct sysargs *a)
{
	return do_semop(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), 0);
}

long sys_semtimedop(struct task *t, const struct sysargs *a)
{
	return do_semop(t, arg_int(a, 0), arg_addr(a, 1), arg_uint(a, 2), arg_addr(a, 3));
}

static long all(struct task *t, int id, int cmd, uaddr_t addr)
{
	int nr = sem_count(t, id, cmd), ret;
	auto_free uint16_t *vals = NULL;

	if (nr < 0)
		return nr;
	vals = calloc((size_t)nr, sizeof(*vals));
	if (!vals)
		return -ENOMEM;
	if (cmd == LX_SETALL) {
		if (copyin(t, vals, addr, (size_t)nr * sizeof(*vals)) < 0)
			return -EFAULT;
		return sem_set_all(t, id, vals, (unsigned int)nr);
	}
	ret = sem_get_all(t, id, vals, (unsigned int)nr);
	if (ret < 0)
		return ret;
	return copyout(t, addr, vals, (size_t)nr * sizeof(*vals));
}

long sys_semctl(struct task *t, const struct sysargs *a)
{
	int id = arg_int(a, 0), num = arg_int(a, 1), cmd = arg_int(a, 2) & ~LX_IPC_64, ret;
	uaddr_t arg = arg_addr(a, 3);
	struct lx_seminfo limits;
	struct lx_semid_ds ds;

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case LX_IPC_INFO:
	case LX_SEM_INFO:
		ret = sem_limits(cmd, &limits);
		return copyout(t, arg, &limits, sizeof(limits)) < 0 ? -EFAULT : ret;
	case LX_IPC_STAT:
	case LX_SEM_STAT:
	case LX_SEM_STAT_ANY:
		ret = sem_stat(t, id, cmd, &ds);
		if (ret < 0)
			return ret;
		return copyout(t, arg, &ds, sizeof(ds)) < 0 ? -EFAULT : ret;
	case LX_GETVAL:
	case LX_GETPID:
	case LX_GETNCNT:
	case LX_GETZCNT:
		return sem_read(t, id, num, cmd);
	case LX_SETVAL:
		return sem_set_one(t, id, num, (int)arg);
	case LX_GETALL:
	case LX_SETALL:
		return all(t, id, cmd, arg);
	case LX_IPC_SET:
		if (copyin(t, &ds, arg, sizeof(ds)) < 0)
			return -EFAULT;
		return sem_set(t, id, &ds);
	case LX_IPC_RMID:
		return sem_remove(t, id);
	default:
		return -EINVAL;
	}
}

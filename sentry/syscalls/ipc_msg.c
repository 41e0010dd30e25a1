/* SPDX-License-Identifier: Apache-2.0 */
/* msgget(2), msgsnd(2), msgrcv(2), msgctl(2). */
#include <errno.h>
#include <stdlib.h>

#include <base/auto.h>

#include "ipc/msg.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"

long sys_msgget(struct task *t, const struct sysargs *a)
{
	return msg_get(t, arg_int(a, 0), arg_int(a, 1));
}

long sys_msgsnd(struct task *t, const struct sysargs *a)
{
	int id = arg_int(a, 0);
	uaddr_t buf = arg_addr(a, 1);
	long size = arg_long(a, 2), ret;
	auto_free struct msg *m = NULL;
	int64_t type;

	if (copyin(t, &type, buf, sizeof(type)) < 0)
		return -EFAULT;
	if (size > LX_MSGMAX || size < 0 || id < 0 || type < 1)
		return -EINVAL;
	m = malloc(sizeof(*m) + (size_t)size);
	if (!m)
		return -ENOMEM;
	m->next = NULL;
	m->type = type;
	m->size = (size_t)size;
	if (copyin(t, m->text, buf + sizeof(type), (size_t)size) < 0)
		return -EFAULT;
	ret = msg_send(t, id, m, arg_int(a, 3));
	if (ret == 0)
		m = NULL; /* the queue's now */
	return ret;
}

long sys_msgrcv(struct task *t, const struct sysargs *a)
{
	int id = arg_int(a, 0), flags = arg_int(a, 4);
	uaddr_t buf = arg_addr(a, 1);
	long size = arg_long(a, 2), ret;
	auto_free struct msg *m = NULL;

	if (id < 0 || size < 0)
		return -EINVAL;
	if (flags & LX_MSG_COPY) {
		if ((flags & LX_MSG_EXCEPT) || !(flags & LX_IPC_NOWAIT))
			return -EINVAL;
	}
	ret = msg_receive(t, id, (size_t)size, arg_long(a, 3), flags, &m);
	if (ret < 0)
		return ret;
	if (m->size < (size_t)size)
		size = (long)m->size;
	if (copyout(t, buf, &m->type, sizeof(m->type)) < 0 ||
	    copyout(t, buf + sizeof(m->type), m->text, (size_t)size) < 0)
		return -EFAULT;
	return size;
}

long sys_msgctl(struct task *t, const struct sysargs *a)
{
	int id = arg_int(a, 0), cmd = arg_int(a, 1) & ~LX_IPC_64, ret;
	uaddr_t buf = arg_addr(a, 2);
	struct lx_msginfo limits;
	struct lx_msqid_ds ds;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case LX_IPC_INFO:
	case LX_MSG_INFO:
		ret = msg_limits(cmd, &limits);
		return copyout(t, buf, &limits, sizeof(limits)) < 0 ? -EFAULT : ret;
	case LX_IPC_STAT:
	case LX_MSG_STAT:
	case LX_MSG_STAT_ANY:
		ret = msg_stat(t, id, cmd, &ds);
		if (ret < 0)
			return ret;
		return copyout(t, buf, &ds, sizeof(ds)) < 0 ? -EFAULT : ret;
	case LX_IPC_SET:
		if (copyin(t, &ds, buf, sizeof(ds)) < 0)
			return -EFAULT;
		return msg_set(t, id, &ds);
	case LX_IPC_RMID:
		return msg_remove(t, id);
	default:
		return -EINVAL;
	}
}

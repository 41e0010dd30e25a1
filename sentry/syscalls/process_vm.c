/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_vm_readv(2) and process_vm_writev(2): copies between two processes, through a buffer of
 * the sentry.
 */
#include <errno.h>
#include <stdlib.h>

#include <base/bits.h>

#include "kernel/task.h"
#include "mm/mm.h"
#include "syscalls/handlers.h"

#define CHUNK (64ul << 10)

struct vm_copy {
	struct uio local, remote;
	bool write; /* into the other process */
};

/* Bytes moved; short where either side cannot be reached, -EFAULT if that is at once. */
static long copy_between(struct vm_copy *c)
{
	size_t left = MIN(c->local.left, c->remote.left), done = 0;
	auto_free char *buf = NULL;

	if (!left)
		return 0;
	buf = malloc(MIN(left, CHUNK));
	if (!buf)
		return -ENOMEM;
	while (done < left) {
		size_t n = MIN(left - done, CHUNK);
		ssize_t got = uio_read(c->write ? &c->local : &c->remote, buf, n), put;

		if (got <= 0)
			break;
		put = uio_write(c->write ? &c->remote : &c->local, buf, (size_t)got);
		if (put <= 0)
			break;
		done += (size_t)put;
		if ((size_t)got < n || put < got)
			break;
	}
	return done ? (long)done : -EFAULT;
}

static long vm_copy(struct task *t, const struct sysargs *a, bool write)
{
	struct uio_seg local_inline[8], remote_inline[8], *local = NULL, *remote = NULL;
	auto_put(task) struct task *other = NULL;
	struct vm_copy c = { .write = write };
	auto_put(mm) struct mm *mm = NULL;
	long ret;

	if (arg_ulong(a, 5))
		return -EINVAL;
	ret = copyin_iovec(t, arg_addr(a, 1), arg_ulong(a, 2), local_inline, &local, &c.local);
	if (ret < 0)
		return ret;
	ret = copyin_iovec(t, arg_addr(a, 3), arg_ulong(a, 4), remote_inline, &remote, &c.remote);
	if (ret < 0)
		goto out;
	ret = 0;
	if (!uio_left(&c.local) || !uio_left(&c.remote))
		goto out;
	other = task_find(t->kernel, arg_int(a, 0));
	if (!other) {
		ret = -ESRCH;
		goto out;
	}
	if (other->tg != t->tg)
		ret = task_may_access(t, other);
	if (ret < 0)
		goto out;
	mm = task_mm_get(other);
	if (!mm) {
		ret = -ESRCH;
		goto out;
	}
	c.remote.mm = mm;
	ret = copy_between(&c);
out:
	if (local != local_inline)
		free(local);
	if (remote != remote_inline)
		free(remote);
	return ret;
}

long sys_process_vm_readv(struct task *t, const struct sysargs *a)
{
	return vm_copy(t, a, false);
}

long sys_process_vm_writev(struct task *t, const struct sysargs *a)
{
	return vm_copy(t, a, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventfd: a 64-bit counter behind a file. Owns the counter and who is woken when it moves; flags
 * are checked in syscalls/eventfd.c. Locking: eventfd.lock is a leaf. See eventfd(2). Differs from
 * Linux: nothing known.
 */
#include "fs/eventfd/eventfd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <abi/linux/eventfd.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>

#include "lock_class.h"
#include "vfs/file.h"

struct eventfd {
	bool semaphore;    /* const after init */
	struct mutex lock; /* LC_EVENTFD */
	uint64_t count GUARDED_BY(lock);
};

static uint64_t take_locked(struct eventfd *e) REQUIRES(e->lock);
static uint64_t take_locked(struct eventfd *e)
{
	uint64_t v = e->semaphore && e->count ? 1 : e->count;

	e->count -= v;
	return v;
}

static ssize_t eventfd_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct eventfd *e = f->priv;
	uint64_t v;

	if (uio_left(dst) < sizeof(v))
		return -EINVAL;
	mutex_lock(&e->lock);
	v = take_locked(e);
	mutex_unlock(&e->lock);
	if (v == 0)
		return -EAGAIN;
	waitq_wake(f->wq, LX_POLLOUT | LX_POLLWRNORM);
	return uio_write(dst, &v, sizeof(v));
}

static ssize_t eventfd_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct eventfd *e = f->priv;
	struct uio peek = *src;
	ssize_t ret;
	uint64_t v;

	if (uio_left(src) != sizeof(v))
		return -EINVAL;
	ret = uio_read(&peek, &v, sizeof(v));
	if (ret != (ssize_t)sizeof(v))
		return -EFAULT;
	if (v == UINT64_MAX)
		return -EINVAL;
	mutex_lock(&e->lock);
	ret = UINT64_MAX - e->count > v ? (ssize_t)sizeof(v) : -EAGAIN;
	if (ret > 0)
		e->count += v;
	mutex_unlock(&e->lock);
	if (ret > 0) {
		*src = peek;
		waitq_wake(f->wq, LX_POLLIN | LX_POLLRDNORM);
	}
	return ret;
}

static uint32_t eventfd_poll(struct file *f)
{
	struct eventfd *e = f->priv;
	uint32_t ev = 0;
	uint64_t count;

	mutex_lock(&e->lock);
	count = e->count;
	mutex_unlock(&e->lock);
	if (count > 0)
		ev |= LX_POLLIN | LX_POLLRDNORM;
	if (count == UINT64_MAX)
		ev |= LX_POLLERR;
	if (count < UINT64_MAX - 1)
		ev |= LX_POLLOUT | LX_POLLWRNORM;
	return ev;
}

static void eventfd_release(struct file *f)
{
	struct eventfd *e = f->priv;

	mutex_fini(&e->lock);
	free(e);
}

static int eventfd_fdinfo(struct file *f, char *buf, size_t size)
{
	struct eventfd *e = f->priv;

	return snprintf(buf, size, "eventfd-count: %16llx\n", (unsigned long long)e->count);
}

static const struct file_ops eventfd_ops = {
	.name = "[eventfd]",
	.flags = FOP_STREAM,
	.seek = vfs_noop_seek,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.fdinfo = eventfd_fdinfo,
};

int eventfd_new(unsigned int initval, int flags, const struct cred *cred, struct file **ret_file)
{
	struct eventfd *e = calloc(1, sizeof(*e));
	int ret;

	if (!e)
		return -ENOMEM;
	mutex_init(&e->lock, LC_EVENTFD);
	e->count = initval;
	e->semaphore = flags & LX_EFD_SEMAPHORE;
	ret = file_new_anon(&eventfd_ops, e, LX_O_RDWR | (unsigned int)(flags & LX_EFD_NONBLOCK),
			    cred, "[eventfd]", ret_file);
	if (ret < 0)
		free(e);
	return ret;
}

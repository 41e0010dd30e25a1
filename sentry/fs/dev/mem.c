/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory devices: null, zero, full, random and urandom (null(4), full(4), random(4)). Nothing
 * is kept, nothing is locked. Differs from Linux: writes to random add nothing; RNDADDENTROPY and
 * its kin answer EPERM.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/mman.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/dev/dev.h"
#include "fs/devpts/devpts.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "vfs/file.h"

#define RNDGETENTCNT  0x80045200u
#define RNDRESEEDCRNG 0x5207u

static ssize_t null_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	return 0;
}

static ssize_t sink_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	size_t n = uio_left(src);

	uio_advance(src, n);
	return (ssize_t)n;
}

static ssize_t zero_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	return uio_left(dst) ? uio_zero(dst, uio_left(dst)) : 0;
}

static ssize_t full_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	return -ENOSPC; /* for no bytes too */
}

/* Position means nothing here: any seek lands at 0. */
static int64_t null_seek(struct file *f, int64_t off, int whence)
{
	return 0;
}

/* A private mapping of zero is anonymous memory; a shared one is shared anonymous memory. */
static int zero_mmap(struct file *f, struct mm_mmap_req *req)
{
	req->mappable = NULL;
	req->flags |= LX_MAP_ANONYMOUS;
	req->off = 0;
	return 0;
}

static ssize_t random_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	uint8_t buf[512];
	size_t done = 0;

	while (uio_left(dst) > 0) {
		size_t n = MIN(uio_left(dst), sizeof(buf));
		ssize_t put;

		if (host_getrandom(buf, n) < 0)
			return done ? (ssize_t)done : -EIO;
		put = uio_write(dst, buf, n);
		if (put < 0)
			return done ? (ssize_t)done : put;
		done += (size_t)put;
		if (put < (ssize_t)n ||
		    (done >= 4096 && task_current() && task_interrupted(task_current())))
			break;
	}
	return (ssize_t)done;
}

static long random_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	int bits = 256;

	switch (cmd) {
	case RNDGETENTCNT:
		return copyout(t, arg, &bits, sizeof(bits));
	default:
		return (cmd >> 8 & 0xff) == 'R' && (cmd & 0xff) <= (RNDRESEEDCRNG & 0xff) ? -EPERM :
											    -EINVAL;
	}
}

static const struct file_ops null_ops = {
	.name = "null",
	.read = null_read,
	.write = sink_write,
	.seek = null_seek,
};
static const struct file_ops zero_ops = {
	.name = "zero",
	.read = zero_read,
	.write = sink_write,
	.seek = null_seek,
	.mmap = zero_mmap,
};
static const struct file_ops full_ops = {
	.name = "full",
	.read = zero_read,
	.write = full_write,
	.seek = null_seek,
};
static const struct file_ops random_ops = {
	.name = "random",
	.read = random_read,
	.write = sink_write,
	.seek = null_seek,
	.ioctl = random_ioctl,
};

static int mem_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	switch (inode->rdev_minor) {
	case 3:
		f->ops = &null_ops;
		return 0;
	case 5:
		f->ops = &zero_ops;
		return 0;
	case 7:
		f->ops = &full_ops;
		return 0;
	case 8:
	case 9:
		f->ops = &random_ops;
		return 0;
	default:
		return -ENXIO;
	}
}

const struct chrdev g_dev_table[] = {
	{ 1, 3, 9, "mem", mem_open },
	{ 5, 0, 0, "/dev/tty", devtty_open },
	{ 5, 2, 2, "/dev/ptmx", ptmx_open },
	{ 136, 0, 0xfffff, "pts", pts_open },
	{ 0 },
};

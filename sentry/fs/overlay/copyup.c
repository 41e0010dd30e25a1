/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy-up: gives a lower file data of its own, in the memory file, because it is about to be
 * written. Mappings of the lower data are taken out of every address space and come back, by
 * faults, with the copy.
 *
 * Locking: the inode's io_lock from before the first byte is read to the switch.
 */
#include <errno.h>
#include <stdlib.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/overlay/int.h"
#include "lock_class.h"
#include "mm/mm.h"

#define CHUNK (256u << 10)

struct inode *onode_real(struct onode *on)
{
	struct inode *i;

	mutex_lock(&on->lock);
	i = inode_get(on->upper ? on->upper : on->lower);
	mutex_unlock(&on->lock);
	return i;
}

/* All of a buffer; a short write without an error is what the file system had room for. */
static int write_all(struct file *to, void *buf, size_t n, int64_t pos)
{
	struct uio src;
	ssize_t done;

	uio_init_kernel(&src, buf, n);
	while (uio_left(&src) > 0) {
		done = to->ops->write(to, &src, &pos, 0);
		if (done < 0)
			return (int)done;
		if (done == 0)
			return -EIO;
	}
	return 0;
}

static bool all_zero(const unsigned char *buf, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		if (buf[k])
			return false;
	}
	return true;
}

static int copy_data(struct file *from, struct file *to, uint64_t size)
{
	auto_free unsigned char *buf = malloc(CHUNK);
	uint64_t pos = 0;
	int ret;

	if (!buf)
		return -ENOMEM;
	while (pos < size) {
		int64_t at = (int64_t)pos;
		struct uio dst;
		ssize_t n;

		uio_init_kernel(&dst, buf, MIN((uint64_t)CHUNK, size - pos));
		n = from->ops->read(from, &dst, &at, 0);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break; /* cut meanwhile */
		/* Holes stay holes. */
		if (!all_zero(buf, (size_t)n)) {
			ret = write_all(to, buf, (size_t)n, (int64_t)pos);
			if (ret < 0)
				return ret;
		}
		pos += (uint64_t)n;
	}
	return 0;
}

static int set_size(struct inode *up, uint64_t size, const struct vfs_caller *c)
{
	struct kattr a = { .valid = SA_SIZE, .size = size };
	int ret;

	if (up->size == size)
		return 0;
	mutex_lock(&up->io_lock);
	ret = up->ops->setattr ? up->ops->setattr(up, &a, c) : -EINVAL;
	mutex_unlock(&up->io_lock);
	return ret;
}

/* What stands for the file in address spaces is the copy from now on. */
static int switch_map(struct onode *on, struct file *to, struct mappable **ret_new)
{
	struct mm_mmap_req req = { .prot = LX_PROT_READ, .flags = LX_MAP_SHARED };
	int ret;

	if (!to->ops->mmap)
		return -ENODEV;
	ret = to->ops->mmap(to, &req);
	if (ret == 0)
		*ret_new = mappable_get(req.mappable);
	return ret;
}

static int fill(struct onode *on, struct inode *up, uint64_t size, const struct vfs_caller *c)
{
	struct mappable *new = NULL, *old = NULL;
	struct file *files = calloc(2, sizeof(*files)), *from = files, *to = files + 1;
	uint64_t keep = MIN(size, on->i.size);
	int ret;

	if (!files)
		return -ENOMEM;
	ret = real_open(to, up, LX_O_RDWR, NULL, c);
	if (ret < 0) {
		free(files);
		return ret;
	}
	if (keep > 0) {
		ret = real_open(from, on->lower, LX_O_RDONLY, NULL, c);
		if (ret == 0) {
			ret = copy_data(from, to, keep);
			real_close(from);
		}
	}
	if (ret == 0)
		ret = set_size(up, keep, c);
	if (ret == 0)
		ret = switch_map(on, to, &new);
	if (ret == 0) {
		up->mtime = on->i.mtime;
		up->ctime = on->i.ctime;
		up->atime = on->i.atime;
		onode_own(on, ON_META);
		mutex_lock(&on->lock);
		on->upper = inode_get(up);
		if (on->real_map) {
			old = on->real_map;
			on->real_map = STEAL(new);
		}
		mutex_unlock(&on->lock);
		if (old) {
			mappable_invalidate(&on->map, 0, UINT64_MAX, false);
			mappable_put(old);
		}
	}
	if (new)
		mappable_put(new);
	real_close(to);
	free(files);
	return ret;
}

int overlay_copy_up_locked(struct onode *on, uint64_t size, const struct vfs_caller *c)
{
	struct inode *up;
	int ret;

	if (READ_ONCE(on->upper))
		return 0;
	ret = upper_new(overlay_sb_of(&on->i), NULL, LX_S_IFREG | 0600, 0, 0, NULL, c, &up);
	if (ret < 0)
		return ret;
	/* Taken inside this inode's own, so a class of its own. Nobody else knows the inode yet. */
	mutex_fini(&up->io_lock);
	mutex_init(&up->io_lock, LC_INODE_IO_UPPER);
	ret = fill(on, up, size, c);
	inode_put(up);
	return ret;
}

int overlay_copy_up(struct onode *on, const struct vfs_caller *c)
{
	int ret;

	if (READ_ONCE(on->upper))
		return 0;
	mutex_lock(&on->i.io_lock);
	ret = overlay_copy_up_locked(on, UINT64_MAX, c);
	mutex_unlock(&on->i.io_lock);
	return ret;
}

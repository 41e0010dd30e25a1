/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files of lower origin: every operation goes to an inner file on the lower data or, once
 * copied up, on the upper. A file that was opened before the copy-up sees the copy as well. (Files
 * made in the overlay are tmpfs inodes and never come here.)
 *
 * Differs from Linux: overlayfs leaves descriptors that were opened for reading at the lower data
 * after a copy-up; here all of them see what is written, as on any other file system.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/overlay/int.h"
#include "lock_class.h"
#include "mm/mm.h"
#include "vfs/chrdev.h"

struct ofile {
	struct mutex lock; /* LC_OVERLAY_FILE: opening the two below */
	_Atomic bool lower_open, upper_open;
	struct file lower, upper;
};

int real_open(struct file *real, struct inode *inode, unsigned int flags, const struct cred *cred,
	      const struct vfs_caller *c)
{
	int ret;

	memset(real, 0, sizeof(*real));
	ref_init(&real->ref);
	real->inode = inode_get(inode);
	waitq_init(&real->own_wq);
	mutex_init(&real->pos_lock, LC_FILE_POS);
	real->flags = flags;
	real->mode = (flags & LX_O_ACCMODE) == LX_O_RDONLY ? FMODE_READ : FMODE_READ | FMODE_WRITE;
	real->cred = (struct cred *)cred; /* borrowed from the outer file */
	ret = inode->ops->open ? inode->ops->open(inode, real, c) : -ENXIO;
	if (ret < 0) {
		real->ops = NULL;
		real_close(real);
	}
	return ret;
}

void real_close(struct file *real)
{
	if (real->ops && real->ops->release)
		real->ops->release(real);
	waitq_fini(&real->own_wq);
	mutex_fini(&real->pos_lock);
	inode_put(real->inode);
	real->inode = NULL;
}

/* The inner file that is the data now. */
static int real_of(struct file *f, struct file **ret_real)
{
	struct onode *on = onode_of(f->inode);
	struct ofile *of = f->priv;
	bool up = READ_ONCE(on->upper) != NULL;
	_Atomic bool *is_open = up ? &of->upper_open : &of->lower_open;
	struct file *real = up ? &of->upper : &of->lower;
	struct inode *inode;
	int ret = 0;

	if (!atomic_load(is_open)) {
		mutex_lock(&of->lock);
		if (!atomic_load(is_open)) {
			inode = up ? on->upper : on->lower; /* neither changes any more */
			ret = real_open(real, inode, up ? LX_O_RDWR : LX_O_RDONLY, f->cred, NULL);
			if (ret == 0)
				atomic_store(is_open, true);
		}
		mutex_unlock(&of->lock);
		if (ret < 0)
			return ret;
	}
	real->flags = (f->flags & ~(unsigned int)LX_O_ACCMODE) | (up ? LX_O_RDWR : LX_O_RDONLY);
	*ret_real = real;
	return 0;
}

/* The same after a copy-up. */
static int real_for_write(struct file *f, struct file **ret_real)
{
	int ret = overlay_copy_up(onode_of(f->inode), NULL);

	return ret < 0 ? ret : real_of(f, ret_real);
}

/* The outer inode learns what an operation did to the data. */
static void sync_size(struct file *f, struct file *real)
{
	struct inode *i = f->inode, *up = real->inode;

	rwlock_wrlock(&i->lock);
	i->size = up->size;
	i->mtime = up->mtime;
	i->ctime = up->ctime;
	rwlock_unlock(&i->lock);
}

static ssize_t file_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct file *real;
	int ret = real_of(f, &real);

	return ret < 0 ? ret : real->ops->read(real, dst, pos, rwf);
}

static ssize_t file_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct file *real;
	ssize_t ret = real_for_write(f, &real);

	if (ret < 0)
		return ret;
	ret = real->ops->write(real, src, pos, rwf);
	if (ret > 0)
		sync_size(f, real);
	return ret;
}

static int64_t file_seek(struct file *f, int64_t off, int whence)
{
	struct file *real;
	int64_t ret = real_of(f, &real);

	if (ret < 0)
		return ret;
	if (real->ops->seek) {
		real->pos = f->pos;
		ret = real->ops->seek(real, off, whence);
		if (ret >= 0)
			f->pos = ret;
		return ret;
	}
	switch (whence) {
	case LX_SEEK_SET:
		ret = off;
		break;
	case LX_SEEK_CUR:
		if (__builtin_add_overflow(f->pos, off, &ret))
			return -EOVERFLOW;
		break;
	case LX_SEEK_END:
		if (__builtin_add_overflow((int64_t)real->inode->size, off, &ret))
			return -EOVERFLOW;
		break;
	case LX_SEEK_DATA:
	case LX_SEEK_HOLE:
		if (off < 0 || (uint64_t)off >= real->inode->size)
			return -ENXIO;
		ret = whence == LX_SEEK_DATA ? off : (int64_t)real->inode->size;
		break;
	default:
		return -EINVAL;
	}
	if (ret < 0)
		return -EINVAL;
	f->pos = ret;
	return ret;
}

static int file_fsync(struct file *f, bool data_only)
{
	/* below nothing is dirty, above nothing outlives the sandbox */
	return 0;
}

static int file_fallocate(struct file *f, int mode, int64_t off, int64_t len)
{
	struct file *real;
	int ret = real_for_write(f, &real);

	if (ret < 0)
		return ret;
	if (!real->ops->fallocate)
		return -EOPNOTSUPP;
	ret = real->ops->fallocate(real, mode, off, len);
	if (ret == 0) {
		sync_size(f, real);
		if (mode & ~LX_FALLOC_FL_KEEP_SIZE)
			mappable_invalidate(&onode_of(f->inode)->map, (uint64_t)off & PAGE_MASK,
					    UINT64_MAX, false);
	}
	return ret;
}

static int file_mmap(struct file *f, struct mm_mmap_req *req)
{
	struct onode *on = onode_of(f->inode);
	struct mm_mmap_req inner = *req;
	struct mappable *m;
	struct file *real;
	int ret;

	/* A shared mapping that may write, now or by mprotect, needs the copy. */
	if ((req->flags & LX_MAP_SHARED) && (f->mode & FMODE_WRITE))
		ret = real_for_write(f, &real);
	else
		ret = real_of(f, &real);
	if (ret < 0)
		return ret;
	if (!real->ops->mmap)
		return -ENODEV;
	ret = real->ops->mmap(real, &inner);
	if (ret < 0)
		return ret;
	m = mappable_get(inner.mappable);
	mutex_lock(&on->lock);
	/*
	 * Copied up since: real is out of date, and so is m; the next mmap or copy-up brings the
	 * right one.
	 */
	if (!on->real_map && real->inode == (on->upper ? on->upper : on->lower))
		on->real_map = STEAL(m);
	ret = on->real_map ? 0 : -EAGAIN;
	mutex_unlock(&on->lock);
	if (m)
		mappable_put(m);
	if (ret == -EAGAIN)
		return file_mmap(f, req);
	req->mappable = &on->map;
	req->max_prot = inner.max_prot;
	return 0;
}

static void file_release(struct file *f)
{
	struct ofile *of = f->priv;

	if (of->lower_open)
		real_close(&of->lower);
	if (of->upper_open)
		real_close(&of->upper);
	mutex_fini(&of->lock);
	free(of);
}

static const struct file_ops overlay_file_ops = {
	.name = "overlay",
	.flags = FOP_KILLABLE,
	.read = file_read,
	.write = file_write,
	.seek = file_seek,
	.mmap = file_mmap,
	.fsync = file_fsync,
	.fallocate = file_fallocate,
	.release = file_release,
};

int overlay_open(struct inode *i, struct file *f, const struct vfs_caller *c)
{
	struct onode *on = onode_of(i);
	struct ofile *of;
	struct file *real;
	int ret;

	if (LX_S_ISDIR(i->mode))
		return overlay_open_dir(on, f, c);
	if (!LX_S_ISREG(i->mode))
		return LX_S_ISCHR(i->mode) ? chrdev_open(i, f, c) : -ENXIO;
	of = calloc(1, sizeof(*of));
	if (!of)
		return -ENOMEM;
	mutex_init(&of->lock, LC_OVERLAY_FILE);
	f->priv = of;
	f->ops = &overlay_file_ops;
	/*
	 * Errors of the lower file belong to the open; the copy-up waits for the first write
	 * (O_TRUNC spares it).
	 */
	ret = real_of(f, &real);
	if (ret < 0)
		file_release(f);
	return ret;
}

/* --- mappable: the real one's answers, under our own list of mappings --- */

static struct onode *onode_of_map(struct mappable *m)
{
	return container_of(m, struct onode, map);
}

static void map_get(struct mappable *m)
{
	inode_get(&onode_of_map(m)->i);
}

static void map_put(struct mappable *m)
{
	inode_put(&onode_of_map(m)->i);
}

static struct mappable *real_map_get(struct onode *on, bool *ret_upper)
{
	struct mappable *m;

	mutex_lock(&on->lock);
	m = on->real_map ? mappable_get(on->real_map) : NULL;
	*ret_upper = on->upper != NULL;
	mutex_unlock(&on->lock);
	return m;
}

static int map_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			 struct backing *ret_b)
{
	bool upper;
	struct mappable *real = real_map_get(onode_of_map(m), &upper);
	int ret;

	if (!real)
		return -EIO;
	if (write && !upper)
		ret = -EACCES; /* mmap copies up before it lets anybody write */
	else
		ret = real->ops->translate(real, off, size, write, ret_b);
	mappable_put(real);
	return ret;
}

static int map_sync(struct mappable *m, uint64_t off, uint64_t size)
{
	return 0;
}

static void map_id(struct mappable *m, struct mappable_id *ret_id)
{
	struct onode *on = onode_of_map(m);

	*ret_id = (struct mappable_id){
		.dev_major = on->i.sb->dev_major,
		.dev_minor = on->i.sb->dev_minor,
		.ino = on->i.ino,
	};
}

const struct mappable_ops overlay_mappable_ops = {
	.get = map_get,
	.put = map_put,
	.translate = map_translate,
	.sync = map_sync,
	.id = map_id,
};

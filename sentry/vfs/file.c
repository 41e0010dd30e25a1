/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files: their life, reading, writing, seeking and polling on top of file_ops. Nothing here
 * sleeps for data. References: a file holds its path, its credentials, and write references on
 * inode and mount when opened for writing. Locking: pos_lock around what uses the position.
 */
#include "vfs/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/mount.h>
#include <abi/linux/poll.h>
#include <abi/linux/stat.h>

#include "lock_class.h"
#include "vfs/epoll.h"
#include "vfs/flock.h"
#include "vfs/inode.h"
#include "vfs/inotify.h"

void (*vfs_fown_free)(struct file *f);

#define NOT_KEPT (LX_O_CREAT | LX_O_EXCL | LX_O_NOCTTY | LX_O_TRUNC | LX_O_CLOEXEC)
#define DAY_S    86400

int file_new(const struct path *p, unsigned int flags, const struct cred *cred,
	     struct file **ret_file)
{
	static const unsigned char modes[4] = { FMODE_READ, FMODE_WRITE, FMODE_READ | FMODE_WRITE,
						0 };
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	ref_init(&f->ref);
	f->path = *p;
	path_get(&f->path);
	f->inode = p->dentry->inode;
	waitq_init(&f->own_wq);
	mutex_init(&f->pos_lock, LC_FILE_POS);
	f->flags = flags & ~(unsigned int)NOT_KEPT;
	f->mode = flags & LX_O_PATH ? FMODE_PATH : modes[flags & LX_O_ACCMODE];
	f->cred = cred ? cred_get(cred) : NULL;
	*ret_file = f;
	return 0;
}

static void file_destroy(struct file *f)
{
	if (f->ops) {
		if (!(f->inode->iflags & INODE_PRIVATE))
			inotify_dentry(f->path.dentry, f->mode & FMODE_WRITE ? LX_IN_CLOSE_WRITE :
									       LX_IN_CLOSE_NOWRITE);
		if (f->epoll_links)
			epoll_file_gone(f);
		if (f->fowner)
			vfs_fown_free(f);
		if (f->inode->flocks)
			flock_release_file(f);
		if (f->ops->release)
			f->ops->release(f);
	}
	if (f->wrote) {
		inode_put_write(f->inode);
		mount_drop_write(f->path.mnt);
	}
	path_put(&f->path);
	cred_put(f->cred);
	waitq_fini(&f->own_wq);
	mutex_fini(&f->pos_lock);
	free(f);
}

void file_put(struct file *f)
{
	if (f && ref_put(&f->ref))
		file_destroy(f);
}

int vfs_close_fd(struct file *f, const void *owner)
{
	int ret = 0;

	if (f->mode & FMODE_PATH)
		return 0;
	if (f->ops->flush)
		ret = f->ops->flush(f);
	if (f->inode->flocks)
		flock_release_owner(f->inode, owner);
	return ret;
}

/* relatime and its kin: is the time of access worth a change? */
static void accessed(struct file *f)
{
	struct inode *i = f->inode;
	unsigned int mf = f->path.mnt ? f->path.mnt->flags : 0;
	struct ktime now;

	if ((f->flags & LX_O_NOATIME) || (i->iflags & (INODE_PRIVATE | INODE_NOATIME)) ||
	    (mf & (LX_MS_NOATIME | LX_MS_RDONLY)) || (i->sb->flags & SB_RDONLY))
		return;
	if ((mf & LX_MS_NODIRATIME) && LX_S_ISDIR(i->mode))
		return;
	if (mf & LX_MS_RELATIME) {
		if (ktime_cmp(&i->mtime, &i->atime) < 0 && ktime_cmp(&i->ctime, &i->atime) < 0) {
			now = ktime_now();
			if (now.sec - i->atime.sec < DAY_S)
				return;
		}
	}
	inode_touch(i, SA_ATIME);
}

static ssize_t no_op(const struct file *f)
{
	return f->inode && LX_S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
}

ssize_t vfs_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	ssize_t ret;

	if (!(f->mode & FMODE_READ))
		return -EBADF;
	if (!f->ops->read)
		return no_op(f);
	if (f->ops->flags & FOP_STREAM) {
		ret = f->ops->read(f, dst, pos ? pos : &f->pos, rwf);
	} else if (pos) {
		ret = f->ops->read(f, dst, pos, rwf);
	} else {
		mutex_lock(&f->pos_lock);
		ret = f->ops->read(f, dst, &f->pos, rwf);
		mutex_unlock(&f->pos_lock);
	}
	if (ret > 0) {
		if (LX_S_ISREG(f->inode->mode))
			accessed(f);
		inotify_dentry(f->path.dentry, LX_IN_ACCESS);
	}
	return ret;
}

ssize_t vfs_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	ssize_t ret;

	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (!f->ops->write)
		return no_op(f);
	if (f->ops->flags & FOP_STREAM) {
		ret = f->ops->write(f, src, pos ? pos : &f->pos, rwf);
	} else if (pos) {
		ret = f->ops->write(f, src, pos, rwf);
	} else {
		int64_t was;

		mutex_lock(&f->pos_lock);
		was = f->pos;
		ret = f->ops->write(f, src, &f->pos, rwf);
		if (ret <= 0)
			f->pos = was; /* O_APPEND may have moved it already */
		mutex_unlock(&f->pos_lock);
	}
	if (ret > 0)
		inotify_dentry(f->path.dentry, LX_IN_MODIFY);
	return ret;
}

uint32_t vfs_poll(struct file *f)
{
	if (!f->ops->poll)
		return LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM;
	return f->ops->poll(f);
}

static int64_t generic_seek(struct file *f, int64_t off, int whence)
{
	int64_t base, size = (int64_t)f->inode->size;

	switch (whence) {
	case LX_SEEK_SET:
		base = 0;
		break;
	case LX_SEEK_CUR:
		base = f->pos;
		break;
	case LX_SEEK_END:
		base = size;
		break;
	case LX_SEEK_DATA:
		if (off < 0 || off >= size)
			return -ENXIO;
		base = 0;
		break;
	case LX_SEEK_HOLE:
		if (off < 0 || off >= size)
			return -ENXIO;
		off = size;
		base = 0;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &off))
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	f->pos = off;
	return off;
}

int64_t vfs_noop_seek(struct file *f, int64_t off, int whence)
{
	return 0;
}

int64_t vfs_seek(struct file *f, int64_t off, int whence)
{
	int64_t ret;

	if (f->ops->flags & FOP_STREAM)
		return f->ops->seek ? f->ops->seek(f, off, whence) : -ESPIPE;
	mutex_lock(&f->pos_lock);
	ret = f->ops->seek ? f->ops->seek(f, off, whence) : generic_seek(f, off, whence);
	mutex_unlock(&f->pos_lock);
	return ret;
}

int vfs_readdir(struct file *f, struct dir_ctx *ctx)
{
	int ret;

	if (!LX_S_ISDIR(f->inode->mode) || !f->ops->readdir)
		return -ENOTDIR;
	if (f->inode->iflags & INODE_DEAD)
		return -ENOENT;
	mutex_lock(&f->pos_lock);
	ctx->pos = f->pos;
	ret = f->ops->readdir(f, ctx);
	f->pos = ctx->pos;
	mutex_unlock(&f->pos_lock);
	accessed(f);
	inotify_dentry(f->path.dentry, LX_IN_ACCESS | LX_IN_ISDIR);
	return ret;
}

ssize_t vfs_read_kernel(struct file *f, void *buf, size_t n, int64_t pos)
{
	size_t done = 0;

	while (done < n) {
		struct uio dst;
		ssize_t ret;

		uio_init_kernel(&dst, (char *)buf + done, n - done);
		ret = vfs_read(f, &dst, &pos, 0);
		if (ret < 0)
			return done ? (ssize_t)done : ret;
		if (ret == 0)
			break;
		done += (size_t)ret;
	}
	return (ssize_t)done;
}

static void map_get(void *obj)
{
	file_get(obj);
}

static void map_put(void *obj)
{
	file_put(obj);
}

static ssize_t map_name(void *obj, const void *root, char *buf, size_t size)
{
	const struct file *f = obj;

	return vfs_path_name(&f->path, root, buf, size);
}

struct map_file vfs_map_file(struct file *f)
{
	static const struct map_file_ops ops = { .get = map_get, .put = map_put, .name = map_name };

	return (struct map_file){ &ops, f };
}

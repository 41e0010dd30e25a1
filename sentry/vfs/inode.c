/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inodes: their life, their clock, and the counters that keep writers and executors apart. File
 * systems embed struct inode or hang theirs on priv; ops->destroy frees it after inode_fini.
 * Locking: inode.lock guards the attributes; write_count is atomic.
 */
#include "vfs/inode.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/stat.h>
#include <host/host.h>

#include "lock_class.h"
#include "vfs/flock.h"
#include "vfs/inotify.h"
#include "vfs/mount.h"

void inode_init(struct inode *i, struct super_block *sb, const struct inode_ops *ops, uint64_t ino,
		uint32_t mode)
{
	memset(i, 0, sizeof(*i));
	ref_init(&i->ref);
	i->sb = super_get(sb);
	i->ops = ops;
	i->ino = ino;
	i->mode = mode;
	i->nlink = 1;
	rwlock_init(&i->lock, LC_INODE);
	mutex_init(&i->io_lock, LC_INODE_IO);
	i->atime = i->mtime = i->ctime = i->btime = ktime_now();
}

void inode_fini(struct inode *i)
{
	struct super_block *sb = i->sb;

	flock_ctx_free(i);
	inotify_marks_free(i);
	rwlock_fini(&i->lock);
	mutex_fini(&i->io_lock);
	i->sb = NULL;
	super_put(sb);
}

void inode_put(struct inode *i)
{
	if (!i || !ref_put(&i->ref))
		return;
	if (i->ops->destroy) {
		i->ops->destroy(i);
		return;
	}
	inode_fini(i);
	free(i);
}

struct ktime ktime_now(void)
{
	uint64_t ns = host_clock_ns(HOST_CLOCK_REALTIME_COARSE);

	return (struct ktime){ .sec = (int64_t)(ns / 1000000000),
			       .nsec = (uint32_t)(ns % 1000000000) };
}

void inode_init_owner(struct inode *i, const struct inode *dir, const struct vfs_caller *c,
		      uint32_t mode)
{
	i->mode = mode;
	i->uid = c->cred ? c->cred->fsuid : 0;
	i->gid = c->cred ? c->cred->fsgid : 0;
	if (dir && (dir->mode & LX_S_ISGID)) {
		i->gid = dir->gid;
		if (LX_S_ISDIR(mode))
			i->mode |= LX_S_ISGID;
		else if ((mode & (LX_S_ISGID | LX_S_IXGRP)) == (LX_S_ISGID | LX_S_IXGRP) &&
			 c->cred && !cred_in_group(c->cred, dir->gid) &&
			 !cred_capable(c->cred, LX_CAP_FSETID))
			i->mode &= ~(uint32_t)LX_S_ISGID;
	}
}

void inode_touch_locked(struct inode *i, unsigned int which)
{
	struct ktime now = ktime_now();

	if (which & SA_ATIME)
		i->atime = now;
	if (which & SA_MTIME)
		i->mtime = now;
	if (which & SA_CTIME)
		i->ctime = now;
}

void inode_touch(struct inode *i, unsigned int which)
{
	rwlock_wrlock(&i->lock);
	inode_touch_locked(i, which);
	rwlock_unlock(&i->lock);
	if (i->ops->dirty_time)
		i->ops->dirty_time(i);
}

void inode_link_count(struct inode *i, int delta)
{
	rwlock_wrlock_nested(&i->lock);
	if (delta < 0 && i->nlink < (uint32_t)-delta)
		i->nlink = 0;
	else
		i->nlink += (uint32_t)delta;
	i->ctime = ktime_now();
	rwlock_unlock(&i->lock);
}

void inode_fill_stat(struct inode *i, struct kstat *st)
{
	rwlock_rdlock(&i->lock);
	*st = (struct kstat){
		.mask = LX_STATX_BASIC_STATS | LX_STATX_BTIME,
		.mode = i->mode,
		.nlink = i->nlink,
		.uid = i->uid,
		.gid = i->gid,
		.dev_major = i->sb->dev_major,
		.dev_minor = i->sb->dev_minor,
		.rdev_major = i->rdev_major,
		.rdev_minor = i->rdev_minor,
		.ino = i->ino,
		.size = i->size,
		.blocks = (i->size + 511) / 512,
		.blksize = 4096,
		.attributes = i->attributes,
		.attributes_mask =
			LX_STATX_ATTR_IMMUTABLE | LX_STATX_ATTR_APPEND | LX_STATX_ATTR_NODUMP,
		.atime = i->atime,
		.mtime = i->mtime,
		.ctime = i->ctime,
		.btime = i->btime,
	};
	rwlock_unlock(&i->lock);
}

/* write_count moves by delta unless it has the opposite sign. */
static int count_move(struct inode *i, int delta)
{
	int old = atomic_load(&i->write_count);

	do {
		if ((delta > 0 && old < 0) || (delta < 0 && old > 0))
			return -ETXTBSY;
	} while (!atomic_compare_exchange_weak(&i->write_count, &old, old + delta));
	return 0;
}

int inode_deny_write(struct inode *i)
{
	return count_move(i, -1);
}

void inode_allow_write(struct inode *i)
{
	atomic_fetch_add(&i->write_count, 1);
}

int inode_get_write(struct inode *i)
{
	return count_move(i, 1);
}

void inode_put_write(struct inode *i)
{
	atomic_fetch_sub(&i->write_count, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the overlay: the delta first, the lower directory behind it. Changes only ever touch
 * deltas; a directory that came from below is renamed like any other, because its inode knows its
 * lower directory by itself.
 *
 * Locking: vfs holds the directories' i.lock; inodes that lose or get a name are touched under
 * their own.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>

#include "fs/overlay/int.h"

int overlay_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	struct onode *od = onode_of(dir);
	struct dentry_delta *e = delta_find(od->delta, name, len);
	struct inode *lower;
	int ret;

	if (e) {
		if (!e->inode)
			return -ENOENT;
		*ret_inode = inode_get(e->inode);
		return 0;
	}
	if (!od->lower)
		return -ENOENT;
	ret = od->lower->ops->lookup(od->lower, name, len, &lower);
	return ret < 0 ? ret : onode_from_lower(overlay_sb_of(dir), lower, ret_inode);
}

/* The lock is taken on one way and held by the caller on the other. */
int overlay_revalidate(struct inode *dir, const char *name, size_t len, struct inode *inode,
		       bool nonblock) NO_THREAD_SAFETY;
int overlay_revalidate(struct inode *dir, const char *name, size_t len, struct inode *inode,
		       bool nonblock)
{
	struct onode *od = onode_of(dir), *on;
	int ret;

	/* Only what stands for a lower name can change behind our back. */
	if (!od->lower || (inode && (!is_onode(inode) || !onode_of(inode)->lower)))
		return 1;
	if (READ_ONCE(od->delta)) {
		bool ours;

		/*
		 * From within the dentry cache (nonblock) nothing may wait; else vfs holds the
		 * lock.
		 */
		if (nonblock && !rwlock_tryrdlock(&dir->lock))
			return -ECHILD;
		ours = delta_find(od->delta, name, len) != NULL;
		if (nonblock)
			rwlock_unlock(&dir->lock);
		if (ours)
			return 1;
	}
	on = inode ? onode_of(inode) : NULL;
	ret = od->lower->ops->revalidate(od->lower, name, len, on ? on->lower : NULL, nonblock);
	if (ret == 1 && on && !nonblock)
		onode_sync(on);
	return ret;
}

/* A directory's own times, and that it is to be kept. i.lock is held for writing. */
static void dir_changed(struct onode *od)
{
	if (od->lower && !(atomic_load(&od->flags) & ON_META)) {
		/* As onode_own, but this inode's lock is held already. */
		struct overlay_sb *osb = overlay_sb_of(&od->i);

		mutex_lock(&osb->lock);
		atomic_fetch_or(&od->flags, ON_META);
		if (list_empty(&od->pin_link)) {
			inode_get(&od->i);
			list_add(&od->pin_link, &osb->pinned);
		}
		mutex_unlock(&osb->lock);
	}
	inode_touch_locked(&od->i, SA_MTIME | SA_CTIME);
}

/* Puts a new inode (consumed) under its name. The lower directory was asked for the name before. */
static int add(struct inode *dir, const char *name, size_t len, struct inode *inode,
	       struct inode **ret_inode)
{
	struct onode *od = onode_of(dir);
	int ret = delta_set(od, name, len, inode_get(inode), false);

	if (ret < 0) {
		inode_put(inode);
		return ret;
	}
	dir_changed(od);
	*ret_inode = inode;
	return 0;
}

static int make(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		uint32_t minor, const char *target, const struct vfs_caller *c,
		struct inode **ret_inode)
{
	struct inode *inode;
	int ret = upper_new(overlay_sb_of(dir), dir, mode, major, minor, target, c, &inode);

	return ret < 0 ? ret : add(dir, name, len, inode, ret_inode);
}

int overlay_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
		   const struct vfs_caller *c, struct inode **ret_inode)
{
	return make(dir, name, len, (mode & 07777) | LX_S_IFREG, 0, 0, NULL, c, ret_inode);
}

int overlay_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		  uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode)
{
	return make(dir, name, len, mode, major, minor, NULL, c, ret_inode);
}

int overlay_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		    const struct vfs_caller *c, struct inode **ret_inode)
{
	return make(dir, name, len, LX_S_IFLNK | 0777, 0, 0, target, c, ret_inode);
}

int overlay_tmpfile(struct inode *dir, uint32_t mode, const struct vfs_caller *c,
		    struct inode **ret_inode)
{
	struct inode *inode;
	int ret = upper_new(overlay_sb_of(dir), dir, (mode & 07777) | LX_S_IFREG, 0, 0, NULL, c,
			    &inode);

	if (ret < 0)
		return ret;
	inode->nlink = 0;
	*ret_inode = inode;
	return 0;
}

int overlay_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		  const struct vfs_caller *c, struct inode **ret_inode)
{
	struct inode *inode;
	int ret = onode_new_dir(overlay_sb_of(dir), dir, LX_S_IFDIR | (mode & 07777), c, &inode);

	if (ret == 0)
		ret = add(dir, name, len, inode, ret_inode);
	if (ret == 0)
		dir->nlink++;
	return ret;
}

/* Its attributes are about to be changed by us. */
static void own(struct inode *i)
{
	if (is_onode(i))
		onode_own(onode_of(i), ON_META);
}

int overlay_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	bool charge = !is_onode(inode) && inode->nlink > 0;
	int ret = charge ? upper_charge_inode(overlay_sb_of(dir)) : 0;

	if (ret < 0)
		return ret;
	own(inode);
	ret = delta_set(onode_of(dir), name, len, inode_get(inode), false);
	if (ret < 0) {
		if (charge)
			upper_uncharge_inode(overlay_sb_of(dir));
		return ret;
	}
	inode_link_count(inode, 1);
	dir_changed(onode_of(dir));
	return 0;
}

/* inode lost a name (or, a directory, its only one). */
static void lost_name(struct inode *inode)
{
	own(inode);
	if (!is_onode(inode) && inode->nlink > 1)
		upper_uncharge_inode(overlay_sb_of(inode));
	inode_link_count(inode, LX_S_ISDIR(inode->mode) ? -(int)inode->nlink : -1);
	if (inode->nlink == 0 && is_onode(inode))
		onode_unpin(onode_of(inode));
}

int overlay_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	int ret;

	inode_get(inode); /* the delta's reference goes */
	ret = delta_remove(onode_of(dir), name, len);
	if (ret == 0) {
		dir_changed(onode_of(dir));
		lost_name(inode);
	}
	inode_put(inode);
	return ret;
}

/* Nothing may be made in a directory that is about to go. */
static int kill_dir(struct inode *inode)
{
	int ret;

	rwlock_wrlock_nested(&inode->lock);
	ret = overlay_dir_empty(onode_of(inode));
	if (ret == 0)
		inode->iflags |= INODE_DEAD;
	rwlock_unlock(&inode->lock);
	return ret;
}

static void revive_dir(struct inode *inode)
{
	rwlock_wrlock_nested(&inode->lock);
	inode->iflags &= ~INODE_DEAD;
	rwlock_unlock(&inode->lock);
}

int overlay_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	int ret = kill_dir(inode);

	if (ret < 0)
		return ret;
	inode_get(inode);
	ret = delta_remove(onode_of(dir), name, len);
	if (ret == 0) {
		dir_changed(onode_of(dir));
		dir->nlink--;
		lost_name(inode);
	} else {
		revive_dir(inode);
	}
	inode_put(inode);
	return ret;
}

static void touch_moved(struct inode *i)
{
	own(i);
	rwlock_wrlock_nested(&i->lock);
	inode_touch_locked(i, SA_CTIME);
	rwlock_unlock(&i->lock);
}

static int exchange(struct inode *old_dir, const char *old_name, size_t old_len,
		    struct inode *inode, struct inode *new_dir, const char *new_name,
		    size_t new_len, struct inode *target)
{
	/* Entries exist: neither call can fail. */
	delta_set(onode_of(old_dir), old_name, old_len, inode_get(target), true);
	delta_set(onode_of(new_dir), new_name, new_len, inode_get(inode), true);
	if (old_dir != new_dir) {
		int delta = LX_S_ISDIR(target->mode) - LX_S_ISDIR(inode->mode);

		old_dir->nlink += (uint32_t)delta;
		new_dir->nlink -= (uint32_t)delta;
	}
	touch_moved(inode);
	touch_moved(target);
	return 0;
}

static void move(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *inode,
		 struct inode *new_dir, const char *new_name, size_t new_len, struct inode *target)
{
	bool is_dir = LX_S_ISDIR(inode->mode);

	delta_set(onode_of(new_dir), new_name, new_len, inode_get(inode), true);
	delta_remove(onode_of(old_dir), old_name, old_len);
	if (target)
		lost_name(target);
	if (is_dir && target)
		old_dir->nlink--;
	if (is_dir && !target && old_dir != new_dir) {
		old_dir->nlink--;
		new_dir->nlink++;
	}
	touch_moved(inode);
}

int overlay_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *inode,
		   struct inode *new_dir, const char *new_name, size_t new_len,
		   struct inode *target, unsigned int flags)
{
	bool swap = flags & LX_RENAME_EXCHANGE, kill = target && !swap && LX_S_ISDIR(target->mode);
	struct onode *from = onode_of(old_dir), *to = onode_of(new_dir);
	bool made_from = !delta_find(from->delta, old_name, old_len);
	int ret;

	if (flags & ~(LX_RENAME_NOREPLACE | LX_RENAME_EXCHANGE))
		return -EINVAL;
	ret = kill ? kill_dir(target) : 0;
	if (ret < 0)
		return ret;
	/*
	 * All memory first. The inode is put under its old name, so that an entry made here is
	 * right whatever happens next.
	 */
	inode_get(inode);
	if (target)
		inode_get(target);
	if (made_from)
		ret = delta_set(from, old_name, old_len, inode_get(inode), true);
	if (ret == 0 && !delta_find(to->delta, new_name, new_len))
		ret = delta_set(to, new_name, new_len, inode_get(target ? target : inode),
				target != NULL);
	if (ret < 0) {
		if (kill)
			revive_dir(target);
	} else {
		dir_changed(from);
		dir_changed(to);
		if (swap)
			exchange(old_dir, old_name, old_len, inode, new_dir, new_name, new_len,
				 target);
		else
			move(old_dir, old_name, old_len, inode, new_dir, new_name, new_len, target);
	}
	inode_put(inode);
	if (target)
		inode_put(target);
	return ret;
}

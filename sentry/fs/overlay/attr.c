/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes, links' targets and extended attributes of overlay inodes: the lower file's until they
 * are changed, then our own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <abi/linux/limits.h>
#include <abi/linux/xattr.h>
#include <base/bits.h>

#include "fs/overlay/int.h"

static bool later(const struct ktime *a, const struct ktime *b)
{
	return a->sec != b->sec ? a->sec > b->sec : a->nsec > b->nsec;
}

static int lower_getattr(struct inode *lower, uint32_t mask, struct kstat *ret_st)
{
	if (lower->ops->getattr)
		return lower->ops->getattr(lower, mask, ret_st);
	inode_fill_stat(lower, ret_st);
	return 0;
}

static struct inode *upper_get(struct onode *on)
{
	struct inode *up;

	mutex_lock(&on->lock);
	up = on->upper ? inode_get(on->upper) : NULL;
	mutex_unlock(&on->lock);
	return up;
}

int overlay_getattr(struct inode *i, uint32_t mask, struct kstat *ret_st)
{
	struct onode *on = onode_of(i);
	struct inode *up;
	struct kstat st;
	int ret;

	if (!(atomic_load(&on->flags) & ON_META)) {
		ret = lower_getattr(on->lower, mask, &st);
		if (ret < 0)
			return ret;
		st.ino = i->ino;
		st.dev_major = i->sb->dev_major;
		st.dev_minor = i->sb->dev_minor;
		onode_sync(on);
		*ret_st = st;
		return 0;
	}
	up = upper_get(on);
	if (!up && on->lower && !LX_S_ISDIR(i->mode)) {
		/* What the data takes is still the lower file's business. */
		ret = lower_getattr(on->lower, mask, &st);
		if (ret < 0)
			return ret;
		inode_fill_stat(i, ret_st);
		ret_st->blocks = st.blocks;
		ret_st->blksize = st.blksize;
		return 0;
	}
	inode_fill_stat(i, ret_st);
	if (LX_S_ISDIR(i->mode))
		ret_st->size = 4096;
	if (up) {
		ret = lower_getattr(up, mask, &st);
		if (ret == 0) {
			ret_st->size = st.size;
			ret_st->blocks = st.blocks;
			ret_st->mtime = st.mtime;
			if (later(&st.ctime, &ret_st->ctime))
				ret_st->ctime = st.ctime;
			if (later(&st.atime, &ret_st->atime))
				ret_st->atime = st.atime;
		}
		inode_put(up);
	}
	return 0;
}

/* The data inode's share of a change. */
static int setattr_upper(struct inode *up, const struct kattr *a, const struct vfs_caller *c)
{
	struct kattr size = { .valid = SA_SIZE, .size = a->size };
	int ret = 0;

	if (a->valid & SA_SIZE) {
		mutex_lock(&up->io_lock);
		ret = up->ops->setattr ? up->ops->setattr(up, &size, c) : -EINVAL;
		mutex_unlock(&up->io_lock);
	}
	if (ret < 0)
		return ret;
	rwlock_wrlock(&up->lock);
	if (a->valid & SA_ATIME)
		up->atime = a->atime;
	if (a->valid & SA_MTIME)
		up->mtime = a->mtime;
	rwlock_unlock(&up->lock);
	return 0;
}

/* NO_THREAD_SAFETY: vfs holds io_lock when the size changes. */
NO_THREAD_SAFETY int overlay_setattr(struct inode *i, const struct kattr *a,
				     const struct vfs_caller *c)
{
	struct onode *on = onode_of(i);
	struct inode *up;
	uint64_t old = i->size;
	int ret = 0;

	if (a->valid & SA_SIZE) {
		if (!LX_S_ISREG(i->mode))
			return LX_S_ISDIR(i->mode) ? -EISDIR : -EINVAL;
		/* What is cut off need not be copied. vfs holds io_lock. */
		ret = overlay_copy_up_locked(on, a->size, c);
		if (ret < 0)
			return ret;
	}
	onode_own(on, ON_META);
	up = upper_get(on);
	if (up) {
		ret = setattr_upper(up, a, c);
		inode_put(up);
	}
	if (ret == 0 && a->valid & SA_SIZE) {
		rwlock_wrlock(&i->lock);
		i->size = a->size;
		rwlock_unlock(&i->lock);
		if (a->size < old)
			mappable_invalidate(&on->map, page_up(a->size), UINT64_MAX, true);
	}
	return ret;
}

ssize_t overlay_readlink(struct inode *i, const struct vfs_caller *c, char *buf, size_t size)
{
	struct onode *on = onode_of(i);

	if (!on->lower || !on->lower->ops->readlink)
		return -EINVAL;
	return on->lower->ops->readlink(on->lower, c, buf, size);
}

/* --- extended attributes --- */

ssize_t overlay_getxattr(struct inode *i, const char *name, void *buf, size_t size)
{
	struct onode *on = onode_of(i);
	ssize_t ret;

	if (atomic_load(&on->flags) & ON_XATTR || !on->lower) {
		mutex_lock(&on->lock);
		ret = on->xattrs ? xattr_store_get(on->xattrs, name, buf, size) : -ENODATA;
		mutex_unlock(&on->lock);
		return ret;
	}
	if (!on->lower->ops->getxattr)
		return -EOPNOTSUPP;
	ret = on->lower->ops->getxattr(on->lower, name, buf, size);
	/* Attributes the lower tree cannot have can be set here, so they are just not there. */
	return ret == -EOPNOTSUPP ? -ENODATA : ret;
}

/* Copies the lower file's attributes into a store of our own. */
static int copy_xattrs(struct inode *lower, struct xattr_store *to)
{
	auto_free char *names = NULL, *val = NULL;
	ssize_t size;
	int ret;

	if (!lower || !lower->ops->listxattr || !lower->ops->getxattr)
		return 0;
	size = lower->ops->listxattr(lower, NULL, 0);
	if (size == 0 || size == -EOPNOTSUPP)
		return 0;
	if (size < 0)
		return (int)size;
	names = malloc((size_t)size);
	val = malloc(LX_XATTR_SIZE_MAX);
	if (!names || !val)
		return -ENOMEM;
	size = lower->ops->listxattr(lower, names, (size_t)size);
	if (size < 0)
		return (int)size;
	for (char *p = names; p < names + size; p += strlen(p) + 1) {
		ssize_t n = lower->ops->getxattr(lower, p, val, LX_XATTR_SIZE_MAX);

		if (n < 0)
			return (int)n;
		ret = xattr_store_set(to, p, val, (size_t)n, 0);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Makes the extended attributes our own. */
static int own_xattrs(struct onode *on)
{
	struct xattr_store *s;
	int ret;

	if (on->xattrs)
		return 0;
	s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	xattr_store_init(s);
	ret = copy_xattrs(on->lower, s);
	if (ret == 0) {
		mutex_lock(&on->lock);
		if (!on->xattrs)
			on->xattrs = STEAL(s);
		mutex_unlock(&on->lock);
	}
	if (s) {
		xattr_store_fini(s);
		free(s);
	}
	if (ret == 0)
		onode_own(on, ON_META | ON_XATTR);
	return ret;
}

int overlay_setxattr(struct inode *i, const char *name, const void *val, size_t size, int flags)
{
	struct onode *on = onode_of(i);
	int ret = own_xattrs(on);

	if (ret < 0)
		return ret;
	mutex_lock(&on->lock);
	ret = xattr_store_set(on->xattrs, name, val, size, flags);
	mutex_unlock(&on->lock);
	return ret;
}

ssize_t overlay_listxattr(struct inode *i, char *buf, size_t size)
{
	struct onode *on = onode_of(i);
	ssize_t ret;

	if (atomic_load(&on->flags) & ON_XATTR || !on->lower) {
		mutex_lock(&on->lock);
		ret = on->xattrs ? xattr_store_list(on->xattrs, buf, size) : 0;
		mutex_unlock(&on->lock);
		return ret;
	}
	if (!on->lower->ops->listxattr)
		return 0;
	ret = on->lower->ops->listxattr(on->lower, buf, size);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

int overlay_removexattr(struct inode *i, const char *name)
{
	struct onode *on = onode_of(i);
	int ret = own_xattrs(on);

	if (ret < 0)
		return ret;
	mutex_lock(&on->lock);
	ret = xattr_store_remove(on->xattrs, name);
	mutex_unlock(&on->lock);
	return ret;
}

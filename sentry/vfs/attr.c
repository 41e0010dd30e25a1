/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: stat, chmod, chown, utimes, truncate, statfs. Checks who may change what (inode(7),
 * chown(2), utimensat(2)) and keeps the fields of struct inode; the file system stores them.
 * Locking: inode.io_lock over size changes, inode.lock over the fields.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/mount.h>
#include <abi/linux/stat.h>
#include <abi/linux/xattr.h>

#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/inotify.h"
#include "vfs/mount.h"
#include "vfs/perm.h"

static int getattr(struct inode *i, const struct path *p, uint32_t mask, struct kstat *st)
{
	if (i->ops->getattr) {
		int ret = i->ops->getattr(i, mask, st);

		if (ret < 0)
			return ret;
	} else {
		inode_fill_stat(i, st);
	}
	if (p->mnt) {
		st->mask |= LX_STATX_MNT_ID;
		st->mnt_id = p->mnt->id;
		st->attributes_mask |= LX_STATX_ATTR_MOUNT_ROOT;
		if (p->dentry == p->mnt->root)
			st->attributes |= LX_STATX_ATTR_MOUNT_ROOT;
	}
	return 0;
}

int vfs_getattr(const struct path *p, uint32_t mask, struct kstat *ret_st)
{
	return getattr(p->dentry->inode, p, mask, ret_st);
}

int vfs_fstat(struct file *f, uint32_t mask, struct kstat *ret_st)
{
	return getattr(f->inode, &f->path, mask, ret_st);
}

static void resolve_times(struct kattr *a, struct ktime now)
{
	if (a->valid & SA_ATIME_NOW) {
		a->atime = now;
		a->valid |= SA_ATIME;
	}
	if (a->valid & SA_MTIME_NOW) {
		a->mtime = now;
		a->valid |= SA_MTIME;
	}
}

/* NO_THREAD_SAFETY: io_lock only for a change of size. */
NO_THREAD_SAFETY int inode_setattr(struct inode *i, const struct vfs_caller *c, struct kattr *a)
{
	struct ktime now = ktime_now();
	int ret = 0;

	resolve_times(a, now);
	if (a->valid & SA_SIZE)
		mutex_lock(&i->io_lock);
	if (i->ops->setattr)
		ret = i->ops->setattr(i, a, c);
	else if (a->valid & SA_SIZE)
		ret = -EINVAL;
	if (ret == 0) {
		rwlock_wrlock(&i->lock);
		if (a->valid & SA_MODE)
			i->mode = (i->mode & LX_S_IFMT) | (a->mode & LX_S_IALLUGO);
		if (a->valid & SA_UID)
			i->uid = a->uid;
		if (a->valid & SA_GID)
			i->gid = a->gid;
		if (a->valid & SA_ATIME)
			i->atime = a->atime;
		if (a->valid & SA_MTIME)
			i->mtime = a->mtime;
		i->ctime = now;
		rwlock_unlock(&i->lock);
	}
	if (a->valid & SA_SIZE)
		mutex_unlock(&i->io_lock);
	return ret;
}

int inode_drop_privileges(struct inode *i, const struct vfs_caller *c)
{
	uint32_t mode = i->mode, kill = mode & LX_S_ISUID;
	struct kattr a = { .valid = SA_MODE };

	if ((mode & (LX_S_ISGID | LX_S_IXGRP)) == (LX_S_ISGID | LX_S_IXGRP))
		kill |= LX_S_ISGID;
	if (likely(!kill) || !LX_S_ISREG(mode) || !c->cred || cred_capable(c->cred, LX_CAP_FSETID))
		return 0;
	a.mode = mode & ~kill;
	return inode_setattr(i, c, &a);
}

/* Set-id bits that a change of owner takes away, even from root. */
static void chown_kills(const struct inode *i, const struct cred *cred, struct kattr *a)
{
	uint32_t mode = a->valid & SA_MODE ? a->mode : i->mode, kill = 0;

	if (LX_S_ISDIR(i->mode))
		return;
	kill = mode & LX_S_ISUID;
	if ((mode & LX_S_ISGID) && ((mode & LX_S_IXGRP) || (!cred_in_group(cred, i->gid) &&
							    !cred_capable(cred, LX_CAP_FSETID))))
		kill |= LX_S_ISGID;
	if (kill) {
		a->valid |= SA_MODE;
		a->mode = mode & ~kill;
	}
	if (i->ops->removexattr && LX_S_ISREG(i->mode) && i->ops->getxattr &&
	    i->ops->getxattr((struct inode *)i, LX_XATTR_NAME_CAPS, NULL, 0) > 0)
		i->ops->removexattr((struct inode *)i, LX_XATTR_NAME_CAPS);
}

static int check_owner_change(const struct inode *i, const struct cred *cred, const struct kattr *a)
{
	if (cred_capable(cred, LX_CAP_CHOWN))
		return 0;
	if ((a->valid & SA_UID) && (cred->fsuid != i->uid || a->uid != i->uid))
		return -EPERM;
	if ((a->valid & SA_GID) &&
	    (cred->fsuid != i->uid || (a->gid != i->gid && !cred_in_group(cred, a->gid))))
		return -EPERM;
	return 0;
}

static int check_times(struct inode *i, const struct vfs_caller *c, const struct kattr *a)
{
	bool now = (a->valid & (SA_ATIME_NOW | SA_MTIME_NOW)) == (SA_ATIME_NOW | SA_MTIME_NOW);

	if (cred_owns(c->cred, i))
		return 0;
	if (!now)
		return -EPERM;
	return inode_permission(i, c, VFS_MAY_WRITE) < 0 ? -EACCES : 0;
}

static int setattr_check(struct inode *i, const struct vfs_caller *c, struct kattr *a)
{
	const struct cred *cred = c->cred;
	int ret = 0;

	if (i->attributes & (LX_STATX_ATTR_IMMUTABLE | LX_STATX_ATTR_APPEND))
		return -EPERM;
	if (!cred)
		return 0;
	if (a->valid & (SA_UID | SA_GID))
		ret = check_owner_change(i, cred, a);
	if (ret == 0 && (a->valid & SA_MODE)) {
		if (!cred_owns(cred, i))
			return -EPERM;
		if (!LX_S_ISDIR(i->mode) || !(i->mode & LX_S_ISGID)) {
			if ((a->mode & LX_S_ISGID) && !cred_in_group(cred, i->gid) &&
			    !cred_capable(cred, LX_CAP_FSETID))
				a->mode &= ~(uint32_t)LX_S_ISGID;
		}
	}
	if (ret == 0 && (a->valid & (SA_ATIME | SA_MTIME | SA_ATIME_NOW | SA_MTIME_NOW)))
		ret = check_times(i, c, a);
	return ret;
}

int vfs_setattr(const struct vfs_caller *c, const struct path *p, struct kattr *a)
{
	struct inode *i = p->dentry->inode;
	bool chown = a->valid & (SA_UID | SA_GID | SA_CTIME);
	int ret = mount_want_write(p->mnt);

	if (ret < 0)
		return ret;
	ret = setattr_check(i, c, a);
	if (ret == 0) {
		if (chown && c->cred)
			chown_kills(i, c->cred, a);
		ret = inode_setattr(i, c, a);
	}
	if (ret == 0) {
		uint32_t times = a->valid & (SA_ATIME | SA_MTIME);

		if (times == SA_ATIME)
			inotify_dentry(p->dentry, LX_IN_ACCESS);
		else if (times == SA_MTIME)
			inotify_dentry(p->dentry, LX_IN_MODIFY);
		if (times == (SA_ATIME | SA_MTIME) || (a->valid & (SA_MODE | SA_UID | SA_GID)))
			inotify_dentry(p->dentry, LX_IN_ATTRIB);
	}
	mount_drop_write(p->mnt);
	return ret;
}

int vfs_truncate(const struct vfs_caller *c, const struct path *p, int64_t size)
{
	struct inode *i = p->dentry->inode;
	struct kattr a = { .valid = SA_SIZE, .size = (uint64_t)size };
	int ret;

	if (size < 0)
		return -EINVAL;
	if (LX_S_ISDIR(i->mode))
		return -EISDIR;
	if (!LX_S_ISREG(i->mode))
		return -EINVAL;
	ret = mount_want_write(p->mnt);
	if (ret < 0)
		return ret;
	ret = inode_permission(i, c, VFS_MAY_WRITE);
	if (ret == 0 && (i->attributes & LX_STATX_ATTR_APPEND))
		ret = -EPERM;
	if (ret == 0)
		ret = inode_get_write(i);
	if (ret == 0) {
		if ((uint64_t)size > i->size && (uint64_t)size > c->fsize_limit)
			ret = -EFBIG;
		if (ret == 0)
			ret = inode_drop_privileges(i, c);
		if ((uint64_t)size != i->size) {
			a.valid |= SA_MTIME_NOW;
		}
		if (ret == 0)
			ret = inode_setattr(i, c, &a);
		inode_put_write(i);
	}
	if (ret == 0)
		inotify_dentry(p->dentry, LX_IN_MODIFY);
	mount_drop_write(p->mnt);
	return ret;
}

int vfs_statfs(const struct path *p, struct lx_statfs *ret_st)
{
	struct super_block *sb = p->dentry->sb;
	struct lx_statfs st = {
		.f_type = sb->magic,
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_namelen = 255,
	};
	unsigned int mf = p->mnt ? p->mnt->flags : 0;
	int ret;

	st.f_fsid[0] = (int32_t)lx_makedev(sb->dev_major, sb->dev_minor);
	if (sb->ops && sb->ops->statfs) {
		ret = sb->ops->statfs(sb, &st);
		if (ret < 0)
			return ret;
	}
	if (st.f_frsize == 0)
		st.f_frsize = st.f_bsize;
	st.f_flags =
		LX_ST_VALID | ((int64_t)mf & (LX_ST_RDONLY | LX_ST_NOSUID | LX_ST_NODEV |
					      LX_ST_NOEXEC | LX_ST_NOATIME | LX_ST_NODIRATIME));
	if (mf & LX_MS_RELATIME)
		st.f_flags |= LX_ST_RELATIME;
	if (mf & LX_MS_NOSYMFOLLOW)
		st.f_flags |= LX_ST_NOSYMFOLLOW;
	if (sb->flags & SB_RDONLY)
		st.f_flags |= LX_ST_RDONLY;
	*ret_st = st;
	return 0;
}

ssize_t vfs_readlink(const struct vfs_caller *c, const struct path *p, char *buf, size_t size)
{
	struct inode *i = p->dentry->inode;

	if (!LX_S_ISLNK(i->mode) || !i->ops->readlink)
		return -EINVAL;
	return i->ops->readlink(i, c, buf, size);
}

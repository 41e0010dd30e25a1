/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open(2) without the descriptor: O_CREAT, O_EXCL, O_TRUNC, O_PATH, O_TMPFILE, O_NOFOLLOW and the
 * rest, up to a struct file. Locking: the parent's inode lock while a name is looked up to be
 * created, nothing over the open itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/limits.h>
#include <abi/linux/mount.h>
#include <abi/linux/stat.h>

#include "vfs/chrdev.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/inotify.h"
#include "vfs/namei.h"
#include "vfs/perm.h"

int (*vfs_fifo_open)(struct inode *inode, struct file *f, const struct vfs_caller *c);

static unsigned int access_wanted(uint64_t flags)
{
	static const unsigned char want[4] = {
		VFS_MAY_READ,
		VFS_MAY_WRITE,
		VFS_MAY_READ | VFS_MAY_WRITE,
		VFS_MAY_READ | VFS_MAY_WRITE,
	};
	unsigned int may = want[flags & LX_O_ACCMODE];

	return flags & LX_O_TRUNC ? may | VFS_MAY_WRITE : may;
}

/* Whether p may be opened so: kinds, permissions, mount flags. */
static int may_open(const struct vfs_caller *c, const struct path *p, uint64_t flags)
{
	struct inode *i = p->dentry->inode;
	unsigned int may = access_wanted(flags);
	int ret;

	switch (i->mode & LX_S_IFMT) {
	case LX_S_IFLNK:
		return -ELOOP;
	case LX_S_IFDIR:
		if (may & VFS_MAY_WRITE)
			return -EISDIR;
		break;
	case LX_S_IFCHR:
	case LX_S_IFBLK:
		if (p->mnt->flags & LX_MS_NODEV)
			return -EACCES;
		break;
	default:
		break;
	}
	ret = path_permission(p, c, may);
	if (ret < 0)
		return ret;
	if ((i->attributes & LX_STATX_ATTR_APPEND) && (may & VFS_MAY_WRITE) &&
	    (!(flags & LX_O_APPEND) || (flags & LX_O_TRUNC)))
		return -EPERM;
	if ((flags & LX_O_NOATIME) && c->cred && !cred_owns(c->cred, i))
		return -EPERM;
	return 0;
}

static int call_open(struct inode *i, struct file *f, const struct vfs_caller *c)
{
	switch (i->mode & LX_S_IFMT) {
	case LX_S_IFCHR:
		return chrdev_open(i, f, c);
	case LX_S_IFIFO:
		return vfs_fifo_open ? vfs_fifo_open(i, f, c) : -ENXIO;
	case LX_S_IFSOCK:
		return -ENXIO;
	case LX_S_IFBLK:
		return i->ops->open ? i->ops->open(i, f, c) : -ENXIO;
	default:
		return i->ops->open ? i->ops->open(i, f, c) : -ENXIO;
	}
}

/* Takes write references, truncates, calls the file system. */
static int open_inode(const struct vfs_caller *c, const struct path *p, uint64_t flags,
		      bool truncate, struct file **ret_file)
{
	struct inode *i = p->dentry->inode;
	auto_put(file) struct file *f = NULL;
	bool special = LX_S_ISCHR(i->mode) || LX_S_ISBLK(i->mode) || LX_S_ISFIFO(i->mode) ||
		       LX_S_ISSOCK(i->mode);
	int ret = file_new(p, (unsigned int)flags, c->cred, &f);

	if (ret < 0)
		return ret;
	if ((f->mode & FMODE_WRITE) && !special) {
		ret = mount_want_write(p->mnt);
		if (ret < 0)
			return ret;
		ret = inode_get_write(i);
		if (ret < 0) {
			mount_drop_write(p->mnt);
			return ret;
		}
		f->wrote = true;
	}
	f->flags |= (unsigned int)flags & LX_O_NOCTTY; /* for terminals; F_GETFL does not show it */
	ret = call_open(i, f, c);
	f->flags &= ~(unsigned int)LX_O_NOCTTY;
	if (ret < 0) {
		f->ops = NULL; /* nothing was opened: no release */
		return ret;
	}
	if (truncate && LX_S_ISREG(i->mode)) {
		struct kattr a = { .valid = SA_SIZE | SA_MTIME_NOW };
		bool borrowed = !f->wrote;

		/* O_RDONLY|O_TRUNC truncates as well. */
		ret = borrowed ? inode_get_write(i) : 0;
		if (ret == 0) {
			ret = inode_drop_privileges(i, c);
			if (ret == 0)
				ret = inode_setattr(i, c, &a);
			if (borrowed)
				inode_put_write(i);
		}
		if (ret < 0)
			return ret;
		inotify_dentry(p->dentry, LX_IN_MODIFY);
	}
	p->mnt->expiry_mark = false;
	inotify_dentry(p->dentry, LX_IN_OPEN);
	*ret_file = STEAL(f);
	return 0;
}

/* p was found (not created). */
static int open_found(const struct vfs_caller *c, const struct path *p, uint64_t flags,
		      struct file **ret_file)
{
	struct inode *i = p->dentry->inode;
	bool truncate = flags & LX_O_TRUNC;
	int ret;

	if ((flags & LX_O_DIRECTORY) && !LX_S_ISDIR(i->mode))
		return -ENOTDIR;
	if (flags & LX_O_PATH)
		return file_new(p, (unsigned int)flags, c->cred, ret_file);
	if ((flags & LX_O_CREAT) && LX_S_ISDIR(i->mode))
		return -EISDIR;
	ret = may_open(c, p, flags);
	if (ret == 0 && truncate && LX_S_ISREG(i->mode))
		ret = mount_want_write(p->mnt);
	else
		truncate = false;
	if (ret == 0)
		ret = open_inode(c, p, flags, truncate, ret_file);
	else
		return ret;
	if (truncate)
		mount_drop_write(p->mnt);
	return ret;
}

int vfs_open_path(const struct vfs_caller *c, const struct path *p, unsigned int flags,
		  struct file **ret_file)
{
	return open_found(c, p, flags, ret_file);
}

static int open_tmpfile(const struct vfs_caller *c, const struct path *start, const char *name,
			const struct vfs_open_how *how, struct file **ret_file)
{
	auto_path struct path p = { 0 }, np = { 0 };
	struct inode *dir, *inode;
	char text[32];
	int ret;

	ret = vfs_walk(c, start, name, how->walk | WALK_FOLLOW | WALK_DIRECTORY, &p);
	if (ret < 0)
		return ret;
	dir = p.dentry->inode;
	ret = mount_want_write(p.mnt);
	if (ret < 0)
		return ret;
	ret = inode_permission(dir, c, VFS_MAY_WRITE | VFS_MAY_EXEC);
	if (ret == 0)
		ret = dir->ops->tmpfile ? 0 : -EOPNOTSUPP;
	if (ret == 0) {
		uint32_t mode = how->mode & LX_S_IALLUGO & ~(c->fs ? c->fs->umask & 0777 : 0);

		rwlock_wrlock(&dir->lock);
		ret = dir->ops->tmpfile(dir, LX_S_IFREG | mode, c, &inode);
		rwlock_unlock(&dir->lock);
	}
	if (ret == 0) {
		if (!(how->flags & LX_O_EXCL))
			inode->iflags |= INODE_LINKABLE;
		snprintf(text, sizeof(text), "#%llu", (unsigned long long)inode->ino);
		ret = dentry_new_detached(inode->sb, text, inode, DENTRY_DELETED, &np.dentry);
	}
	if (ret == 0) {
		np.mnt = mount_get(p.mnt);
		ret = open_inode(c, &np, how->flags, false, ret_file);
	}
	mount_drop_write(p.mnt);
	return ret;
}

/* The last name under O_CREAT: found or made, under the directory's lock. *ret_made tells. */
static int lookup_or_create(struct namei *n, const struct vfs_open_how *how, struct dentry **ret_d,
			    bool *ret_made)
{
	struct dentry *dir = n->cur.dentry, *d;
	struct inode *di = dir->inode, *inode;
	const struct vfs_caller *c = n->c;
	int ret, werr;

	/* Most files exist: no lock for those that the cache knows. */
	d = di->ops->revalidate ? NULL : dentry_lookup(dir, n->last, n->last_len);
	if (d && d->inode) {
		*ret_d = d;
		*ret_made = false;
		return 0;
	}
	dentry_put(d);
	if (n->last_len > LX_NAME_MAX)
		return -ENAMETOOLONG;
	werr = mount_want_write(n->cur.mnt);
	rwlock_wrlock(&di->lock);
	ret = dentry_lookup_slow(dir, n->last, n->last_len, &d);
	if (ret < 0)
		goto out;
	*ret_made = !d->inode;
	if (!d->inode) {
		uint32_t mode = how->mode & LX_S_IALLUGO & ~(c->fs ? c->fs->umask & 0777 : 0);

		ret = di->iflags & INODE_DEAD ? -ENOENT : werr;
		if (ret == 0)
			ret = inode_permission(di, c, VFS_MAY_WRITE | VFS_MAY_EXEC);
		if (ret == 0)
			ret = di->ops->create ? di->ops->create(di, n->last, n->last_len,
								LX_S_IFREG | mode, c, &inode) :
						-EACCES;
		if (ret == 0) {
			dentry_instantiate(d, inode);
			inotify_post(di, LX_IN_CREATE, 0, d->name);
		}
	}
	if (ret == 0)
		*ret_d = d;
	else
		dentry_put(d);
out:
	rwlock_unlock(&di->lock);
	if (werr == 0)
		mount_drop_write(n->cur.mnt);
	return ret;
}

static int open_create_walked(struct namei *n, const struct vfs_open_how *how,
			      struct file **ret_file)
{
	bool follow = !(how->flags & (LX_O_NOFOLLOW | LX_O_EXCL)), made;
	struct inode *dir;
	struct dentry *d = NULL;
	int ret;

	for (;;) {
		ret = namei_parent(n);
		if (ret < 0)
			return ret;
		if ((n->type == LAST_NONE && !n->nr_links) || n->type == LAST_DOT ||
		    n->type == LAST_DOTDOT)
			return how->flags & LX_O_EXCL ? -EEXIST : -EISDIR;
		if (n->type == LAST_NONE)
			return open_found(n->c, &n->cur, how->flags, ret_file);
		if (n->type != LAST_NORM || n->trailing)
			return -EISDIR;
		dir = n->cur.dentry->inode;
		ret = lookup_or_create(n, how, &d, &made);
		if (ret < 0)
			return ret;
		if (made) {
			/* Whatever its mode, who made it may use it. */
			struct path p = { n->cur.mnt, d };

			ret = open_inode(n->c, &p, how->flags & ~(uint64_t)LX_O_TRUNC, false,
					 ret_file);
			dentry_put(d);
			return ret;
		}
		if (how->flags & LX_O_EXCL) {
			dentry_put(d);
			return -EEXIST;
		}
		if (!LX_S_ISLNK(d->inode->mode) && !LX_S_ISDIR(d->inode->mode)) {
			ret = may_open_in_sticky(dir, d->inode, n->c);
			if (ret < 0) {
				dentry_put(d);
				return ret;
			}
		}
		ret = namei_enter(n, d, follow);
		if (ret < 0)
			return ret;
		if (ret == 0)
			return open_found(n->c, &n->cur, how->flags, ret_file);
	}
}

int vfs_open(const struct vfs_caller *c, const struct path *start, const char *name,
	     const struct vfs_open_how *how, struct file **ret_file)
{
	struct vfs_open_how h = *how;
	struct namei n;
	int ret;

	if (h.flags & LX_O_PATH)
		h.flags &= LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW | LX_O_CLOEXEC;
	if (h.flags & (LX_O_SYNC & ~LX_O_DSYNC))
		h.flags |= LX_O_DSYNC;
	if (h.flags & LX___O_TMPFILE) {
		if ((h.flags & LX_O_TMPFILE) != LX_O_TMPFILE || (h.flags & LX_O_CREAT) ||
		    !((h.flags & LX_O_ACCMODE) & (LX_O_WRONLY | LX_O_RDWR)))
			return -EINVAL;
		return open_tmpfile(c, start, name, &h, ret_file);
	}
	if ((h.flags & (LX_O_CREAT | LX_O_DIRECTORY)) == (LX_O_CREAT | LX_O_DIRECTORY))
		return -EINVAL;
	if (!(h.flags & LX_O_NOFOLLOW))
		h.walk |= WALK_FOLLOW;
	ret = namei_init(&n, c, start, name, h.walk);
	if (ret == 0 && (h.flags & LX_O_CREAT)) {
		ret = open_create_walked(&n, &h, ret_file);
	} else if (ret == 0) {
		ret = namei_rest(&n);
		if (ret == 0)
			ret = open_found(c, &n.cur, h.flags, ret_file);
	}
	namei_fini(&n);
	return ret;
}

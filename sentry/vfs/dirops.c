/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that make and remove names: mkdir, mknod, symlink, link, unlink, rmdir, rename. Each walks
 * to the parent, takes its inode lock, looks the last name up, checks, asks the file system, and
 * tells the dentry cache and inotify. Locking: rename takes g_rename_lock when directories differ,
 * then both parents, the higher in the tree first; all others one parent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/limits.h>
#include <abi/linux/stat.h>

#include "lock_class.h"
#include "vfs/dentry.h"
#include "vfs/inode.h"
#include "vfs/inotify.h"
#include "vfs/namei.h"
#include "vfs/perm.h"

static struct mutex g_rename_lock = MUTEX_INIT(LC_RENAME);

struct change {
	struct namei n;
	struct inode *dir; /* locked for writing; borrowed from n.cur */
	struct dentry *d;  /* owned: the last name, maybe negative */
	bool writing;      /* holds a write reference on the mount */
};

static int may_create(struct inode *dir, const struct vfs_caller *c)
{
	if (dir->iflags & INODE_DEAD)
		return -ENOENT;
	return inode_permission(dir, c, VFS_MAY_WRITE | VFS_MAY_EXEC);
}

/* NO_THREAD_SAFETY: the lock was taken by the first half, if it got so far. */
NO_THREAD_SAFETY static void change_end(struct change *ch)
{
	if (ch->dir)
		rwlock_unlock(&ch->dir->lock);
	if (ch->writing)
		mount_drop_write(ch->n.cur.mnt);
	dentry_put(ch->d);
	namei_fini(&ch->n);
}

/* Walks to the parent of name, gets the right to write and the lock, and looks the name up. */
static int change_begin(struct change *ch, const struct vfs_caller *c, const struct path *start,
			const char *name)
{
	int ret;

	memset(ch, 0, sizeof(*ch));
	ret = namei_init(&ch->n, c, start, name, 0);
	if (ret == 0)
		ret = namei_parent(&ch->n);
	if (ret == 0 && ch->n.type == LAST_NORM && ch->n.last_len > LX_NAME_MAX)
		ret = -ENAMETOOLONG;
	return ret;
}

/* Second half, for names to be made: a negative dentry, or -EEXIST. */
/* NO_THREAD_SAFETY: returns with the lock, which change_end() drops. */
NO_THREAD_SAFETY static int create_begin(struct change *ch, const struct vfs_caller *c,
					 const struct path *start, const char *name, bool is_dir)
{
	int ret = change_begin(ch, c, start, name), werr;

	if (ret < 0)
		return ret;
	if (ch->n.type != LAST_NORM)
		return -EEXIST;
	werr = mount_want_write(ch->n.cur.mnt);
	ch->writing = werr == 0;
	ch->dir = ch->n.cur.dentry->inode;
	rwlock_wrlock(&ch->dir->lock);
	ret = namei_lookup_locked(&ch->n, &ch->d);
	if (ret < 0)
		return ret;
	if (ch->d->inode)
		return -EEXIST;
	if (ch->n.trailing && !is_dir)
		return -ENOENT;
	if (werr < 0)
		return werr;
	return may_create(ch->dir, c);
}

static void created(struct change *ch, struct inode *inode, uint32_t mask)
{
	dentry_instantiate(ch->d, inode);
	inotify_post(ch->dir, mask, 0, ch->d->name);
}

static uint32_t masked(const struct vfs_caller *c, uint32_t mode)
{
	return c->fs ? mode & ~(c->fs->umask & 0777) : mode;
}

int vfs_mkdir(const struct vfs_caller *c, const struct path *start, const char *name, uint32_t mode)
{
	struct inode *inode;
	struct change ch;
	int ret = create_begin(&ch, c, start, name, true);

	mode = LX_S_IFDIR | masked(c, mode & (0777 | LX_S_ISVTX));
	if (ret == 0)
		ret = ch.dir->ops->mkdir ? ch.dir->ops->mkdir(ch.dir, ch.d->name, ch.d->name_len,
							      mode, c, &inode) :
					   -EPERM;
	if (ret == 0)
		created(&ch, inode, LX_IN_CREATE | LX_IN_ISDIR);
	change_end(&ch);
	return ret;
}

static int make_node(struct change *ch, const struct vfs_caller *c, uint32_t mode, uint32_t major,
		     uint32_t minor, struct inode **ret_inode)
{
	const struct inode_ops *ops = ch->dir->ops;

	if (LX_S_ISREG(mode))
		return ops->create ? ops->create(ch->dir, ch->d->name, ch->d->name_len, mode, c,
						 ret_inode) :
				     -EACCES;
	return ops->mknod ? ops->mknod(ch->dir, ch->d->name, ch->d->name_len, mode, major, minor, c,
				       ret_inode) :
			    -EPERM;
}

int vfs_mknod(const struct vfs_caller *c, const struct path *start, const char *name, uint32_t mode,
	      uint32_t major, uint32_t minor)
{
	struct inode *inode;
	struct change ch;
	int ret;

	switch (mode & LX_S_IFMT) {
	case 0:
		mode |= LX_S_IFREG;
		break;
	case LX_S_IFREG:
	case LX_S_IFCHR:
	case LX_S_IFBLK:
	case LX_S_IFIFO:
	case LX_S_IFSOCK:
		break;
	case LX_S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	ret = create_begin(&ch, c, start, name, false);
	mode = (mode & LX_S_IFMT) | masked(c, mode & LX_S_IALLUGO);
	/* Character device 0,0 is overlay's whiteout: anybody may make it. */
	if (ret == 0 && (LX_S_ISCHR(mode) || LX_S_ISBLK(mode)) &&
	    !(LX_S_ISCHR(mode) && major == 0 && minor == 0) && c->cred &&
	    !cred_capable(c->cred, LX_CAP_MKNOD))
		ret = -EPERM;
	if (ret == 0)
		ret = make_node(&ch, c, mode, major, minor, &inode);
	if (ret == 0)
		created(&ch, inode, LX_IN_CREATE);
	change_end(&ch);
	return ret;
}

int vfs_bind_socket(const struct vfs_caller *c, const char *name, uint32_t mode,
		    struct path *ret_path)
{
	struct inode *inode;
	struct change ch;
	int ret = create_begin(&ch, c, NULL, name, false);

	mode = LX_S_IFSOCK | masked(c, mode & LX_S_IALLUGO);
	if (ret == 0)
		ret = make_node(&ch, c, mode, 0, 0, &inode);
	if (ret == 0) {
		created(&ch, inode, LX_IN_CREATE);
		*ret_path = (struct path){ mount_get(ch.n.cur.mnt), dentry_get(ch.d) };
	}
	change_end(&ch);
	return ret == -EEXIST ? -EADDRINUSE : ret;
}

int vfs_symlink(const struct vfs_caller *c, const char *target, const struct path *start,
		const char *name)
{
	struct inode *inode;
	struct change ch;
	int ret;

	if (!*target)
		return -ENOENT;
	ret = create_begin(&ch, c, start, name, false);
	if (ret == 0)
		ret = ch.dir->ops->symlink ?
			      ch.dir->ops->symlink(ch.dir, ch.d->name, ch.d->name_len, target, c,
						   &inode) :
			      -EPERM;
	if (ret == 0)
		created(&ch, inode, LX_IN_CREATE);
	change_end(&ch);
	return ret;
}

static int link_locked(struct change *ch, const struct vfs_caller *c, const struct path *from)
{
	struct inode *inode = from->dentry->inode;
	int ret;

	if (ch->n.cur.mnt != from->mnt)
		return -EXDEV;
	ret = may_link(inode, c);
	if (ret < 0)
		return ret;
	if (inode->sb != ch->dir->sb)
		return -EXDEV;
	if (inode->attributes & (LX_STATX_ATTR_IMMUTABLE | LX_STATX_ATTR_APPEND))
		return -EPERM;
	if (!ch->dir->ops->link || LX_S_ISDIR(inode->mode))
		return -EPERM;
	if (inode->nlink == 0 && !(inode->iflags & INODE_LINKABLE))
		return -ENOENT;
	ret = ch->dir->ops->link(ch->dir, ch->d->name, ch->d->name_len, inode);
	if (ret < 0)
		return ret;
	inode->iflags &= ~INODE_LINKABLE;
	inotify_post(inode, LX_IN_ATTRIB, 0, NULL);
	created(ch, inode_get(inode), LX_IN_CREATE);
	return 0;
}

int vfs_link(const struct vfs_caller *c, const struct path *from, const struct path *start,
	     const char *name)
{
	struct change ch;
	int ret = create_begin(&ch, c, start, name, false);

	if (ret == 0)
		ret = link_locked(&ch, c, from);
	change_end(&ch);
	return ret;
}

/* Second half, for names to go: a positive dentry. */
/* NO_THREAD_SAFETY: returns with the lock, which change_end() drops. */
NO_THREAD_SAFETY static int remove_begin(struct change *ch)
{
	int ret = mount_want_write(ch->n.cur.mnt);

	if (ret < 0)
		return ret;
	ch->writing = true;
	ch->dir = ch->n.cur.dentry->inode;
	rwlock_wrlock(&ch->dir->lock);
	ret = namei_lookup_locked(&ch->n, &ch->d);
	if (ret < 0)
		return ret;
	return ch->d->inode ? 0 : -ENOENT;
}

/* The name is gone from the file system: the cache and the watches learn it. */
static void removed(struct change *ch, bool is_dir)
{
	char name[LX_NAME_MAX + 1];

	if (likely(!inotify_active())) {
		dentry_unlinked(ch->d);
		return;
	}
	snprintf(name, sizeof(name), "%s", ch->d->name);
	if (!is_dir)
		inotify_post(ch->d->inode, LX_IN_ATTRIB, 0, NULL);
	dentry_unlinked(ch->d);
	dentry_put(ch->d); /* IN_DELETE_SELF comes from here, before the directory's event */
	ch->d = NULL;
	inotify_post(ch->dir, LX_IN_DELETE | (is_dir ? LX_IN_ISDIR : 0), 0, name);
}

int vfs_unlink(const struct vfs_caller *c, const struct path *start, const char *name)
{
	struct change ch;
	int ret = change_begin(&ch, c, start, name);

	if (ret == 0 && ch.n.type != LAST_NORM)
		ret = -EISDIR;
	if (ret == 0)
		ret = remove_begin(&ch);
	if (ret == 0 && ch.n.trailing)
		ret = LX_S_ISDIR(ch.d->inode->mode) ? -EISDIR : -ENOTDIR;
	if (ret == 0)
		ret = may_delete(ch.dir, ch.d->inode, c, false);
	if (ret == 0 && ch.d->nr_mounts)
		ret = -EBUSY;
	if (ret == 0)
		ret = ch.dir->ops->unlink ?
			      ch.dir->ops->unlink(ch.dir, ch.d->name, ch.d->name_len, ch.d->inode) :
			      -EPERM;
	if (ret == 0)
		removed(&ch, false);
	change_end(&ch);
	return ret;
}

int vfs_rmdir(const struct vfs_caller *c, const struct path *start, const char *name)
{
	struct change ch;
	int ret = change_begin(&ch, c, start, name);

	if (ret == 0 && ch.n.type != LAST_NORM)
		ret = ch.n.type == LAST_DOTDOT ? -ENOTEMPTY :
		      ch.n.type == LAST_DOT    ? -EINVAL :
						 -EBUSY;
	if (ret == 0)
		ret = remove_begin(&ch);
	if (ret == 0)
		ret = may_delete(ch.dir, ch.d->inode, c, true);
	if (ret == 0 && ch.d->nr_mounts)
		ret = -EBUSY;
	if (ret == 0)
		ret = ch.dir->ops->rmdir ?
			      ch.dir->ops->rmdir(ch.dir, ch.d->name, ch.d->name_len, ch.d->inode) :
			      -EPERM;
	if (ret == 0) {
		ch.d->inode->iflags |= INODE_DEAD;
		dentry_forget_children(ch.d);
		removed(&ch, true);
	}
	change_end(&ch);
	return ret;
}

/* --- rename --- */

struct renaming {
	const struct vfs_caller *c;
	struct namei from, to;
	struct dentry *fd, *td; /* owned */
	unsigned int flags;
};

static bool below(const struct dentry *d, const struct dentry *anc)
{
	bool ret;

	rwlock_rdlock(&g_dcache_lock);
	ret = dentry_is_below(d, anc);
	rwlock_unlock(&g_dcache_lock);
	return ret;
}

static void lock_parents(struct renaming *r) NO_THREAD_SAFETY;
static void lock_parents(struct renaming *r)
{
	struct dentry *a = r->from.cur.dentry, *b = r->to.cur.dentry;

	if (a->inode == b->inode) {
		rwlock_wrlock(&a->inode->lock);
	} else {
		mutex_lock(&g_rename_lock);
		if (below(a, b) || (!below(b, a) && a > b)) {
			struct dentry *t = a;

			a = b;
			b = t;
		}
		rwlock_wrlock(&a->inode->lock);
		rwlock_wrlock_nested(&b->inode->lock);
	}
}

static void unlock_parents(struct renaming *r) NO_THREAD_SAFETY;
static void unlock_parents(struct renaming *r)
{
	struct inode *a = r->from.cur.dentry->inode, *b = r->to.cur.dentry->inode;

	rwlock_unlock(&a->lock);
	if (a != b) {
		rwlock_unlock(&b->lock);
		mutex_unlock(&g_rename_lock);
	}
}

/* Both names are looked up: existence, loops, slashes. */
static int rename_check_names(struct renaming *r)
{
	struct dentry *fd = r->fd, *td = r->td;
	bool exchange = r->flags & LX_RENAME_EXCHANGE;

	if (!fd->inode)
		return -ENOENT;
	if ((r->flags & LX_RENAME_NOREPLACE) && td->inode)
		return -EEXIST;
	if (exchange) {
		if (!td->inode)
			return -ENOENT;
		if (!LX_S_ISDIR(td->inode->mode) && r->to.trailing)
			return -ENOTDIR;
	}
	if (!LX_S_ISDIR(fd->inode->mode)) {
		if (r->from.trailing || (!exchange && r->to.trailing))
			return -ENOTDIR;
	}
	/* The source may not hold the target, nor be held by it. */
	if (LX_S_ISDIR(fd->inode->mode) && below(r->to.cur.dentry, fd))
		return -EINVAL;
	if (td->inode && LX_S_ISDIR(td->inode->mode) && below(r->from.cur.dentry, td))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int rename_check_rights(struct renaming *r)
{
	struct inode *from_dir = r->from.cur.dentry->inode, *to_dir = r->to.cur.dentry->inode;
	struct inode *inode = r->fd->inode, *target = r->td->inode;
	bool is_dir = LX_S_ISDIR(inode->mode);
	int ret = may_delete(from_dir, inode, r->c, is_dir);

	if (ret < 0)
		return ret;
	if (!target)
		ret = may_create(to_dir, r->c);
	else if (r->flags & LX_RENAME_EXCHANGE)
		ret = may_delete(to_dir, target, r->c, LX_S_ISDIR(target->mode));
	else
		ret = may_delete(to_dir, target, r->c, is_dir);
	if (ret < 0)
		return ret;
	/* A directory that changes its parent is written to: its "..". */
	if (from_dir != to_dir) {
		if (is_dir)
			ret = inode_permission(inode, r->c, VFS_MAY_WRITE);
		if (ret == 0 && (r->flags & LX_RENAME_EXCHANGE) && LX_S_ISDIR(target->mode))
			ret = inode_permission(target, r->c, VFS_MAY_WRITE);
	}
	if (ret == 0 && (r->fd->nr_mounts || r->td->nr_mounts))
		ret = -EBUSY;
	return ret;
}

static void rename_notify(struct renaming *r, const char *old_name, const char *new_name)
{
	struct inode *from_dir = r->from.cur.dentry->inode, *to_dir = r->to.cur.dentry->inode;
	struct inode *inode = r->fd->inode, *target = r->td->inode;
	uint32_t dir = LX_S_ISDIR(inode->mode) ? LX_IN_ISDIR : 0, cookie;

	if (!inotify_active())
		return;
	cookie = inotify_cookie();
	inotify_post(from_dir, LX_IN_MOVED_FROM | dir, cookie, old_name);
	inotify_post(to_dir, LX_IN_MOVED_TO | dir, cookie, new_name);
	if (target && !(r->flags & LX_RENAME_EXCHANGE))
		inotify_post(target, LX_IN_ATTRIB, 0, NULL);
	inotify_post(inode, LX_IN_MOVE_SELF, 0, NULL);
	if (target && (r->flags & LX_RENAME_EXCHANGE)) {
		dir = LX_S_ISDIR(target->mode) ? LX_IN_ISDIR : 0;
		cookie = inotify_cookie();
		inotify_post(to_dir, LX_IN_MOVED_FROM | dir, cookie, new_name);
		inotify_post(from_dir, LX_IN_MOVED_TO | dir, cookie, old_name);
		inotify_post(target, LX_IN_MOVE_SELF, 0, NULL);
	}
}

static int rename_locked(struct renaming *r)
{
	struct inode *from_dir = r->from.cur.dentry->inode, *to_dir = r->to.cur.dentry->inode;
	struct dentry *fd, *td, *gap;
	char old_name[LX_NAME_MAX + 1];
	int ret;

	ret = namei_lookup_locked(&r->from, &r->fd);
	if (ret == 0 && !r->fd->inode)
		ret = -ENOENT;
	if (ret == 0)
		ret = namei_lookup_locked(&r->to, &r->td);
	if (ret == 0)
		ret = rename_check_names(r);
	if (ret < 0)
		return ret;
	fd = r->fd;
	td = r->td;
	if (fd == td || (fd->inode == td->inode && !(r->flags & LX_RENAME_EXCHANGE)))
		return 0; /* two names of one file: nothing happens, rename(2) */
	ret = rename_check_rights(r);
	if (ret < 0)
		return ret;
	if (!from_dir->ops->rename)
		return -EPERM;
	snprintf(old_name, sizeof(old_name), "%s", fd->name);
	ret = from_dir->ops->rename(from_dir, fd->name, fd->name_len, fd->inode, to_dir, td->name,
				    td->name_len, td->inode, r->flags);
	if (ret < 0)
		return ret;
	rename_notify(r, old_name, td->name);
	if (r->flags & LX_RENAME_EXCHANGE) {
		dentry_exchange(fd, td);
		return 0;
	}
	if (td->inode && LX_S_ISDIR(td->inode->mode)) {
		td->inode->iflags |= INODE_DEAD;
		dentry_forget_children(td);
	}
	dentry_move(fd, td);
	if (!(r->flags & LX_RENAME_WHITEOUT) &&
	    !(from_dir->sb->flags & (SB_NO_NEGATIVE | SB_NO_DCACHE)) &&
	    dentry_add(r->from.cur.dentry, old_name, strlen(old_name), NULL, &gap) == 0)
		dentry_put(gap);
	return 0;
}

static int rename_begin(struct renaming *r, const struct path *from_start, const char *from,
			const struct path *to_start, const char *to)
{
	int ret;

	ret = namei_init(&r->from, r->c, from_start, from, 0);
	if (ret == 0)
		ret = namei_parent(&r->from);
	if (ret < 0)
		return ret;
	ret = namei_init(&r->to, r->c, to_start, to, 0);
	if (ret == 0)
		ret = namei_parent(&r->to);
	if (ret < 0)
		return ret;
	if (r->from.cur.mnt != r->to.cur.mnt)
		return -EXDEV;
	if (r->from.type != LAST_NORM)
		return -EBUSY;
	if (r->to.type != LAST_NORM)
		return r->flags & LX_RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	return mount_want_write(r->from.cur.mnt);
}

int vfs_rename(const struct vfs_caller *c, const struct path *from_start, const char *from,
	       const struct path *to_start, const char *to, unsigned int flags)
{
	struct renaming r = { .c = c, .flags = flags };
	int ret;

	if (flags & ~(unsigned int)(LX_RENAME_NOREPLACE | LX_RENAME_EXCHANGE | LX_RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & LX_RENAME_EXCHANGE) && (flags & (LX_RENAME_NOREPLACE | LX_RENAME_WHITEOUT)))
		return -EINVAL;
	if ((flags & LX_RENAME_WHITEOUT) && c->cred && !cred_capable(c->cred, LX_CAP_MKNOD))
		return -EPERM;
	ret = rename_begin(&r, from_start, from, to_start, to);
	if (ret == 0) {
		lock_parents(&r);
		ret = rename_locked(&r);
		unlock_parents(&r);
		mount_drop_write(r.from.cur.mnt);
	}
	dentry_put(r.fd);
	dentry_put(r.td);
	namei_fini(&r.from);
	namei_fini(&r.to);
	return ret;
}

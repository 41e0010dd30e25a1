/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution, path_resolution(7): components, mounts, symbolic and magic links, "..", and the
 * RESOLVE_* limits of openat2(2).
 *
 * Two speeds. walk_fast() goes over names that are cached, under one g_dcache_lock for reading and
 * without touching a reference until it stops; what it does not know (an uncached name, a link, a
 * file system that checks permissions itself) is left to walk_slow(), which does one component and
 * may call the file system. Locking: none held on entry; the inode lock of a directory (reading)
 * around a lookup.
 */
#include "vfs/namei.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/limits.h>
#include <abi/linux/mount.h>
#include <abi/linux/stat.h>

#include "vfs/inode.h"
#include "vfs/mnt_int.h"
#include "vfs/perm.h"

#define WALK_SCOPED (WALK_NO_XDEV | WALK_NO_MAGIC | WALK_NO_SYMLINKS | WALK_BENEATH | WALK_IN_ROOT)

static int need_root(struct namei *n)
{
	if (n->has_root)
		return 0;
	if (!n->c->fs)
		return -ENOENT;
	fscontext_root(n->c->fs, &n->root);
	n->has_root = true;
	return 0;
}

static int go_root(struct namei *n)
{
	int ret;

	if (n->flags & WALK_BENEATH)
		return -EXDEV;
	ret = need_root(n);
	if (ret < 0)
		return ret;
	if ((n->flags & WALK_NO_XDEV) && n->cur.mnt && n->cur.mnt != n->root.mnt)
		return -EXDEV;
	path_put(&n->cur);
	n->cur = n->root;
	path_get(&n->cur);
	return 0;
}

int namei_init(struct namei *n, const struct vfs_caller *c, const struct path *start,
	       const char *name, unsigned int flags)
{
	memset(n, 0, sizeof(*n));
	n->c = c;
	n->p = name;
	n->flags = flags;
	if (!*name && !(flags & WALK_EMPTY))
		return -ENOENT;
	if (name[0] == '/' && !(flags & WALK_SCOPED))
		return go_root(n);
	if (start && start->dentry) {
		n->cur = *start;
		path_get(&n->cur);
	} else {
		if (!c->fs)
			return -ENOENT;
		fscontext_cwd(c->fs, &n->cur);
	}
	if (flags & (WALK_BENEATH | WALK_IN_ROOT)) {
		n->root = n->cur;
		path_get(&n->root);
		n->has_root = true;
	}
	return name[0] == '/' ? go_root(n) : 0;
}

void namei_fini(struct namei *n)
{
	path_put(&n->cur);
	path_put(&n->root);
	free(n->buf);
	n->buf = NULL;
}

static bool is_dot(const char *name, size_t len)
{
	return len == 1 && name[0] == '.';
}

static bool is_dotdot(const char *name, size_t len)
{
	return len == 2 && name[0] == '.' && name[1] == '.';
}

/* Over the mounts on (m, d), to the topmost. */
static void top_mount_locked(struct mount **m, struct dentry **d) REQUIRES_SHARED(g_dcache_lock);
static void top_mount_locked(struct mount **m, struct dentry **d)
{
	struct mount *over;

	while (unlikely((*d)->nr_mounts) && (over = mount_find_locked(*m, *d)) != NULL) {
		*m = over;
		*d = over->root;
	}
}

/* Search permission without asking anybody. */
static bool may_search_now(const struct inode *dir, const struct cred *cred)
{
	return LX_S_ISDIR(dir->mode) && !dir->ops->permission &&
	       (!cred || inode_permission_generic(dir, cred, VFS_MAY_EXEC) == 0);
}

/*
 * One component from (m, d) under the lock. 0: *ret_child is it; -ENOENT: known not to exist;
 * -ECHILD: the slow walk has to do it.
 */
static int fast_child(const struct namei *n, const struct mount *m, struct dentry *d,
		      const char *name, size_t len, struct dentry **ret_child)
	REQUIRES_SHARED(g_dcache_lock);
static int fast_child(const struct namei *n, const struct mount *m, struct dentry *d,
		      const char *name, size_t len, struct dentry **ret_child)
{
	struct inode *dir = d->inode;
	struct dentry *child;

	if (is_dot(name, len)) {
		*ret_child = d;
		return 0;
	}
	if (is_dotdot(name, len)) {
		if (d == m->root || !n->has_root || (d == n->root.dentry && m == n->root.mnt))
			return -ECHILD;
		*ret_child = d->parent;
		return 0;
	}
	child = dentry_find_locked(d, name, len, dcache_hash(name, len));
	if (!child)
		return -ECHILD;
	if (dir->ops->revalidate && dir->ops->revalidate(dir, name, len, child->inode, true) != 1)
		return -ECHILD;
	if (!(child->flags & DENTRY_REFERENCED))
		child->flags |= DENTRY_REFERENCED;
	if (!child->inode)
		return -ENOENT;
	*ret_child = child;
	return 0;
}

/* As far as the cache knows the way; the last component only if want_last. */
static int walk_fast(struct namei *n, bool want_last)
{
	struct mount *m = n->cur.mnt;
	struct dentry *d = n->cur.dentry;
	const char *p = n->p;
	int ret = 0;

	if (n->flags & WALK_SCOPED)
		return 0;
	rwlock_rdlock(&g_dcache_lock);
	for (;;) {
		struct dentry *child;
		const char *e;
		bool last;

		while (*p == '/')
			p++;
		e = strchrnul(p, '/');
		last = !*e;
		if (e == p || (last && !want_last) || (!last && !e[strspn(e, "/")]))
			break;
		if (!may_search_now(d->inode, n->c->cred))
			break;
		ret = fast_child(n, m, d, p, (size_t)(e - p), &child);
		if (ret < 0)
			break;
		if (LX_S_ISLNK(child->inode->mode) && (!last || (n->flags & WALK_FOLLOW)))
			break;
		d = child;
		top_mount_locked(&m, &d);
		p = e;
	}
	if (d != n->cur.dentry || m != n->cur.mnt) {
		struct path old = n->cur;

		n->cur = (struct path){ mount_get(m), dentry_get(d) };
		rwlock_unlock(&g_dcache_lock);
		path_put(&old);
	} else {
		rwlock_unlock(&g_dcache_lock);
	}
	n->p = p;
	return ret == -ENOENT ? ret : 0;
}

static int follow_dotdot(struct namei *n)
{
	struct mount *m = n->cur.mnt;
	struct dentry *d = n->cur.dentry;
	struct path old = n->cur;
	int ret = need_root(n);

	if (ret < 0)
		return ret;
	rwlock_rdlock(&g_dcache_lock);
	while (!(m == n->root.mnt && d == n->root.dentry)) {
		if (d != m->root) {
			d = d->parent;
			break;
		}
		if (!m->parent)
			break;
		d = m->mountpoint.dentry;
		m = m->parent;
	}
	if (m == old.mnt && d == old.dentry) {
		rwlock_unlock(&g_dcache_lock);
		return n->flags & WALK_BENEATH ? -EXDEV : 0;
	}
	top_mount_locked(&m, &d);
	if ((n->flags & WALK_NO_XDEV) && m != old.mnt) {
		rwlock_unlock(&g_dcache_lock);
		return -EXDEV;
	}
	n->cur = (struct path){ mount_get(m), dentry_get(d) };
	rwlock_unlock(&g_dcache_lock);
	path_put(&old);
	return 0;
}

/* The text of link d in front of what is left of the name. */
static int push_link(struct namei *n, struct inode *link)
{
	size_t rest = strlen(n->p) + 1;
	char *buf = malloc(LX_PATH_MAX + rest);
	ssize_t len;

	if (!buf)
		return -ENOMEM;
	len = link->ops->readlink ? link->ops->readlink(link, n->c, buf, LX_PATH_MAX) : -EINVAL;
	if (len <= 0) {
		free(buf);
		return len < 0 ? (int)len : -ENOENT;
	}
	memmove(buf + len, n->p, rest);
	free(n->buf);
	n->buf = buf;
	n->p = buf;
	return buf[0] == '/' ? go_root(n) : 0;
}

/* 1: a text was pushed; 0: jumped. */
static int follow_link(struct namei *n, struct dentry *d, bool last)
{
	struct inode *link = d->inode;
	struct path to = { 0 };
	int ret;

	if (++n->nr_links > LX_SYMLOOP_MAX || (n->flags & WALK_NO_SYMLINKS) ||
	    (n->cur.mnt->flags & LX_MS_NOSYMFOLLOW))
		return -ELOOP;
	if (last) {
		ret = may_follow_link(n->cur.dentry->inode, link, n->c);
		if (ret < 0)
			return ret;
	}
	if (!link->ops->follow) {
		ret = push_link(n, link);
		return ret < 0 ? ret : 1;
	}
	if (n->flags & WALK_NO_MAGIC)
		return -ELOOP;
	if (n->flags & (WALK_BENEATH | WALK_IN_ROOT))
		return -EXDEV;
	ret = link->ops->follow(link, n->c, &to);
	if (ret < 0)
		return ret;
	if ((n->flags & WALK_NO_XDEV) && to.mnt != n->cur.mnt) {
		path_put(&to);
		return -EXDEV;
	}
	path_put(&n->cur);
	n->cur = to;
	return 0;
}

static int enter(struct namei *n, struct dentry *d, bool follow, bool last)
{
	struct path old = n->cur;
	struct mount *m = n->cur.mnt;
	int ret;

	if (follow && LX_S_ISLNK(d->inode->mode)) {
		ret = follow_link(n, d, last);
		dentry_put(d);
		return ret;
	}
	if (unlikely(d->nr_mounts)) {
		struct dentry *top = d;

		rwlock_rdlock(&g_dcache_lock);
		top_mount_locked(&m, &top);
		if (top != d) {
			if (n->flags & WALK_NO_XDEV) {
				rwlock_unlock(&g_dcache_lock);
				dentry_put(d);
				return -EXDEV;
			}
			mount_get(m);
			dentry_get(top);
			rwlock_unlock(&g_dcache_lock);
			dentry_put(d);
			n->cur = (struct path){ m, top };
			path_put(&old);
			return 0;
		}
		rwlock_unlock(&g_dcache_lock);
	}
	n->cur.dentry = d;
	dentry_put(old.dentry);
	return 0;
}

int namei_enter(struct namei *n, struct dentry *d, bool follow)
{
	return enter(n, d, follow, true);
}

/* The dentry of name in cur, positive or negative. */
static int lookup(struct namei *n, const char *name, size_t len, struct dentry **ret_d)
{
	struct dentry *dir = n->cur.dentry, *d;
	struct inode *di = dir->inode;
	int ret;

	if (!di->ops->revalidate) {
		d = dentry_lookup(dir, name, len);
		if (d) {
			*ret_d = d;
			return 0;
		}
	}
	rwlock_rdlock(&di->lock);
	ret = dentry_lookup_slow(dir, name, len, ret_d);
	rwlock_unlock(&di->lock);
	return ret;
}

int namei_lookup_locked(struct namei *n, struct dentry **ret_d)
{
	return dentry_lookup_slow(n->cur.dentry, n->last, n->last_len, ret_d);
}

/* One component; 1 when a link's text was pushed. */
static int walk_slow(struct namei *n, const char *name, size_t len, bool follow, bool last)
{
	struct dentry *d;
	int ret;

	if (is_dot(name, len))
		return 0;
	if (is_dotdot(name, len))
		return follow_dotdot(n);
	ret = lookup(n, name, len, &d);
	if (ret < 0)
		return ret;
	if (!d->inode) {
		dentry_put(d);
		return -ENOENT;
	}
	return enter(n, d, follow, last);
}

static int may_search(struct namei *n)
{
	struct inode *dir = n->cur.dentry->inode;

	if (!LX_S_ISDIR(dir->mode))
		return -ENOTDIR;
	return inode_permission(dir, n->c, VFS_MAY_EXEC);
}

static int to_parent(struct namei *n, bool want_last)
{
	for (;;) {
		const char *name, *e, *next;
		int ret = walk_fast(n, want_last);

		if (ret < 0)
			return ret;
		while (*n->p == '/')
			n->p++;
		name = n->p;
		if (!*name) {
			n->type = LAST_NONE;
			return 0;
		}
		e = strchrnul(name, '/');
		next = e + strspn(e, "/");
		if (n->flags & WALK_CACHED)
			return -EAGAIN;
		ret = may_search(n);
		if (ret < 0)
			return ret;
		if (e - name > LX_NAME_MAX && (n->cur.dentry->sb->flags & SB_NO_DCACHE))
			return -ENAMETOOLONG;
		if (!*next) {
			n->last = name;
			n->last_len = (size_t)(e - name);
			n->trailing = *e == '/';
			n->type = is_dot(name, n->last_len)    ? LAST_DOT :
				  is_dotdot(name, n->last_len) ? LAST_DOTDOT :
								 LAST_NORM;
			n->p = e;
			return 0;
		}
		n->p = e;
		ret = walk_slow(n, name, (size_t)(e - name), true, false);
		if (ret < 0)
			return ret;
	}
}

int namei_parent(struct namei *n)
{
	return to_parent(n, false);
}

int namei_rest(struct namei *n)
{
	bool must_dir = n->flags & WALK_DIRECTORY;
	int ret;

	for (;;) {
		ret = to_parent(n, true);
		if (ret < 0)
			return ret;
		if (n->type == LAST_NONE)
			break;
		must_dir |= n->trailing;
		/* n->p stands behind the name: on the slashes, which a link's text keeps. */
		ret = walk_slow(n, n->last, n->last_len, (n->flags & WALK_FOLLOW) || n->trailing,
				true);
		if (ret < 0)
			return ret;
		if (ret == 0 && !n->p[strspn(n->p, "/")])
			break;
	}
	if (must_dir && !LX_S_ISDIR(n->cur.dentry->inode->mode))
		return -ENOTDIR;
	return 0;
}

int vfs_walk(const struct vfs_caller *c, const struct path *start, const char *name,
	     unsigned int flags, struct path *ret_path)
{
	struct namei n;
	int ret = namei_init(&n, c, start, name, flags);

	if (ret == 0)
		ret = namei_rest(&n);
	if (ret == 0) {
		*ret_path = n.cur;
		n.cur = (struct path){ NULL, NULL };
	}
	namei_fini(&n);
	return ret;
}

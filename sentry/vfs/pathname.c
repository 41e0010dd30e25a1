/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of paths: d_path for /proc, getcwd(2), mount tables. Locking: g_dcache_lock for reading, so
 * a name is one that was right at some moment.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vfs/inode.h"
#include "vfs/mnt_int.h"

struct text {
	char *start, *at; /* grows downwards from the end of the buffer */
	bool full;
};

static void prepend(struct text *t, const char *s, size_t n)
{
	if ((size_t)(t->at - t->start) < n) {
		t->full = true;
		return;
	}
	t->at -= n;
	memcpy(t->at, s, n);
}

/* True if root was met on the way up. */
static bool prepend_path(struct text *t, const struct path *p, const struct path *root)
	REQUIRES_SHARED(g_dcache_lock);
static bool prepend_path(struct text *t, const struct path *p, const struct path *root)
{
	const struct mount *m = p->mnt;
	const struct dentry *d = p->dentry;

	while (!root || m != root->mnt || d != root->dentry) {
		if (m && d == m->root) {
			if (!m->parent)
				return !root;
			d = m->mountpoint.dentry;
			m = m->parent;
			continue;
		}
		if (d->parent == d)
			return false;
		prepend(t, d->name, d->name_len);
		prepend(t, "/", 1);
		d = d->parent;
	}
	return true;
}

/* Nameless files: "pipe:[12]", "anon_inode:[eventfd]", "/memfd:x (deleted)". */
static ssize_t anon_name(const struct dentry *d, char *buf, size_t size)
{
	int n;

	if (d->name_len)
		n = snprintf(buf, size, "%s", d->name);
	else
		n = snprintf(buf, size, "%s:[%llu]", d->sb->type->name,
			     (unsigned long long)d->inode->ino);
	return (size_t)n >= size ? -ENAMETOOLONG : n;
}

#define NAME_CWD  1u
#define NAME_FROM 2u

static ssize_t path_name(const struct path *p, const struct path *root, char *buf, size_t size,
			 unsigned int how)
{
	static const char deleted[] = " (deleted)", unreachable[] = "(unreachable)";
	struct text t = { buf, buf + size, false };
	bool reached, gone;

	if (size == 0)
		return -ENAMETOOLONG;
	if (p->dentry->flags & DENTRY_ANON)
		return anon_name(p->dentry, buf, size);
	prepend(&t, "", 1);
	rwlock_rdlock(&g_dcache_lock);
	gone = p->dentry->flags & DENTRY_DELETED;
	if (gone && !(how & NAME_CWD))
		prepend(&t, deleted, sizeof(deleted) - 1);
	if (p->dentry->parent == p->dentry && p->mnt && p->dentry != p->mnt->root) {
		/* Never had a place in the tree (O_TMPFILE): shown below its file system's root. */
		prepend(&t, p->dentry->name, p->dentry->name_len);
		prepend(&t, "/", 1);
		reached = true;
	} else {
		char *end = t.at;

		reached = prepend_path(&t, p, root);
		if (t.at == end)
			prepend(&t, "/", 1);
	}
	rwlock_unlock(&g_dcache_lock);
	if (gone && (how & NAME_CWD))
		return -ENOENT;
	if (!reached && (how & NAME_FROM))
		return -ENOENT;
	if (!reached && (how & NAME_CWD))
		prepend(&t, unreachable, sizeof(unreachable) - 1);
	if (t.full)
		return -ENAMETOOLONG;
	size = (size_t)(buf + size - t.at);
	memmove(buf, t.at, size);
	return (ssize_t)size - 1;
}

ssize_t vfs_path_name(const struct path *p, const struct path *root, char *buf, size_t size)
{
	return path_name(p, root, buf, size, 0);
}

ssize_t vfs_cwd_name(const struct path *p, const struct path *root, char *buf, size_t size)
{
	return path_name(p, root, buf, size, NAME_CWD);
}

ssize_t vfs_path_name_from(const struct path *p, const struct path *root, char *buf, size_t size)
{
	return path_name(p, root, buf, size, NAME_FROM);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root, working directory and umask of tasks. Holds references on both paths and on the mount
 * namespace. Locking: fs->lock is a leaf around the two paths.
 */
#include <errno.h>
#include <stdlib.h>

#include "lock_class.h"
#include "vfs/mount.h"

void path_get(const struct path *p)
{
	if (p->mnt)
		mount_get(p->mnt);
	if (p->dentry)
		dentry_get(p->dentry);
}

void path_put(struct path *p)
{
	struct path old = *p;

	p->mnt = NULL;
	p->dentry = NULL;
	/* The dentry first: the mount keeps its file system alive. */
	dentry_put(old.dentry);
	mount_put(old.mnt);
}

int fscontext_new(struct mntns *ns, struct fscontext **ret_fs)
{
	struct fscontext *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	ref_init(&fs->ref);
	mutex_init(&fs->lock, LC_FSCONTEXT);
	fs->umask = 022;
	fs->mntns = mntns_get(ns);
	mntns_root(ns, &fs->root);
	fs->cwd = fs->root;
	path_get(&fs->cwd);
	*ret_fs = fs;
	return 0;
}

int fscontext_copy(struct fscontext *src, struct fscontext **ret_fs)
{
	struct fscontext *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	ref_init(&fs->ref);
	mutex_init(&fs->lock, LC_FSCONTEXT);
	fs->umask = src->umask;
	fs->mntns = mntns_get(src->mntns);
	fscontext_root(src, &fs->root);
	fscontext_cwd(src, &fs->cwd);
	*ret_fs = fs;
	return 0;
}

struct fscontext *fscontext_get(struct fscontext *fs)
{
	ref_get(&fs->ref);
	return fs;
}

void fscontext_put(struct fscontext *fs)
{
	if (!fs || !ref_put(&fs->ref))
		return;
	path_put(&fs->cwd);
	path_put(&fs->root);
	mntns_put(fs->mntns);
	mutex_fini(&fs->lock);
	free(fs);
}

static void read_path(struct fscontext *fs, const struct path *p, struct path *ret_path)
{
	mutex_lock(&fs->lock);
	*ret_path = *p;
	path_get(ret_path);
	mutex_unlock(&fs->lock);
}

static void write_path(struct fscontext *fs, struct path *p, const struct path *new)
{
	struct path old;

	path_get(new);
	mutex_lock(&fs->lock);
	old = *p;
	*p = *new;
	mutex_unlock(&fs->lock);
	new->mnt->expiry_mark = false;
	path_put(&old);
}

void fscontext_root(struct fscontext *fs, struct path *ret_path)
{
	read_path(fs, &fs->root, ret_path);
}

void fscontext_cwd(struct fscontext *fs, struct path *ret_path)
{
	read_path(fs, &fs->cwd, ret_path);
}

void fscontext_set_root(struct fscontext *fs, const struct path *p)
{
	write_path(fs, &fs->root, p);
}

void fscontext_set_cwd(struct fscontext *fs, const struct path *p)
{
	write_path(fs, &fs->cwd, p);
}

static bool same(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}

void fscontext_pivot(struct fscontext *fs, const struct path *old, const struct path *new)
{
	auto_path struct path root = { 0 }, cwd = { 0 };

	fscontext_root(fs, &root);
	fscontext_cwd(fs, &cwd);
	if (same(&root, old))
		fscontext_set_root(fs, new);
	if (same(&cwd, old))
		fscontext_set_cwd(fs, new);
}

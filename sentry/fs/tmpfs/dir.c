/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of tmpfs: entries in a tree by name for lookup and one by cookie for reading, so that
 * reading goes on at the right place whatever is made or removed meanwhile. An entry holds a
 * reference on its inode. Locking: the directory's inode lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/stat.h>

#include "fs/tmpfs/tmpfs_int.h"
#include "vfs/dentry.h"
#include "vfs/file.h"

#define BOGO_DIRENT_SIZE 20 /* what Linux adds to a directory's size for each entry */
#define FIRST_COOKIE     2

struct tdirent {
	struct rb_node by_name, by_cookie;
	uint64_t hash, cookie;
	struct inode *inode; /* owned */
	uint32_t len;
	char name[];
};

static int cmp(const struct tdirent *e, uint64_t hash, const char *name, size_t len)
{
	if (e->hash != hash)
		return e->hash < hash ? -1 : 1;
	if (e->len != len)
		return e->len < len ? -1 : 1;
	return memcmp(e->name, name, len);
}

static struct tdirent *find(struct tnode *dir, const char *name, size_t len)
{
	uint64_t hash = dcache_hash(name, len);
	struct rb_node *n = dir->names.rb_node;

	while (n) {
		struct tdirent *e = rb_entry(n, struct tdirent, by_name);
		int c = cmp(e, hash, name, len);

		if (c == 0)
			return e;
		n = c < 0 ? n->rb_right : n->rb_left;
	}
	return NULL;
}

int tdir_find(struct tnode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	struct tdirent *e = find(dir, name, len);

	if (!e)
		return -ENOENT;
	*ret_inode = inode_get(e->inode);
	return 0;
}

int tdir_add(struct tnode *dir, const char *name, size_t len, struct inode *inode)
{
	struct tdirent *e = malloc(sizeof(*e) + len + 1);
	struct rb_node **link, *parent = NULL;

	if (!e)
		return -ENOMEM;
	e->hash = dcache_hash(name, len);
	e->len = (uint32_t)len;
	memcpy(e->name, name, len);
	e->name[len] = '\0';
	e->inode = inode_get(inode);
	e->cookie = dir->next_cookie++;
	for (link = &dir->names.rb_node; *link;) {
		parent = *link;
		link = cmp(rb_entry(parent, struct tdirent, by_name), e->hash, name, len) < 0 ?
			       &parent->rb_right :
			       &parent->rb_left;
	}
	rb_link_node(&e->by_name, parent, link);
	rb_insert_color(&e->by_name, &dir->names);
	/* The newest cookie is the largest. */
	parent = NULL;
	for (link = &dir->cookies.rb_node; *link; link = &parent->rb_right)
		parent = *link;
	rb_link_node(&e->by_cookie, parent, link);
	rb_insert_color(&e->by_cookie, &dir->cookies);
	dir->nr_entries++;
	dir->i.size += BOGO_DIRENT_SIZE;
	inode_touch_locked(&dir->i, SA_MTIME | SA_CTIME);
	return 0;
}

static void drop(struct tnode *dir, struct tdirent *e)
{
	rb_erase(&e->by_name, &dir->names);
	rb_erase(&e->by_cookie, &dir->cookies);
	dir->nr_entries--;
	dir->i.size -= BOGO_DIRENT_SIZE;
	inode_put(e->inode);
	free(e);
}

void tdir_remove(struct tnode *dir, const char *name, size_t len)
{
	struct tdirent *e = find(dir, name, len);

	if (e)
		drop(dir, e);
	inode_touch_locked(&dir->i, SA_MTIME | SA_CTIME);
}

void tdir_replace(struct tnode *dir, const char *name, size_t len, struct inode *inode)
{
	struct tdirent *e = find(dir, name, len);
	struct inode *old;

	if (!e)
		return;
	old = e->inode;
	e->inode = inode_get(inode);
	inode_put(old);
	inode_touch_locked(&dir->i, SA_MTIME | SA_CTIME);
}

void tdir_free(struct tnode *dir)
{
	struct rb_node *n;

	while ((n = dir->names.rb_node) != NULL)
		drop(dir, rb_entry(n, struct tdirent, by_name));
}

/* The first entry whose cookie is at least pos. */
static struct tdirent *first_from(struct tnode *dir, uint64_t pos)
{
	struct rb_node *n = dir->cookies.rb_node;
	struct tdirent *best = NULL;

	while (n) {
		struct tdirent *e = rb_entry(n, struct tdirent, by_cookie);

		if (e->cookie >= pos) {
			best = e;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

static int tmpfs_readdir(struct file *f, struct dir_ctx *ctx)
{
	struct tnode *dir = tnode_of(f->inode);
	struct tdirent *e;

	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, 1, dir->i.ino, LX_DT_DIR))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		struct dentry *parent = dentry_parent(f->path.dentry);
		bool ok = ctx->emit(ctx, "..", 2, FIRST_COOKIE, parent->inode->ino, LX_DT_DIR);

		dentry_put(parent);
		if (!ok)
			return 0;
		ctx->pos = FIRST_COOKIE;
	}
	rwlock_rdlock(&dir->i.lock);
	for (e = first_from(dir, (uint64_t)ctx->pos); e;) {
		struct rb_node *n;

		if (!ctx->emit(ctx, e->name, e->len, (int64_t)e->cookie + 1, e->inode->ino,
			       (e->inode->mode & LX_S_IFMT) >> 12))
			break;
		ctx->pos = (int64_t)e->cookie + 1;
		n = rb_next(&e->by_cookie);
		e = n ? rb_entry(n, struct tdirent, by_cookie) : NULL;
	}
	rwlock_unlock(&dir->i.lock);
	return 0;
}

static int64_t tmpfs_dir_seek(struct file *f, int64_t off, int whence)
{
	switch (whence) {
	case 1: /* SEEK_CUR */
		off += f->pos;
		break;
	case 0: /* SEEK_SET */
		break;
	default:
		return -EINVAL;
	}
	if (off < 0)
		return -EINVAL;
	f->pos = off;
	return off;
}

static int tmpfs_dir_fsync(struct file *f, bool data_only)
{
	return 0;
}

const struct file_ops tmpfs_dir_ops = {
	.name = "tmpfs directory",
	.readdir = tmpfs_readdir,
	.seek = tmpfs_dir_seek,
	.fsync = tmpfs_dir_fsync,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of tmpfs. An inode is a struct tnode; a file's bytes are extents of the memory file
 * (data.c), a directory's entries are in two trees (dir.c).
 */
#pragma once

#include <stdatomic.h>

#include <base/rbtree.h>

#include "mm/mappable.h"
#include "vfs/inode.h"
#include "vfs/xattr.h"

struct file_ops;

struct tmpfs_sb {
	uint64_t max_pages, max_inodes; /* 0: no limit. Change on remount */
	_Atomic uint64_t pages, inodes, next_ino;
	uint32_t mode, uid, gid; /* of the root, const after mount */
	bool show_size, show_inodes;
};

struct textent;
struct tdirent;

struct tnode {
	struct inode i;
	struct mappable m;      /* regular files */
	struct rb_root extents; /* GUARDED_BY(i.lock) */
	struct textent *hint;   /* last extent looked up; racy, checked. Cleared when one goes */
	uint64_t nr_pages;      /* GUARDED_BY(i.lock) */
	_Atomic unsigned int seals;    /* LX_F_SEAL_*; F_SEAL_SEAL where sealing is not allowed */
	struct xattr_store xattrs;     /* GUARDED_BY(i.lock) */
	struct rb_root names, cookies; /* directories; GUARDED_BY(i.lock) */
	uint64_t next_cookie, nr_entries;
	char *link; /* owned; symbolic links, const */
};

static inline struct tnode *tnode_of(struct inode *i)
{
	return container_of(i, struct tnode, i);
}

static inline struct tmpfs_sb *tsb_of(const struct super_block *sb)
{
	return sb->priv;
}

extern const struct inode_ops tmpfs_inode_ops;
extern const struct file_ops tmpfs_file_ops, tmpfs_dir_ops;
extern const struct mappable_ops tmpfs_mappable_ops;

/* Half of the sandbox's memory, and the inodes that fit in it. */
void tmpfs_default_limits(struct tmpfs_sb *s);
int tnode_new(struct super_block *sb, const struct inode *dir, uint32_t mode,
	      const struct vfs_caller *c, struct tnode **ret_t);

/* data.c */
/* i.io_lock held, i.lock not. */
int tdata_truncate(struct tnode *t, uint64_t size);
void tdata_free(struct tnode *t);
struct tmpfs_sb *tmpfs_account(struct tnode *t);

/* dir.c: i.lock of the directory held */
int tdir_find(struct tnode *dir, const char *name, size_t len, struct inode **ret_inode);
int tdir_add(struct tnode *dir, const char *name, size_t len, struct inode *inode);
void tdir_remove(struct tnode *dir, const char *name, size_t len);
/* The entry's inode becomes inode (referenced); the old one is put. */
void tdir_replace(struct tnode *dir, const char *name, size_t len, struct inode *inode);
void tdir_free(struct tnode *dir);

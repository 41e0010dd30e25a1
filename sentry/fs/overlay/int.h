/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the overlay share. README.md has the idea: there is no upper tree. A directory
 * has a *delta*, the names in it that differ from the lower directory; files made in the overlay
 * are tmpfs inodes; a lower file that is changed gets its own attributes, then its own data, and is
 * kept in memory from then on.
 *
 * Locks, outermost first: inode.io_lock (copy-up), inode.lock of a directory (its delta),
 * onode.lock and overlay_sb.lock (leaves).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

#include "fs/overlay/overlay.h"
#include "fs/tmpfs/tmpfs_int.h"
#include "mm/mappable.h"
#include "vfs/file.h"
#include "vfs/xattr.h"

struct overlay_sb {
	/* first: upper inodes are tmpfs inodes of this super block */
	struct tmpfs_sb upper;
	struct super_block *sb;    /* borrowed: its priv is this */
	struct super_block *lower; /* owned */
	bool fixed;                /* const: the lower tree changes by nobody's doing */
	struct mutex lock;         /* LC_OVERLAY_SB; guards all below */
	struct hlist_head *table;  /* owned: onodes by lower inode */
	unsigned int table_bits, nr_inodes;
	struct list_head pinned; /* onodes kept because they differ from their lower file */
};

/* A name that differs from the lower directory. */
struct dentry_delta {
	struct hlist_node hash;
	struct list_head link; /* in the order of born; whiteouts too */
	struct inode *inode;   /* owned; NULL: whiteout, the lower name is hidden */
	uint64_t born;         /* position in the directory */
	/* the lower directory has no such name: no whiteout is needed */
	bool lower_absent;
	uint32_t len;
	char name[];
};

struct delta {
	struct hlist_head *table; /* owned */
	unsigned int table_bits;
	size_t nr;       /* entries, whiteouts included */
	size_t nr_names; /* without them */
	uint64_t next_born;
	struct list_head order;
	struct dentry_delta *hint; /* where the last reader of the directory stood; or NULL */
};

/* A directory, or a file that comes from the lower tree. */
struct onode {
	struct inode i;
	struct mappable map;        /* regular files: in front of the lower or upper one */
	struct inode *lower;        /* const, owned; NULL for a directory made here */
	_Atomic unsigned int flags; /* ON_* */
	struct hlist_node hash;     /* overlay_sb.lock */
	struct list_head pin_link;  /* overlay_sb.lock */
	struct delta *delta;        /* directories: owned, lazily; i.lock */

	struct mutex lock;          /* LC_OVERLAY */
	struct inode *upper;        /* owned: the data, once copied up; set once */
	struct mappable *real_map;  /* referenced: what map stands for, once mapped */
	struct xattr_store *xattrs; /* owned: with ON_XATTR */
};

#define ON_META     1u /* attributes in struct inode are the truth, not the lower file's */
#define ON_XATTR    2u
#define ON_UNHASHED 4u

static inline struct overlay_sb *overlay_sb_of(const struct inode *i)
{
	return i->sb->priv;
}

/* --- super.c --- */
extern const struct inode_ops overlay_inode_ops;
/* The same over a lower tree that nobody changes: without revalidate. */
extern const struct inode_ops overlay_fixed_ops;
/* True for directories and lower files; false for the tmpfs inodes of files made here. */
static inline bool is_onode(const struct inode *i)
{
	return i->ops == &overlay_inode_ops || i->ops == &overlay_fixed_ops;
}
static inline struct onode *onode_of(struct inode *i)
{
	return container_of(i, struct onode, i);
}
/* The inode for a lower one (consumed, on failure too). */
int onode_from_lower(struct overlay_sb *osb, struct inode *lower, struct inode **ret_inode);
/* A directory without a lower one. */
int onode_new_dir(struct overlay_sb *osb, struct inode *dir, uint32_t mode,
		  const struct vfs_caller *c, struct inode **ret_inode);
/* From now on attributes are our own: keeps on in memory. */
void onode_own(struct onode *on, unsigned int flags);
/* The last name is gone. */
void onode_unpin(struct onode *on);
/* Copies attributes of the lower file, if they are the truth; not if on->i.lock is taken. */
void onode_sync(struct onode *on);

/* --- upper.c: what the overlay needs of tmpfs --- */
void upper_init(struct overlay_sb *osb, uint64_t size);
uint64_t upper_new_ino(struct overlay_sb *osb);
/*
 * A directory made here, a further link to a file made here: bounded like inodes of tmpfs. -ENOSPC
 */
int upper_charge_inode(struct overlay_sb *osb);
void upper_uncharge_inode(struct overlay_sb *osb);
/* Replaces the sizes and counts of the lower tree by those of what can be written. */
void upper_statfs(struct overlay_sb *osb, struct lx_statfs *st);
/* A file of our own; nlink 1. target: for symbolic links. */
int upper_new(struct overlay_sb *osb, struct inode *dir, uint32_t mode, uint32_t major,
	      uint32_t minor, const char *target, const struct vfs_caller *c,
	      struct inode **ret_inode);

/* --- delta.c: REQUIRES the directory's i.lock, for reading or writing --- */
struct dentry_delta *delta_find(const struct delta *d, const char *name, size_t len);
/*
 * name stands for inode (reference consumed, on failure too). in_lower: the lower directory may
 * have the name.
 */
int delta_set(struct onode *dir, const char *name, size_t len, struct inode *inode, bool in_lower);
/* name is gone: a whiteout if the lower directory may have it. */
int delta_remove(struct onode *dir, const char *name, size_t len);
void delta_free(struct delta *d);
/* First entry (whiteouts too) with born >= at, or NULL. */
struct dentry_delta *delta_at(struct delta *d, uint64_t at);

/* --- attr.c --- */
int overlay_getattr(struct inode *i, uint32_t mask, struct kstat *ret_st);
int overlay_setattr(struct inode *i, const struct kattr *a, const struct vfs_caller *c);
ssize_t overlay_readlink(struct inode *i, const struct vfs_caller *c, char *buf, size_t size);
ssize_t overlay_getxattr(struct inode *i, const char *name, void *buf, size_t size);
int overlay_setxattr(struct inode *i, const char *name, const void *val, size_t size, int flags);
ssize_t overlay_listxattr(struct inode *i, char *buf, size_t size);
int overlay_removexattr(struct inode *i, const char *name);

/* --- dir.c --- */
int overlay_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode);
int overlay_revalidate(struct inode *dir, const char *name, size_t len, struct inode *inode,
		       bool nonblock);
int overlay_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
		   const struct vfs_caller *c, struct inode **ret_inode);
int overlay_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		  const struct vfs_caller *c, struct inode **ret_inode);
int overlay_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		  uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode);
int overlay_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		    const struct vfs_caller *c, struct inode **ret_inode);
int overlay_tmpfile(struct inode *dir, uint32_t mode, const struct vfs_caller *c,
		    struct inode **ret_inode);
int overlay_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int overlay_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode);
int overlay_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode);
int overlay_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *inode,
		   struct inode *new_dir, const char *new_name, size_t new_len,
		   struct inode *target, unsigned int flags);

/* --- readdir.c --- */
extern const struct file_ops overlay_dir_ops;
int overlay_open_dir(struct onode *on, struct file *f, const struct vfs_caller *c);
/* 0 if nothing is left in the directory, -ENOTEMPTY. Its i.lock is held. */
int overlay_dir_empty(struct onode *on);

/* --- file.c --- */
/* An inner open file on a lower or upper inode: owned by whoever embeds it, never counted. */
int real_open(struct file *real, struct inode *inode, unsigned int flags, const struct cred *cred,
	      const struct vfs_caller *c);
void real_close(struct file *real);
int overlay_open(struct inode *i, struct file *f, const struct vfs_caller *c);
extern const struct mappable_ops overlay_mappable_ops;

/* --- copyup.c --- */
/* Gives on data of its own: the first size bytes of the lower file. io_lock is held. */
int overlay_copy_up_locked(struct onode *on, uint64_t size, const struct vfs_caller *c)
	REQUIRES(on->i.io_lock);
int overlay_copy_up(struct onode *on, const struct vfs_caller *c);
/* The data inode, referenced: the upper or the lower one. */
struct inode *onode_real(struct onode *on);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inodes and super blocks: the objects of a file system, and the operations a file system
 * implements.
 *
 * Every inode operation runs with the caller's credentials already checked by vfs (permission(7)
 * rules) unless the fs sets SB_CHECKS_PERMISSION. dir operations run with dir's inode lock held for
 * writing (lookup: reading); rename holds both parents' locks. Two declared kinds (DESIGN): by
 * default operations never block; a super block with SB_KILLABLE may do gofer or host-disk round
 * trips.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/auto.h>
#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

#include "kernel/cred.h"
#include "mm/mappable.h"

struct dentry;
struct file;
struct file_ops;
struct fstype;
struct inode;
struct mount;
struct super_block;
struct vfs_caller;
struct flock_ctx;
struct inotify_marks;
struct lx_statfs;
struct path;

struct ktime {
	int64_t sec;
	uint32_t nsec;
};

/* What stat(2) and statx(2) need. */
struct kstat {
	uint32_t mask; /* LX_STATX_* that are valid */
	uint32_t mode; /* type and permissions */
	uint32_t nlink, uid, gid;
	uint32_t dev_major, dev_minor;   /* of the file system */
	uint32_t rdev_major, rdev_minor; /* of a device node */
	uint64_t ino, size, blocks;      /* blocks of 512 bytes */
	uint32_t blksize;
	uint64_t attributes, attributes_mask, mnt_id;
	struct ktime atime, mtime, ctime, btime;
};

/* What setattr changes; valid is a mask of SA_*. */
#define SA_MODE      0x01u
#define SA_UID       0x02u
#define SA_GID       0x04u
#define SA_SIZE      0x08u
#define SA_ATIME     0x10u
#define SA_MTIME     0x20u
#define SA_ATIME_NOW 0x40u
#define SA_MTIME_NOW 0x80u
#define SA_CTIME     0x100u
struct kattr {
	uint32_t valid;
	uint32_t mode, uid, gid;
	uint64_t size;
	struct ktime atime, mtime;
};

struct xattr_name_sink; /* xattr list target, see vfs/xattr.h */

struct inode_ops {
	/*
	 * Finds name (len bytes, no slash, not . or ..) in dir. 0 with *ret_inode (referenced),
	 * -ENOENT (vfs caches the negative unless SB_NO_NEGATIVE), other errors.
	 */
	int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **ret_inode);
	/*
	 * mode has type bits; the umask is applied; the owner comes from c->cred and setgid rules
	 * (vfs_new_owner).
	 */
	int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode,
		      const struct vfs_caller *c, struct inode **ret_inode);
	int (*mkdir)(struct inode *dir, const char *name, size_t len, uint32_t mode,
		     const struct vfs_caller *c, struct inode **ret_inode);
	int (*mknod)(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		     uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode);
	int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target,
		       const struct vfs_caller *c, struct inode **ret_inode);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	int (*unlink)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	/*
	 * rmdir, and rename over a directory: under the victim's own lock (child after parent,
	 * nested) check that it is empty and set INODE_DEAD, so that nothing is created in it
	 * meanwhile.
	 */
	int (*rmdir)(struct inode *dir, const char *name, size_t len, struct inode *inode);
	/* flags: LX_RENAME_*; target is NULL when the new name does not exist. */
	int (*rename)(struct inode *old_dir, const char *old_name, size_t old_len,
		      struct inode *inode, struct inode *new_dir, const char *new_name,
		      size_t new_len, struct inode *target, unsigned int flags);
	/* Unnamed file (O_TMPFILE). */
	int (*tmpfile)(struct inode *dir, uint32_t mode, const struct vfs_caller *c,
		       struct inode **ret_inode);
	/* Target text into buf, NUL-terminated; its length. */
	ssize_t (*readlink)(struct inode *inode, const struct vfs_caller *c, char *buf,
			    size_t size);
	/*
	 * Magic links (/proc/pid/fd/N, exe, cwd, root): jumps straight to a path. NULL for ordinary
	 * links. *ret_path holds references.
	 */
	int (*follow)(struct inode *inode, const struct vfs_caller *c, struct path *ret_path);
	/* NULL: the fields of struct inode are the truth. */
	int (*getattr)(struct inode *inode, uint32_t mask, struct kstat *ret_st);
	/*
	 * Checked by vfs already; NOW times are resolved (the NOW bits stay set beside
	 * SA_ATIME/SA_MTIME). Runs with inode->io_lock held when SA_SIZE is set, and without
	 * inode->lock. On success vfs stores mode, owner, times and ctime into the inode's fields;
	 * the size is the op's to store. NULL: only the fields change (SA_SIZE then gives -EINVAL).
	 */
	int (*setattr)(struct inode *inode, const struct kattr *a, const struct vfs_caller *c);
	/* NULL: vfs checks mode bits and ACL-less rules. mask: VFS_MAY_* */
	int (*permission)(struct inode *inode, const struct vfs_caller *c, unsigned int mask);
	/*
	 * A cached name is still right? 1 yes, 0 no, -errno. NULL: always. (shared mode) nonblock:
	 * must answer from memory (the dentry cache's lock is held); -ECHILD when it cannot tell
	 * without asking.
	 */
	int (*revalidate)(struct inode *dir, const char *name, size_t len,
			  struct inode *inode /* NULL if negative */, bool nonblock);
	/*
	 * New open file. Fills f->ops, f->priv, f->wq. flags in f->flags. O_TRUNC was done by vfs
	 * through setattr.
	 */
	int (*open)(struct inode *inode, struct file *f, const struct vfs_caller *c);
	ssize_t (*getxattr)(struct inode *inode, const char *name, void *buf, size_t size);
	int (*setxattr)(struct inode *inode, const char *name, const void *val, size_t size,
			int flags);
	ssize_t (*listxattr)(struct inode *inode, char *buf, size_t size);
	int (*removexattr)(struct inode *inode, const char *name);
	/* Times of use changed in the inode's fields; NULL: nothing to do. */
	void (*dirty_time)(struct inode *inode);
	/*
	 * Last reference dropped: free what hangs on it (not struct inode itself unless the fs
	 * embeds it: then it frees that).
	 */
	void (*destroy)(struct inode *inode);
};

struct inode {
	struct ref ref;
	struct super_block *sb;      /* owned reference; const after init */
	const struct inode_ops *ops; /* const after init */
	uint64_t ino;                /* const after init */
	/* type bits const; permission bits GUARDED_BY(lock), racy reads are fine */
	uint32_t mode;
	uint32_t uid, gid, nlink; /* GUARDED_BY(lock) */
	uint32_t rdev_major, rdev_minor;
	uint64_t size;                           /* GUARDED_BY(lock); racy reads are fine */
	struct ktime atime, mtime, ctime, btime; /* GUARDED_BY(lock) */
	uint32_t attributes;                     /* LX_STATX_ATTR_* */
	unsigned int iflags;                     /* INODE_* */
	/* LC_INODE; directory operations, size, attributes; no usercopy under it */
	struct rwlock lock;
	/* LC_INODE_IO; one writer or truncate at a time, held over usercopy; outside mm's locks */
	struct mutex io_lock;
	struct flock_ctx *flocks;    /* owned by vfs/flock.c, lazily */
	struct inotify_marks *marks; /* owned by vfs/inotify.c, lazily */
	_Atomic int write_count;     /* open for writing (> 0) or denied (< 0: being executed) */
	void *pipe;                  /* FIFO: its struct pipe while open (fs/pipe) */
	/* bound AF_UNIX socket (net/unix), weak; cleared by its owner */
	void *sock;
	void *priv; /* the file system's, when it does not embed */
};

/* iflags */
#define INODE_NOEXEC_MAP 1u
#define INODE_DEAD       2u /* a removed directory: nothing can be created in it. GUARDED_BY(lock) */
#define INODE_LINKABLE   4u /* O_TMPFILE: linkat(2) may give it a name though nlink is 0 */
#define INODE_NOATIME    8u
#define INODE_PRIVATE    16u /* no watches, no permission checks: anonymous files */

void inode_init(struct inode *i, struct super_block *sb, const struct inode_ops *ops, uint64_t ino,
		uint32_t mode);
/* Frees what vfs hangs on it; called by the fs destroy path. */
void inode_fini(struct inode *i);
static inline struct inode *inode_get(struct inode *i)
{
	ref_get(&i->ref);
	return i;
}
void inode_put(struct inode *i);
DEFINE_AUTO_PUT(inode)

/* Owner, group and mode for a new inode in dir (setgid directories): inode(7). */
void inode_init_owner(struct inode *i, const struct inode *dir, const struct vfs_caller *c,
		      uint32_t mode);
/* SA_ATIME|SA_MTIME|SA_CTIME := now; takes lock */
void inode_touch(struct inode *i, unsigned int which);
void inode_touch_locked(struct inode *i, unsigned int which);
/* nlink += delta and ctime := now, taking the (child's) lock: for directory operations. */
void inode_link_count(struct inode *i, int delta);
struct ktime ktime_now(void); /* coarse real time, as Linux stamps inodes */
static inline int ktime_cmp(const struct ktime *a, const struct ktime *b)
{
	return a->sec != b->sec   ? (a->sec < b->sec ? -1 : 1) :
	       a->nsec != b->nsec ? (a->nsec < b->nsec ? -1 : 1) :
				    0;
}
/* All of struct inode's fields into a kstat; for getattr ops that then correct some. */
void inode_fill_stat(struct inode *i, struct kstat *ret_st);

/* exec: nobody may open it for writing until inode_allow_write. -ETXTBSY when somebody has. */
int inode_deny_write(struct inode *i);
void inode_allow_write(struct inode *i);
/* A writer (open, writable shared mapping); -ETXTBSY while denied. */
int inode_get_write(struct inode *i);
void inode_put_write(struct inode *i);

/* --- super blocks and file system types --- */
#define SB_KILLABLE          1u
#define SB_NO_NEGATIVE       2u /* names come and go by themselves (proc) */
#define SB_CHECKS_PERMISSION 4u
#define SB_NO_DCACHE         8u /* never cache names (proc pid dirs) */
#define SB_RDONLY            16u

struct super_ops {
	int (*statfs)(struct super_block *sb, struct lx_statfs *ret_st);
	int (*sync)(struct super_block *sb);
	void (*destroy)(struct super_block *sb);
	/*
	 * The last mount is gone, and with it the root: lets go of inodes that were kept for it.
	 * May be NULL.
	 */
	void (*unmounted)(struct super_block *sb);
	/* mount(2) with MS_REMOUNT and new options; NULL: they are ignored. */
	int (*remount)(struct super_block *sb, const char *options);
	/* Extra text for /proc/mounts (",size=..."), length or -errno. May be NULL. */
	int (*show_options)(struct super_block *sb, char *buf, size_t size);
};

struct super_block {
	struct ref ref;
	const struct fstype *type;
	const struct super_ops *ops;
	unsigned int flags; /* SB_* */
	uint32_t dev_major, dev_minor;
	uint32_t magic;
	struct dentry *root; /* owned while mounted */
	/* mounts and other users of root; the last one drops the cached names */
	_Atomic int nr_mounts;
	uint64_t max_size; /* largest file size; 0: INT64_MAX */
	void *priv;
};

struct fstype {
	const char *name;
	unsigned int flags; /* FS_* */
	/* source and options as mount(2) got them (options: comma separated, may be NULL). */
	int (*mount)(const struct fstype *t, const char *source, const char *options,
		     void *boot_data, struct super_block **ret_sb);
};
#define FS_NODEV    1u /* "nodev" in /proc/filesystems */
#define FS_NO_MOUNT 2u /* internal: mount(2) says ENODEV, not listed */

const struct fstype *fstype_find(const char *name);
const struct fstype *fstype_at(unsigned int n);
/* Opens a FIFO's end; set by fs/pipe. */
extern int (*vfs_fifo_open)(struct inode *inode, struct file *f, const struct vfs_caller *c);

/* dev numbers of anonymous file systems are allotted here */
int super_new(const struct fstype *t, const struct super_ops *ops, unsigned int flags,
	      uint32_t magic, struct super_block **ret_sb);
/* Makes the root dentry of sb from inode (consumed reference). */
int super_set_root(struct super_block *sb, struct inode *root);
static inline struct super_block *super_get(struct super_block *sb)
{
	ref_get(&sb->ref);
	return sb;
}
void super_put(struct super_block *sb);
static inline void super_block_put(struct super_block *sb)
{
	super_put(sb);
}
DEFINE_AUTO_PUT(super_block)

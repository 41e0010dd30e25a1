/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the gofer file system share. README.md tells the whole.
 *
 * Locks, outermost first: inode.lock (vfs's; attributes), ginode.lock (how to reach the file),
 * gofer_sb.lock (tables). Gofer calls may be made under the first two.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

#include "fs/gofer/gofer.h"
#include "mm/mappable.h"
#include "vfs/file.h"

#define GOFER_DEVS_MAX    64         /* host file systems told apart in one tree */
#define GOFER_FDS_MAX     4096       /* descriptors kept of files nobody has open */
#define GOFER_LISTING_MAX (8u << 20) /* bytes of cached directories of a mount */
#define GOFER_TTL_NS      UINT64_C(1000000000)
#define GOFER_TTL_FOREVER UINT64_MAX

struct listing;
struct ahead;

struct gofer_sb {
	struct super_block *sb;  /* borrowed: its priv is this */
	struct gofer_conn *conn; /* owned */
	uint64_t ttl_ns;         /* how long what was heard is believed; 0: not at all */
	bool ro;
	_Atomic uint32_t attr_epoch; /* moves when attributes in cached listings may be old */
	struct mutex lock;           /* LC_GOFER_SB; guards all below */
	struct hlist_head *table;    /* owned: ginodes by (dev, ino) */
	unsigned int table_bits, nr_inodes;
	struct list_head fds; /* ginodes with a descriptor, last used first */
	unsigned int nr_fds;
	struct list_head listings; /* ginodes with a listing, last made first */
	size_t listing_bytes;
	struct list_head aheads; /* descriptors that wait to be wanted, last asked for first */
	unsigned int nr_ahead, ahead_window;
	uint64_t devs[GOFER_DEVS_MAX];
	unsigned int nr_devs;
};

struct ginode {
	struct inode i;
	struct mappable map;
	uint64_t dev, ino;                        /* const: identity on the host */
	uint64_t blocks;                          /* i.lock */
	uint32_t blksize;                         /* const */
	struct gofer_time seen_mtime, seen_ctime; /* const: when the inode was made */
	_Atomic uint32_t flags;                   /* GI_* */
	_Atomic uint64_t valid_until;             /* CLOCK_MONOTONIC; attributes */
	_Atomic uint64_t names_until;             /* of a directory: names in it */
	struct hlist_node hash;                   /* gofer_sb.lock */
	struct list_head fd_link, list_link;      /* gofer_sb.lock */
	struct ahead *ahead;                      /* owned, of a directory: gofer_sb.lock */
	unsigned int opens;                       /* in a directory: gofer_sb.lock */

	struct mutex lock;       /* LC_GOFER_INODE */
	uint64_t nid;            /* node id; 0: reach it by dir and name */
	struct ginode *dir;      /* owned reference while nid is 0 */
	char *name;              /* owned while nid is 0 */
	char *link;              /* owned: target of a symbolic link, once known */
	struct backing_file *bf; /* owned: the donated descriptor */
	bool bf_writable;
	/* opened for writing once: descriptors are writable from then on */
	bool ever_written;
	struct listing *list; /* owned reference: directory contents, where known */
	unsigned int misses;  /* names asked for one by one */
};

#define GI_STALE    1u  /* attributes changed on the host by our own doing */
#define GI_MODIFIED 2u  /* listings may hold older attributes of it */
#define GI_UNHASHED 4u  /* no longer in the table */
#define GI_CHANGES  16u /* a directory of a shared tree that the host was seen to change */
#define GI_OPENED   32u /* there was a descriptor of it once */
#define GI_NO_CAPS  8u  /* known to have no security.capability */

static inline struct ginode *ginode_of(struct inode *i)
{
	return container_of(i, struct ginode, i);
}

static inline struct gofer_sb *gofer_sb_of(const struct inode *i)
{
	return i->sb->priv;
}

/* --- super.c --- */
/*
 * The inode of a host file: the one there is (which takes over nid, or gives it back) or a new one.
 * nid 0: it is reached as name in dir. fresh: attr is newer than what the inode knows. link: text
 * of a symbolic link, or NULL.
 */
int ginode_find_or_new(struct gofer_sb *gsb, const struct gofer_attr *attr, uint64_t nid,
		       struct ginode *dir, const char *name, size_t len, const char *link,
		       size_t link_size, bool fresh, struct inode **ret_inode);
/* The host file is gone: its number may come back as another file. */
void ginode_unhash(struct ginode *gi);
/* Stores attributes. -ESTALE if they are another file's. */
int ginode_set_attr(struct ginode *gi, const struct gofer_attr *attr);
/*
 * The same in lookup and revalidation, where vfs may hold this very inode's lock (a rename into its
 * parent): then it is left for the next getattr.
 */
int ginode_try_attr(struct ginode *gi, const struct gofer_attr *attr);
/* The node id, asking for it if need be. gi->lock not held. */
int ginode_nid(struct ginode *gi, uint64_t *ret_nid);
/* gi's id, or (id untouched) its directory, referenced, where it goes by its name in that. */
int ginode_start(struct ginode *gi, uint64_t *ret_nid, struct ginode **ret_dir);
/*
 * A reply brought gi's id. -ESTALE if it is another file's. The outputs are for ginode_put_dir()
 * without the lock.
 */
int ginode_take_nid_locked(struct ginode *gi, const struct gofer_node *node,
			   struct ginode **ret_dir, char **ret_name) REQUIRES(gi->lock);
/* Is there an inode of this file that has been opened? */
bool ginode_was_opened(struct gofer_sb *gsb, uint64_t dev, uint64_t ino);
uint64_t gofer_dev(const struct gofer_attr *attr);
/* The inode number the guest sees: unique over all host file systems of the tree. */
uint64_t gofer_guest_ino(struct gofer_sb *gsb, uint64_t dev, uint64_t ino);
/* Is what was heard about gi still believed? */
bool ginode_fresh(struct ginode *gi);
/* Do a directory's times say that its names are what they were when the inode was made? */
bool ginode_unmoved(const struct ginode *gd, const struct gofer_attr *a);
/* Its names and attributes were just found to be right. */
void ginode_believe(struct ginode *gd);
void ginode_mark(struct ginode *gi, uint32_t flags);
/* Gives back what keeps gi reachable by name: it has a node id now, or no name. */
void ginode_put_dir(struct ginode *dir, char *name);

/* --- attr.c --- */
int gofer_getattr(struct inode *i, uint32_t mask, struct kstat *ret_st);
int gofer_setattr(struct inode *i, const struct kattr *a, const struct vfs_caller *c);
ssize_t gofer_readlink(struct inode *i, const struct vfs_caller *c, char *buf, size_t size);
ssize_t gofer_getxattr(struct inode *i, const char *name, void *buf, size_t size);
int gofer_setxattr(struct inode *i, const char *name, const void *val, size_t size, int flags);
ssize_t gofer_listxattr(struct inode *i, char *buf, size_t size);
int gofer_removexattr(struct inode *i, const char *name);
int gofer_statfs(struct super_block *sb, struct lx_statfs *ret_st);
/* Asks for the attributes again. wait: as ginode_set_attr; else as ginode_try_attr. */
int ginode_refresh(struct ginode *gi, bool wait);

/* --- dir.c --- */
int gofer_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode);
int gofer_revalidate(struct inode *dir, const char *name, size_t len, struct inode *inode,
		     bool nonblock);
int gofer_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
		 const struct vfs_caller *c, struct inode **ret_inode);
int gofer_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		const struct vfs_caller *c, struct inode **ret_inode);
int gofer_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode);
int gofer_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		  const struct vfs_caller *c, struct inode **ret_inode);
int gofer_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int gofer_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode);
int gofer_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode);
int gofer_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *inode,
		 struct inode *new_dir, const char *new_name, size_t new_len, struct inode *target,
		 unsigned int flags);

/* --- listing.c: directories as a whole --- */
struct listing_entry {
	const char *name;
	size_t len;
	uint64_t ino;
	unsigned int type;
	const struct gofer_attr *attr; /* NULL: not known, or not to be believed any more */
};
void listing_put(struct listing *l);
/* The believable listing of a directory, referenced, or NULL. Asks nobody. */
struct listing *listing_cached(struct ginode *gd);
/*
 * Asks the gofer for the directory: all of it, or as much as max_chunks replies hold. Keeps it with
 * gd.
 */
int listing_fetch(struct ginode *gd, unsigned int max_chunks, struct listing **ret_l);
/* Forgets the listing: names in the directory changed. */
void listing_drop(struct ginode *gd);
/* 1 found, 0 surely not there, -EAGAIN cannot tell. */
int listing_find(struct ginode *gd, struct listing *l, const char *name, size_t len,
		 struct listing_entry *ret_e);
bool listing_complete(const struct listing *l);
uint32_t listing_nr(const struct listing *l);
/* The entry with this number, and the number of a name. */
void listing_entry(struct ginode *gd, struct listing *l, uint32_t nr, struct listing_entry *ret_e);
bool listing_index(struct listing *l, const char *name, size_t len, uint32_t *ret_nr);
extern const struct file_ops gofer_dir_ops;

/* --- ahead.c --- */
/*
 * A descriptor for reading of gi, which is reached by its name in gd, whose id is dir_nid: one that
 * was asked for before, or by asking for several. -EAGAIN: it has to be asked for alone.
 */
int ahead_fd(struct ginode *gd, uint64_t dir_nid, struct ginode *gi);
/* Closes what waits in a directory. */
void ahead_drop(struct ginode *gd);

/* --- file.c --- */
/* Are there too few descriptors left to keep this one? */
bool gofer_fd_scarce(int fd);
extern const struct file_ops gofer_file_ops;
extern const struct mappable_ops gofer_mappable_ops;
int gofer_open(struct inode *i, struct file *f, const struct vfs_caller *c);
/*
 * The donated descriptor, referenced; asked for if need be. trunc: with write, cut the file to
 * nothing.
 */
int ginode_backing(struct ginode *gi, bool write, bool trunc, struct backing_file **ret_bf);
/* The same if it is there already, else NULL. */
struct backing_file *ginode_backing_cached(struct ginode *gi);
/* A descriptor that came with a new file. consumes fd */
void ginode_give_fd(struct ginode *gi, int fd);
/* The least recently used descriptors beyond the limit. */
void gofer_trim_fds(struct gofer_sb *gsb);

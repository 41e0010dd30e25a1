/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: dentries, mounts, mount namespaces, and path walking.
 *
 * The dentry cache holds positive and negative names. References: a dentry holds its parent and its
 * inode; a mount holds its root dentry, its super block and its mount point; struct path holds a
 * mount and a dentry where the comment at the place says so. Locking: dcache_lock (LC_DCACHE)
 * guards the tree's links.
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
#include "vfs/inode.h"

struct mount;
struct mntns;
struct waitq;

struct path {
	struct mount *mnt;
	struct dentry *dentry;
};
void path_get(const struct path *p);
void path_put(struct path *p); /* clears it; harmless on an empty one */
static inline void path_auto(struct path *p)
{
	path_put(p);
}
#define auto_path __attribute__((cleanup(path_auto)))

struct dentry {
	struct ref ref;
	struct dentry *parent; /* owned; itself for a root. GUARDED_BY(dcache_lock) */
	/* owned; NULL: negative. const while positive, set under the parent's inode lock */
	struct inode *inode;
	struct super_block *sb;              /* borrowed: the inode or mount holds it */
	struct list_head siblings, children; /* dcache_lock */
	struct hlist_node hash;
	struct list_head lru;
	unsigned int flags; /* DENTRY_* */
	uint32_t name_len;
	uint64_t name_hash;
	char *name;             /* owned; changes on rename under dcache_lock */
	unsigned int nr_mounts; /* mounted on, in any namespace */
};
#define DENTRY_DELETED    1u /* has no name any more; names end in " (deleted)" */
#define DENTRY_HASHED     2u /* in the cache, which holds a reference */
#define DENTRY_REFERENCED 4u /* used since the LRU looked last; racy */
#define DENTRY_ANON       8u /* of a nameless file: name is the text after the type */

struct dentry *dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);
DEFINE_AUTO_PUT(dentry)
/*
 * The name in dir as it is cached; NULL when it is not. Referenced. No permission check, no call
 * into the file system.
 */
struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len);
/*
 * Looks it up in the file system if need be; caller holds dir's inode lock (read or write). 0 and a
 * (maybe negative) dentry.
 */
int dentry_lookup_slow(struct dentry *dir, const char *name, size_t len, struct dentry **ret_d);
/* A directory changed behind the cache: the name is dropped (open files keep theirs). */
void dentry_drop(struct dentry *d);
/* For super_set_root: root's reference is consumed. */
int dentry_new_root(struct super_block *sb, struct inode *root, struct dentry **ret_d);
/*
 * Puts a ready name into the cache (readdir prefetch): inode reference consumed; NULL makes a
 * negative one. Caller holds dir's lock.
 */
int dentry_prefill(struct dentry *dir, const char *name, size_t len, struct inode *inode);
/* Forgets cached children of dir (all names), where not in use. */
void dentry_forget_children(struct dentry *dir);

struct mount {
	struct ref ref;
	uint64_t id;
	struct mount *parent;   /* owned; NULL for the namespace's root */
	struct path mountpoint; /* owned dentry of the parent mount */
	struct dentry *root;    /* owned */
	struct super_block *sb; /* owned */
	struct mntns *ns;       /* borrowed */
	/* MNT_*: LX_MS_RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, RELATIME ... */
	unsigned int flags;
	struct list_head children, sibling; /* in parent */
	struct hlist_node hash;
	char *source;             /* owned; for /proc/mounts */
	unsigned int propagation; /* LX_MS_PRIVATE.. and peer group */
	uint64_t peer_group, master_group;
	struct list_head peers, slaves, slave_link;
	bool detached;
	bool expiry_mark;         /* MNT_EXPIRE seen once, and not used since */
	_Atomic int nr_writers;   /* files open for writing and changes under way */
	struct list_head ns_link; /* in mntns.mounts */
};
struct mount *mount_get(struct mount *m);
void mount_put(struct mount *m);
/* A change is about to be made through m: -EROFS on a read-only mount or super block. */
int mount_want_write(struct mount *m);
void mount_drop_write(struct mount *m);

/* Once, before anything else of vfs. key: drawn at random. */
struct hash_key;
int vfs_init(const struct hash_key *key);

/* Root, working directory and umask of one or more tasks (CLONE_FS). */
struct fscontext {
	struct ref ref;
	struct mutex lock;     /* LC_FSCONTEXT */
	struct path root, cwd; /* owned, GUARDED_BY(lock) */
	uint32_t umask;        /* atomic enough */
	struct mntns *mntns;   /* owned */
};
int fscontext_new(struct mntns *ns, struct fscontext **ret_fs);
int fscontext_copy(struct fscontext *src, struct fscontext **ret_fs);
struct fscontext *fscontext_get(struct fscontext *fs);
void fscontext_put(struct fscontext *fs);
void fscontext_root(struct fscontext *fs, struct path *ret_path); /* referenced */
void fscontext_cwd(struct fscontext *fs, struct path *ret_path);
void fscontext_set_root(struct fscontext *fs, const struct path *p);
void fscontext_set_cwd(struct fscontext *fs, const struct path *p);
/* pivot_root: whoever stands at old's root stands at new's afterwards. */
void fscontext_pivot(struct fscontext *fs, const struct path *old, const struct path *new);

/* What a path operation needs to know about its caller. Everything is borrowed for the call. */
struct vfs_caller {
	const struct cred *cred;
	struct fscontext *fs;
	struct task *task;    /* opaque to vfs; NULL in boot and tests */
	uint64_t fsize_limit; /* RLIMIT_FSIZE */
};

/* --- mount namespaces and mounting --- */
int mntns_new(struct super_block *root_sb, const char *source, unsigned int flags,
	      struct mntns **ret_ns);
struct mntns *mntns_get(struct mntns *ns);
void mntns_put(struct mntns *ns);
void mntns_root(struct mntns *ns, struct path *ret_path);
/* Mounts sb on mountpoint. source copied. */
int vfs_mount(struct mntns *ns, const struct path *mountpoint, struct super_block *sb,
	      const char *source, unsigned int flags);
int vfs_bind_mount(struct mntns *ns, const struct path *from, const struct path *mountpoint,
		   unsigned int flags);
/* flags: LX_MNT_*. The mount of which p is the root. */
int vfs_umount(struct mntns *ns, const struct path *p, int flags);
/* mask: which of the MNT_* flags change. */
int vfs_remount(struct mntns *ns, const struct path *p, unsigned int flags, unsigned int mask,
		bool recursive);
/* A detached copy of the tree at p (open_tree(2)); mounts below it only if recursive. */
int vfs_clone_tree(const struct path *p, bool recursive, struct mount **ret_m);
int vfs_move_mount(struct mntns *ns, const struct path *from, const struct path *mountpoint);
/* type: LX_MS_SHARED, SLAVE, PRIVATE or UNBINDABLE. */
int vfs_set_propagation(struct mntns *ns, const struct path *p, unsigned int type, bool recursive);
int vfs_pivot_root(struct mntns *ns, const struct path *new_root, const struct path *put_old,
		   const struct path *cur_root);
bool path_is_mount_root(const struct path *p);
/* Wakes pollers of /proc/self/mounts; the counter moves at each change. */
struct waitq *mntns_waitq(struct mntns *ns);
uint64_t mntns_event(struct mntns *ns);
/* mount(2)'s MS_* bits that live in mount.flags */
#define MNT_FLAG_MASK                                                                              \
	(LX_MS_RDONLY | LX_MS_NOSUID | LX_MS_NODEV | LX_MS_NOEXEC | LX_MS_NOATIME |                \
	 LX_MS_NODIRATIME | LX_MS_RELATIME | LX_MS_NOSYMFOLLOW)
/*
 * Text of /proc/self/{mounts,mountinfo,mountstats} as seen from root; appends through emit. kind 0
 * mounts, 1 mountinfo, 2 mountstats
 */
struct strbuf;
int mntns_show(struct mntns *ns, const struct path *root, int kind, struct strbuf *out);

/* --- path walking: namei(7) = path_resolution(7) --- */
#define WALK_FOLLOW       0x01u /* follow a trailing symlink */
#define WALK_DIRECTORY    0x02u
#define WALK_PARENT       0x04u /* stop at the parent: ret_last is the last component */
#define WALK_EMPTY        0x08u /* empty name means the start (AT_EMPTY_PATH) */
#define WALK_NO_XDEV      0x10u /* openat2 RESOLVE_* */
#define WALK_NO_MAGIC     0x20u
#define WALK_NO_SYMLINKS  0x40u
#define WALK_BENEATH      0x80u
#define WALK_IN_ROOT      0x100u
#define WALK_CACHED       0x200u
#define WALK_NO_AUTOMOUNT 0x400u

/* start NULL: cwd of the caller. name: NUL-terminated kernel copy. *ret_path holds references. */
int vfs_walk(const struct vfs_caller *c, const struct path *start, const char *name,
	     unsigned int flags, struct path *ret_path);

struct file;
#define VFS_MAY_EXEC  1u
#define VFS_MAY_WRITE 2u
#define VFS_MAY_READ  4u
int inode_permission(struct inode *i, const struct vfs_caller *c, unsigned int may);
/* Same, and write refused on a read-only mount (-EROFS). */
int path_permission(const struct path *p, const struct vfs_caller *c, unsigned int may);

struct vfs_open_how {
	uint64_t flags; /* LX_O_* */
	uint32_t mode;
	unsigned int walk; /* WALK_NO_XDEV.. */
};
/*
 * open(2) without the descriptor. -EAGAIN with f->wq semantics does not occur; a FIFO that must
 * wait is syscalls/open.c's business (fifo_open_wait).
 */
int vfs_open(const struct vfs_caller *c, const struct path *start, const char *name,
	     const struct vfs_open_how *how, struct file **ret_file);
int vfs_open_path(const struct vfs_caller *c, const struct path *p, unsigned int flags,
		  struct file **ret_file);
int vfs_mkdir(const struct vfs_caller *c, const struct path *start, const char *name,
	      uint32_t mode);
int vfs_mknod(const struct vfs_caller *c, const struct path *start, const char *name, uint32_t mode,
	      uint32_t major, uint32_t minor);
int vfs_symlink(const struct vfs_caller *c, const char *target, const struct path *start,
		const char *name);
int vfs_link(const struct vfs_caller *c, const struct path *from, const struct path *start,
	     const char *name);
int vfs_unlink(const struct vfs_caller *c, const struct path *start, const char *name);
int vfs_rmdir(const struct vfs_caller *c, const struct path *start, const char *name);
int vfs_rename(const struct vfs_caller *c, const struct path *from_start, const char *from,
	       const struct path *to_start, const char *to, unsigned int flags);
ssize_t vfs_readlink(const struct vfs_caller *c, const struct path *p, char *buf, size_t size);
int vfs_getattr(const struct path *p, uint32_t mask, struct kstat *ret_st);
int vfs_setattr(const struct vfs_caller *c, const struct path *p, struct kattr *a);
/* The same without permission checks: through an open file, or on behalf of the kernel. */
int inode_setattr(struct inode *i, const struct vfs_caller *c, struct kattr *a);
/* Drops set-id bits before a write (and file capabilities), as the kernel does. */
int inode_drop_privileges(struct inode *i, const struct vfs_caller *c);
int vfs_truncate(const struct vfs_caller *c, const struct path *p, int64_t size);
int vfs_statfs(const struct path *p, struct lx_statfs *ret_st);
/*
 * A node for net/unix bind(2): creates the socket inode and returns its path. -EADDRINUSE when it
 * exists.
 */
int vfs_bind_socket(const struct vfs_caller *c, const char *name, uint32_t mode,
		    struct path *ret_path);

/*
 * d_path: the name of p as seen from root, into buf, NUL-terminated, " (deleted)" appended for
 * unlinked ones. What lies outside root is named from the top of its mount tree. Length or
 * -ENAMETOOLONG.
 */
ssize_t vfs_path_name(const struct path *p, const struct path *root, char *buf, size_t size);
/* As getcwd(2) wants it: -ENOENT when deleted, "(unreachable)" before what lies outside root. */
ssize_t vfs_cwd_name(const struct path *p, const struct path *root, char *buf, size_t size);

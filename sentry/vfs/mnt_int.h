/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the mount tree: for vfs/mount.c, vfs/mntns.c and the walk. */
#pragma once

#include "vfs/dentry.h"
#include "vfs/waitq.h"

struct mntns {
	struct ref ref;
	uint64_t id;             /* const after init */
	struct mount *root;      /* owned; GUARDED_BY(g_mount_lock), links also by g_dcache_lock */
	struct list_head mounts; /* ns_link, in the order of mounting */
	unsigned int nr_mounts;
	_Atomic uint64_t event;
	struct waitq wq;
};

#define MNTNS_MAX_MOUNTS 100000

extern struct mutex g_mount_lock; /* LC_MOUNT: one change of any mount tree at a time */

/* The mount on (parent, d); not referenced. */
struct mount *mount_find_locked(const struct mount *parent, const struct dentry *d)
	REQUIRES_SHARED(g_dcache_lock);
/* An unattached mount of root (a dentry of sb). */
int mount_new(struct super_block *sb, struct dentry *root, const char *source, unsigned int flags,
	      struct mount **ret_m);
/* Hangs m (reference consumed) on parent at d. */
void mount_attach(struct mntns *ns, struct mount *m, struct mount *parent, struct dentry *d)
	REQUIRES(g_mount_lock);
/* Takes m out of the tree; the table's reference passes to the caller. */
void mount_detach(struct mount *m) REQUIRES(g_mount_lock);
void mntns_changed(struct mntns *ns);
/* vfs_path_name, but -ENOENT for what root does not reach. */
ssize_t vfs_path_name_from(const struct path *p, const struct path *root, char *buf, size_t size);

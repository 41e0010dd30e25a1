/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the dentry cache: for vfs only (file systems see mount.h). One reader-writer lock,
 * g_dcache_lock, guards the hash, the tree's links, names, and the mount table; a walk over cached
 * names takes it once for reading and takes references only where it stops.
 */
#pragma once

#include <base/hash.h>
#include <base/lock.h>

#include "vfs/mount.h"

extern struct rwlock g_dcache_lock; /* LC_DENTRY */

int dcache_init(const struct hash_key *key);
uint64_t dcache_hash(const char *name, size_t len);

/* Not referenced. */
struct dentry *dentry_find_locked(const struct dentry *dir, const char *name, size_t len,
				  uint64_t hash) REQUIRES_SHARED(g_dcache_lock);
/*
 * Makes the name known: inode's reference is consumed (NULL: negative). If it is known already,
 * that one is returned and inode dropped. Caller holds dir's inode lock. *ret_d referenced.
 */
int dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode,
	       struct dentry **ret_d);
/*
 * A negative dentry gets its inode (reference consumed). Caller holds the parent's inode lock for
 * writing.
 */
void dentry_instantiate(struct dentry *d, struct inode *inode);
/* The name is gone: users of d keep it, the cache forgets it and learns the negative name. */
void dentry_unlinked(struct dentry *d);
/*
 * d takes the place of to (a name in the same or another directory; to is forgotten). Parents'
 * locks held.
 */
void dentry_move(struct dentry *d, struct dentry *to);
void dentry_exchange(struct dentry *a, struct dentry *b);
/* Neither hashed nor in a tree: O_TMPFILE, anonymous files. inode consumed. */
int dentry_new_detached(struct super_block *sb, const char *name, struct inode *inode,
			unsigned int flags, struct dentry **ret_d);
/* Is d equal to or below anc? */
bool dentry_is_below(const struct dentry *d, const struct dentry *anc)
	REQUIRES_SHARED(g_dcache_lock);
/* A referenced parent; d itself for a root. */
struct dentry *dentry_parent(struct dentry *d);

/*
 * For super blocks: users of the tree (mounts). The last drop forgets the cached names and the
 * root.
 */
void super_use(struct super_block *sb);
void super_unuse(struct super_block *sb);
/* Drops up to nr unused names (all for SIZE_MAX). */
void dcache_shrink(size_t nr);
size_t dcache_nr(void);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk in steps, for the calls that change names (vfs/dirops.c, vfs/open.c): walk to the parent
 * of the last component, then look that one up as the call needs it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "vfs/mount.h"

enum namei_last {
	LAST_NORM,
	LAST_DOT,
	LAST_DOTDOT,
	LAST_NONE, /* "/", or nothing left after a magic link: cur is the result */
};

struct namei {
	const struct vfs_caller *c;
	struct path cur;  /* owned */
	struct path root; /* owned, once has_root */
	const char *p;    /* what is left of the name */
	char *buf;        /* owned: texts of symbolic links with what followed them */
	unsigned int flags, nr_links;
	bool has_root;
	/* after namei_parent: */
	enum namei_last type;
	bool trailing; /* a slash follows the last component */
	const char *last;
	size_t last_len;
};

int namei_init(struct namei *n, const struct vfs_caller *c, const struct path *start,
	       const char *name, unsigned int flags);
void namei_fini(struct namei *n);
/* Walks until cur is the directory of the last component; search permission in it is checked. */
int namei_parent(struct namei *n);
/*
 * The dentry (maybe negative, referenced) of the last component; cur's inode lock is held by the
 * caller.
 */
int namei_lookup_locked(struct namei *n, struct dentry **ret_d);
/*
 * Goes on to d, the dentry of the last component (reference consumed): crosses mounts, follows a
 * link if asked. 1: a link's text is to be walked (call namei_parent again); 0: cur is the result.
 */
int namei_enter(struct namei *n, struct dentry *d, bool follow);
/* All the rest: cur is the result. */
int namei_rest(struct namei *n);

/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes: name spaces, permissions, and a store that file systems in memory share. */
#pragma once

#include <base/list.h>

#include "vfs/mount.h"

/* name is a kernel copy, checked for length. size 0 asks for the length. */
ssize_t vfs_getxattr(const struct vfs_caller *c, struct inode *i, const char *name, void *buf,
		     size_t size);
int vfs_setxattr(const struct vfs_caller *c, const struct path *p, const char *name,
		 const void *val, size_t size, int flags);
ssize_t vfs_listxattr(const struct vfs_caller *c, struct inode *i, char *buf, size_t size);
int vfs_removexattr(const struct vfs_caller *c, const struct path *p, const char *name);

/* Attributes in memory. The caller's lock guards the list. */
struct xattr_store {
	struct list_head list;
};
void xattr_store_init(struct xattr_store *s);
void xattr_store_fini(struct xattr_store *s);
ssize_t xattr_store_get(const struct xattr_store *s, const char *name, void *buf, size_t size);
int xattr_store_set(struct xattr_store *s, const char *name, const void *val, size_t size,
		    int flags);
ssize_t xattr_store_list(const struct xattr_store *s, char *buf, size_t size);
int xattr_store_remove(struct xattr_store *s, const char *name);

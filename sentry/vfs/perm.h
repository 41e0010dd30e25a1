/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permission rules that need more than one inode; for vfs itself and for file systems with rules of
 * their own.
 */
#pragma once

#include <stdbool.h>

#include "kernel/cred.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

/* The owner, or CAP_FOWNER. */
bool cred_owns(const struct cred *cred, const struct inode *i);
/* The rule for mode bits alone: what inode_permission does when ops->permission is NULL. */
int inode_permission_generic(const struct inode *i, const struct cred *cred, unsigned int may);
/*
 * Removing (or replacing) victim in dir: permissions, sticky bit, and that it is of the right kind.
 */
int may_delete(const struct inode *dir, const struct inode *victim, const struct vfs_caller *c,
	       bool is_dir);
int may_follow_link(const struct inode *dir, const struct inode *link, const struct vfs_caller *c);
int may_link(struct inode *i, const struct vfs_caller *c);
int may_open_in_sticky(const struct inode *dir, const struct inode *i, const struct vfs_caller *c);
bool mount_is_rdonly(const struct mount *m);

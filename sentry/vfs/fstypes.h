/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system types that vfs knows by itself; the rest is announced by boot with
 * fstype_register().
 */
#pragma once

#include "vfs/inode.h"

extern const struct fstype tmpfs_type, ramfs_type;                /* fs/tmpfs */
extern const struct fstype anonfs_type, pipefs_type, sockfs_type; /* vfs/anonfs.c */

/* Before the first mount, single-threaded. t stays. */
void fstype_register(const struct fstype *t);

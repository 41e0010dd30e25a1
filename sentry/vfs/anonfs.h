/* SPDX-License-Identifier: Apache-2.0 */
/* Inodes for pipes and sockets; see file_new_inode() and file_new_anon() in vfs/file.h. */
#pragma once

#include <stdint.h>

struct cred;
struct inode;

int anonfs_init(void);
uint64_t anonfs_next_ino(void);
/* Mode S_IFIFO|0600, owned by cred's fsuid. */
int pipefs_new_inode(const struct cred *cred, struct inode **ret_inode);
/* Mode S_IFSOCK|0777. */
int sockfs_new_inode(const struct cred *cred, struct inode **ret_inode);

/* SPDX-License-Identifier: Apache-2.0 */
/* What others need of tmpfs: its type is tmpfs_type in vfs/fstypes.h. */
#pragma once

#include <stdint.h>

struct file;
struct file_ops;
struct inode;
struct super_block;
struct vfs_caller;

/* Memory of the sandbox: half of it is the default limit. Before the first mount. */
void tmpfs_set_memory(uint64_t total);
/* An inode without a name, nlink 0 (memfd, anonymous shared memory). */
int tmpfs_inode_new(struct super_block *sb, uint32_t mode, const struct vfs_caller *c,
		    struct inode **ret_inode);
const struct file_ops *tmpfs_ops(void);
/* F_GET_SEALS, F_ADD_SEALS; -EINVAL for other files. */
int tmpfs_get_seals(struct file *f);
int tmpfs_add_seals(struct file *f, unsigned int seals);
void tmpfs_set_seals(struct inode *i, unsigned int seals);

/* SPDX-License-Identifier: Apache-2.0 */
/* /dev: the character devices a container has, and the file system that holds their nodes. */
#pragma once

#include "vfs/chrdev.h"
#include "vfs/inode.h"

/* For chrdev_set_table(). */
extern const struct chrdev g_dev_table[];

/*
 * "devtmpfs": a tmpfs with the usual nodes, links and empty directories (pts, shm, mqueue) made in
 * it. Options are those of tmpfs.
 */
extern const struct fstype devtmpfs_type;

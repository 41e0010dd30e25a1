/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Character devices: which driver answers an open of a device node. vfs looks a node's numbers up
 * here when a S_IFCHR inode is opened on a mount without MS_NODEV; no driver: -ENXIO. Drivers are
 * listed in one array, filled by boot from fs/dev (vfs cannot name a higher layer).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct file;
struct inode;
struct vfs_caller;

struct chrdev {
	uint32_t major, minor_first, minor_last;
	const char *name; /* /proc/devices */
	/* As inode_ops.open: fills f->ops, f->priv, f->wq. May replace f->path (ptmx). */
	int (*open)(struct inode *inode, struct file *f, const struct vfs_caller *c);
};

/* Terminated by name == NULL; const, set once before the first open. */
void chrdev_set_table(const struct chrdev *table);
const struct chrdev *chrdev_table(void);
bool chrdev_known(uint32_t major, uint32_t minor);
/* The open of a character device inode. */
int chrdev_open(struct inode *inode, struct file *f, const struct vfs_caller *c);

/* SPDX-License-Identifier: Apache-2.0 */
/* The devpts file system (pts(4)): an instance per mount, with its own ptmx and its own numbers. */
#pragma once

#include "vfs/chrdev.h"
#include "vfs/inode.h"

struct file;
struct task;
struct tty;

extern const struct fstype devpts_type;
extern const struct tty_kernel_ops devpts_kernel_ops;

/* chrdev.open of /dev/ptmx (5:2), of /dev/pts/N (136..143:*) and of /dev/tty (5:0) */
int ptmx_open(struct inode *inode, struct file *f, const struct vfs_caller *c);
int pts_open(struct inode *inode, struct file *f, const struct vfs_caller *c);
int devtty_open(struct inode *inode, struct file *f, const struct vfs_caller *c);
/* TIOCGPTPEER: a descriptor of the slave, or -errno. */
long devpts_open_peer(struct tty *tty, struct task *t, unsigned int flags);

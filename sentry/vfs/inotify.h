/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify(7): instances, watches, and the events vfs posts. Posting costs one load while nobody
 * watches.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cred;
struct dentry;
struct file;
struct inode;

extern _Atomic int g_inotify_watches;

void inotify_post_slow(struct inode *i, uint32_t mask, uint32_t cookie, const char *name);
void inotify_dentry_slow(struct dentry *d, uint32_t mask);

static inline bool inotify_active(void)
{
	return atomic_load_explicit(&g_inotify_watches, memory_order_relaxed) > 0;
}
/* An event on i itself (name NULL) or on an entry of directory i. */
static inline void inotify_post(struct inode *i, uint32_t mask, uint32_t cookie, const char *name)
{
	if (inotify_active())
		inotify_post_slow(i, mask, cookie, name);
}
/* An event on d's inode, told to watches of it and, with the name, to those of its directory. */
static inline void inotify_dentry(struct dentry *d, uint32_t mask)
{
	if (inotify_active())
		inotify_dentry_slow(d, mask);
}
/* A fresh number that ties IN_MOVED_FROM to IN_MOVED_TO. */
uint32_t inotify_cookie(void);
/* The last name of i went and nobody has it open: IN_DELETE_SELF, and its watches end. */
void inotify_inode_gone(struct inode *i);
struct super_block;
/* sb is mounted nowhere any more: IN_UNMOUNT, and the watches on it end. */
void inotify_unmounted(struct super_block *sb);
void inotify_marks_free(struct inode *i);

int inotify_new(unsigned int flags, const struct cred *cred, struct file **ret_file);
/* The watch descriptor. mask: LX_IN_*. */
int inotify_add_watch(struct file *f, struct inode *i, uint32_t mask);
int inotify_rm_watch(struct file *f, int wd);
bool file_is_inotify(const struct file *f);

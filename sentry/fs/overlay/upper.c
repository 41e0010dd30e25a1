/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the overlay takes from tmpfs: inodes for files made in it, and for the data of files copied
 * up. They belong to the overlay's super block, which for this purpose begins as a tmpfs's does.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/overlay/int.h"

/*
 * Above what host file systems count to, below the bits the gofer's file system uses to tell them
 * apart.
 */
#define FIRST_INO (UINT64_C(1) << 46)

_Static_assert(offsetof(struct overlay_sb, upper) == 0, "tsb_of() finds it");

void upper_init(struct overlay_sb *osb, uint64_t size)
{
	tmpfs_default_limits(&osb->upper);
	if (size)
		osb->upper.max_pages = DIV_ROUND_UP(size, PAGE_SIZE);
	osb->upper.next_ino = FIRST_INO;
}

int upper_charge_inode(struct overlay_sb *osb)
{
	if (atomic_fetch_add(&osb->upper.inodes, 1) >= osb->upper.max_inodes) {
		atomic_fetch_sub(&osb->upper.inodes, 1);
		return -ENOSPC;
	}
	return 0;
}

void upper_uncharge_inode(struct overlay_sb *osb)
{
	atomic_fetch_sub(&osb->upper.inodes, 1);
}

uint64_t upper_new_ino(struct overlay_sb *osb)
{
	return atomic_fetch_add(&osb->upper.next_ino, 1);
}

void upper_statfs(struct overlay_sb *osb, struct lx_statfs *st)
{
	uint64_t used = atomic_load(&osb->upper.pages), max = osb->upper.max_pages;
	uint64_t inodes = atomic_load(&osb->upper.inodes), max_inodes = osb->upper.max_inodes;

	st->f_bsize = st->f_frsize = PAGE_SIZE;
	st->f_blocks = max;
	st->f_bfree = st->f_bavail = max > used ? max - used : 0;
	st->f_files = max_inodes;
	st->f_ffree = max_inodes > inodes ? max_inodes - inodes : 0;
}

int upper_new(struct overlay_sb *osb, struct inode *dir, uint32_t mode, uint32_t major,
	      uint32_t minor, const char *target, const struct vfs_caller *c,
	      struct inode **ret_inode)
{
	static const struct vfs_caller nobody;
	struct tnode *t;
	int ret = tnode_new(osb->sb, dir, mode, c ? c : &nobody, &t);

	if (ret < 0)
		return ret;
	if (target) {
		t->link = strdup(target);
		if (!t->link) {
			inode_put(&t->i);
			return -ENOMEM;
		}
		t->i.size = strlen(target);
	}
	t->i.rdev_major = major;
	t->i.rdev_minor = minor;
	*ret_inode = &t->i;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of character devices. See chrdev.h. No locking: const after boot. */
#include "vfs/chrdev.h"

#include <errno.h>
#include <stddef.h>

#include "vfs/inode.h"

static const struct chrdev *g_chrdevs;

void chrdev_set_table(const struct chrdev *table)
{
	g_chrdevs = table;
}

const struct chrdev *chrdev_table(void)
{
	return g_chrdevs;
}

bool chrdev_known(uint32_t major, uint32_t minor)
{
	for (const struct chrdev *d = g_chrdevs; d && d->name; d++) {
		if (major == d->major && minor >= d->minor_first && minor <= d->minor_last)
			return true;
	}
	return false;
}

int chrdev_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	const struct chrdev *d;

	for (d = g_chrdevs; d && d->name; d++) {
		if (inode->rdev_major == d->major && inode->rdev_minor >= d->minor_first &&
		    inode->rdev_minor <= d->minor_last)
			return d->open(inode, f, c);
	}
	return -ENXIO;
}

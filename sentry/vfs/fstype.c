/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system types, and super blocks. A new type is one line in g_fstypes. Owns the device
 * numbers of file systems without a device. Locking: none; the array is constant, counters are
 * atomic.
 */
#include "vfs/inode.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "vfs/fstypes.h"
#include "vfs/mount.h"

static const struct fstype *const g_fstypes[] = {
	&tmpfs_type, &ramfs_type, &anonfs_type, &pipefs_type, &sockfs_type,
};

/* Types of the layers above, which boot announces. */
#define NR_EXTRA 24
static const struct fstype *g_extra[NR_EXTRA];
static unsigned int g_nr_extra;
static _Atomic uint32_t g_next_minor = 20;

void fstype_register(const struct fstype *t)
{
	if (g_nr_extra < NR_EXTRA)
		g_extra[g_nr_extra++] = t;
}

const struct fstype *fstype_at(unsigned int n)
{
	if (n < ARRAY_SIZE(g_fstypes))
		return g_fstypes[n];
	n -= ARRAY_SIZE(g_fstypes);
	return n < g_nr_extra ? g_extra[n] : NULL;
}

const struct fstype *fstype_find(const char *name)
{
	const struct fstype *t;

	for (unsigned int n = 0; (t = fstype_at(n)) != NULL; n++) {
		if (strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

int super_new(const struct fstype *t, const struct super_ops *ops, unsigned int flags,
	      uint32_t magic, struct super_block **ret_sb)
{
	struct super_block *sb = calloc(1, sizeof(*sb));

	if (!sb)
		return -ENOMEM;
	ref_init(&sb->ref);
	sb->type = t;
	sb->ops = ops;
	sb->flags = flags;
	sb->magic = magic;
	sb->dev_minor = atomic_fetch_add(&g_next_minor, 1);
	*ret_sb = sb;
	return 0;
}

int super_set_root(struct super_block *sb, struct inode *root)
{
	return dentry_new_root(sb, root, &sb->root);
}

void super_put(struct super_block *sb)
{
	if (!sb || !ref_put(&sb->ref))
		return;
	if (sb->ops && sb->ops->destroy)
		sb->ops->destroy(sb);
	free(sb);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devtmpfs: what a container finds in /dev, as the OCI runtime specification lists it (default
 * devices). It is a tmpfs, so the guest may add to it.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/dev/dev.h"
#include "kernel/cred.h"
#include "vfs/mount.h"

static const struct {
	const char *name;
	uint32_t mode, major, minor;
} g_nodes[] = {
	{ "null", 0666, 1, 3 },   { "zero", 0666, 1, 5 },    { "full", 0666, 1, 7 },
	{ "random", 0666, 1, 8 }, { "urandom", 0666, 1, 9 }, { "tty", 0666, 5, 0 },
};

static const struct {
	const char *name, *target;
} g_links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore" },       { "ptmx", "pts/ptmx" },
};

static const char *const g_dirs[] = { "pts", "shm", "mqueue" };

static int populate(struct inode *root, const struct vfs_caller *c)
{
	struct inode *made;
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(g_nodes) && ret == 0; i++) {
		ret = root->ops->mknod(root, g_nodes[i].name, strlen(g_nodes[i].name),
				       LX_S_IFCHR | g_nodes[i].mode, g_nodes[i].major,
				       g_nodes[i].minor, c, &made);
		if (ret == 0)
			inode_put(made);
	}
	for (size_t i = 0; i < ARRAY_SIZE(g_links) && ret == 0; i++) {
		ret = root->ops->symlink(root, g_links[i].name, strlen(g_links[i].name),
					 g_links[i].target, c, &made);
		if (ret == 0)
			inode_put(made);
	}
	for (size_t i = 0; i < ARRAY_SIZE(g_dirs) && ret == 0; i++) {
		ret = root->ops->mkdir(root, g_dirs[i], strlen(g_dirs[i]), LX_S_IFDIR | 0755, c,
				       &made);
		if (ret == 0)
			inode_put(made);
	}
	return ret;
}

static int devtmpfs_mount(const struct fstype *t, const char *source, const char *options,
			  void *boot_data, struct super_block **ret_sb)
{
	const struct fstype *tmpfs = fstype_find("tmpfs");
	struct vfs_caller c = { .fsize_limit = UINT64_MAX };
	struct super_block *sb;
	struct cred *cred;
	int ret;

	if (!tmpfs)
		return -ENODEV;
	ret = tmpfs->mount(t, source, options && *options ? options : "mode=0755", boot_data, &sb);
	if (ret < 0)
		return ret;
	ret = cred_new_root(&cred);
	if (ret == 0) {
		c.cred = cred;
		rwlock_wrlock(&sb->root->inode->lock);
		ret = populate(sb->root->inode, &c);
		rwlock_unlock(&sb->root->inode->lock);
		cred_put(cred);
	}
	if (ret < 0) {
		super_put(sb);
		return ret;
	}
	*ret_sb = sb;
	return 0;
}

const struct fstype devtmpfs_type = {
	.name = "devtmpfs",
	.flags = FS_NODEV,
	.mount = devtmpfs_mount,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memfd_create(2): nameless files on a tmpfs of their own, which is mounted nowhere. Owns that
 * mount for the life of the process. Seals are tmpfs's.
 */
#include "fs/memfd/memfd.h"

#include <errno.h>
#include <stdio.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/memfd.h>
#include <abi/linux/stat.h>

#include "fs/tmpfs/tmpfs.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mnt_int.h"

static struct mount *g_shm; /* const after memfd_init */

int memfd_init(void)
{
	struct super_block *sb;
	int ret;

	if (g_shm)
		return 0;
	ret = tmpfs_type.mount(&tmpfs_type, "tmpfs", "size=0,nr_inodes=0", NULL, &sb);
	if (ret < 0)
		return ret;
	ret = mount_new(sb, sb->root, "tmpfs", 0, &g_shm);
	super_put(sb);
	return ret;
}

int memfd_new(const char *name, unsigned int flags, const struct vfs_caller *c,
	      struct file **ret_file)
{
	auto_path struct path p = { 0 };
	struct inode *i;
	struct file *f;
	char text[300];
	unsigned int seals = LX_F_SEAL_SEAL;
	int ret;

	ret = tmpfs_inode_new(g_shm->sb, LX_S_IFREG | (flags & LX_MFD_NOEXEC_SEAL ? 0666 : 0777), c,
			      &i);
	if (ret < 0)
		return ret;
	if (flags & (LX_MFD_ALLOW_SEALING | LX_MFD_NOEXEC_SEAL))
		seals = 0;
	if (flags & LX_MFD_NOEXEC_SEAL)
		seals |= LX_F_SEAL_EXEC;
	tmpfs_set_seals(i, seals);
	snprintf(text, sizeof(text), "/memfd:%s (deleted)", name);
	ret = dentry_new_detached(g_shm->sb, text, i, DENTRY_ANON, &p.dentry);
	if (ret < 0)
		return ret;
	p.mnt = mount_get(g_shm);
	ret = file_new(&p, LX_O_RDWR | LX_O_LARGEFILE, c->cred, &f);
	if (ret < 0)
		return ret;
	f->ops = tmpfs_ops();
	*ret_file = f;
	return 0;
}

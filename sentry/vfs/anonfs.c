/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pseudo file systems behind files without a name: anon_inodefs (one shared inode), pipefs and
 * sockfs (one inode per object). They are never mounted in a namespace; each has one internal mount
 * so that paths are whole. Owns the three mounts for the life of the process.
 */
#include "vfs/anonfs.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <abi/linux/mount.h>
#include <abi/linux/stat.h>

#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mnt_int.h"

const struct fstype anonfs_type = { .name = "anon_inodefs", .flags = FS_NODEV | FS_NO_MOUNT };
const struct fstype pipefs_type = { .name = "pipe", .flags = FS_NODEV | FS_NO_MOUNT };
const struct fstype sockfs_type = { .name = "socket", .flags = FS_NODEV | FS_NO_MOUNT };

static const struct inode_ops anon_inode_ops = { .getattr = NULL };

static struct mount *g_anon, *g_pipe, *g_sock; /* const after vfs_init */
static struct inode *g_anon_inode;
static _Atomic uint64_t g_next_ino = 100;

uint64_t anonfs_next_ino(void)
{
	return atomic_fetch_add(&g_next_ino, 1);
}

static int make(const struct fstype *t, uint32_t magic, struct mount **ret_m)
{
	struct super_block *sb;
	struct inode *root;
	int ret = super_new(t, NULL, SB_NO_NEGATIVE | SB_NO_DCACHE, magic, &sb);

	if (ret < 0)
		return ret;
	root = malloc(sizeof(*root));
	if (!root) {
		super_put(sb);
		return -ENOMEM;
	}
	inode_init(root, sb, &anon_inode_ops, anonfs_next_ino(), 0600);
	root->iflags |= INODE_PRIVATE;
	ret = super_set_root(sb, root);
	if (ret == 0)
		ret = mount_new(sb, sb->root, t->name, LX_MS_NOEXEC, ret_m);
	super_put(sb);
	return ret;
}

int anonfs_init(void)
{
	int ret;

	if (g_anon)
		return 0;
	ret = make(&anonfs_type, LX_ANON_INODE_FS_MAGIC, &g_anon);
	if (ret == 0)
		ret = make(&pipefs_type, LX_PIPEFS_MAGIC, &g_pipe);
	if (ret == 0)
		ret = make(&sockfs_type, LX_SOCKFS_MAGIC, &g_sock);
	if (ret == 0)
		g_anon_inode = g_anon->root->inode;
	return ret;
}

static int new_inode(struct mount *m, uint32_t mode, const struct cred *cred,
		     struct inode **ret_inode)
{
	struct inode *i = malloc(sizeof(*i));

	if (!i)
		return -ENOMEM;
	inode_init(i, m->sb, &anon_inode_ops, anonfs_next_ino(), mode);
	i->iflags |= INODE_PRIVATE;
	i->uid = cred ? cred->fsuid : 0;
	i->gid = cred ? cred->fsgid : 0;
	*ret_inode = i;
	return 0;
}

int pipefs_new_inode(const struct cred *cred, struct inode **ret_inode)
{
	return new_inode(g_pipe, LX_S_IFIFO | 0600, cred, ret_inode);
}

int sockfs_new_inode(const struct cred *cred, struct inode **ret_inode)
{
	return new_inode(g_sock, LX_S_IFSOCK | 0777, cred, ret_inode);
}

static int finish(const struct file_ops *ops, void *priv, unsigned int flags,
		  const struct cred *cred, struct path *p, struct file **ret_file)
{
	int ret = file_new(p, flags, cred, ret_file);

	path_put(p);
	if (ret < 0)
		return ret;
	(*ret_file)->ops = ops;
	(*ret_file)->priv = priv;
	(*ret_file)->wq = &(*ret_file)->own_wq;
	return 0;
}

int file_new_anon(const struct file_ops *ops, void *priv, unsigned int flags,
		  const struct cred *cred, const char *name, struct file **ret_file)
{
	struct path p = { mount_get(g_anon), NULL };
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "anon_inode:%s", name);
	ret = dentry_new_detached(g_anon->sb, text, inode_get(g_anon_inode), DENTRY_ANON,
				  &p.dentry);
	if (ret < 0) {
		path_put(&p);
		return ret;
	}
	return finish(ops, priv, flags, cred, &p, ret_file);
}

int file_new_inode(const struct file_ops *ops, void *priv, unsigned int flags,
		   const struct cred *cred, struct inode *i, struct file **ret_file)
{
	struct mount *m = i->sb == g_pipe->sb ? g_pipe : i->sb == g_sock->sb ? g_sock : g_anon;
	struct path p = { mount_get(m), NULL };
	int ret = dentry_new_detached(i->sb, "", i, DENTRY_ANON, &p.dentry);

	if (ret < 0) {
		path_put(&p);
		return ret;
	}
	return finish(ops, priv, flags, cred, &p, ret_file);
}

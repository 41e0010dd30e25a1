/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what to an inode: mode bits, capabilities, sticky directories (path_resolution(7),
 * inode(7), capabilities(7)), and the protected_* rules of proc_sys_fs(5) with the values a Debian
 * system has. Locking: reads single words of the inode without its lock, as a concurrent chmod
 * allows either answer. Differs from Linux: no POSIX ACLs.
 */
#include "vfs/perm.h"

#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/stat.h>
#include <abi/linux/mount.h>

bool cred_owns(const struct cred *cred, const struct inode *i)
{
	return cred->fsuid == i->uid || cred_capable(cred, LX_CAP_FOWNER);
}

int inode_permission_generic(const struct inode *i, const struct cred *cred, unsigned int may)
{
	uint32_t mode = READ_ONCE(i->mode);
	unsigned int bits;

	if (cred->fsuid == i->uid)
		bits = mode >> 6;
	else if ((((mode >> 3) ^ mode) & 7) && cred_in_group(cred, i->gid))
		bits = mode >> 3;
	else
		bits = mode;
	if ((bits & may) == may)
		return 0;
	if (LX_S_ISDIR(mode)) {
		if (!(may & VFS_MAY_WRITE) && cred_capable(cred, LX_CAP_DAC_READ_SEARCH))
			return 0;
		return cred_capable(cred, LX_CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (may == VFS_MAY_READ && cred_capable(cred, LX_CAP_DAC_READ_SEARCH))
		return 0;
	if ((!(may & VFS_MAY_EXEC) || (mode & 0111)) && cred_capable(cred, LX_CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *i, const struct vfs_caller *c, unsigned int may)
{
	may &= VFS_MAY_EXEC | VFS_MAY_READ | VFS_MAY_WRITE;
	if ((may & VFS_MAY_WRITE) && (i->attributes & LX_STATX_ATTR_IMMUTABLE))
		return -EPERM;
	if (!c->cred || (i->iflags & INODE_PRIVATE))
		return 0;
	if (i->ops->permission)
		return i->ops->permission(i, c, may);
	return inode_permission_generic(i, c->cred, may);
}

int path_permission(const struct path *p, const struct vfs_caller *c, unsigned int may)
{
	struct inode *i = p->dentry->inode;

	if ((may & VFS_MAY_WRITE) && mount_is_rdonly(p->mnt) &&
	    (LX_S_ISREG(i->mode) || LX_S_ISDIR(i->mode) || LX_S_ISLNK(i->mode)))
		return -EROFS;
	return inode_permission(i, c, may);
}

int may_delete(const struct inode *dir, const struct inode *victim, const struct vfs_caller *c,
	       bool is_dir)
{
	int ret = inode_permission((struct inode *)dir, c, VFS_MAY_WRITE | VFS_MAY_EXEC);

	if (ret < 0)
		return ret;
	if (dir->attributes & LX_STATX_ATTR_APPEND)
		return -EPERM;
	if (c->cred && (dir->mode & LX_S_ISVTX) && c->cred->fsuid != victim->uid &&
	    c->cred->fsuid != dir->uid && !cred_capable(c->cred, LX_CAP_FOWNER))
		return -EPERM;
	if (victim->attributes & (LX_STATX_ATTR_IMMUTABLE | LX_STATX_ATTR_APPEND))
		return -EPERM;
	if (is_dir)
		return LX_S_ISDIR(victim->mode) ? 0 : -ENOTDIR;
	return LX_S_ISDIR(victim->mode) ? -EISDIR : 0;
}

/* proc_sys_fs(5): protected_symlinks = 1. */
int may_follow_link(const struct inode *dir, const struct inode *link, const struct vfs_caller *c)
{
	if (!c->cred || link->uid == c->cred->fsuid)
		return 0;
	if ((dir->mode & (LX_S_ISVTX | LX_S_IWOTH)) != (LX_S_ISVTX | LX_S_IWOTH) ||
	    dir->uid == link->uid)
		return 0;
	return -EACCES;
}

/* proc_sys_fs(5): protected_hardlinks = 1. */
int may_link(struct inode *i, const struct vfs_caller *c)
{
	uint32_t mode = i->mode;

	if (!c->cred || cred_owns(c->cred, i))
		return 0;
	if (!LX_S_ISREG(mode) || (mode & LX_S_ISUID) ||
	    (mode & (LX_S_ISGID | LX_S_IXGRP)) == (LX_S_ISGID | LX_S_IXGRP))
		return -EPERM;
	return inode_permission(i, c, VFS_MAY_READ | VFS_MAY_WRITE) < 0 ? -EPERM : 0;
}

/*
 * proc_sys_fs(5): protected_fifos = 1, protected_regular = 2. An O_CREAT open of a file that
 * exists.
 */
int may_open_in_sticky(const struct inode *dir, const struct inode *i, const struct vfs_caller *c)
{
	if (!(dir->mode & LX_S_ISVTX) || !c->cred || i->uid == dir->uid || i->uid == c->cred->fsuid)
		return 0;
	if (!LX_S_ISREG(i->mode) && !LX_S_ISFIFO(i->mode))
		return 0;
	if (dir->mode & LX_S_IWOTH)
		return -EACCES;
	return LX_S_ISREG(i->mode) && (dir->mode & LX_S_IWGRP) ? -EACCES : 0;
}

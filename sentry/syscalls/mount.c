/* SPDX-License-Identifier: Apache-2.0 */
/* mount(2), umount2(2), pivot_root(2). */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>
#include <abi/linux/mount.h>

#include "kernel/kernel.h"
#include "kernel/pid.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/perm.h"

#define PROPAGATION (LX_MS_SHARED | LX_MS_PRIVATE | LX_MS_SLAVE | LX_MS_UNBINDABLE)
#define ATIME_BITS  (LX_MS_NOATIME | LX_MS_NODIRATIME | LX_MS_RELATIME | LX_MS_STRICTATIME)

/* What mount.flags become: relatime unless something else is said. */
static unsigned int mount_bits(unsigned long flags)
{
	unsigned int bits = (unsigned int)flags & MNT_FLAG_MASK;

	if (!(flags & (LX_MS_NOATIME | LX_MS_STRICTATIME)))
		bits |= LX_MS_RELATIME;
	if (flags & LX_MS_STRICTATIME)
		bits &= ~(unsigned int)(LX_MS_RELATIME | LX_MS_NOATIME);
	return bits;
}

static long do_remount(struct task *t, const struct path *at, unsigned long flags, const char *data)
{
	unsigned int bits = mount_bits(flags);

	if (!path_is_mount_root(at))
		return -EINVAL;
	/* Without a word on times, they stay as they are. */
	if (!(flags & ATIME_BITS))
		bits = (bits & ~(unsigned int)ATIME_BITS) | (at->mnt->flags & ATIME_BITS);
	if (!(flags & LX_MS_BIND) && at->mnt->sb->ops && at->mnt->sb->ops->remount) {
		int ret = at->mnt->sb->ops->remount(at->mnt->sb, data);

		if (ret < 0)
			return ret;
	}
	return vfs_remount(t->fs->mntns, at, bits, MNT_FLAG_MASK, false);
}

static long do_bind(struct task *t, uaddr_t usource, const struct path *at, unsigned long flags)
{
	auto_path struct path from = { 0 };
	int ret = task_walk(t, LX_AT_FDCWD, usource, WALK_FOLLOW, &from);

	return ret < 0 ? ret :
			 vfs_bind_mount(t->fs->mntns, &from, at, (unsigned int)flags & LX_MS_REC);
}

static long do_move(struct task *t, uaddr_t usource, const struct path *at)
{
	auto_path struct path from = { 0 };
	int ret = task_walk(t, LX_AT_FDCWD, usource, WALK_FOLLOW, &from);

	return ret < 0 ? ret : vfs_move_mount(t->fs->mntns, &from, at);
}

static long do_propagation(struct task *t, const struct path *at, unsigned long flags)
{
	unsigned int type = (unsigned int)flags & PROPAGATION;

	if (flags & ~(unsigned long)(PROPAGATION | LX_MS_REC | LX_MS_SILENT))
		return -EINVAL;
	if (type & (type - 1))
		return -EINVAL;
	return vfs_set_propagation(t->fs->mntns, at, type, flags & LX_MS_REC);
}

static long do_new(struct task *t, const char *source, const struct path *at, const char *type,
		   unsigned long flags, const char *data)
{
	const struct fstype *ft = type ? fstype_find(type) : NULL;
	auto_put(super_block) struct super_block *sb = NULL;
	int ret;

	if (!type)
		return -EINVAL;
	if (!ft || (ft->flags & FS_NO_MOUNT) || !ft->mount)
		return -ENODEV;
	ret = ft->mount(ft, source, data, NULL, &sb);
	return ret < 0 ? ret : vfs_mount(t->fs->mntns, at, sb, source, mount_bits(flags));
}

/* An optional string of at most a page. */
static int copyin_opt(struct task *t, uaddr_t u, char **ret_s)
{
	char *s;
	ssize_t len;

	if (!u)
		return 0;
	s = malloc(LX_PAGE_SIZE + 1);
	if (!s)
		return -ENOMEM;
	len = copyin_str(t, s, u, LX_PAGE_SIZE);
	if (len < 0) {
		free(s);
		return len == -ENAMETOOLONG ? -EINVAL : (int)len;
	}
	s[len] = '\0';
	*ret_s = s;
	return 0;
}

long sys_mount(struct task *t, const struct sysargs *a)
{
	auto_free char *source = NULL, *type = NULL, *data = NULL;
	auto_path struct path at = { 0 };
	unsigned long flags = arg_ulong(a, 3);
	int ret = copyin_opt(t, arg_addr(a, 2), &type);

	if (ret == 0)
		ret = copyin_opt(t, arg_addr(a, 0), &source);
	if (ret == 0)
		ret = copyin_opt(t, arg_addr(a, 4), &data);
	if (ret < 0)
		return ret;
	if ((flags & LX_MS_MGC_MSK) == LX_MS_MGC_VAL)
		flags &= ~(unsigned long)LX_MS_MGC_MSK;
	ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 1), WALK_FOLLOW, &at);
	if (ret < 0)
		return ret;
	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & LX_MS_REMOUNT)
		return do_remount(t, &at, flags, data);
	if (flags & LX_MS_BIND)
		return source && *source ? do_bind(t, arg_addr(a, 0), &at, flags) : -EINVAL;
	if (flags & PROPAGATION)
		return do_propagation(t, &at, flags);
	if (flags & LX_MS_MOVE)
		return source && *source ? do_move(t, arg_addr(a, 0), &at) : -EINVAL;
	return do_new(t, source, &at, type, flags, data);
}

long sys_umount2(struct task *t, const struct sysargs *a)
{
	auto_path struct path at = { 0 };
	int flags = arg_int(a, 1), ret;

	if (flags & ~(LX_MNT_FORCE | LX_MNT_DETACH | LX_MNT_EXPIRE | LX_UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if ((flags & LX_MNT_EXPIRE) && (flags & (LX_MNT_FORCE | LX_MNT_DETACH)))
		return -EINVAL;
	ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0),
			flags & LX_UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &at);
	if (ret < 0)
		return ret;
	/* what a process that ended had mapped keeps nothing busy */
	mm_reap_wait();
	return vfs_umount(t->fs->mntns, &at, flags);
}

long sys_pivot_root(struct task *t, const struct sysargs *a)
{
	auto_path struct path new_root = { 0 };
	auto_path struct path put_old = { 0 };
	auto_path struct path root = { 0 };
	struct task *o;
	int ret;

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 0), WALK_FOLLOW | WALK_DIRECTORY, &new_root);
	if (ret == 0)
		ret = task_walk(t, LX_AT_FDCWD, arg_addr(a, 1), WALK_FOLLOW | WALK_DIRECTORY,
				&put_old);
	if (ret < 0)
		return ret;
	fscontext_root(t->fs, &root);
	ret = vfs_pivot_root(t->fs->mntns, &new_root, &put_old, &root);
	if (ret < 0)
		return ret;
	/* Whoever stood at the old root stands at the new one. */
	for (int from = 1; (o = pid_next_task(pid_ns_current(), from, false)) != NULL;
	     task_put(o)) {
		struct fscontext *fs;

		from = o->tid + 1;
		mutex_lock(&o->lock);
		fs = o->fs ? fscontext_get(o->fs) : NULL;
		mutex_unlock(&o->lock);
		if (fs)
			fscontext_pivot(fs, &root, &new_root);
		fscontext_put(fs);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounting through descriptors: fsopen(2), fsconfig(2), fsmount(2), fspick(2), open_tree(2),
 * move_mount(2), mount_setattr(2). Owns the configuration contexts behind fsopen and fspick
 * descriptors; detached mounts are ordinary mounts that an O_PATH descriptor holds. Locking:
 * ctx->lock around its fields. Differs from Linux: a context keeps no message log; ID-mapped mounts
 * and MOVE_MOUNT_BENEATH are refused.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>
#include <abi/linux/mount.h>

#include "lock_class.h"
#include "syscalls/fs_args.h"
#include "syscalls/handlers.h"
#include "vfs/mnt_int.h"
#include "vfs/strbuf.h"

struct fsctx {
	struct mutex lock; /* LC_FILE */
	const struct fstype *type;
	char *source; /* owned */
	struct strbuf options;
	struct super_block *sb; /* owned, once created or picked */
	bool picked, rdonly;
};

static void fsctx_release(struct file *f)
{
	struct fsctx *x = f->priv;

	strbuf_fini(&x->options);
	free(x->source);
	super_put(x->sb);
	mutex_fini(&x->lock);
	free(x);
}

static ssize_t fsctx_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	return -ENODATA; /* no messages */
}

static const struct file_ops fsctx_ops = {
	.name = "[fscontext]",
	.flags = FOP_STREAM,
	.read = fsctx_read,
	.release = fsctx_release,
};

static long fsctx_new(struct task *t, const struct fstype *type, struct super_block *sb,
		      bool cloexec)
{
	struct fsctx *x = calloc(1, sizeof(*x));
	struct file *f;
	int ret;

	if (!x)
		return -ENOMEM;
	mutex_init(&x->lock, LC_FILE);
	strbuf_init(&x->options);
	x->type = type;
	x->sb = sb ? super_get(sb) : NULL;
	x->picked = sb;
	ret = file_new_anon(&fsctx_ops, x, LX_O_RDWR, t->cred, "[fscontext]", &f);
	if (ret < 0) {
		super_put(x->sb);
		free(x);
		return ret;
	}
	return fd_install_put(t, f, cloexec ? LX_FD_CLOEXEC : 0);
}

static int copyin_short(struct task *t, uaddr_t u, char *buf, size_t size)
{
	ssize_t len = copyin_str(t, buf, u, size - 1);

	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : (int)len;
	buf[len] = '\0';
	return 0;
}

long sys_fsopen(struct task *t, const struct sysargs *a)
{
	unsigned int flags = arg_uint(a, 1);
	const struct fstype *type;
	char name[256];
	int ret;

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned int)LX_FSOPEN_CLOEXEC)
		return -EINVAL;
	ret = copyin_short(t, arg_addr(a, 0), name, sizeof(name));
	if (ret < 0)
		return ret;
	type = fstype_find(name);
	if (!type || (type->flags & FS_NO_MOUNT) || !type->mount)
		return -ENODEV;
	return fsctx_new(t, type, NULL, flags & LX_FSOPEN_CLOEXEC);
}

long sys_fspick(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	unsigned int flags = arg_uint(a, 2), walk = WALK_FOLLOW;
	int ret;

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned int)(LX_FSPICK_CLOEXEC | LX_FSPICK_SYMLINK_NOFOLLOW |
				    LX_FSPICK_NO_AUTOMOUNT | LX_FSPICK_EMPTY_PATH))
		return -EINVAL;
	if (flags & LX_FSPICK_SYMLINK_NOFOLLOW)
		walk = 0;
	if (flags & LX_FSPICK_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, arg_int(a, 0), arg_addr(a, 1), walk, &p);
	if (ret == 0 && !path_is_mount_root(&p))
		ret = -EINVAL;
	if (ret < 0)
		return ret;
	return fsctx_new(t, p.mnt->sb->type, p.mnt->sb, flags & LX_FSPICK_CLOEXEC);
}

static int add_option(struct fsctx *x, const char *key, const char *val)
{
	if (strcmp(key, "source") == 0) {
		char *s;

		if (!val || x->source)
			return -EINVAL;
		s = strdup(val);
		if (!s)
			return -ENOMEM;
		x->source = s;
		return 0;
	}
	if (!val && strcmp(key, "ro") == 0) {
		x->rdonly = true;
		return 0;
	}
	if (!val && strcmp(key, "rw") == 0) {
		x->rdonly = false;
		return 0;
	}
	if (strchr(key, ',') || strchr(key, '=') || (val && strchr(val, ',')))
		return -EINVAL; /* could not be told from two options */
	strbuf_printf(&x->options, "%s%s%s%s", x->options.len ? "," : "", key, val ? "=" : "",
		      val ? val : "");
	return x->options.failed ? -ENOMEM : 0;
}

static int ctx_command(struct fsctx *x, unsigned int cmd)
{
	int ret;

	if (cmd == LX_FSCONFIG_CMD_RECONFIGURE) {
		if (!x->picked)
			return -EBUSY;
		if (x->sb->ops && x->sb->ops->remount)
			return x->sb->ops->remount(x->sb, x->options.len ? x->options.s : NULL);
		return 0;
	}
	if (x->sb || x->picked)
		return -EBUSY;
	ret = x->type->mount(x->type, x->source ? x->source : "none",
			     x->options.len ? x->options.s : NULL, NULL, &x->sb);
	if (ret == 0 && x->rdonly)
		x->sb->flags |= SB_RDONLY;
	return ret;
}

long sys_fsconfig(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = fd_get(t->fds, arg_int(a, 0));
	auto_free char *val = NULL;
	unsigned int cmd = arg_uint(a, 1);
	uaddr_t ukey = arg_addr(a, 2), uval = arg_addr(a, 3);
	struct fsctx *x;
	char key[256];
	int aux = arg_int(a, 4), ret;

	if (arg_int(a, 0) < 0)
		return -EINVAL;
	switch (cmd) {
	case LX_FSCONFIG_SET_FLAG:
		if (!ukey || uval || aux)
			return -EINVAL;
		break;
	case LX_FSCONFIG_SET_STRING:
		if (!ukey || !uval || aux)
			return -EINVAL;
		break;
	case LX_FSCONFIG_CMD_CREATE:
	case LX_FSCONFIG_CMD_CREATE_EXCL:
	case LX_FSCONFIG_CMD_RECONFIGURE:
		if (ukey || uval || aux)
			return -EINVAL;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (!f)
		return -EBADF;
	if (f->ops != &fsctx_ops)
		return -EINVAL;
	if (ukey) {
		ret = copyin_short(t, ukey, key, sizeof(key));
		if (ret < 0)
			return ret;
	}
	if (uval) {
		val = malloc(257);
		if (!val)
			return -ENOMEM;
		ret = copyin_short(t, uval, val, 257);
		if (ret < 0)
			return ret;
	}
	x = f->priv;
	mutex_lock(&x->lock);
	ret = ukey ? add_option(x, key, val) : 0;
	mutex_unlock(&x->lock);
	return ukey ? ret : ctx_command(x, cmd);
}

static int attr_to_flags(uint64_t attr, unsigned int *ret_flags)
{
	static const struct {
		uint64_t attr;
		unsigned int flag;
	} map[] = {
		{ LX_MOUNT_ATTR_RDONLY, LX_MS_RDONLY },
		{ LX_MOUNT_ATTR_NOSUID, LX_MS_NOSUID },
		{ LX_MOUNT_ATTR_NODEV, LX_MS_NODEV },
		{ LX_MOUNT_ATTR_NOEXEC, LX_MS_NOEXEC },
		{ LX_MOUNT_ATTR_NODIRATIME, LX_MS_NODIRATIME },
		{ LX_MOUNT_ATTR_NOSYMFOLLOW, LX_MS_NOSYMFOLLOW },
	};
	unsigned int flags = 0;

	for (size_t n = 0; n < ARRAY_SIZE(map); n++) {
		if (attr & map[n].attr)
			flags |= map[n].flag;
		attr &= ~map[n].attr;
	}
	switch (attr & LX_MOUNT_ATTR__ATIME) {
	case LX_MOUNT_ATTR_RELATIME:
		flags |= LX_MS_RELATIME;
		break;
	case LX_MOUNT_ATTR_NOATIME:
		flags |= LX_MS_NOATIME;
		break;
	case LX_MOUNT_ATTR_STRICTATIME:
		break;
	default:
		return -EINVAL;
	}
	if (attr & ~(uint64_t)LX_MOUNT_ATTR__ATIME)
		return -EINVAL;
	*ret_flags = flags;
	return 0;
}

/* A descriptor that holds mount m (consumed), which is attached nowhere. */
static long mount_fd(struct task *t, struct mount *m, bool cloexec)
{
	struct path p = { m, dentry_get(m->root) };
	struct file *f;
	int ret = file_new(&p, LX_O_PATH, t->cred, &f);

	path_put(&p);
	return ret < 0 ? ret : fd_install_put(t, f, cloexec ? LX_FD_CLOEXEC : 0);
}

long sys_fsmount(struct task *t, const struct sysargs *a)
{
	auto_put(file) struct file *f = NULL;
	unsigned int flags = arg_uint(a, 1), mflags;
	struct fsctx *x;
	struct mount *m;
	int ret;

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned int)LX_FSMOUNT_CLOEXEC)
		return -EINVAL;
	ret = attr_to_flags(arg_uint(a, 2), &mflags);
	if (ret < 0)
		return ret;
	f = fd_get(t->fds, arg_int(a, 0));
	if (!f)
		return -EBADF;
	if (f->ops != &fsctx_ops)
		return -EINVAL;
	x = f->priv;
	if (!x->sb || x->picked)
		return -EINVAL;
	if (!x->sb->root)
		return -EBUSY;
	ret = mount_new(x->sb, x->sb->root, x->source, mflags, &m);
	if (ret < 0)
		return ret;
	/* One mount from one context, as Linux has it. */
	super_put(x->sb);
	x->sb = NULL;
	x->picked = true;
	return mount_fd(t, m, flags & LX_FSMOUNT_CLOEXEC);
}

long sys_open_tree(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	unsigned int flags = arg_uint(a, 2), walk = WALK_FOLLOW;
	struct mount *m;
	struct file *f;
	int ret;

	if (flags &
	    ~(unsigned int)(LX_AT_EMPTY_PATH | LX_AT_NO_AUTOMOUNT | LX_AT_RECURSIVE |
			    LX_AT_SYMLINK_NOFOLLOW | LX_OPEN_TREE_CLONE | LX_OPEN_TREE_CLOEXEC))
		return -EINVAL;
	if ((flags & (LX_AT_RECURSIVE | LX_OPEN_TREE_CLONE)) == LX_AT_RECURSIVE)
		return -EINVAL;
	if ((flags & LX_OPEN_TREE_CLONE) && !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & LX_AT_SYMLINK_NOFOLLOW)
		walk = 0;
	if (flags & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, arg_int(a, 0), arg_addr(a, 1), walk, &p);
	if (ret < 0)
		return ret;
	if (flags & LX_OPEN_TREE_CLONE) {
		ret = vfs_clone_tree(&p, flags & LX_AT_RECURSIVE, &m);
		return ret < 0 ? ret : mount_fd(t, m, flags & LX_OPEN_TREE_CLOEXEC);
	}
	ret = file_new(&p, LX_O_PATH, t->cred, &f);
	return ret < 0 ? ret :
			 fd_install_put(t, f, flags & LX_OPEN_TREE_CLOEXEC ? LX_FD_CLOEXEC : 0);
}

long sys_move_mount(struct task *t, const struct sysargs *a)
{
	auto_path struct path from = { 0 };
	auto_path struct path to = { 0 };
	unsigned int flags = arg_uint(a, 4);
	int ret;

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(unsigned int)(LX_MOVE_MOUNT_F_SYMLINKS | LX_MOVE_MOUNT_F_AUTOMOUNTS |
				    LX_MOVE_MOUNT_F_EMPTY_PATH | LX_MOVE_MOUNT_T_SYMLINKS |
				    LX_MOVE_MOUNT_T_AUTOMOUNTS | LX_MOVE_MOUNT_T_EMPTY_PATH |
				    LX_MOVE_MOUNT_SET_GROUP | LX_MOVE_MOUNT_BENEATH))
		return -EINVAL;
	if (flags & (LX_MOVE_MOUNT_SET_GROUP | LX_MOVE_MOUNT_BENEATH))
		return -EINVAL;
	ret = task_walk(t, arg_int(a, 0), arg_addr(a, 1),
			(flags & LX_MOVE_MOUNT_F_SYMLINKS ? WALK_FOLLOW : 0) |
				(flags & LX_MOVE_MOUNT_F_EMPTY_PATH ? WALK_EMPTY : 0),
			&from);
	if (ret == 0)
		ret = task_walk(t, arg_int(a, 2), arg_addr(a, 3),
				(flags & LX_MOVE_MOUNT_T_SYMLINKS ? WALK_FOLLOW : 0) |
					(flags & LX_MOVE_MOUNT_T_EMPTY_PATH ? WALK_EMPTY : 0),
				&to);
	return ret < 0 ? ret : vfs_move_mount(t->fs->mntns, &from, &to);
}

#define PROPAGATION (LX_MS_SHARED | LX_MS_PRIVATE | LX_MS_SLAVE | LX_MS_UNBINDABLE)

long sys_mount_setattr(struct task *t, const struct sysargs *a)
{
	auto_path struct path p = { 0 };
	unsigned int at = arg_uint(a, 2), walk = WALK_FOLLOW, set, clear, mask;
	uint64_t size = arg_ulong(a, 4);
	struct lx_mount_attr ma;
	int ret;

	if (at & ~(unsigned int)(LX_AT_EMPTY_PATH | LX_AT_RECURSIVE | LX_AT_SYMLINK_NOFOLLOW |
				 LX_AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (size > LX_PAGE_SIZE)
		return -E2BIG;
	if (size < LX_MOUNT_ATTR_SIZE_VER0)
		return -EINVAL;
	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (copyin(t, &ma, arg_addr(a, 3), sizeof(ma)) < 0)
		return -EFAULT;
	if (!ma.attr_set && !ma.attr_clr && !ma.propagation)
		return 0;
	if ((ma.propagation & ~(uint64_t)PROPAGATION) || (ma.propagation & (ma.propagation - 1)) ||
	    ((ma.attr_set | ma.attr_clr) & LX_MOUNT_ATTR_IDMAP))
		return -EINVAL;
	/* Times are changed as a whole: all their bits must be cleared to set one. */
	if ((ma.attr_set & LX_MOUNT_ATTR__ATIME) &&
	    (ma.attr_clr & LX_MOUNT_ATTR__ATIME) != LX_MOUNT_ATTR__ATIME)
		return -EINVAL;
	ret = attr_to_flags(ma.attr_set, &set);
	if (ret == 0)
		ret = attr_to_flags(ma.attr_clr & ~(uint64_t)LX_MOUNT_ATTR__ATIME, &clear);
	if (ret < 0)
		return ret;
	mask = (set | clear) & ~(unsigned int)(LX_MS_RELATIME | LX_MS_NOATIME);
	if (ma.attr_clr & LX_MOUNT_ATTR__ATIME)
		mask |= LX_MS_RELATIME | LX_MS_NOATIME;
	if (at & LX_AT_SYMLINK_NOFOLLOW)
		walk = 0;
	if (at & LX_AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	ret = task_walk(t, arg_int(a, 0), arg_addr(a, 1), walk, &p);
	if (ret == 0 && !path_is_mount_root(&p))
		ret = -EINVAL;
	if (ret == 0)
		ret = vfs_remount(t->fs->mntns, &p, set, mask, at & LX_AT_RECURSIVE);
	if (ret == 0 && ma.propagation)
		ret = vfs_set_propagation(t->fs->mntns, &p, (unsigned int)ma.propagation,
					  at & LX_AT_RECURSIVE);
	return ret;
}

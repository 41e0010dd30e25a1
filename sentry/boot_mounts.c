/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts a sandbox starts with: the root from the gofer, below an overlay whose upper layer is
 * a tmpfs of the sandbox, then the list of the configuration in its order. Missing mount points are
 * made in the tree, which the overlay keeps from the host.
 *
 * Locking: none; runs before the first guest task.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/linux/fcntl.h"
#include "abi/linux/mount.h"
#include "abi/linux/stat.h"
#include "base/auto.h"
#include "base/bits.h"
#include "boot_mounts.h"
#include "boot_nodes.h"
#include "fs/dev/dev.h"
#include "fs/devpts/devpts.h"
#include "fs/gofer/gofer.h"
#include "fs/overlay/overlay.h"
#include "fs/proc/proc.h"
#include "fs/sys/sys.h"
#include "joined.h"
#include "kernel/cred.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mount.h"

#define LOG_TAG "boot"
#include "base/log.h"

void boot_register_types(void)
{
	static const struct fstype *const types[] = {
		&gofer_type,   &overlay_type,  &proc_type,   &sysfs_type,
		&cgroup2_type, &devtmpfs_type, &devpts_type,
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		fstype_register(types[i]);
	chrdev_set_table(g_dev_table);
}

struct builder {
	const struct boot_conf *conf;
	struct gofer_conn *gofer;
	struct mntns *ns;
	struct vfs_caller caller;
	struct super_block *pts;
	char *warnings;
	size_t room;
};

static int gofer_super(struct builder *b, const struct boot_mount *m, bool shared,
		       struct super_block **ret_sb)
{
	struct gofer_mount gm = { .conn = b->gofer,
				  .mount = (unsigned int)m->gofer_mount,
				  .shared = shared };

	return gofer_type.mount(&gofer_type, m->src, NULL, &gm, ret_sb);
}

static int root_super(struct builder *b, const struct boot_mount *m, struct super_block **ret_sb)
{
	auto_put(super_block) struct super_block *lower = NULL;
	struct overlay_mount om = { 0 };
	int ret = gofer_super(b, m, b->conf->flags & BOOT_ROOT_SHARED, &lower);

	if (ret < 0)
		return ret;
	if (!(b->conf->flags & BOOT_ROOT_OVERLAY)) {
		*ret_sb = STEAL(lower);
		return 0;
	}
	om.lower = lower;
	return overlay_type.mount(&overlay_type, "overlay", NULL, &om, ret_sb);
}

/* Every directory of path up to, and with want_dir including, the last name. */
static int make_mount_point(struct builder *b, const char *path, bool want_dir)
{
	auto_free char *copy = strdup(path);
	struct path p = { 0 };
	int ret;

	if (!copy)
		return -ENOMEM;
	for (char *s = copy + 1;; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		ret = vfs_walk(&b->caller, NULL, copy, WALK_FOLLOW, &p);
		if (ret == 0)
			path_put(&p);
		else if (ret == -ENOENT && (c == '/' || want_dir))
			ret = vfs_mkdir(&b->caller, NULL, copy, 0755);
		else if (ret == -ENOENT)
			ret = vfs_mknod(&b->caller, NULL, copy, LX_S_IFREG | 0644, 0, 0);
		if (ret < 0 && ret != -EEXIST)
			return ret;
		*s = c;
		if (c == '\0')
			return 0;
	}
}

/* As mount(2): times of access are kept relative to changes unless something else is said. */
static unsigned int mount_flags(uint64_t flags)
{
	return (unsigned int)flags |
	       (flags & (LX_MS_NOATIME | LX_MS_STRICTATIME) ? 0 : LX_MS_RELATIME);
}

static int mount_at(struct builder *b, const struct boot_mount *m, struct super_block *sb,
		    bool is_dir)
{
	auto_path struct path p = { 0 };
	int ret = vfs_walk(&b->caller, NULL, m->dst, WALK_FOLLOW, &p);

	if (ret == -ENOENT) {
		ret = make_mount_point(b, m->dst, is_dir);
		if (ret == 0)
			ret = vfs_walk(&b->caller, NULL, m->dst, WALK_FOLLOW, &p);
	}
	return ret < 0 ? ret :
			 vfs_mount(b->ns, &p, sb, m->src ? m->src : m->type, mount_flags(m->flags));
}

/* A device of the host is the one of that number inside. */
static int device_mount(struct builder *b, const struct boot_mount *m)
{
	auto_path struct path p = { 0 };
	int ret = make_mount_point(b, m->dst, false);

	if (ret == 0)
		ret = vfs_walk(&b->caller, NULL, m->dst, WALK_FOLLOW, &p);
	return ret < 0 ? ret :
			 boot_bind_device(&b->caller, b->ns, m->options ? m->options : "", &p);
}

/* A tmpfs that starts with what was there. */
static int copyup_mount(struct builder *b, const struct boot_mount *m, struct super_block *sb)
{
	auto_path struct path below = { 0 }, top = { 0 };
	int ret = make_mount_point(b, m->dst, true);

	if (ret == 0)
		ret = vfs_walk(&b->caller, NULL, m->dst, WALK_FOLLOW | WALK_DIRECTORY, &below);
	if (ret == 0)
		ret = mount_at(b, m, sb, true);
	if (ret == 0)
		ret = vfs_walk(&b->caller, NULL, m->dst, WALK_FOLLOW | WALK_DIRECTORY, &top);
	if (ret < 0)
		return ret;
	top.mnt->flags &= ~(unsigned int)LX_MS_RDONLY;
	ret = boot_copy_tree(&b->caller, &below, &top, 0);
	top.mnt->flags |= m->flags & LX_MS_RDONLY;
	return ret;
}

/* Containers of a pod that name the same volume see one file system. */
static int bind_super(struct builder *b, const struct boot_mount *m, struct super_block **ret_sb)
{
	int ret = 0;

	*ret_sb = m->volume ? volume_find(m->volume) : NULL;
	if (*ret_sb)
		return 0;
	ret = gofer_super(b, m, true, ret_sb);
	/* if another container was faster, this one has a view of its own of the same files */
	if (ret == 0 && m->volume && volume_add(m->volume, *ret_sb) == -ENOMEM)
		log_warn("no memory to share the volume at %s", m->dst);
	return ret;
}

static int one_mount(struct builder *b, const struct boot_mount *m)
{
	auto_put(super_block) struct super_block *sb = NULL;
	const struct fstype *t;
	int ret;

	if (!m->type || !m->dst)
		return -EINVAL;
	if (strcmp(m->type, "bind") == 0 && m->kind == BOOT_MOUNT_DEV)
		return device_mount(b, m);
	if (strcmp(m->type, "bind") == 0) {
		ret = bind_super(b, m, &sb);
		return ret < 0 ? ret : mount_at(b, m, sb, m->kind == BOOT_MOUNT_DIR);
	}
	/* there is one hierarchy in here, whatever the host has */
	t = strcmp(m->type, "cgroup") == 0 ? &cgroup2_type : fstype_find(m->type);
	if (!t) {
		/* a container that never looks there must not fail for it */
		log_warn("no file system type %s for %s: an empty directory stands there", m->type,
			 m->dst);
		t = &tmpfs_type;
	}
	ret = t->mount(t, m->src, m->options, NULL, &sb);
	if (ret < 0)
		return ret;
	if (strcmp(m->type, "devpts") == 0 && !b->pts)
		b->pts = sb;
	if (m->kind == BOOT_MOUNT_COPYUP)
		return copyup_mount(b, m, sb);
	return mount_at(b, m, sb, true);
}

/* Masked: what is there cannot be seen. A missing path is fine. */
static int mask(struct builder *b, const char *path)
{
	const struct boot_mount m = { .type = (char *)"tmpfs",
				      .dst = (char *)path,
				      .src = (char *)"tmpfs",
				      .flags = LX_MS_RDONLY };
	auto_put(super_block) struct super_block *sb = NULL;
	auto_path struct path p = { 0 }, null = { 0 };
	int ret = vfs_walk(&b->caller, NULL, path, WALK_FOLLOW, &p);

	if (ret < 0)
		return ret == -ENOENT || ret == -ENOTDIR ? 0 : ret;
	if (p.dentry->inode && (p.dentry->inode->mode & LX_S_IFMT) == LX_S_IFDIR) {
		ret = tmpfs_type.mount(&tmpfs_type, "tmpfs", "mode=755,size=0", NULL, &sb);
		return ret < 0 ? ret : vfs_mount(b->ns, &p, sb, m.src, LX_MS_RDONLY);
	}
	ret = vfs_walk(&b->caller, NULL, "/dev/null", WALK_FOLLOW, &null);
	return ret < 0 ? 0 : vfs_bind_mount(b->ns, &null, &p, 0);
}

static int make_readonly(struct builder *b, const char *path)
{
	auto_path struct path p = { 0 };
	int ret = vfs_walk(&b->caller, NULL, path, WALK_FOLLOW, &p);

	if (ret < 0)
		return ret == -ENOENT || ret == -ENOTDIR ? 0 : ret;
	return vfs_bind_mount(b->ns, &p, &p, LX_MS_RDONLY | p.mnt->flags);
}

static void warn(struct builder *b, const char *fmt, ...) __printf(2, 3);
static void warn(struct builder *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b->warnings, b->room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n + 1 < b->room) {
		b->warnings += n;
		b->room -= (size_t)n;
	} else if (b->room) {
		*b->warnings = '\0'; /* no room for all of it */
	}
}

static int make_device(struct builder *b, const char *line)
{
	auto_free char *dir = strdup(strchr(line, '/') ? strchr(line, '/') : "/");
	const char *path = line;
	char *slash;
	int ret = 0;

	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	*slash = '\0';
	if (*dir)
		ret = make_mount_point(b, dir, true);
	if (ret == 0)
		ret = boot_make_device(&b->caller, line, &path);
	if (ret > 0)
		warn(b, "config.json: linux.devices: there is no device behind %.200s\n", path);
	return MIN(ret, 0);
}

static int all_mounts(struct builder *b, const char **ret_what)
{
	const struct boot_conf *c = b->conf;
	int ret;

	for (size_t i = 1; i < c->nr_mounts; i++) {
		*ret_what = c->mounts[i].dst;
		ret = one_mount(b, &c->mounts[i]);
		if (ret < 0)
			return ret;
	}
	*ret_what = "linux.devices";
	for (size_t i = 0; i < c->devices.nr; i++) {
		ret = make_device(b, c->devices.v[i]);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < c->sysctls.nr; i++) {
		const char *kv = c->sysctls.v[i];

		ret = boot_set_sysctl(&b->caller, kv);
		if (ret < 0)
			warn(b, "config.json: linux.sysctl: %.*s: %s\n",
			     (int)MIN(strcspn(kv, "="), (size_t)200), kv, strerror(-ret));
	}
	for (size_t i = 0; i < c->masked_paths.nr; i++) {
		*ret_what = c->masked_paths.v[i];
		ret = mask(b, c->masked_paths.v[i]);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < c->readonly_paths.nr; i++) {
		*ret_what = c->readonly_paths.v[i];
		ret = make_readonly(b, c->readonly_paths.v[i]);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int boot_mounts(const struct boot_conf *c, struct gofer_conn *gofer, struct mntns **ret_ns,
		struct super_block **ret_pts, const char **ret_what, char *warnings, size_t size)
{
	struct builder b = { .conf = c, .gofer = gofer, .warnings = warnings, .room = size };
	auto_put(super_block) struct super_block *root = NULL;
	auto_put(cred) struct cred *cred = NULL;
	struct fscontext *fs = NULL;
	int ret;

	*ret_what = "/";
	if (c->nr_mounts == 0)
		return -EINVAL;
	ret = cred_new_root(&cred);
	if (ret < 0)
		return ret;
	ret = root_super(&b, &c->mounts[0], &root);
	if (ret < 0)
		return ret;
	ret = mntns_new(root, c->flags & BOOT_ROOT_OVERLAY ? "overlay" : "root", LX_MS_RELATIME,
			&b.ns);
	if (ret < 0)
		return ret;
	ret = fscontext_new(b.ns, &fs);
	if (ret < 0) {
		mntns_put(b.ns);
		return ret;
	}
	b.caller = (struct vfs_caller){ .cred = cred, .fs = fs, .fsize_limit = UINT64_MAX };
	ret = all_mounts(&b, ret_what);
	/* last: mount points may have had to be made */
	if (ret == 0 && c->flags & BOOT_ROOT_RDONLY) {
		auto_path struct path top = { 0 };

		mntns_root(b.ns, &top);
		top.mnt->flags |= LX_MS_RDONLY;
	}
	fscontext_put(fs);
	if (ret < 0) {
		mntns_put(b.ns);
		return ret;
	}
	*ret_ns = b.ns;
	*ret_pts = b.pts;
	return 0;
}

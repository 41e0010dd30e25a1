/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and contents of a container's first tree: see boot_nodes.h. Before the first guest task. */
#include "boot_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/linux/fcntl.h"
#include "abi/linux/limits.h"
#include "abi/linux/mount.h"
#include "abi/linux/stat.h"
#include "base/auto.h"
#include "base/bits.h"
#include "fs/proc/proc.h"
#include "kernel/cred.h"
#include "net/host/hostnet.h"
#include "net/loopback/inet.h"
#include "vfs/chrdev.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mount.h"

#define COPY_DEPTH 32
#define COPY_BLOCK 65536

/* --- devices --- */

int boot_make_device(const struct vfs_caller *c, const char *line, const char **ret_path)
{
	struct kattr a = { .valid = SA_UID | SA_GID | SA_MODE };
	auto_path struct path p = { 0 };
	unsigned int major, minor;
	uint32_t fmt;
	char type;
	int ret, n = 0;

	if (sscanf(line, "%c %u %u %o %u %u %n", &type, &major, &minor, &a.mode, &a.uid, &a.gid,
		   &n) != 6 ||
	    line[n] != '/')
		return -EINVAL;
	*ret_path = line + n;
	fmt = type == 'p' ? LX_S_IFIFO : type == 'b' ? LX_S_IFBLK : LX_S_IFCHR;
	ret = vfs_walk(c, NULL, line + n, 0, &p);
	if (ret == -ENOENT) {
		ret = vfs_mknod(c, NULL, line + n, fmt | a.mode, major, minor);
		if (ret == 0)
			ret = vfs_walk(c, NULL, line + n, 0, &p);
	}
	if (ret < 0)
		return ret;
	/* /dev/ptmx is a link into devpts already; the list of a privileged container has it too */
	if ((p.dentry->inode->mode & LX_S_IFMT) == LX_S_IFLNK)
		return 0;
	if ((p.dentry->inode->mode & LX_S_IFMT) != fmt)
		return -EEXIST;
	ret = vfs_setattr(c, &p, &a);
	if (ret < 0)
		return ret;
	return type != 'p' && (type == 'b' || !chrdev_known(major, minor));
}

int boot_bind_device(const struct vfs_caller *c, struct mntns *ns, const char *spec,
		     const struct path *dst)
{
	auto_put(super_block) struct super_block *sb = NULL;
	auto_path struct path node = { 0 };
	struct vfs_caller inside = *c;
	struct fscontext *fs = NULL;
	struct mntns *own = NULL;
	struct mount *m = NULL;
	const char *path;
	char line[128];
	int ret;

	snprintf(line, sizeof(line), "%s /node", spec);
	ret = tmpfs_type.mount(&tmpfs_type, "tmpfs", "mode=755", NULL, &sb);
	if (ret == 0)
		ret = mntns_new(sb, "tmpfs", 0, &own);
	if (ret < 0)
		return ret;
	ret = fscontext_new(own, &fs);
	if (ret == 0) {
		inside.fs = fs;
		ret = boot_make_device(&inside, line, &path);
	}
	if (ret >= 0)
		ret = vfs_walk(&inside, NULL, "/node", 0, &node);
	if (ret == 0)
		ret = vfs_clone_tree(&node, false, &m);
	if (ret == 0) {
		const struct path top = { .mnt = m, .dentry = node.dentry };

		ret = vfs_move_mount(ns, &top, dst);
		mount_put(m);
	}
	if (fs)
		fscontext_put(fs);
	mntns_put(own);
	return ret;
}

/* --- tmpcopyup --- */

struct names {
	struct dir_ctx ctx;
	char **v;
	size_t nr;
};

static bool take_name(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos,
		      uint64_t ino, unsigned int type)
{
	struct names *l = container_of(ctx, struct names, ctx);
	char **v;

	ctx->pos = next_pos;
	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.'))
		return true;
	v = realloc(l->v, (l->nr + 1) * sizeof(*v));
	if (!v)
		return false;
	l->v = v;
	v[l->nr] = strndup(name, len);
	if (!v[l->nr])
		return false;
	l->nr++;
	return true;
}

static int copy_file(const struct vfs_caller *c, const struct path *from, const struct path *to,
		     const char *name, uint32_t mode)
{
	const struct vfs_open_how how = { .flags = LX_O_WRONLY | LX_O_CREAT | LX_O_EXCL,
					  .mode = mode & 07777 };
	auto_put(file) struct file *in = NULL, *out = NULL;
	auto_free char *buf = malloc(COPY_BLOCK);
	int64_t rpos = 0, wpos = 0;
	int ret = vfs_open_path(c, from, LX_O_RDONLY, &in);

	if (ret == 0)
		ret = vfs_open(c, to, name, &how, &out);
	while (ret == 0 && buf) {
		struct uio u;
		ssize_t n;

		uio_init_kernel(&u, buf, COPY_BLOCK);
		n = vfs_read(in, &u, &rpos, 0);
		if (n <= 0)
			return (int)n;
		uio_init_kernel(&u, buf, (size_t)n);
		n = vfs_write(out, &u, &wpos, 0);
		if (n < 0)
			return (int)n;
	}
	return buf ? ret : -ENOMEM;
}

static int copy_one(const struct vfs_caller *c, const struct path *from, const struct path *to,
		    const char *name, unsigned int depth)
{
	struct inode *i = from->dentry->inode;
	struct kattr a = { .valid = SA_UID | SA_GID, .uid = i->uid, .gid = i->gid };
	auto_path struct path made = { 0 };
	char link[LX_PATH_MAX];
	ssize_t n;
	int ret;

	switch (i->mode & LX_S_IFMT) {
	case LX_S_IFDIR:
		ret = vfs_mkdir(c, to, name, i->mode & 07777);
		break;
	case LX_S_IFREG:
		ret = copy_file(c, from, to, name, i->mode);
		break;
	case LX_S_IFLNK:
		n = vfs_readlink(c, from, link, sizeof(link) - 1);
		if (n < 0)
			return (int)n;
		link[n] = '\0';
		ret = vfs_symlink(c, link, to, name);
		break;
	default:
		ret = vfs_mknod(c, to, name, i->mode, i->rdev_major, i->rdev_minor);
	}
	if (ret == 0)
		ret = vfs_walk(c, to, name, 0, &made);
	if (ret < 0)
		return ret;
	if ((i->mode & LX_S_IFMT) != LX_S_IFLNK) {
		a.valid |= SA_MODE;
		a.mode = i->mode & 07777;
	}
	ret = vfs_setattr(c, &made, &a);
	if (ret == 0 && (i->mode & LX_S_IFMT) == LX_S_IFDIR)
		ret = boot_copy_tree(c, from, &made, depth + 1);
	return ret;
}

int boot_copy_tree(const struct vfs_caller *c, const struct path *from, const struct path *to,
		   unsigned int depth)
{
	struct names l = { .ctx.emit = take_name };
	auto_put(file) struct file *dir = NULL;
	size_t before;
	int ret;

	if (depth > COPY_DEPTH)
		return -ELOOP;
	ret = vfs_open_path(c, from, LX_O_RDONLY | LX_O_DIRECTORY, &dir);
	do {
		before = l.nr;
		if (ret == 0)
			ret = vfs_readdir(dir, &l.ctx);
	} while (ret == 0 && l.nr > before);
	for (size_t i = 0; i < l.nr; i++) {
		auto_path struct path p = { 0 };

		if (ret >= 0)
			ret = vfs_walk(c, from, l.v[i], 0, &p);
		if (ret == 0)
			ret = copy_one(c, &p, to, l.v[i], depth);
		free(l.v[i]);
	}
	free(l.v);
	return ret < 0 ? ret : 0;
}

/* --- settings --- */

int boot_set_sysctl(const struct vfs_caller *c, const char *kv)
{
	const struct vfs_open_how how = { .flags = LX_O_WRONLY };
	auto_put(file) struct file *f = NULL;
	size_t n = strcspn(kv, "=");
	const char *value = kv[n] ? kv + n + 1 : "";
	bool slashes = memchr(kv, '/', n);
	char name[512];
	struct uio u;
	int64_t pos = 0;
	ssize_t ret;

	snprintf(name, sizeof(name), "/proc/sys/%.*s", (int)n, kv);
	/* as sysctl(8): a dot is a slash unless there are slashes */
	for (char *s = name + 10; *s && !slashes; s++)
		*s = *s == '.' ? '/' : *s;
	if (strncmp(name + 10, "net/", 4) == 0) {
		ret = proc_sys_net_set(name + 14, value);
		if (ret == 0 && strcmp(name + 14, "ipv4/ip_unprivileged_port_start") == 0)
			inet_set_port_start(value);
		/* set where it matters by the command; only not shown */
		return ret == -ENOENT && hostnet_on() ? 0 : (int)ret;
	}
	ret = vfs_open(c, NULL, name, &how, &f);
	if (ret == 0) {
		uio_init_kernel(&u, (void *)(uintptr_t)value, strlen(value));
		ret = vfs_write(f, &u, &pos, 0);
	}
	return ret < 0 ? (int)ret : 0;
}

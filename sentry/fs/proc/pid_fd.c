/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/<pid>/fd, fdinfo, exe, cwd, root and the mount tables: what a process has open and where it
 * stands. The links jump straight to the object (magic links, symlink(7)); what is read is its name
 * as the reader's root sees it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>

#include "fs/proc/proc.h"
#include "kernel/task.h"
#include "mm/mm.h"

/* The descriptor table of a task that may be ending: referenced, or NULL. */
static struct fdtable *task_fds(struct task *t)
{
	struct fdtable *fds;

	mutex_lock(&t->lock);
	fds = t->fds ? fdtable_get(t->fds) : NULL;
	mutex_unlock(&t->lock);
	return fds;
}

static struct fscontext *task_fs(struct task *t)
{
	struct fscontext *fs;

	mutex_lock(&t->lock);
	fs = t->fs ? fscontext_get(t->fs) : NULL;
	mutex_unlock(&t->lock);
	return fs;
}

static ssize_t path_text(const struct pseudo_ctx *x, const struct path *p, char *buf, size_t size)
{
	auto_path struct path root = { 0 };

	if (x->c && x->c->fs)
		fscontext_root(x->c->fs, &root);
	return vfs_path_name(p, root.mnt ? &root : NULL, buf, size);
}

static struct file *task_file(struct task *t, int fd)
{
	struct fdtable *fds = task_fds(t);
	struct file *f;

	if (!fds)
		return NULL;
	f = fd_get_any(fds, fd);
	fdtable_put(fds);
	return f;
}

static ssize_t fd_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	auto_put(file) struct file *f = task_file(x->task, (int)x->arg);

	return f ? path_text(x, &f->path, buf, size) : -ENOENT;
}

static int fd_follow(const struct pseudo_ctx *x, struct path *ret_path)
{
	auto_put(file) struct file *f = task_file(x->task, (int)x->arg);

	if (!f)
		return -ENOENT;
	path_get(&f->path);
	*ret_path = f->path;
	return 0;
}

static int fdinfo_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	auto_put(file) struct file *f = task_file(x->task, (int)x->arg);
	struct fdtable *fds = task_fds(x->task);
	int cloexec = fds ? fd_get_flags(fds, (int)x->arg) : 0;
	char extra[1024];
	int n;

	if (fds)
		fdtable_put(fds);
	if (!f)
		return -ENOENT;
	strbuf_printf(out, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%llu\nino:\t%llu\n",
		      (long long)f->pos, f->flags | (cloexec == 1 ? LX_O_CLOEXEC : 0),
		      (unsigned long long)(f->path.mnt ? f->path.mnt->id : 0),
		      (unsigned long long)(f->inode ? f->inode->ino : 0));
	if (f->ops && f->ops->fdinfo) {
		n = f->ops->fdinfo(f, extra, sizeof(extra));
		if (n > 0)
			strbuf_add(out, extra,
				   (size_t)n < sizeof(extra) ? (size_t)n : sizeof(extra) - 1);
	}
	return 0;
}

static const struct pseudo_node g_fd_link = {
	.name = "fd",
	.mode = LX_S_IFLNK | 0700,
	.flags = PSEUDO_PTRACE,
	.readlink = fd_readlink,
	.follow = fd_follow,
};
static const struct pseudo_node g_fdinfo_file = {
	.name = "fdinfo",
	.mode = LX_S_IFREG | 0400,
	.flags = PSEUDO_PTRACE,
	.show = fdinfo_show,
};

static int lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		  const struct pseudo_node *node, struct pseudo_child *ret_child)
{
	struct file *f;
	int fd = 0;

	if (len == 0 || len > 9 || (name[0] == '0' && len > 1))
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		fd = fd * 10 + (name[i] - '0');
	}
	f = task_file(x->task, fd);
	if (!f)
		return -ENOENT;
	ret_child->node = node;
	ret_child->arg = (uint64_t)fd;
	if (node == &g_fd_link)
		ret_child->mode = LX_S_IFLNK | (f->mode & FMODE_READ ? 0500 : 0) |
				  (f->mode & FMODE_WRITE ? 0300 : 0);
	file_put(f);
	return 0;
}

int proc_fd_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		   struct pseudo_child *ret_child)
{
	return lookup(x, name, len, &g_fd_link, ret_child);
}

int proc_fdinfo_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		       struct pseudo_child *ret_child)
{
	return lookup(x, name, len, &g_fdinfo_file, ret_child);
}

static int next(const struct pseudo_ctx *x, uint64_t cursor, char *name, uint64_t *ret_cursor)
{
	struct fdtable *fds = task_fds(x->task);
	struct file *f;
	int fd, flags;

	if (!fds)
		return -ENOENT;
	fd = cursor > INT32_MAX ? -1 : fd_next(fds, (int)cursor, &f, &flags);
	fdtable_put(fds);
	if (fd < 0)
		return -ENOENT;
	file_put(f);
	snprintf(name, 32, "%d", fd);
	*ret_cursor = (uint64_t)fd + 1;
	return 0;
}

int proc_fd_next(const struct pseudo_ctx *x, uint64_t cursor, char *name, unsigned int *ret_type,
		 uint64_t *ret_cursor)
{
	*ret_type = LX_DT_LNK;
	return next(x, cursor, name, ret_cursor);
}

int proc_fdinfo_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		     unsigned int *ret_type, uint64_t *ret_cursor)
{
	*ret_type = LX_DT_REG;
	return next(x, cursor, name, ret_cursor);
}

/* --- exe, cwd, root --- */

/* The executable of a task: referenced file, or NULL. */
static struct file *task_exe(struct task *t)
{
	struct mm *mm = task_mm_get(t);
	struct file *f;

	if (!mm)
		return NULL;
	f = mm_exe_get(mm);
	if (f)
		file_get(f);
	mm_put(mm);
	return f;
}

ssize_t proc_exe_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	auto_put(file) struct file *f = task_exe(x->task);

	return f ? path_text(x, &f->path, buf, size) : -ENOENT;
}

int proc_exe_follow(const struct pseudo_ctx *x, struct path *ret_path)
{
	auto_put(file) struct file *f = task_exe(x->task);

	if (!f)
		return -ENOENT;
	path_get(&f->path);
	*ret_path = f->path;
	return 0;
}

static int task_path(struct task *t, bool root, struct path *ret_path)
{
	struct fscontext *fs = task_fs(t);

	if (!fs)
		return -ENOENT;
	if (root)
		fscontext_root(fs, ret_path);
	else
		fscontext_cwd(fs, ret_path);
	fscontext_put(fs);
	return 0;
}

static ssize_t task_path_text(const struct pseudo_ctx *x, bool root, char *buf, size_t size)
{
	auto_path struct path p = { 0 };
	int ret = task_path(x->task, root, &p);

	return ret < 0 ? ret : path_text(x, &p, buf, size);
}

ssize_t proc_cwd_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	return task_path_text(x, false, buf, size);
}

int proc_cwd_follow(const struct pseudo_ctx *x, struct path *ret_path)
{
	return task_path(x->task, false, ret_path);
}

ssize_t proc_root_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	return task_path_text(x, true, buf, size);
}

int proc_root_follow(const struct pseudo_ctx *x, struct path *ret_path)
{
	return task_path(x->task, true, ret_path);
}

/* --- mounts --- */

static int mounts(const struct pseudo_ctx *x, int kind, struct strbuf *out)
{
	struct fscontext *fs = task_fs(x->task);
	struct path root = { 0 };
	int ret;

	if (!fs)
		return -EINVAL;
	fscontext_root(fs, &root);
	ret = mntns_show(fs->mntns, &root, kind, out);
	path_put(&root);
	fscontext_put(fs);
	return ret;
}

int proc_mounts_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return mounts(x, 0, out);
}

int proc_mountinfo_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return mounts(x, 1, out);
}

int proc_mountstats_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return mounts(x, 2, out);
}

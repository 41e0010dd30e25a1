/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated trees: inodes from const tables, files whose text is made when they are read from the
 * start. See pseudo.h. Locking: pseudo_file.lock guards the text of one open file.
 */
#include "fs/pseudo/pseudo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>

#include "kernel/task.h"
#include "lock_class.h"

struct pseudo_inode {
	struct inode inode;
	const struct pseudo_node *node; /* const */
	struct task *task;              /* owned; const */
	uint64_t arg;                   /* const */
};

struct pseudo_file {
	struct mutex lock;  /* LC_FILE_POS cannot serve: pread comes without it */
	struct strbuf text; /* GUARDED_BY(lock) */
	bool filled;        /* GUARDED_BY(lock) */
};

#define STORE_MAX 65536u

static const struct inode_ops pseudo_dir_ops, pseudo_file_inode_ops, pseudo_link_ops,
	pseudo_magic_ops;

static struct pseudo_inode *pi_of(struct inode *i)
{
	return container_of(i, struct pseudo_inode, inode);
}

static struct pseudo_ctx ctx_of(struct inode *i, const struct vfs_caller *c)
{
	struct pseudo_inode *pi = pi_of(i);

	return (struct pseudo_ctx){
		.node = pi->node, .task = pi->task, .arg = pi->arg, .c = c, .inode = i
	};
}

static uint64_t ino_of(const struct pseudo_node *node, const struct task *task, uint64_t arg)
{
	uint64_t h = hash_u64((uint64_t)(uintptr_t)node);

	h = hash_u64(h ^ (task ? (uint64_t)task->tid + 1 : 0));
	h = hash_u64(h ^ (arg + 1));
	return (h >> 24) | (1ull << 32);
}

/* task is handed over. */
static int pi_new(struct super_block *sb, const struct pseudo_node *node, struct task *task,
		  uint64_t arg, uint32_t mode, struct inode **ret_inode)
{
	struct pseudo_inode *pi = calloc(1, sizeof(*pi));
	const struct inode_ops *ops = &pseudo_file_inode_ops;
	struct cred *cred;

	if (!pi) {
		if (task)
			task_put(task);
		return -ENOMEM;
	}
	if (!mode)
		mode = node->mode;
	if ((mode & LX_S_IFMT) == LX_S_IFDIR)
		ops = &pseudo_dir_ops;
	else if ((mode & LX_S_IFMT) == LX_S_IFLNK)
		ops = node->follow ? &pseudo_magic_ops : &pseudo_link_ops;
	inode_init(&pi->inode, sb, ops, ino_of(node, task, arg), mode);
	pi->node = node;
	pi->task = task;
	pi->arg = arg;
	pi->inode.nlink = (mode & LX_S_IFMT) == LX_S_IFDIR ? 2 : 1;
	if (node->flags & PSEUDO_SIZE_4K)
		pi->inode.size = 4096;
	if (task && !(node->flags & PSEUDO_OWNER_ROOT)) {
		cred = task_cred_get(task);
		if (cred) {
			pi->inode.uid = cred->euid;
			pi->inode.gid = cred->egid;
			cred_put(cred);
		}
	}
	*ret_inode = &pi->inode;
	return 0;
}

static void pi_destroy(struct inode *i)
{
	struct pseudo_inode *pi = pi_of(i);

	if (pi->task)
		task_put(pi->task);
	inode_fini(i);
	free(pi);
}

static int check_task(const struct pseudo_ctx *x)
{
	if (!(x->node->flags & PSEUDO_PTRACE) || !x->task || !x->c || !x->c->task)
		return 0;
	return task_may_access(x->c->task, x->task) < 0 ? -EACCES : 0;
}

/* --- files --- */

static ssize_t file_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct pseudo_file *pf = f->priv;
	struct vfs_caller c =
		task_current() ? task_vfs_caller(task_current()) : (struct vfs_caller){ 0 };
	struct pseudo_ctx x = ctx_of(f->inode, &c);
	ssize_t ret = 0;

	mutex_lock(&pf->lock);
	if (*pos == 0 || !pf->filled) {
		strbuf_fini(&pf->text);
		strbuf_init(&pf->text);
		if (x.node->show)
			ret = x.node->show(&x, &pf->text);
		else if (x.node->text)
			strbuf_puts(&pf->text, x.node->text);
		else
			ret = -EINVAL;
		if (ret >= 0 && pf->text.failed)
			ret = -ENOMEM;
		pf->filled = ret >= 0;
	}
	if (ret >= 0 && *pos >= 0 && (uint64_t)*pos < pf->text.len) {
		ret = uio_write(dst, pf->text.s + *pos,
				MIN(uio_left(dst), pf->text.len - (size_t)*pos));
		if (ret > 0)
			*pos += ret;
	}
	mutex_unlock(&pf->lock);
	return ret;
}

static ssize_t file_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct vfs_caller c =
		task_current() ? task_vfs_caller(task_current()) : (struct vfs_caller){ 0 };
	struct pseudo_ctx x = ctx_of(f->inode, &c);
	size_t n = uio_left(src);
	ssize_t ret;
	char *buf;

	if (!x.node->store)
		return -EIO;
	if (n > STORE_MAX)
		return -EINVAL;
	buf = malloc(n + 1);
	if (!buf)
		return -ENOMEM;
	ret = uio_read(src, buf, n);
	if (ret >= 0) {
		buf[ret] = 0;
		ret = x.node->store(&x, buf, (size_t)ret);
	}
	if (ret > 0)
		*pos += ret;
	free(buf);
	return ret;
}

static void file_release(struct file *f)
{
	struct pseudo_file *pf = f->priv;

	if (!pf)
		return;
	strbuf_fini(&pf->text);
	mutex_fini(&pf->lock);
	free(pf);
}

static int64_t file_seek(struct file *f, int64_t off, int whence)
{
	int64_t base = whence == LX_SEEK_CUR ? f->pos : 0;
	int64_t to;

	if (whence != LX_SEEK_SET && whence != LX_SEEK_CUR)
		return -EINVAL;
	if (__builtin_add_overflow(base, off, &to) || to < 0)
		return -EINVAL;
	f->pos = to;
	return to;
}

static const struct file_ops pseudo_file_ops = {
	.name = "pseudo",
	.read = file_read,
	.write = file_write,
	.seek = file_seek,
	.release = file_release,
};

static int file_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	struct pseudo_ctx x = ctx_of(inode, c);
	struct pseudo_file *pf;
	int ret = check_task(&x);

	if (ret < 0)
		return ret;
	if (x.node->open)
		return x.node->open(&x, f);
	pf = calloc(1, sizeof(*pf));
	if (!pf)
		return -ENOMEM;
	mutex_init(&pf->lock, LC_PSEUDO);
	strbuf_init(&pf->text);
	f->ops = &pseudo_file_ops;
	f->priv = pf;
	return 0;
}

/* /proc and /sys files take a truncation (echo > file) without doing anything. */
static int file_setattr(struct inode *inode, const struct kattr *a, const struct vfs_caller *c)
{
	if (a->valid & (SA_MODE | SA_UID | SA_GID))
		return -EPERM;
	return 0;
}

static const struct inode_ops pseudo_file_inode_ops = {
	.open = file_open,
	.setattr = file_setattr,
	.destroy = pi_destroy,
};

/* --- links --- */

static ssize_t link_readlink(struct inode *inode, const struct vfs_caller *c, char *buf,
			     size_t size)
{
	struct pseudo_ctx x = ctx_of(inode, c);
	int ret = check_task(&x);
	size_t n;

	if (ret < 0)
		return ret;
	if (x.node->readlink)
		return x.node->readlink(&x, buf, size);
	n = strlen(x.node->target);
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(buf, x.node->target, n + 1);
	return (ssize_t)n;
}

static int link_follow(struct inode *inode, const struct vfs_caller *c, struct path *ret_path)
{
	struct pseudo_ctx x = ctx_of(inode, c);
	int ret = check_task(&x);

	return ret < 0 ? ret : x.node->follow(&x, ret_path);
}

static const struct inode_ops pseudo_link_ops = {
	.readlink = link_readlink,
	.setattr = file_setattr,
	.destroy = pi_destroy,
};
static const struct inode_ops pseudo_magic_ops = {
	.readlink = link_readlink,
	.follow = link_follow,
	.setattr = file_setattr,
	.destroy = pi_destroy,
};

/* --- directories --- */

static int dir_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	struct vfs_caller c =
		task_current() ? task_vfs_caller(task_current()) : (struct vfs_caller){ 0 };
	struct pseudo_ctx x = ctx_of(dir, &c);
	struct pseudo_child child = { 0 };
	const struct pseudo_node *n;
	int ret;

	for (n = x.node->children; n && n->name; n++) {
		if (strlen(n->name) == len && memcmp(n->name, name, len) == 0)
			return pi_new(dir->sb, n, x.task ? task_get(x.task) : NULL, x.arg, 0,
				      ret_inode);
	}
	if (!x.node->lookup)
		return -ENOENT;
	ret = x.node->lookup(&x, name, len, &child);
	if (ret < 0)
		return ret;
	if (!child.task && x.task)
		child.task = task_get(x.task);
	return pi_new(dir->sb, child.node, child.task, child.arg, child.mode, ret_inode);
}

static unsigned int dtype(uint32_t mode)
{
	return (mode & LX_S_IFMT) >> 12;
}

/* Positions: 0 ".", 1 "..", 2.. the static children, DYNAMIC + cursor the dynamic ones. */
#define DYNAMIC (1ll << 32)

static int dir_readdir(struct file *f, struct dir_ctx *ctx)
{
	struct vfs_caller c =
		task_current() ? task_vfs_caller(task_current()) : (struct vfs_caller){ 0 };
	struct pseudo_ctx x = ctx_of(f->inode, &c);
	const struct pseudo_node *n;
	uint64_t cursor, next;
	unsigned int type;
	char name[32];
	int64_t pos = 2;
	int ret;

	if (ctx->pos < 2) {
		uint64_t up =
			f->path.dentry && f->path.dentry->parent && f->path.dentry->parent->inode ?
				f->path.dentry->parent->inode->ino :
				f->inode->ino;

		if (ctx->pos == 0) {
			if (!ctx->emit(ctx, ".", 1, 1, f->inode->ino, LX_DT_DIR))
				return 0;
			ctx->pos = 1;
		}
		if (!ctx->emit(ctx, "..", 2, 2, up, LX_DT_DIR))
			return 0;
		ctx->pos = 2;
	}
	for (n = x.node->children; n && n->name; n++, pos++) {
		if (pos < ctx->pos)
			continue;
		if (!ctx->emit(ctx, n->name, strlen(n->name), pos + 1, ino_of(n, x.task, x.arg),
			       dtype(n->mode)))
			return 0;
		ctx->pos = pos + 1;
	}
	if (!x.node->next)
		return 0;
	if (ctx->pos < DYNAMIC)
		ctx->pos = DYNAMIC;
	for (;;) {
		cursor = (uint64_t)(ctx->pos - DYNAMIC);
		ret = x.node->next(&x, cursor, name, &type, &next);
		if (ret == -ENOENT)
			return 0;
		if (ret < 0)
			return ret;
		if (!ctx->emit(ctx, name, strlen(name), DYNAMIC + (int64_t)next,
			       hash_u64(f->inode->ino ^ next) >> 24, type))
			return 0;
		ctx->pos = DYNAMIC + (int64_t)next;
	}
}

static const struct file_ops pseudo_dir_file_ops = {
	.name = "pseudo-dir",
	.readdir = dir_readdir,
};

static int dir_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	struct pseudo_ctx x = ctx_of(inode, c);
	int ret = check_task(&x);

	if (ret < 0)
		return ret;
	f->ops = &pseudo_dir_file_ops;
	return 0;
}

/*
 * Nothing can be made here. proc says that there is no such name, as it has no negative names;
 * sysfs that one may not.
 */
static int no_name(const struct inode *dir)
{
	return dir->sb->flags & SB_NO_NEGATIVE ? -ENOENT : -EPERM;
}

static int dir_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
		      const struct vfs_caller *c, struct inode **ret_inode)
{
	return dir->sb->flags & SB_NO_NEGATIVE ? -ENOENT : -EACCES;
}

static int dir_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		     const struct vfs_caller *c, struct inode **ret_inode)
{
	return no_name(dir);
}

static int dir_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		     uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode)
{
	return no_name(dir);
}

static int dir_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		       const struct vfs_caller *c, struct inode **ret_inode)
{
	return no_name(dir);
}

static const struct inode_ops pseudo_dir_ops = {
	.create = dir_create,
	.mkdir = dir_mkdir,
	.mknod = dir_mknod,
	.symlink = dir_symlink,
	.lookup = dir_lookup,
	.open = dir_open,
	.setattr = file_setattr,
	.destroy = pi_destroy,
};

/* --- mounting --- */

static int pseudo_statfs(struct super_block *sb, struct lx_statfs *ret_st)
{
	memset(ret_st, 0, sizeof(*ret_st));
	ret_st->f_type = sb->magic;
	ret_st->f_bsize = 4096;
	ret_st->f_frsize = 4096;
	ret_st->f_namelen = 255;
	return 0;
}

static const struct super_ops pseudo_super_ops = {
	.statfs = pseudo_statfs,
};

int pseudo_mount(const struct fstype *t, uint32_t magic, const struct pseudo_node *root,
		 unsigned int sb_flags, struct super_block **ret_sb)
{
	struct super_block *sb;
	struct inode *i;
	int ret = super_new(t, &pseudo_super_ops, sb_flags, magic, &sb);

	if (ret < 0)
		return ret;
	ret = pi_new(sb, root, NULL, 0, 0, &i);
	if (ret == 0) {
		i->ino = 1;
		ret = super_set_root(sb, i);
	}
	if (ret < 0) {
		super_put(sb);
		return ret;
	}
	*ret_sb = sb;
	return 0;
}

int pseudo_parse_int(const char *s, int64_t lo, int64_t hi, int64_t *ret_v)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 0);
	if (end == s)
		return -EINVAL;
	while (*end == '\n' || *end == ' ' || *end == '\t')
		end++;
	if (*end)
		return -EINVAL;
	if (errno == ERANGE || v < lo || v > hi)
		return -EINVAL;
	*ret_v = v;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpfs(5): files in memory. Owns names, attributes, mount options and limits; data.c has the
 * bytes, dir.c the entries. The tree in dir.c is the truth, the dentry cache may forget. ramfs is
 * the same without limits. References: an entry holds its inode. Locking: inode locks only.
 */
#include "fs/tmpfs/tmpfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>
#include <abi/linux/xattr.h>
#include <base/bits.h>

#include "fs/tmpfs/tmpfs_int.h"
#include "vfs/chrdev.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"

#define BOGO_DIR_SIZE 40
/*
 * What an inode with its name costs, about: bounds the memory that directories full of empty files
 * can take.
 */
#define INODE_COST 1024

static uint64_t g_default_size = 2ull << 30;

void tmpfs_set_memory(uint64_t total)
{
	g_default_size = page_down(total / 2);
}

void tmpfs_default_limits(struct tmpfs_sb *s)
{
	s->max_pages = g_default_size >> PAGE_SHIFT;
	s->max_inodes = g_default_size / INODE_COST;
}

int tnode_new(struct super_block *sb, const struct inode *dir, uint32_t mode,
	      const struct vfs_caller *c, struct tnode **ret_t)
{
	struct tmpfs_sb *s = tsb_of(sb);
	uint64_t max = READ_ONCE(s->max_inodes);
	struct tnode *t;

	if (atomic_fetch_add(&s->inodes, 1) >= max && max) {
		atomic_fetch_sub(&s->inodes, 1);
		return -ENOSPC;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		atomic_fetch_sub(&s->inodes, 1);
		return -ENOMEM;
	}
	inode_init(&t->i, sb, &tmpfs_inode_ops, atomic_fetch_add(&s->next_ino, 1), mode);
	inode_init_owner(&t->i, dir, c, mode);
	mappable_init(&t->m, &tmpfs_mappable_ops);
	xattr_store_init(&t->xattrs);
	t->seals = LX_F_SEAL_SEAL;
	if (LX_S_ISDIR(mode)) {
		t->i.nlink = 2;
		t->i.size = BOGO_DIR_SIZE;
		t->next_cookie = 2;
	}
	*ret_t = t;
	return 0;
}

static void tmpfs_destroy(struct inode *i)
{
	struct tnode *t = tnode_of(i);
	struct tmpfs_sb *s = tsb_of(i->sb);

	tdata_free(t);
	tdir_free(t);
	xattr_store_fini(&t->xattrs);
	mappable_fini(&t->m);
	atomic_fetch_sub(&s->inodes, 1);
	free(t->link);
	inode_fini(i);
	free(t);
}

static int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	return tdir_find(tnode_of(dir), name, len, ret_inode);
}

/* A fresh inode under a name; the name's reference and the caller's. */
static int make(struct inode *dir, const char *name, size_t len, uint32_t mode,
		const struct vfs_caller *c, struct tnode **ret_t)
{
	struct tnode *t;
	int ret = tnode_new(dir->sb, dir, mode, c, &t);

	if (ret < 0)
		return ret;
	ret = tdir_add(tnode_of(dir), name, len, &t->i);
	if (ret < 0) {
		inode_put(&t->i);
		return ret;
	}
	*ret_t = t;
	return 0;
}

static int tmpfs_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
			const struct vfs_caller *c, struct inode **ret_inode)
{
	struct tnode *t;
	int ret = make(dir, name, len, mode, c, &t);

	if (ret == 0)
		*ret_inode = &t->i;
	return ret;
}

static int tmpfs_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		       const struct vfs_caller *c, struct inode **ret_inode)
{
	int ret = tmpfs_create(dir, name, len, mode, c, ret_inode);

	if (ret == 0)
		dir->nlink++;
	return ret;
}

static int tmpfs_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode,
		       uint32_t major, uint32_t minor, const struct vfs_caller *c,
		       struct inode **ret_inode)
{
	int ret = tmpfs_create(dir, name, len, mode, c, ret_inode);

	if (ret == 0) {
		(*ret_inode)->rdev_major = major;
		(*ret_inode)->rdev_minor = minor;
	}
	return ret;
}

static int tmpfs_symlink(struct inode *dir, const char *name, size_t len, const char *target,
			 const struct vfs_caller *c, struct inode **ret_inode)
{
	char *text = strdup(target);
	struct tnode *t;
	int ret;

	if (!text)
		return -ENOMEM;
	ret = make(dir, name, len, LX_S_IFLNK | 0777, c, &t);
	if (ret < 0) {
		free(text);
		return ret;
	}
	t->link = text;
	t->i.size = strlen(text);
	*ret_inode = &t->i;
	return 0;
}

static int tmpfs_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	int ret = tdir_add(tnode_of(dir), name, len, inode);

	if (ret == 0)
		inode_link_count(inode, 1);
	return ret;
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	inode_link_count(inode, -1);
	tdir_remove(tnode_of(dir), name, len);
	return 0;
}

/* Empty, and from now on dead. */
static int kill_dir(struct inode *i)
{
	int ret = 0;

	rwlock_wrlock_nested(&i->lock);
	if (tnode_of(i)->nr_entries) {
		ret = -ENOTEMPTY;
	} else {
		i->iflags |= INODE_DEAD;
		i->nlink = 0;
		inode_touch_locked(i, SA_CTIME);
	}
	rwlock_unlock(&i->lock);
	return ret;
}

static int tmpfs_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	int ret = kill_dir(inode);

	if (ret < 0)
		return ret;
	tdir_remove(tnode_of(dir), name, len);
	dir->nlink--;
	return 0;
}

static void touch_ctime(struct inode *i)
{
	rwlock_wrlock_nested(&i->lock);
	inode_touch_locked(i, SA_CTIME);
	rwlock_unlock(&i->lock);
}

static int exchange(struct inode *old_dir, const char *old_name, size_t old_len,
		    struct inode *inode, struct inode *new_dir, const char *new_name,
		    size_t new_len, struct inode *target)
{
	bool a_dir = LX_S_ISDIR(inode->mode), b_dir = LX_S_ISDIR(target->mode);

	inode_get(inode);
	tdir_replace(tnode_of(old_dir), old_name, old_len, target);
	tdir_replace(tnode_of(new_dir), new_name, new_len, inode);
	inode_put(inode);
	if (old_dir != new_dir && a_dir != b_dir) {
		old_dir->nlink += (uint32_t)b_dir - (uint32_t)a_dir;
		new_dir->nlink += (uint32_t)a_dir - (uint32_t)b_dir;
	}
	touch_ctime(inode);
	touch_ctime(target);
	return 0;
}

static int tmpfs_rename(struct inode *old_dir, const char *old_name, size_t old_len,
			struct inode *inode, struct inode *new_dir, const char *new_name,
			size_t new_len, struct inode *target, unsigned int flags)
{
	bool is_dir = LX_S_ISDIR(inode->mode);
	struct tnode *white = NULL;
	int ret;

	if (flags & LX_RENAME_EXCHANGE)
		return exchange(old_dir, old_name, old_len, inode, new_dir, new_name, new_len,
				target);
	if (flags & LX_RENAME_WHITEOUT) {
		struct vfs_caller nobody = { 0 };

		ret = tnode_new(old_dir->sb, old_dir, LX_S_IFCHR, &nobody, &white);
		if (ret < 0)
			return ret;
	}
	inode_get(inode);
	if (target && is_dir)
		ret = kill_dir(target);
	else
		ret = 0;
	if (ret == 0 && target) {
		if (is_dir)
			new_dir->nlink--;
		else
			inode_link_count(target, -1);
		tdir_replace(tnode_of(new_dir), new_name, new_len, inode);
	} else if (ret == 0) {
		ret = tdir_add(tnode_of(new_dir), new_name, new_len, inode);
	}
	if (ret == 0) {
		if (white)
			tdir_replace(tnode_of(old_dir), old_name, old_len, &white->i);
		else
			tdir_remove(tnode_of(old_dir), old_name, old_len);
		if (is_dir) {
			old_dir->nlink--;
			new_dir->nlink++;
		}
		touch_ctime(inode);
	}
	inode_put(inode);
	if (white)
		inode_put(&white->i);
	return ret;
}

static int tmpfs_tmpfile(struct inode *dir, uint32_t mode, const struct vfs_caller *c,
			 struct inode **ret_inode)
{
	struct tnode *t;
	int ret = tnode_new(dir->sb, dir, mode, c, &t);

	if (ret < 0)
		return ret;
	t->i.nlink = 0;
	*ret_inode = &t->i;
	return 0;
}

static ssize_t tmpfs_readlink(struct inode *inode, const struct vfs_caller *c, char *buf,
			      size_t size)
{
	const char *text = tnode_of(inode)->link;
	size_t len = strlen(text);

	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, text, len + 1);
	return (ssize_t)len;
}

static int tmpfs_getattr(struct inode *inode, uint32_t mask, struct kstat *ret_st)
{
	inode_fill_stat(inode, ret_st);
	ret_st->blocks = tnode_of(inode)->nr_pages * (PAGE_SIZE / 512);
	return 0;
}

static int tmpfs_setattr(struct inode *inode, const struct kattr *a, const struct vfs_caller *c)
{
	if (a->valid & SA_SIZE)
		return tdata_truncate(tnode_of(inode), a->size);
	return 0;
}

static int tmpfs_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	if (LX_S_ISCHR(inode->mode))
		return chrdev_open(inode, f, c);
	if (!LX_S_ISDIR(inode->mode) && !LX_S_ISREG(inode->mode))
		return -ENXIO;
	f->ops = LX_S_ISDIR(inode->mode) ? &tmpfs_dir_ops : &tmpfs_file_ops;
	return 0;
}

static bool xattr_known(const char *name)
{
	return strncmp(name, LX_XATTR_USER_PREFIX, 5) == 0 ||
	       strncmp(name, LX_XATTR_TRUSTED_PREFIX, 8) == 0 ||
	       strncmp(name, LX_XATTR_SECURITY_PREFIX, 9) == 0;
}

static ssize_t tmpfs_getxattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	ssize_t ret;

	if (!xattr_known(name))
		return -EOPNOTSUPP;
	rwlock_rdlock(&inode->lock);
	ret = xattr_store_get(&tnode_of(inode)->xattrs, name, buf, size);
	rwlock_unlock(&inode->lock);
	return ret;
}

static int tmpfs_setxattr(struct inode *inode, const char *name, const void *val, size_t size,
			  int flags)
{
	int ret;

	if (!xattr_known(name))
		return -EOPNOTSUPP;
	rwlock_wrlock(&inode->lock);
	ret = xattr_store_set(&tnode_of(inode)->xattrs, name, val, size, flags);
	rwlock_unlock(&inode->lock);
	return ret;
}

static ssize_t tmpfs_listxattr(struct inode *inode, char *buf, size_t size)
{
	ssize_t ret;

	rwlock_rdlock(&inode->lock);
	ret = xattr_store_list(&tnode_of(inode)->xattrs, buf, size);
	rwlock_unlock(&inode->lock);
	return ret;
}

static int tmpfs_removexattr(struct inode *inode, const char *name)
{
	int ret;

	if (!xattr_known(name))
		return -EOPNOTSUPP;
	rwlock_wrlock(&inode->lock);
	ret = xattr_store_remove(&tnode_of(inode)->xattrs, name);
	rwlock_unlock(&inode->lock);
	return ret;
}

const struct inode_ops tmpfs_inode_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.mkdir = tmpfs_mkdir,
	.mknod = tmpfs_mknod,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	.readlink = tmpfs_readlink,
	.getattr = tmpfs_getattr,
	.setattr = tmpfs_setattr,
	.open = tmpfs_open,
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
	.removexattr = tmpfs_removexattr,
	.destroy = tmpfs_destroy,
};

/* --- super block --- */

static int tmpfs_statfs(struct super_block *sb, struct lx_statfs *st)
{
	struct tmpfs_sb *s = tsb_of(sb);
	uint64_t used = atomic_load(&s->pages), inodes = atomic_load(&s->inodes);

	if (s->max_pages) {
		st->f_blocks = s->max_pages;
		st->f_bfree = st->f_bavail = s->max_pages > used ? s->max_pages - used : 0;
	}
	if (s->max_inodes) {
		st->f_files = s->max_inodes;
		st->f_ffree = s->max_inodes > inodes ? s->max_inodes - inodes : 0;
	}
	return 0;
}

static void tmpfs_sb_destroy(struct super_block *sb)
{
	free(sb->priv);
}

static int tmpfs_show_options(struct super_block *sb, char *buf, size_t size)
{
	struct tmpfs_sb *s = tsb_of(sb);
	size_t n = 0;

	buf[0] = '\0';
	if (s->show_size)
		n += (size_t)snprintf(buf + n, size - n, ",size=%lluk",
				      (unsigned long long)(s->max_pages << (PAGE_SHIFT - 10)));
	if (s->show_inodes && n < size)
		n += (size_t)snprintf(buf + n, size - n, ",nr_inodes=%llu",
				      (unsigned long long)s->max_inodes);
	if (s->mode != (LX_S_ISVTX | 0777) && n < size)
		n += (size_t)snprintf(buf + n, size - n, ",mode=%03o", s->mode);
	if (s->uid && n < size)
		n += (size_t)snprintf(buf + n, size - n, ",uid=%u", s->uid);
	if (s->gid && n < size)
		n += (size_t)snprintf(buf + n, size - n, ",gid=%u", s->gid);
	return n < size ? (int)n : -ENAMETOOLONG;
}

/* "64m", "50%", "4096" */
static int parse_size(const char *val, uint64_t *ret_v)
{
	char *end;
	uint64_t v;
	unsigned int shift = 0;

	if (*val < '0' || *val > '9')
		return -EINVAL;
	v = strtoull(val, &end, 0);
	switch (*end) {
	case 'e':
	case 'E':
		shift += 10;
		fallthrough;
	case 'p':
	case 'P':
		shift += 10;
		fallthrough;
	case 't':
	case 'T':
		shift += 10;
		fallthrough;
	case 'g':
	case 'G':
		shift += 10;
		fallthrough;
	case 'm':
	case 'M':
		shift += 10;
		fallthrough;
	case 'k':
	case 'K':
		shift += 10;
		end++;
		break;
	case '%':
		v = v > 100 ? 2 * g_default_size : 2 * g_default_size / 100 * v;
		end++;
		break;
	default:
		break;
	}
	if (*end || (shift && v > (UINT64_MAX >> shift)))
		return -EINVAL;
	*ret_v = v << shift;
	return 0;
}

static int parse_number(const char *val, int base, uint64_t *ret_v)
{
	char *end;

	*ret_v = strtoull(val, &end, base);
	return !*val || *end ? -EINVAL : 0;
}

static int parse_option(struct tmpfs_sb *s, const char *key, const char *val)
{
	uint64_t v;
	int ret;

	if (strcmp(key, "size") == 0 || strcmp(key, "nr_blocks") == 0) {
		ret = parse_size(val, &v);
		if (ret == 0) {
			s->max_pages = key[0] == 's' ? DIV_ROUND_UP(v, PAGE_SIZE) : v;
			s->show_size = true;
		}
		return ret;
	}
	if (strcmp(key, "nr_inodes") == 0) {
		ret = parse_size(val, &v);
		if (ret == 0) {
			s->max_inodes = v;
			s->show_inodes = true;
		}
		return ret;
	}
	if (strcmp(key, "mode") == 0) {
		ret = parse_number(val, 8, &v);
		if (ret == 0)
			s->mode = (uint32_t)v & 07777;
		return ret;
	}
	if (strcmp(key, "uid") == 0 || strcmp(key, "gid") == 0) {
		ret = parse_number(val, 0, &v);
		if (ret < 0 || v > UINT32_MAX)
			return -EINVAL;
		*(key[0] == 'u' ? &s->uid : &s->gid) = (uint32_t)v;
		return 0;
	}
	/* Known to Linux, without meaning here. */
	if (strcmp(key, "huge") == 0 || strcmp(key, "mpol") == 0 || strcmp(key, "noswap") == 0 ||
	    strcmp(key, "inode64") == 0 || strcmp(key, "inode32") == 0)
		return 0;
	return -EINVAL;
}

static int parse_options(struct tmpfs_sb *s, const char *options)
{
	auto_free char *copy = options ? strdup(options) : NULL;
	char *save = NULL;

	if (!options || !*options)
		return 0;
	if (!copy)
		return -ENOMEM;
	for (char *o = strtok_r(copy, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(o, '=');
		int ret;

		if (eq)
			*eq++ = '\0';
		ret = parse_option(s, o, eq ? eq : "");
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Limits may change, not below what is used; the owner and mode of the root stay. */
static int tmpfs_remount(struct super_block *sb, const char *options)
{
	struct tmpfs_sb *s = tsb_of(sb), new = *s;
	int ret = parse_options(&new, options);

	if (ret < 0)
		return ret;
	if ((new.max_pages &&atomic_load(&s->pages) > new.max_pages) ||
	    (new.max_inodes &&atomic_load(&s->inodes) > new.max_inodes))
		return -EINVAL;
	WRITE_ONCE(s->max_pages, new.max_pages);
	WRITE_ONCE(s->max_inodes, new.max_inodes);
	s->show_size = new.show_size;
	s->show_inodes = new.show_inodes;
	return 0;
}

static const struct super_ops tmpfs_super_ops = {
	.remount = tmpfs_remount,
	.statfs = tmpfs_statfs,
	.destroy = tmpfs_sb_destroy,
	.show_options = tmpfs_show_options,
};

static int tmpfs_mount(const struct fstype *type, const char *source, const char *options,
		       void *boot_data, struct super_block **ret_sb)
{
	auto_put(super_block) struct super_block *sb = NULL;
	bool ramfs = type == &ramfs_type;
	struct vfs_caller nobody = { 0 };
	struct tmpfs_sb *s;
	struct tnode *root;
	int ret;

	ret = super_new(type, &tmpfs_super_ops, 0, ramfs ? LX_RAMFS_MAGIC : LX_TMPFS_MAGIC, &sb);
	if (ret < 0)
		return ret;
	s = calloc(1, sizeof(*s));
	sb->priv = s;
	if (!s)
		return -ENOMEM;
	s->mode = ramfs ? 0755 : LX_S_ISVTX | 0777;
	if (!ramfs)
		tmpfs_default_limits(s);
	s->next_ino = 1;
	ret = parse_options(s, options);
	if (ret < 0)
		return ret;
	ret = tnode_new(sb, NULL, LX_S_IFDIR | s->mode, &nobody, &root);
	if (ret < 0)
		return ret;
	root->i.uid = s->uid;
	root->i.gid = s->gid;
	ret = super_set_root(sb, &root->i);
	if (ret < 0)
		return ret;
	*ret_sb = STEAL(sb);
	return 0;
}

const struct fstype tmpfs_type = { .name = "tmpfs", .flags = FS_NODEV, .mount = tmpfs_mount };
const struct fstype ramfs_type = { .name = "ramfs", .flags = FS_NODEV, .mount = tmpfs_mount };

/* --- seals: memfd and fcntl --- */

int tmpfs_inode_new(struct super_block *sb, uint32_t mode, const struct vfs_caller *c,
		    struct inode **ret_inode)
{
	struct tnode *t;
	int ret = tnode_new(sb, NULL, mode, c, &t);

	if (ret < 0)
		return ret;
	t->i.nlink = 0;
	*ret_inode = &t->i;
	return 0;
}

const struct file_ops *tmpfs_ops(void)
{
	return &tmpfs_file_ops;
}

int tmpfs_get_seals(struct file *f)
{
	if (f->ops != &tmpfs_file_ops)
		return -EINVAL;
	return (int)atomic_load(&tnode_of(f->inode)->seals);
}

void tmpfs_set_seals(struct inode *i, unsigned int seals)
{
	atomic_store(&tnode_of(i)->seals, seals);
}

int tmpfs_add_seals(struct file *f, unsigned int seals)
{
	struct tnode *t;
	int ret = 0;

	if (f->ops != &tmpfs_file_ops)
		return -EINVAL;
	if (!(f->mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(unsigned int)(LX_F_SEAL_SEAL | LX_F_SEAL_SHRINK | LX_F_SEAL_GROW |
				    LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE | LX_F_SEAL_EXEC))
		return -EINVAL;
	t = tnode_of(f->inode);
	mutex_lock(&t->i.io_lock);
	if (atomic_load(&t->seals) & LX_F_SEAL_SEAL)
		ret = -EPERM;
	else if ((seals & LX_F_SEAL_WRITE) && !(atomic_load(&t->seals) & LX_F_SEAL_WRITE) &&
		 mappable_is_shared_writable(&t->m))
		ret = -EBUSY;
	if (ret == 0) {
		/*
		 * F_SEAL_EXEC on an executable implies the rest, so that it cannot be changed
		 * behind its readers.
		 */
		if ((seals & LX_F_SEAL_EXEC) && (t->i.mode & 0111))
			seals |= LX_F_SEAL_SHRINK | LX_F_SEAL_GROW | LX_F_SEAL_WRITE |
				 LX_F_SEAL_FUTURE_WRITE;
		atomic_fetch_or(&t->seals, seals);
	}
	mutex_unlock(&t->i.io_lock);
	return ret;
}

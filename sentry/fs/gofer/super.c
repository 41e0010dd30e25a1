/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Super blocks and inodes of the gofer file system: the table of host files that have an inode, how
 * each is reached (node id, or a name in a directory), and their cached attributes. See int.h for
 * locking.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/mount.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>
#include <host/host.h>

#include "fs/gofer/int.h"
#include "lock_class.h"

#define GOFER_FS_MAGIC 0x6b737568 /* in statfs only when the host does not answer */
#define FIRST_BITS     6u

uint64_t gofer_dev(const struct gofer_attr *attr)
{
	return (uint64_t)attr->dev_major << 32 | attr->dev_minor;
}

uint64_t gofer_guest_ino(struct gofer_sb *gsb, uint64_t dev, uint64_t ino)
{
	unsigned int n;

	if (dev == gsb->devs[0])
		return ino;
	mutex_lock(&gsb->lock);
	for (n = 0; n < gsb->nr_devs && gsb->devs[n] != dev; n++)
		;
	if (n == gsb->nr_devs && n < GOFER_DEVS_MAX)
		gsb->devs[gsb->nr_devs++] = dev;
	mutex_unlock(&gsb->lock);
	return ino ^ (uint64_t)n << 48;
}

void ginode_mark(struct ginode *gi, uint32_t flags)
{
	if ((atomic_load_explicit(&gi->flags, memory_order_relaxed) & flags) != flags)
		atomic_fetch_or(&gi->flags, flags);
}

bool ginode_fresh(struct ginode *gi)
{
	uint64_t ttl = gofer_sb_of(&gi->i)->ttl_ns;

	if (atomic_load(&gi->flags) & GI_STALE)
		return false;
	return ttl == GOFER_TTL_FOREVER || (ttl && host_now_ns() < atomic_load(&gi->valid_until));
}

static struct ktime time_of(const struct gofer_time *t)
{
	return (struct ktime){ .sec = t->sec, .nsec = t->nsec < 1000000000 ? t->nsec : 0 };
}

static void store_attr(struct ginode *gi, const struct gofer_attr *a)
{
	struct inode *i = &gi->i;
	uint64_t ttl = gofer_sb_of(i)->ttl_ns;

	i->mode = (i->mode & LX_S_IFMT) | (a->mode & 07777);
	i->uid = a->uid;
	i->gid = a->gid;
	i->nlink = a->nlink;
	i->size = a->size <= INT64_MAX ? a->size : INT64_MAX;
	i->atime = time_of(&a->atime);
	i->mtime = time_of(&a->mtime);
	i->ctime = time_of(&a->ctime);
	gi->blocks = a->blocks;
	if (ttl && ttl != GOFER_TTL_FOREVER) {
		uint64_t until = host_now_ns() + ttl;

		atomic_store(&gi->valid_until, until);
		if (LX_S_ISDIR(i->mode) && ginode_unmoved(gi, a))
			atomic_store(&gi->names_until, until);
	}
	atomic_fetch_and(&gi->flags, ~GI_STALE);
}

static bool same_file(const struct ginode *gi, const struct gofer_attr *attr)
{
	return gofer_dev(attr) == gi->dev && attr->ino == gi->ino &&
	       (attr->mode & LX_S_IFMT) == (gi->i.mode & LX_S_IFMT);
}

bool ginode_unmoved(const struct ginode *gd, const struct gofer_attr *a)
{
	return a->mtime.sec == gd->seen_mtime.sec && a->mtime.nsec == gd->seen_mtime.nsec &&
	       a->ctime.sec == gd->seen_ctime.sec && a->ctime.nsec == gd->seen_ctime.nsec;
}

void ginode_believe(struct ginode *gd)
{
	uint64_t until = host_now_ns() + GOFER_TTL_NS;

	atomic_store(&gd->names_until, until);
	atomic_store(&gd->valid_until, until);
}

int ginode_set_attr(struct ginode *gi, const struct gofer_attr *attr)
{
	if (!same_file(gi, attr))
		return -ESTALE;
	/* Nested: callers may hold the directory's. */
	rwlock_wrlock_nested(&gi->i.lock);
	store_attr(gi, attr);
	rwlock_unlock(&gi->i.lock);
	return 0;
}

int ginode_try_attr(struct ginode *gi, const struct gofer_attr *attr)
{
	if (!same_file(gi, attr))
		return -ESTALE;
	if (rwlock_trywrlock(&gi->i.lock)) {
		store_attr(gi, attr);
		rwlock_unlock(&gi->i.lock);
	} else {
		ginode_mark(gi, GI_STALE);
	}
	return 0;
}

static const struct inode_ops gofer_inode_ops, gofer_shared_ops;

/* --- the table --- */

static size_t slot_of(const struct gofer_sb *gsb, uint64_t dev, uint64_t ino)
{
	return hash_to_bits(hash_u64(ino ^ dev * 0x9e3779b97f4a7c15u), gsb->table_bits);
}

static void table_grow_locked(struct gofer_sb *gsb)
{
	unsigned int old_bits = gsb->table_bits;
	struct hlist_head *old = gsb->table, *new;

	new = calloc((size_t)1 << (old_bits + 1), sizeof(*new));
	if (!new)
		return; /* longer chains, that is all */
	gsb->table = new;
	gsb->table_bits++;
	for (size_t n = 0; n < (size_t)1 << old_bits; n++) {
		struct ginode *gi;
		struct hlist_node *tmp;

		hlist_for_each_entry_safe(gi, tmp, &old[n], hash) {
			hlist_del(&gi->hash);
			hlist_add_head(&gi->hash, &new[slot_of(gsb, gi->dev, gi->ino)]);
		}
	}
	free(old);
}

static struct ginode *table_find_locked(struct gofer_sb *gsb, uint64_t dev, uint64_t ino,
					uint32_t mode)
{
	struct ginode *gi;

	hlist_for_each_entry(gi, &gsb->table[slot_of(gsb, dev, ino)], hash) {
		if (gi->ino == ino && gi->dev == dev && !((gi->i.mode ^ mode) & LX_S_IFMT) &&
		    ref_get_unless_zero(&gi->i.ref))
			return gi;
	}
	return NULL;
}

static void unhash_locked(struct gofer_sb *gsb, struct ginode *gi)
{
	if (!(atomic_fetch_or(&gi->flags, GI_UNHASHED) & GI_UNHASHED)) {
		hlist_del(&gi->hash);
		gsb->nr_inodes--;
	}
}

bool ginode_was_opened(struct gofer_sb *gsb, uint64_t dev, uint64_t ino)
{
	struct ginode *gi;
	bool opened = false;

	mutex_lock(&gsb->lock);
	hlist_for_each_entry(gi, &gsb->table[slot_of(gsb, dev, ino)], hash) {
		if (gi->ino == ino && gi->dev == dev)
			opened = opened || atomic_load(&gi->flags) & GI_OPENED;
	}
	mutex_unlock(&gsb->lock);
	return opened;
}

void ginode_unhash(struct ginode *gi)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);

	mutex_lock(&gsb->lock);
	unhash_locked(gsb, gi);
	mutex_unlock(&gsb->lock);
}

static int ginode_new(struct gofer_sb *gsb, const struct gofer_attr *a, struct ginode **ret_gi)
{
	struct ginode *gi = calloc(1, sizeof(*gi));

	if (!gi)
		return -ENOMEM;
	inode_init(&gi->i, gsb->sb,
		   gsb->ttl_ns == GOFER_TTL_FOREVER ? &gofer_inode_ops : &gofer_shared_ops,
		   gofer_guest_ino(gsb, gofer_dev(a), a->ino), a->mode & (LX_S_IFMT | 07777));
	gi->dev = gofer_dev(a);
	gi->ino = a->ino;
	gi->blksize = a->blksize >= 512 && a->blksize <= (1u << 20) ? a->blksize : 4096;
	gi->seen_mtime = a->mtime;
	gi->seen_ctime = a->ctime;
	gi->i.rdev_major = a->rdev_major;
	gi->i.rdev_minor = a->rdev_minor;
	if (a->flags & GOFER_ATTR_BTIME)
		gi->i.btime = time_of(&a->btime);
	mappable_init(&gi->map, &gofer_mappable_ops);
	mutex_init(&gi->lock, LC_GOFER_INODE);
	INIT_LIST_HEAD(&gi->fd_link);
	INIT_LIST_HEAD(&gi->list_link);
	INIT_HLIST_NODE(&gi->hash);
	store_attr(gi, a);
	gi->names_until = gi->valid_until;
	*ret_gi = gi;
	return 0;
}

/* An inode that was there already learns what a walk brought. */
static void adopt(struct ginode *gi, uint64_t nid, const char *link, size_t link_size)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);
	struct ginode *dir = NULL;
	char *name = NULL;

	mutex_lock(&gi->lock);
	if (nid && !gi->nid) {
		gi->nid = nid;
		nid = 0;
		dir = STEAL(gi->dir);
		name = STEAL(gi->name);
	}
	if (link_size && !gi->link)
		gi->link = strndup(link, link_size);
	mutex_unlock(&gi->lock);
	ginode_put_dir(dir, name);
	if (nid)
		gofer_forget(gsb->conn, nid);
}

int ginode_find_or_new(struct gofer_sb *gsb, const struct gofer_attr *attr, uint64_t nid,
		       struct ginode *dir, const char *name, size_t len, const char *link,
		       size_t link_size, bool fresh, struct inode **ret_inode)
{
	struct ginode *gi, *new = NULL;
	int ret;

	mutex_lock(&gsb->lock);
	gi = table_find_locked(gsb, gofer_dev(attr), attr->ino, attr->mode);
	mutex_unlock(&gsb->lock);
	if (!gi) {
		ret = ginode_new(gsb, attr, &new);
		if (ret == 0 && !nid) {
			new->name = strndup(name, len);
			if (!new->name)
				ret = -ENOMEM;
			else
				new->dir = ginode_of(inode_get(&dir->i));
		}
		if (ret < 0) {
			if (new) {
				atomic_fetch_or(&new->flags, GI_UNHASHED);
				inode_put(&new->i);
			}
			if (nid)
				gofer_forget(gsb->conn, nid);
			return ret;
		}
		mutex_lock(&gsb->lock);
		gi = table_find_locked(gsb, gofer_dev(attr), attr->ino, attr->mode);
		if (!gi) {
			new->nid = nid;
			if (link_size)
				new->link = strndup(link, link_size);
			hlist_add_head(&new->hash, &gsb->table[slot_of(gsb, new->dev, new->ino)]);
			if (++gsb->nr_inodes > 2u << gsb->table_bits)
				table_grow_locked(gsb);
		}
		mutex_unlock(&gsb->lock);
		if (!gi) {
			*ret_inode = &new->i;
			return 0;
		}
		atomic_fetch_or(&new->flags, GI_UNHASHED);
		inode_put(&new->i); /* somebody was faster */
	}
	if (fresh || !ginode_fresh(gi))
		ginode_try_attr(gi, attr);
	adopt(gi, nid, link, link_size);
	*ret_inode = &gi->i;
	return 0;
}

void ginode_put_dir(struct ginode *dir, char *name)
{
	free(name);
	if (dir)
		inode_put(&dir->i);
}

int ginode_take_nid_locked(struct ginode *gi, const struct gofer_node *node,
			   struct ginode **ret_dir, char **ret_name)
{
	if (!node->node)
		return -EIO;
	if (gofer_dev(&node->attr) != gi->dev || node->attr.ino != gi->ino) {
		gofer_forget(gofer_sb_of(&gi->i)->conn, node->node);
		return -ESTALE;
	}
	gi->nid = node->node;
	*ret_dir = STEAL(gi->dir);
	*ret_name = STEAL(gi->name);
	return 0;
}

/* Asks for the id of a file whose directory has one. */
static int walk_node(struct ginode *gi, uint64_t dir_nid)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);
	struct gofer_walk_req q = { .node = dir_nid };
	struct gofer_walk_rep r;
	struct gofer_str name;
	struct {
		struct gofer_node node;
		char link[GOFER_LINK_MAX + 1];
	} blob;
	struct gofer_call call = {
		.op = GOFER_WALK,
		.req = &q,
		.names = &name,
		.nr_names = 1,
		.rep = &r,
		.rep_blob = &blob,
		.rep_blob_max = sizeof(blob),
	};
	struct ginode *dir = NULL;
	char *old_name = NULL;
	int ret = 0;

	mutex_lock(&gi->lock);
	if (gi->nid)
		goto out; /* somebody was faster */
	if (!gi->name) {
		ret = -ESTALE;
		goto out;
	}
	name = (struct gofer_str){ gi->name, (uint32_t)strlen(gi->name) };
	ret = gofer_call(gsb->conn, &call);
	if (ret < 0)
		goto out;
	if (r.nr_nodes != 1 || call.rep_blob_size < sizeof(blob.node) || !blob.node.node) {
		ret = r.nr_nodes == 0 && r.stop < 0 ? -ESTALE : -EPROTO;
		goto out;
	}
	if (!gi->link && r.link_size && call.rep_blob_size == sizeof(blob.node) + r.link_size)
		gi->link = strndup(blob.link, r.link_size);
	ret = ginode_take_nid_locked(gi, &blob.node, &dir, &old_name);
out:
	mutex_unlock(&gi->lock);
	ginode_put_dir(dir, old_name);
	return ret;
}

int ginode_start(struct ginode *gi, uint64_t *ret_nid, struct ginode **ret_dir)
{
	int ret = 0;

	mutex_lock(&gi->lock);
	if (gi->nid)
		*ret_nid = gi->nid;
	else if (gi->dir)
		*ret_dir = ginode_of(inode_get(&gi->dir->i));
	else
		ret = -ESTALE; /* it lost its name before we had an id */
	mutex_unlock(&gi->lock);
	return ret;
}

int ginode_nid(struct ginode *gi, uint64_t *ret_nid)
{
	for (;;) {
		struct ginode *at = ginode_of(inode_get(&gi->i)), *dir = NULL;
		uint64_t nid = 0;
		int ret = ginode_start(at, &nid, &dir);

		if (ret == 0 && nid) {
			inode_put(&at->i);
			*ret_nid = nid;
			return 0;
		}
		/* Up to the first directory with an id, then one step down; and again. */
		while (ret == 0) {
			struct ginode *up = NULL;

			ret = ginode_start(dir, &nid, &up);
			if (ret < 0 || nid)
				break;
			inode_put(&at->i);
			at = dir;
			dir = up;
		}
		if (ret == 0)
			ret = walk_node(at, nid);
		inode_put(&at->i);
		if (dir)
			inode_put(&dir->i);
		if (ret < 0)
			return ret;
	}
}

static void ginode_destroy(struct inode *i)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_sb *gsb = gofer_sb_of(i);

	if (atomic_load(&gi->flags) & GI_MODIFIED)
		atomic_fetch_add(&gsb->attr_epoch, 1);
	listing_drop(gi);
	ahead_drop(gi);
	mutex_lock(&gsb->lock);
	unhash_locked(gsb, gi);
	if (!list_empty(&gi->fd_link)) {
		list_del_init(&gi->fd_link);
		gsb->nr_fds--;
	}
	mutex_unlock(&gsb->lock);
	if (gi->bf)
		backing_file_put(gi->bf);
	if (gi->nid)
		gofer_forget(gsb->conn, gi->nid);
	ginode_put_dir(gi->dir, gi->name);
	free(gi->link);
	mappable_fini(&gi->map);
	mutex_fini(&gi->lock);
	inode_fini(i);
	free(gi);
}

/* clang-format off */
#define GOFER_OPS \
	.lookup = gofer_lookup, \
	.create = gofer_create, \
	.mkdir = gofer_mkdir, \
	.mknod = gofer_mknod, \
	.symlink = gofer_symlink, \
	.link = gofer_link, \
	.unlink = gofer_unlink, \
	.rmdir = gofer_rmdir, \
	.rename = gofer_rename, \
	.readlink = gofer_readlink, \
	.getattr = gofer_getattr, \
	.setattr = gofer_setattr, \
	.open = gofer_open, \
	.getxattr = gofer_getxattr, \
	.setxattr = gofer_setxattr, \
	.listxattr = gofer_listxattr, \
	.removexattr = gofer_removexattr, \
	.destroy = ginode_destroy
/* clang-format on */

static const struct inode_ops gofer_inode_ops = { GOFER_OPS };
static const struct inode_ops gofer_shared_ops = { GOFER_OPS, .revalidate = gofer_revalidate };

/* --- super block --- */

static void gofer_sb_destroy(struct super_block *sb)
{
	struct gofer_sb *gsb = sb->priv;

	if (!gsb)
		return;
	gofer_forget_flush(gsb->conn);
	gofer_conn_put(gsb->conn);
	mutex_fini(&gsb->lock);
	free(gsb->table);
	free(gsb);
}

static const struct super_ops gofer_super_ops = {
	.statfs = gofer_statfs,
	.destroy = gofer_sb_destroy,
};

static int gofer_mount(const struct fstype *t, const char *source, const char *options,
		       void *boot_data, struct super_block **ret_sb)
{
	const struct gofer_mount *m = boot_data;
	struct gofer_attach_req q = { .version = GOFER_PROTO_VERSION };
	struct gofer_attach_rep r;
	struct gofer_call call = { .op = GOFER_ATTACH, .req = &q, .rep = &r };
	auto_put(super_block) struct super_block *sb = NULL;
	struct gofer_sb *gsb;
	struct inode *root;
	int ret;

	if (!m)
		return -ENODEV; /* only the sandbox itself mounts host trees */
	q.mount = m->mount;
	ret = gofer_call(m->conn, &call);
	if (ret < 0)
		return ret;
	ret = super_new(t, &gofer_super_ops, SB_KILLABLE, GOFER_FS_MAGIC, &sb);
	if (ret < 0)
		return ret;
	gsb = calloc(1, sizeof(*gsb));
	if (!gsb)
		return -ENOMEM;
	sb->priv = gsb;
	gsb->sb = sb;
	gsb->conn = gofer_conn_get(m->conn);
	mutex_init(&gsb->lock, LC_GOFER_SB);
	INIT_LIST_HEAD(&gsb->fds);
	INIT_LIST_HEAD(&gsb->listings);
	INIT_LIST_HEAD(&gsb->aheads);
	gsb->ahead_window = 8;
	gsb->ro = r.flags & GOFER_MOUNT_RO;
	if (gsb->ro)
		sb->flags |= SB_RDONLY;
	gsb->ttl_ns = !m->shared ? GOFER_TTL_FOREVER : gsb->ro ? GOFER_TTL_NS : 0;
	gsb->devs[0] = gofer_dev(&r.root.attr);
	gsb->nr_devs = 1;
	gsb->table_bits = FIRST_BITS;
	gsb->table = calloc((size_t)1 << FIRST_BITS, sizeof(*gsb->table));
	if (!gsb->table)
		return -ENOMEM;
	ret = ginode_find_or_new(gsb, &r.root.attr, r.root.node, NULL, NULL, 0, NULL, 0, true,
				 &root);
	if (ret < 0)
		return ret;
	ret = super_set_root(sb, root);
	if (ret < 0)
		return ret;
	*ret_sb = STEAL(sb);
	return 0;
}

const struct fstype gofer_type = {
	.name = "gofer",
	.flags = FS_NODEV,
	.mount = gofer_mount,
};

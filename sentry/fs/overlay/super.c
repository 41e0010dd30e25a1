/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The overlay's super block and its inodes: which lower file has one, and which of them are kept
 * because they differ from it. See int.h for locking.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>

#include "fs/overlay/int.h"
#include "lock_class.h"
#include "vfs/dentry.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define FIRST_BITS      6u

/* --- the table --- */

static struct hlist_head *bucket(struct overlay_sb *osb, const struct inode *lower)
{
	return &osb->table[hash_to_bits(hash_u64((uint64_t)(uintptr_t)lower), osb->table_bits)];
}

static struct onode *table_find_locked(struct overlay_sb *osb, const struct inode *lower)
{
	struct onode *on;

	hlist_for_each_entry(on, bucket(osb, lower), hash) {
		if (on->lower == lower && ref_get_unless_zero(&on->i.ref))
			return on;
	}
	return NULL;
}

static void table_grow_locked(struct overlay_sb *osb)
{
	struct hlist_head *old = osb->table, *new;
	size_t nr_old = (size_t)1 << osb->table_bits;

	new = calloc(nr_old * 2, sizeof(*new));
	if (!new)
		return; /* longer chains, that is all */
	osb->table = new;
	osb->table_bits++;
	for (size_t n = 0; n < nr_old; n++) {
		struct onode *on;
		struct hlist_node *tmp;

		hlist_for_each_entry_safe(on, tmp, &old[n], hash) {
			hlist_del(&on->hash);
			hlist_add_head(&on->hash, bucket(osb, on->lower));
		}
	}
	free(old);
}

static int onode_alloc(struct overlay_sb *osb, uint64_t ino, uint32_t mode, struct onode **ret_on)
{
	struct onode *on = calloc(1, sizeof(*on));

	if (!on)
		return -ENOMEM;
	inode_init(&on->i, osb->sb, osb->fixed ? &overlay_fixed_ops : &overlay_inode_ops, ino,
		   mode);
	mappable_init(&on->map, &overlay_mappable_ops);
	mutex_init(&on->lock, LC_OVERLAY);
	INIT_HLIST_NODE(&on->hash);
	INIT_LIST_HEAD(&on->pin_link);
	atomic_store(&on->flags, ON_UNHASHED);
	*ret_on = on;
	return 0;
}

static void copy_attr(struct onode *on)
{
	struct inode *i = &on->i, *l = on->lower;

	i->mode = (i->mode & LX_S_IFMT) | (l->mode & 07777);
	i->uid = l->uid;
	i->gid = l->gid;
	i->nlink = l->nlink;
	i->size = l->size;
	i->atime = l->atime;
	i->mtime = l->mtime;
	i->ctime = l->ctime;
}

void onode_sync(struct onode *on)
{
	struct inode tmp;

	if (!on->lower || atomic_load(&on->flags) & ON_META)
		return;
	/* Never both locks at once: their order would depend on who calls. */
	rwlock_rdlock_nested(&on->lower->lock);
	tmp.mode = on->lower->mode;
	tmp.uid = on->lower->uid;
	tmp.gid = on->lower->gid;
	tmp.nlink = on->lower->nlink;
	tmp.size = on->lower->size;
	tmp.atime = on->lower->atime;
	tmp.mtime = on->lower->mtime;
	tmp.ctime = on->lower->ctime;
	rwlock_unlock(&on->lower->lock);
	/*
	 * vfs may hold this very lock (a rename into the parent): what it works on is recent
	 * enough.
	 */
	if (!rwlock_trywrlock(&on->i.lock))
		return;
	if (!(atomic_load(&on->flags) & ON_META)) {
		on->i.mode = (on->i.mode & LX_S_IFMT) | (tmp.mode & 07777);
		on->i.uid = tmp.uid;
		on->i.gid = tmp.gid;
		on->i.nlink = tmp.nlink;
		on->i.size = tmp.size;
		on->i.atime = tmp.atime;
		on->i.mtime = tmp.mtime;
		on->i.ctime = tmp.ctime;
	}
	rwlock_unlock(&on->i.lock);
}

int onode_from_lower(struct overlay_sb *osb, struct inode *lower, struct inode **ret_inode)
{
	struct onode *on, *new;
	int ret;

	mutex_lock(&osb->lock);
	on = table_find_locked(osb, lower);
	mutex_unlock(&osb->lock);
	if (on) {
		inode_put(lower);
		onode_sync(on);
		*ret_inode = &on->i;
		return 0;
	}
	ret = onode_alloc(osb, lower->ino, lower->mode, &new);
	if (ret < 0) {
		inode_put(lower);
		return ret;
	}
	new->lower = lower; /* consumed */
	new->i.rdev_major = lower->rdev_major;
	new->i.rdev_minor = lower->rdev_minor;
	new->i.btime = lower->btime;
	copy_attr(new);
	mutex_lock(&osb->lock);
	on = table_find_locked(osb, lower);
	if (!on) {
		atomic_fetch_and(&new->flags, ~ON_UNHASHED);
		hlist_add_head(&new->hash, bucket(osb, lower));
		if (++osb->nr_inodes > 2u << osb->table_bits)
			table_grow_locked(osb);
	}
	mutex_unlock(&osb->lock);
	if (on) {
		inode_put(&new->i); /* somebody was faster */
		new = on;
	}
	*ret_inode = &new->i;
	return 0;
}

int onode_new_dir(struct overlay_sb *osb, struct inode *dir, uint32_t mode,
		  const struct vfs_caller *c, struct inode **ret_inode)
{
	struct onode *on;
	int ret = upper_charge_inode(osb);

	if (ret < 0)
		return ret;
	ret = onode_alloc(osb, upper_new_ino(osb), LX_S_IFDIR, &on);
	if (ret < 0) {
		upper_uncharge_inode(osb);
		return ret;
	}
	inode_init_owner(&on->i, dir, c, mode);
	on->i.nlink = 2;
	atomic_fetch_or(&on->flags, ON_META);
	*ret_inode = &on->i;
	return 0;
}

void onode_own(struct onode *on, unsigned int flags)
{
	struct overlay_sb *osb = overlay_sb_of(&on->i);

	if ((atomic_load(&on->flags) & flags) == flags)
		return;
	onode_sync(on);
	mutex_lock(&osb->lock);
	atomic_fetch_or(&on->flags, flags);
	if (on->lower && list_empty(&on->pin_link)) {
		inode_get(&on->i);
		list_add(&on->pin_link, &osb->pinned);
	}
	mutex_unlock(&osb->lock);
}

void onode_unpin(struct onode *on)
{
	struct overlay_sb *osb = overlay_sb_of(&on->i);
	bool was;

	mutex_lock(&osb->lock);
	was = !list_empty(&on->pin_link);
	list_del_init(&on->pin_link);
	mutex_unlock(&osb->lock);
	if (was)
		inode_put(&on->i);
}

static void onode_destroy(struct inode *i)
{
	struct overlay_sb *osb = overlay_sb_of(i);
	struct onode *on = onode_of(i);

	mutex_lock(&osb->lock);
	if (!(atomic_fetch_or(&on->flags, ON_UNHASHED) & ON_UNHASHED)) {
		hlist_del(&on->hash);
		osb->nr_inodes--;
	}
	mutex_unlock(&osb->lock);
	delta_free(on->delta);
	if (!on->lower)
		upper_uncharge_inode(osb);
	if (on->real_map)
		mappable_put(on->real_map);
	if (on->upper)
		inode_put(on->upper);
	if (on->xattrs)
		xattr_store_fini(on->xattrs);
	free(on->xattrs);
	if (on->lower)
		inode_put(on->lower);
	mappable_fini(&on->map);
	mutex_fini(&on->lock);
	inode_fini(i);
	free(on);
}

/* clang-format off */
#define OVERLAY_OPS \
	.lookup = overlay_lookup, \
	.create = overlay_create, \
	.mkdir = overlay_mkdir, \
	.mknod = overlay_mknod, \
	.symlink = overlay_symlink, \
	.link = overlay_link, \
	.unlink = overlay_unlink, \
	.rmdir = overlay_rmdir, \
	.rename = overlay_rename, \
	.tmpfile = overlay_tmpfile, \
	.readlink = overlay_readlink, \
	.getattr = overlay_getattr, \
	.setattr = overlay_setattr, \
	.open = overlay_open, \
	.getxattr = overlay_getxattr, \
	.setxattr = overlay_setxattr, \
	.listxattr = overlay_listxattr, \
	.removexattr = overlay_removexattr, \
	.destroy = onode_destroy
/* clang-format on */

const struct inode_ops overlay_inode_ops = { OVERLAY_OPS, .revalidate = overlay_revalidate };
const struct inode_ops overlay_fixed_ops = { OVERLAY_OPS };

/* --- super block --- */

static void overlay_sb_destroy(struct super_block *sb)
{
	struct overlay_sb *osb = sb->priv;

	if (!osb)
		return;
	if (osb->lower)
		super_unuse(osb->lower);
	mutex_fini(&osb->lock);
	free(osb->table);
	free(osb);
}

/*
 * Nothing can be found by name any more: what was kept for that goes, and the lower tree's names
 * with it.
 */
static void overlay_unmounted(struct super_block *sb)
{
	struct overlay_sb *osb = sb->priv;
	struct onode *on;

	for (;;) {
		mutex_lock(&osb->lock);
		on = list_first_entry_or_null(&osb->pinned, struct onode, pin_link);
		if (on)
			list_del_init(&on->pin_link);
		mutex_unlock(&osb->lock);
		if (!on)
			break;
		inode_put(&on->i);
	}
	super_unuse(osb->lower);
	osb->lower = NULL;
}

static int overlay_statfs(struct super_block *sb, struct lx_statfs *ret_st)
{
	struct overlay_sb *osb = sb->priv;
	int ret = osb->lower->ops->statfs(osb->lower, ret_st);

	if (ret < 0)
		return ret;
	ret_st->f_type = OVERLAYFS_MAGIC;
	upper_statfs(osb, ret_st);
	return 0;
}

static const struct super_ops overlay_super_ops = {
	.statfs = overlay_statfs,
	.unmounted = overlay_unmounted,
	.destroy = overlay_sb_destroy,
};

static int overlay_mount(const struct fstype *t, const char *source, const char *options,
			 void *boot_data, struct super_block **ret_sb)
{
	const struct overlay_mount *m = boot_data;
	auto_put(super_block) struct super_block *sb = NULL;
	struct overlay_sb *osb;
	struct inode *root;
	int ret;

	if (!m)
		return -ENODEV; /* mount(2) of an overlay by the guest: not yet */
	ret = super_new(t, &overlay_super_ops, m->lower->flags & SB_KILLABLE, OVERLAYFS_MAGIC, &sb);
	if (ret < 0)
		return ret;
	osb = calloc(1, sizeof(*osb));
	if (!osb)
		return -ENOMEM;
	sb->priv = osb;
	osb->sb = sb;
	mutex_init(&osb->lock, LC_OVERLAY_SB);
	INIT_LIST_HEAD(&osb->pinned);
	osb->table_bits = FIRST_BITS;
	osb->table = calloc((size_t)1 << FIRST_BITS, sizeof(*osb->table));
	if (!osb->table)
		return -ENOMEM;
	upper_init(osb, m->size);
	super_use(m->lower);
	osb->lower = m->lower;
	osb->fixed = !m->lower->root->inode->ops->revalidate;
	ret = onode_from_lower(osb, inode_get(m->lower->root->inode), &root);
	if (ret < 0)
		return ret;
	ret = super_set_root(sb, root);
	if (ret < 0)
		return ret;
	*ret_sb = STEAL(sb);
	return 0;
}

const struct fstype overlay_type = {
	.name = "overlay",
	.flags = FS_NODEV,
	.mount = overlay_mount,
};

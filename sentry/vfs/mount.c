/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount tree: which mount covers which directory, and the changes of mount(2), umount2(2) and
 * pivot_root(2).
 *
 * References: the mount table holds one on each attached mount; a mount holds its parent, its mount
 * point and its root, and keeps its super block in use. Locking: g_mount_lock for changes; links
 * and table entries also change under g_dcache_lock for writing, so a walk that holds it for
 * reading sees a tree that stands still. Differs from Linux: propagation between peers is recorded
 * and shown, events are copied inside one namespace only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/mount.h>
#include <abi/linux/stat.h>

#include "lock_class.h"
#include "vfs/inode.h"
#include "vfs/mnt_int.h"
#include "vfs/perm.h"

#define TABLE_BITS 6

struct mutex g_mount_lock = MUTEX_INIT(LC_MOUNT);
static struct hlist_head g_table[1 << TABLE_BITS]; /* GUARDED_BY(g_dcache_lock) */
static _Atomic uint64_t g_next_id = 20;
static _Atomic uint64_t g_next_group = 1;

static struct hlist_head *bucket(const struct mount *parent, const struct dentry *d)
{
	return &g_table[hash_to_bits(hash_u64((uintptr_t)parent ^ hash_u64((uintptr_t)d)),
				     TABLE_BITS)];
}

struct mount *mount_find_locked(const struct mount *parent, const struct dentry *d)
{
	struct mount *m;

	hlist_for_each_entry(m, bucket(parent, d), hash) {
		if (m->parent == parent && m->mountpoint.dentry == d)
			return m;
	}
	return NULL;
}

struct mount *mount_get(struct mount *m)
{
	ref_get(&m->ref);
	return m;
}

void mount_put(struct mount *m)
{
	if (!m || !ref_put(&m->ref))
		return;
	dentry_put(m->root);
	super_unuse(m->sb);
	free(m->source);
	free(m);
}

int mount_new(struct super_block *sb, struct dentry *root, const char *source, unsigned int flags,
	      struct mount **ret_m)
{
	struct mount *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->source = strdup(source ? source : "none");
	if (!m->source) {
		free(m);
		return -ENOMEM;
	}
	ref_init(&m->ref);
	m->id = atomic_fetch_add(&g_next_id, 1);
	m->sb = sb;
	super_use(sb);
	m->root = dentry_get(root);
	m->flags = flags & MNT_FLAG_MASK;
	m->propagation = LX_MS_PRIVATE;
	INIT_LIST_HEAD(&m->children);
	INIT_LIST_HEAD(&m->sibling);
	INIT_LIST_HEAD(&m->peers);
	INIT_LIST_HEAD(&m->slaves);
	INIT_LIST_HEAD(&m->slave_link);
	INIT_LIST_HEAD(&m->ns_link);
	m->detached = true;
	*ret_m = m;
	return 0;
}

bool mount_is_rdonly(const struct mount *m)
{
	return (READ_ONCE(m->flags) & LX_MS_RDONLY) || (READ_ONCE(m->sb->flags) & SB_RDONLY);
}

int mount_want_write(struct mount *m)
{
	atomic_fetch_add(&m->nr_writers, 1);
	if (mount_is_rdonly(m)) {
		atomic_fetch_sub(&m->nr_writers, 1);
		return -EROFS;
	}
	return 0;
}

void mount_drop_write(struct mount *m)
{
	atomic_fetch_sub(&m->nr_writers, 1);
}

void mount_attach(struct mntns *ns, struct mount *m, struct mount *parent, struct dentry *d)
{
	rwlock_wrlock(&g_dcache_lock);
	m->ns = ns;
	m->detached = false;
	m->parent = parent ? mount_get(parent) : NULL;
	if (parent) {
		m->mountpoint = (struct path){ parent, dentry_get(d) };
		d->nr_mounts++;
		hlist_add_head(&m->hash, bucket(parent, d));
		list_add_tail(&m->sibling, &parent->children);
	}
	list_add_tail(&m->ns_link, &ns->mounts);
	ns->nr_mounts++;
	rwlock_unlock(&g_dcache_lock);
}

void mount_detach(struct mount *m)
{
	struct mount *parent;
	struct dentry *d;

	rwlock_wrlock(&g_dcache_lock);
	parent = m->parent;
	d = m->mountpoint.dentry;
	if (parent) {
		hlist_del(&m->hash);
		list_del_init(&m->sibling);
		d->nr_mounts--;
	}
	m->parent = NULL;
	m->mountpoint = (struct path){ NULL, NULL };
	m->detached = true;
	list_del_init(&m->ns_link);
	if (m->ns)
		m->ns->nr_mounts--;
	m->ns = NULL;
	rwlock_unlock(&g_dcache_lock);
	dentry_put(d);
	mount_put(parent);
}

bool path_is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

/* May something of this kind be mounted there? */
static int check_mountpoint(struct mntns *ns, const struct path *at, const struct dentry *root)
{
	if (at->mnt->ns != ns)
		return -EINVAL;
	if (LX_S_ISDIR(at->dentry->inode->mode) != LX_S_ISDIR(root->inode->mode))
		return -ENOTDIR;
	if (at->dentry->flags & DENTRY_DELETED)
		return -ENOENT;
	return ns->nr_mounts >= MNTNS_MAX_MOUNTS ? -ENOSPC : 0;
}

static void make_shared(struct mount *m)
{
	if (m->peer_group == 0)
		m->peer_group = atomic_fetch_add(&g_next_group, 1);
	m->propagation = LX_MS_SHARED;
}

/* A copy of m alone, from dentry root on. Peers copy their group, slaves their master. */
static int clone_one(const struct mount *m, struct dentry *root, struct mount **ret_m)
{
	int ret = mount_new(m->sb, root, m->source, m->flags, ret_m);

	if (ret < 0)
		return ret;
	(*ret_m)->propagation = m->propagation;
	(*ret_m)->peer_group = m->peer_group;
	(*ret_m)->master_group = m->master_group;
	return 0;
}

static void umount_tree(struct mount *m) REQUIRES(g_mount_lock);
static void umount_tree(struct mount *m)
{
	while (!list_empty(&m->children))
		umount_tree(list_first_entry(&m->children, struct mount, sibling));
	mount_detach(m);
	mount_put(m);
}

/* The mounts below from that lie in the tree of from->root, copied onto to. */
static int clone_children(struct mntns *ns, struct mount *from, struct mount *to)
	REQUIRES(g_mount_lock);
static int clone_children(struct mntns *ns, struct mount *from, struct mount *to)
{
	struct mount *c, *copy;

	list_for_each_entry(c, &from->children, sibling) {
		bool below;
		int ret;

		if (c->propagation == LX_MS_UNBINDABLE || c == to)
			continue;
		rwlock_rdlock(&g_dcache_lock);
		below = dentry_is_below(c->mountpoint.dentry, to->root);
		rwlock_unlock(&g_dcache_lock);
		if (!below)
			continue;
		ret = clone_one(c, c->root, &copy);
		if (ret < 0)
			return ret;
		mount_attach(ns, copy, to, c->mountpoint.dentry);
		ret = clone_children(ns, c, copy);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Mounts that follow events of src: its peers, and slaves of its group. */
static bool receives(const struct mount *m, const struct mount *src)
{
	return m != src && src->peer_group &&
	       (m->peer_group == src->peer_group || m->master_group == src->peer_group);
}

/* m was mounted at (parent, d): the same appears on parent's peers and slaves. */
static void propagate_mount(struct mntns *ns, struct mount *m, struct mount *parent,
			    struct dentry *d) REQUIRES(g_mount_lock);
static void propagate_mount(struct mntns *ns, struct mount *m, struct mount *parent,
			    struct dentry *d)
{
	struct mount *p, *tmp, *copy;

	if (parent->propagation != LX_MS_SHARED)
		return;
	make_shared(m);
	list_for_each_entry_safe(p, tmp, &ns->mounts, ns_link) {
		bool fits;

		if (!receives(p, parent))
			continue;
		rwlock_rdlock(&g_dcache_lock);
		fits = p->sb == parent->sb && dentry_is_below(d, p->root) &&
		       !mount_find_locked(p, d);
		rwlock_unlock(&g_dcache_lock);
		if (!fits || clone_one(m, m->root, &copy) < 0)
			continue;
		if (p->peer_group != parent->peer_group) {
			copy->master_group = m->peer_group;
			copy->peer_group = 0;
			copy->propagation = LX_MS_SLAVE;
		}
		mount_attach(ns, copy, p, d);
		clone_children(ns, m, copy);
	}
}

/*
 * m was at (parent, d) and went: what propagation made of it goes as well, unless something is
 * mounted inside.
 */
static void propagate_umount(struct mntns *ns, struct mount *parent, struct dentry *d)
	REQUIRES(g_mount_lock);
static void propagate_umount(struct mntns *ns, struct mount *parent, struct dentry *d)
{
	struct mount *p, *m;
	bool again = true;

	while (again && parent->propagation == LX_MS_SHARED) {
		again = false;
		list_for_each_entry(p, &ns->mounts, ns_link) {
			if (!receives(p, parent))
				continue;
			rwlock_rdlock(&g_dcache_lock);
			m = mount_find_locked(p, d);
			rwlock_unlock(&g_dcache_lock);
			if (m && list_empty(&m->children)) {
				umount_tree(m);
				again = true;
				break;
			}
		}
	}
}

int vfs_mount(struct mntns *ns, const struct path *mountpoint, struct super_block *sb,
	      const char *source, unsigned int flags)
{
	struct mount *m;
	int ret;

	mutex_lock(&g_mount_lock);
	ret = check_mountpoint(ns, mountpoint, sb->root);
	if (ret == 0)
		ret = mount_new(sb, sb->root, source, flags, &m);
	if (ret == 0) {
		mount_attach(ns, m, mountpoint->mnt, mountpoint->dentry);
		propagate_mount(ns, m, mountpoint->mnt, mountpoint->dentry);
	}
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

int vfs_bind_mount(struct mntns *ns, const struct path *from, const struct path *mountpoint,
		   unsigned int flags)
{
	struct mount *m = NULL;
	int ret;

	mutex_lock(&g_mount_lock);
	ret = check_mountpoint(ns, mountpoint, from->dentry);
	if (ret == 0 && (from->mnt->propagation == LX_MS_UNBINDABLE ||
			 (from->mnt->ns != ns && !from->mnt->detached)))
		ret = -EINVAL;
	if (ret == 0)
		ret = clone_one(from->mnt, from->dentry, &m);
	if (ret == 0) {
		mount_attach(ns, m, mountpoint->mnt, mountpoint->dentry);
		if (flags & LX_MS_REC)
			ret = clone_children(ns, from->mnt, m);
		if (ret < 0)
			umount_tree(m);
		else
			propagate_mount(ns, m, mountpoint->mnt, mountpoint->dentry);
	}
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

int vfs_clone_tree(const struct path *p, bool recursive, struct mount **ret_m)
{
	int ret = -EINVAL;

	/* Mounts below would need a namespace of their own to hang in while nobody holds them. */
	if (recursive && !list_empty(&p->mnt->children))
		return -EINVAL;
	mutex_lock(&g_mount_lock);
	if (p->mnt->propagation != LX_MS_UNBINDABLE)
		ret = clone_one(p->mnt, p->dentry, ret_m);
	mutex_unlock(&g_mount_lock);
	return ret;
}

static bool is_busy(struct mount *m)
{
	/* The table's reference and that of the caller's path. */
	return !list_empty(&m->children) || ref_read(&m->ref) > 2;
}

int vfs_umount(struct mntns *ns, const struct path *p, int flags)
{
	struct mount *m = p->mnt, *parent;
	struct dentry *d;
	int ret = 0;

	if (!path_is_mount_root(p))
		return -EINVAL;
	mutex_lock(&g_mount_lock);
	parent = m->parent;
	d = m->mountpoint.dentry;
	if (m->ns != ns || !parent) {
		ret = -EINVAL;
	} else if (flags & LX_MNT_EXPIRE) {
		if (is_busy(m)) {
			ret = -EBUSY;
		} else if (!m->expiry_mark) {
			m->expiry_mark = true;
			ret = -EAGAIN;
		}
	} else if (!(flags & LX_MNT_DETACH) && is_busy(m)) {
		ret = -EBUSY;
	}
	if (ret == 0) {
		mount_get(parent);
		dentry_get(d);
		umount_tree(m);
		propagate_umount(ns, parent, d);
		dentry_put(d);
		mount_put(parent);
	}
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

static int remount_one(struct mount *m, unsigned int flags, unsigned int mask)
	REQUIRES(g_mount_lock);
static int remount_one(struct mount *m, unsigned int flags, unsigned int mask)
{
	unsigned int old = m->flags;

	WRITE_ONCE(m->flags, (old & ~mask) | (flags & mask));
	atomic_thread_fence(memory_order_seq_cst);
	if (!(old & LX_MS_RDONLY) && (m->flags & LX_MS_RDONLY) && atomic_load(&m->nr_writers) > 0) {
		WRITE_ONCE(m->flags, old);
		return -EBUSY;
	}
	return 0;
}

static int remount_tree(struct mount *m, unsigned int flags, unsigned int mask, bool recursive)
	REQUIRES(g_mount_lock);
static int remount_tree(struct mount *m, unsigned int flags, unsigned int mask, bool recursive)
{
	int ret = remount_one(m, flags, mask);
	struct mount *c;

	if (ret < 0 || !recursive)
		return ret;
	list_for_each_entry(c, &m->children, sibling) {
		ret = remount_tree(c, flags, mask, true);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int vfs_remount(struct mntns *ns, const struct path *p, unsigned int flags, unsigned int mask,
		bool recursive)
{
	int ret = -EINVAL;

	mutex_lock(&g_mount_lock);
	if (path_is_mount_root(p) && (p->mnt->ns == ns || p->mnt->detached))
		ret = remount_tree(p->mnt, flags, mask & MNT_FLAG_MASK, recursive);
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

static bool is_below_mount(const struct mount *m, const struct mount *anc)
{
	for (; m; m = m->parent) {
		if (m == anc)
			return true;
	}
	return false;
}

int vfs_move_mount(struct mntns *ns, const struct path *from, const struct path *mountpoint)
{
	struct mount *m = from->mnt, *old_parent = NULL;
	int ret = -EINVAL;

	if (!path_is_mount_root(from))
		return -EINVAL;
	mutex_lock(&g_mount_lock);
	if ((m->ns != ns || !m->parent) && !m->detached)
		goto out;
	if (m->parent && m->parent->propagation == LX_MS_SHARED)
		goto out;
	ret = check_mountpoint(ns, mountpoint, m->root);
	if (ret < 0)
		goto out;
	if (is_below_mount(mountpoint->mnt, m)) {
		ret = -ELOOP;
		goto out;
	}
	old_parent = m->parent;
	if (old_parent)
		mount_detach(m);
	else
		mount_get(m);
	mount_attach(ns, m, mountpoint->mnt, mountpoint->dentry);
	propagate_mount(ns, m, mountpoint->mnt, mountpoint->dentry);
	ret = 0;
out:
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

static void set_propagation(struct mount *m, unsigned int type, bool recursive)
	REQUIRES(g_mount_lock);
static void set_propagation(struct mount *m, unsigned int type, bool recursive)
{
	struct mount *c;

	switch (type) {
	case LX_MS_SHARED:
		make_shared(m);
		break;
	case LX_MS_SLAVE:
		if (m->peer_group) {
			m->master_group = m->peer_group;
			m->peer_group = 0;
			m->propagation = LX_MS_SLAVE;
		}
		break;
	default:
		m->peer_group = 0;
		m->master_group = 0;
		m->propagation = type;
		break;
	}
	if (!recursive)
		return;
	list_for_each_entry(c, &m->children, sibling)
		set_propagation(c, type, true);
}

int vfs_set_propagation(struct mntns *ns, const struct path *p, unsigned int type, bool recursive)
{
	if (!path_is_mount_root(p))
		return -EINVAL;
	mutex_lock(&g_mount_lock);
	set_propagation(p->mnt, type, recursive);
	mutex_unlock(&g_mount_lock);
	mntns_changed(ns);
	return 0;
}

/* Is p inside the tree that hangs on top? */
static bool path_below(const struct path *p, const struct path *top)
{
	const struct mount *m = p->mnt;
	const struct dentry *d = p->dentry;
	bool ret;

	rwlock_rdlock(&g_dcache_lock);
	while (m != top->mnt && m->parent) {
		d = m->mountpoint.dentry;
		m = m->parent;
	}
	ret = m == top->mnt && dentry_is_below(d, top->dentry);
	rwlock_unlock(&g_dcache_lock);
	return ret;
}

int vfs_pivot_root(struct mntns *ns, const struct path *new_root, const struct path *put_old,
		   const struct path *cur_root)
{
	struct mount *new = new_root->mnt, *old = cur_root->mnt, *old_parent;
	struct dentry *old_at = NULL;
	int ret = -EINVAL;

	mutex_lock(&g_mount_lock);
	if (new->ns != ns || old->ns != ns || put_old->mnt->ns != ns)
		goto out;
	if ((new->parent &&new->parent->propagation == LX_MS_SHARED) ||
	    put_old->mnt->propagation == LX_MS_SHARED)
		goto out;
	ret = -ENOENT;
	if (new_root->dentry->flags & DENTRY_DELETED)
		goto out;
	ret = -EBUSY;
	if (new == old || put_old->mnt == old)
		goto out;
	ret = -EINVAL;
	if (!path_is_mount_root(cur_root) || !path_is_mount_root(new_root) || !new->parent)
		goto out;
	if (!path_below(put_old, new_root) || !path_below(new_root, cur_root))
		goto out;
	old_parent = old->parent;
	if (old_parent) {
		mount_get(old_parent);
		old_at = dentry_get(old->mountpoint.dentry);
	}
	mount_detach(new);
	mount_detach(old);
	mount_attach(ns, new, old_parent, old_at);
	mount_attach(ns, old, put_old->mnt, put_old->dentry);
	if (!old_parent)
		ns->root = new;
	dentry_put(old_at);
	mount_put(old_parent);
	ret = 0;
out:
	mutex_unlock(&g_mount_lock);
	if (ret == 0)
		mntns_changed(ns);
	return ret;
}

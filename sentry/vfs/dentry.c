/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dentry cache: names of every file system, positive and negative, in one hash table under a
 * key drawn at start.
 *
 * References: the cache holds one on each hashed dentry; a dentry holds its parent and its inode;
 * users (paths, open files, mounts) hold theirs. A hashed dentry whose count is 1 is unused and may
 * be forgotten: an LRU with a second chance does so above LIMIT names. Locking: g_dcache_lock;
 * dropping references (which may call a file system) happens after it is released.
 */
#include "vfs/dentry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/limits.h>

#include "lock_class.h"
#include "vfs/inode.h"
#include "vfs/inotify.h"

#define BITS_MIN 10
#define BITS_MAX 17
#define LIMIT    40000

struct rwlock g_dcache_lock = RWLOCK_INIT(LC_DENTRY);

static struct {
	struct hash_key key;
	struct hlist_head *buckets; /* owned */
	unsigned int bits;
	size_t nr;
	struct list_head lru; /* oldest last */
} g_dc;                       /* GUARDED_BY(g_dcache_lock), key const after init */

int dcache_init(const struct hash_key *key)
{
	if (g_dc.buckets)
		return 0;
	g_dc.buckets = calloc(1u << BITS_MIN, sizeof(*g_dc.buckets));
	if (!g_dc.buckets)
		return -ENOMEM;
	g_dc.key = *key;
	g_dc.bits = BITS_MIN;
	INIT_LIST_HEAD(&g_dc.lru);
	return 0;
}

uint64_t dcache_hash(const char *name, size_t len)
{
	return hash_bytes(&g_dc.key, name, len);
}

static struct hlist_head *bucket(const struct dentry *dir, uint64_t hash)
{
	return &g_dc.buckets[hash_to_bits(hash_u64(hash ^ (uintptr_t)dir), g_dc.bits)];
}

/* Doubles the table. Without memory it stays as it is. */
static void grow_locked(void)
{
	struct hlist_head *old = g_dc.buckets, *new;
	unsigned int bits = g_dc.bits;
	struct hlist_node *tmp;
	struct dentry *d;

	new = calloc(2u << bits, sizeof(*new));
	if (!new)
		return;
	g_dc.buckets = new;
	g_dc.bits = bits + 1;
	for (size_t n = 0; n < 1u << bits; n++) {
		hlist_for_each_entry_safe(d, tmp, &old[n], hash) {
			hlist_del(&d->hash);
			hlist_add_head(&d->hash, bucket(d->parent, d->name_hash));
		}
	}
	free(old);
}

struct dentry *dentry_find_locked(const struct dentry *dir, const char *name, size_t len,
				  uint64_t hash)
{
	struct dentry *d;

	hlist_for_each_entry(d, bucket(dir, hash), hash) {
		if (d->name_hash == hash && d->parent == dir && d->name_len == len &&
		    memcmp(d->name, name, len) == 0)
			return d;
	}
	return NULL;
}

struct dentry *dentry_get(struct dentry *d)
{
	ref_get(&d->ref);
	return d;
}

static void dentry_free(struct dentry *d)
{
	free(d->name);
	free(d);
}

void dentry_put(struct dentry *d)
{
	/* Each dentry holds its parent: a loop instead of recursion, as trees may be deep. */
	while (d && ref_put(&d->ref)) {
		struct dentry *parent = d->parent != d ? d->parent : NULL;

		if (parent) {
			rwlock_wrlock(&g_dcache_lock);
			list_del_init(&d->siblings);
			rwlock_unlock(&g_dcache_lock);
		}
		if (unlikely(inotify_active()) && d->inode && d->inode->nlink == 0)
			inotify_inode_gone(d->inode);
		inode_put(d->inode);
		dentry_free(d);
		d = parent;
	}
}

static int dentry_new(struct super_block *sb, const char *name, size_t len, struct dentry **ret_d)
{
	struct dentry *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->name = malloc(len + 1);
	if (!d->name) {
		free(d);
		return -ENOMEM;
	}
	memcpy(d->name, name, len);
	d->name[len] = '\0';
	d->name_len = (uint32_t)len;
	ref_init(&d->ref);
	d->sb = sb;
	INIT_LIST_HEAD(&d->siblings);
	INIT_LIST_HEAD(&d->children);
	INIT_LIST_HEAD(&d->lru);
	*ret_d = d;
	return 0;
}

int dentry_new_root(struct super_block *sb, struct inode *root, struct dentry **ret_d)
{
	struct dentry *d;
	int ret = dentry_new(sb, "/", 1, &d);

	if (ret < 0) {
		inode_put(root);
		return ret;
	}
	d->parent = d;
	d->inode = root;
	*ret_d = d;
	return 0;
}

int dentry_new_detached(struct super_block *sb, const char *name, struct inode *inode,
			unsigned int flags, struct dentry **ret_d)
{
	struct dentry *d;
	int ret = dentry_new(sb, name, strlen(name), &d);

	if (ret < 0) {
		inode_put(inode);
		return ret;
	}
	d->parent = d;
	d->inode = inode;
	d->flags = flags;
	*ret_d = d;
	return 0;
}

/* Puts a fresh d below dir; the cache takes a reference. */
static void hash_locked(struct dentry *dir, struct dentry *d)
{
	d->flags |= DENTRY_HASHED | DENTRY_REFERENCED;
	hlist_add_head(&d->hash, bucket(dir, d->name_hash));
	list_add(&d->lru, &g_dc.lru);
	ref_get(&d->ref);
	if (++g_dc.nr > (size_t)1 << g_dc.bits && g_dc.bits < BITS_MAX)
		grow_locked();
}

/*
 * The cache's reference passes to the caller, who drops it after the lock. False: it was not
 * hashed.
 */
static bool unhash_locked(struct dentry *d)
{
	if (!(d->flags & DENTRY_HASHED))
		return false;
	d->flags &= ~DENTRY_HASHED;
	hlist_del(&d->hash);
	list_del_init(&d->lru);
	g_dc.nr--;
	return true;
}

/* Moves up to nr unused names to victims, linked by lru, each with the cache's reference. */
static void collect_locked(size_t nr, size_t scan, struct list_head *victims)
{
	while (nr > 0 && scan-- > 0 && !list_empty(&g_dc.lru)) {
		struct dentry *d = list_last_entry(&g_dc.lru, struct dentry, lru);

		if (ref_read(&d->ref) > 1 || (d->flags & DENTRY_REFERENCED)) {
			d->flags &= ~DENTRY_REFERENCED;
			list_move(&d->lru, &g_dc.lru);
			continue;
		}
		unhash_locked(d);
		list_add(&d->lru, victims);
		nr--;
	}
}

static void put_victims(struct list_head *victims)
{
	struct dentry *d, *tmp;

	list_for_each_entry_safe(d, tmp, victims, lru) {
		list_del_init(&d->lru);
		dentry_put(d);
	}
}

void dcache_shrink(size_t nr)
{
	LIST_HEAD(victims);

	rwlock_wrlock(&g_dcache_lock);
	collect_locked(nr, 2 * g_dc.nr, &victims);
	rwlock_unlock(&g_dcache_lock);
	put_victims(&victims);
}

size_t dcache_nr(void)
{
	return g_dc.nr;
}

struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len)
{
	uint64_t hash = dcache_hash(name, len);
	struct dentry *d;

	rwlock_rdlock(&g_dcache_lock);
	d = dentry_find_locked(dir, name, len, hash);
	if (d) {
		ref_get(&d->ref);
		if (!(d->flags & DENTRY_REFERENCED))
			d->flags |= DENTRY_REFERENCED;
	}
	rwlock_unlock(&g_dcache_lock);
	return d;
}

int dentry_add(struct dentry *dir, const char *name, size_t len, struct inode *inode,
	       struct dentry **ret_d)
{
	struct dentry *d, *found;
	LIST_HEAD(victims);
	int ret;

	ret = dentry_new(dir->sb, name, len, &d);
	if (ret < 0) {
		inode_put(inode);
		return ret;
	}
	d->name_hash = dcache_hash(name, len);
	d->inode = inode;
	rwlock_wrlock(&g_dcache_lock);
	found = dentry_find_locked(dir, name, len, d->name_hash);
	if (found) {
		ref_get(&found->ref);
	} else {
		d->parent = dentry_get(dir);
		list_add(&d->siblings, &dir->children);
		if (!(dir->sb->flags & SB_NO_DCACHE))
			hash_locked(dir, d);
		if (g_dc.nr > LIMIT)
			collect_locked(g_dc.nr - LIMIT + 64, 512, &victims);
	}
	rwlock_unlock(&g_dcache_lock);
	put_victims(&victims);
	if (found) {
		inode_put(inode);
		dentry_free(d);
		d = found;
	}
	*ret_d = d;
	return 0;
}

int dentry_prefill(struct dentry *dir, const char *name, size_t len, struct inode *inode)
{
	struct dentry *d;
	int ret = dentry_add(dir, name, len, inode, &d);

	if (ret == 0)
		dentry_put(d);
	return ret;
}

int dentry_lookup_slow(struct dentry *dir, const char *name, size_t len, struct dentry **ret_d)
{
	struct inode *inode = NULL, *di = dir->inode;
	struct dentry *d = dentry_lookup(dir, name, len);
	int ret;

	if (d) {
		ret = 1;
		if (di->ops->revalidate)
			ret = di->ops->revalidate(di, name, len, d->inode, false);
		if (ret > 0) {
			*ret_d = d;
			return 0;
		}
		dentry_drop(d);
		dentry_put(d);
		if (ret < 0)
			return ret;
	}
	if (len > LX_NAME_MAX)
		return -ENAMETOOLONG;
	if (!di->ops->lookup)
		return -ENOTDIR;
	ret = di->ops->lookup(di, name, len, &inode);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret == -ENOENT && (di->sb->flags & SB_NO_NEGATIVE)) {
		/* Not cached, but callers that create need something to fill. */
		ret = dentry_new(dir->sb, name, len, &d);
		if (ret < 0)
			return ret;
		d->name_hash = dcache_hash(name, len);
		rwlock_wrlock(&g_dcache_lock);
		d->parent = dentry_get(dir);
		list_add(&d->siblings, &dir->children);
		rwlock_unlock(&g_dcache_lock);
		*ret_d = d;
		return 0;
	}
	return dentry_add(dir, name, len, ret == 0 ? inode : NULL, ret_d);
}

void dentry_instantiate(struct dentry *d, struct inode *inode)
{
	rwlock_wrlock(&g_dcache_lock);
	d->inode = inode;
	if (!(d->flags & DENTRY_HASHED) && !(d->sb->flags & SB_NO_DCACHE) && d->parent != d &&
	    !dentry_find_locked(d->parent, d->name, d->name_len, d->name_hash))
		hash_locked(d->parent, d);
	rwlock_unlock(&g_dcache_lock);
}

void dentry_drop(struct dentry *d)
{
	bool put;

	rwlock_wrlock(&g_dcache_lock);
	put = unhash_locked(d);
	rwlock_unlock(&g_dcache_lock);
	if (put)
		dentry_put(d);
}

void dentry_unlinked(struct dentry *d)
{
	struct dentry *parent, *neg;
	bool put;

	rwlock_wrlock(&g_dcache_lock);
	put = unhash_locked(d);
	d->flags |= DENTRY_DELETED;
	parent = dentry_get(d->parent);
	rwlock_unlock(&g_dcache_lock);
	if (!(parent->sb->flags & (SB_NO_NEGATIVE | SB_NO_DCACHE)) &&
	    dentry_add(parent, d->name, d->name_len, NULL, &neg) == 0)
		dentry_put(neg);
	dentry_put(parent);
	if (put)
		dentry_put(d);
}

/* The dentry after d in the tree below top, parents first; NULL at the end. */
static struct dentry *next_below_locked(struct dentry *d, const struct dentry *top)
{
	if (!list_empty(&d->children))
		return list_first_entry(&d->children, struct dentry, siblings);
	while (d != top) {
		if (d->siblings.next != &d->parent->children)
			return list_next_entry(d, siblings);
		d = d->parent;
	}
	return NULL;
}

void dentry_forget_children(struct dentry *dir)
{
	LIST_HEAD(victims);

	/* Each round takes the unused leaves, which may make their parents unused. */
	for (;;) {
		rwlock_wrlock(&g_dcache_lock);
		for (struct dentry *d = next_below_locked(dir, dir); d;
		     d = next_below_locked(d, dir)) {
			if ((d->flags & DENTRY_HASHED) && ref_read(&d->ref) == 1) {
				unhash_locked(d);
				list_add(&d->lru, &victims);
			}
		}
		rwlock_unlock(&g_dcache_lock);
		if (list_empty(&victims))
			return;
		put_victims(&victims);
	}
}

static void set_place_locked(struct dentry *d, struct dentry *parent, char *name, size_t len,
			     uint64_t hash)
{
	list_del(&d->siblings);
	d->parent = parent;
	list_add(&d->siblings, &parent->children);
	d->name = name;
	d->name_len = (uint32_t)len;
	d->name_hash = hash;
}

void dentry_move(struct dentry *d, struct dentry *to)
{
	struct dentry *old_parent, *new_parent;
	bool put_to, put_d;
	char *name = strdup(to->name);

	rwlock_wrlock(&g_dcache_lock);
	put_to = unhash_locked(to);
	to->flags |= DENTRY_DELETED;
	put_d = unhash_locked(d);
	old_parent = d->parent;
	new_parent = dentry_get(to->parent);
	if (name) {
		char *old = d->name;

		set_place_locked(d, new_parent, name, to->name_len, to->name_hash);
		if (!(d->sb->flags & SB_NO_DCACHE))
			hash_locked(new_parent, d);
		name = old;
	}
	rwlock_unlock(&g_dcache_lock);
	/* Without memory for the name d is forgotten: it is found again by lookup. */
	dentry_put(name ? old_parent : new_parent);
	free(name);
	if (put_to)
		dentry_put(to);
	if (put_d)
		dentry_put(d);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *pa, *pb;
	uint32_t len;
	uint64_t hash;
	bool put_a, put_b;
	char *name;

	rwlock_wrlock(&g_dcache_lock);
	put_a = unhash_locked(a);
	put_b = unhash_locked(b);
	pa = a->parent;
	pb = b->parent;
	name = a->name;
	len = a->name_len;
	hash = a->name_hash;
	set_place_locked(a, pb, b->name, b->name_len, b->name_hash);
	set_place_locked(b, pa, name, len, hash);
	if (!(a->sb->flags & SB_NO_DCACHE)) {
		hash_locked(pb, a);
		hash_locked(pa, b);
	}
	rwlock_unlock(&g_dcache_lock);
	if (put_a)
		dentry_put(a);
	if (put_b)
		dentry_put(b);
}

bool dentry_is_below(const struct dentry *d, const struct dentry *anc)
{
	for (;; d = d->parent) {
		if (d == anc)
			return true;
		if (d->parent == d)
			return false;
	}
}

struct dentry *dentry_parent(struct dentry *d)
{
	struct dentry *p;

	rwlock_rdlock(&g_dcache_lock);
	p = dentry_get(d->parent);
	rwlock_unlock(&g_dcache_lock);
	return p;
}

void super_use(struct super_block *sb)
{
	super_get(sb);
	atomic_fetch_add(&sb->nr_mounts, 1);
}

void super_unuse(struct super_block *sb)
{
	if (atomic_fetch_sub(&sb->nr_mounts, 1) == 1) {
		struct dentry *root = sb->root;

		inotify_unmounted(sb);
		dentry_forget_children(root);
		sb->root = NULL;
		dentry_put(root);
		if (sb->ops && sb->ops->unmounted)
			sb->ops->unmounted(sb);
	}
	super_put(sb);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: lookup from the cached listing or by asking, revalidation in shared mode, and the calls
 * that change directories. vfs holds the inode lock of the directories concerned.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/gofer/int.h"

/*
 * When a directory is read as a whole because names in it are looked up: at the second name that
 * had to be asked for if it is small, later if it is large.
 */
#define PREFETCH_SMALL    (16u << 10) /* st_size of a directory */
#define PREFETCH_AT       2u
#define PREFETCH_AT_LARGE 6u
#define PREFETCH_CHUNKS   8u /* replies; after that the directory is taken for huge */
#define PREFETCH_NEVER    UINT32_MAX

static bool want_prefetch(struct ginode *gd)
{
	unsigned int at = gd->i.size <= PREFETCH_SMALL ? PREFETCH_AT : PREFETCH_AT_LARGE;
	bool want;

	if (gofer_sb_of(&gd->i)->ttl_ns == 0)
		return false; /* it would not be believed */
	mutex_lock(&gd->lock);
	/*
	 * Without an id of its own the directory has to be asked for first, or read: the same one
	 * request.
	 */
	if (!gd->nid && gd->i.size <= PREFETCH_SMALL)
		at = 1;
	want = gd->misses != PREFETCH_NEVER && ++gd->misses >= at;
	mutex_unlock(&gd->lock);
	return want;
}

static void prefetched(struct ginode *gd, bool useful)
{
	mutex_lock(&gd->lock);
	gd->misses = useful ? 0 : PREFETCH_NEVER;
	mutex_unlock(&gd->lock);
}

static int walk(struct ginode *gd, const char *name, size_t len, struct inode **ret_inode)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct gofer_walk_req q = { 0 };
	struct gofer_walk_rep r;
	struct gofer_str n = { name, (uint32_t)len };
	struct {
		struct gofer_node node;
		char link[GOFER_LINK_MAX + 1];
	} blob;
	struct gofer_call call = {
		.op = GOFER_WALK,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
		.rep_blob = &blob,
		.rep_blob_max = sizeof(blob),
	};
	int ret;

	ret = ginode_nid(gd, &q.node);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	if (ret < 0)
		return ret;
	if (r.nr_nodes == 0 && call.rep_blob_size == 0 && r.stop < 0 && r.stop >= -4095)
		return r.stop;
	if (r.nr_nodes != 1 || r.link_size > GOFER_LINK_MAX || !blob.node.node ||
	    call.rep_blob_size != sizeof(blob.node) + r.link_size)
		return -EIO;
	return ginode_find_or_new(gsb, &blob.node.attr, blob.node.node, gd, name, len, blob.link,
				  r.link_size, true, ret_inode);
}

/* 0 with the inode, -ENOENT, or -EAGAIN: the listing does not tell. */
static int lookup_listing(struct ginode *gd, struct listing *l, const char *name, size_t len,
			  struct inode **ret_inode)
{
	struct listing_entry e;
	int ret = listing_find(gd, l, name, len, &e);

	if (ret < 0)
		return ret;
	if (ret == 0)
		return -ENOENT;
	if (!e.attr)
		return -EAGAIN;
	return ginode_find_or_new(gofer_sb_of(&gd->i), e.attr, 0, gd, name, len, NULL, 0, false,
				  ret_inode);
}

int gofer_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	struct ginode *gd = ginode_of(dir);
	struct listing *l;
	int ret = -EAGAIN;

	if (atomic_load(&gd->flags) & GI_CHANGES)
		return walk(gd, name, len, ret_inode);
	l = listing_cached(gd);
	if (l) {
		ret = lookup_listing(gd, l, name, len, ret_inode);
		listing_put(l);
	} else if (want_prefetch(gd) && listing_fetch(gd, PREFETCH_CHUNKS, &l) == 0) {
		prefetched(gd, listing_complete(l));
		ret = lookup_listing(gd, l, name, len, ret_inode);
		listing_put(l);
	}
	return ret == -EAGAIN ? walk(gd, name, len, ret_inode) : ret;
}

/* Shared mode, writable tree: is the name still the same file? */
static int revalidate_name(struct ginode *gd, const char *name, size_t len, struct inode *inode)
{
	struct gofer_walk_req q = { .flags = GOFER_WALK_ATTR_ONLY };
	struct gofer_walk_rep r;
	struct gofer_str n = { name, (uint32_t)len };
	struct {
		struct gofer_node node;
		char link[GOFER_LINK_MAX + 1];
	} blob;
	struct gofer_call call = {
		.op = GOFER_WALK,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
		.rep_blob = &blob,
		.rep_blob_max = sizeof(blob),
	};
	struct ginode *gi;
	int ret;

	ret = ginode_nid(gd, &q.node);
	if (ret == 0)
		ret = gofer_call(gofer_sb_of(&gd->i)->conn, &call);
	if (ret < 0)
		return ret == -ESTALE ? 0 : ret;
	if (r.nr_nodes == 0)
		return r.stop == -ENOENT ? !inode : 0;
	if (!inode || call.rep_blob_size < sizeof(blob.node))
		return 0;
	gi = ginode_of(inode);
	return ginode_try_attr(gi, &blob.node.attr) == 0;
}

/*
 * Did the directory's own times move since it was first seen? vfs may hold its i.lock, so that is
 * left alone.
 */
static int dir_moved(struct ginode *gd)
{
	struct gofer_getattr_req q;
	struct gofer_getattr_rep r;
	struct gofer_call call = { .op = GOFER_GETATTR, .req = &q, .rep = &r };
	int ret;

	ret = ginode_nid(gd, &q.node);
	if (ret == 0)
		ret = gofer_call(gofer_sb_of(&gd->i)->conn, &call);
	if (ret < 0)
		return ret;
	if (!ginode_unmoved(gd, &r.attr))
		return 1;
	/* An unchanged ctime says the same of the attributes. */
	ginode_believe(gd);
	return 0;
}

/*
 * Shared mode, read-only tree: names in a directory are believed while the directory's own times do
 * not move, which is looked at once per GOFER_TTL_NS; attributes of the file likewise. A directory
 * that did move is one the host works in: from then on its names are asked for one by one.
 */
static int revalidate_ttl(struct ginode *gd, const char *name, size_t len, struct ginode *gi)
{
	int ret;

	if (!(atomic_load(&gd->flags) & GI_CHANGES) &&
	    host_now_ns() >= atomic_load(&gd->names_until)) {
		ret = dir_moved(gd);
		if (ret < 0)
			return ret == -ESTALE ? 0 : ret;
		if (ret > 0) {
			ginode_mark(gd, GI_CHANGES);
			listing_drop(gd);
		}
	}
	if (atomic_load(&gd->flags) & GI_CHANGES)
		return revalidate_name(gd, name, len, gi ? &gi->i : NULL);
	if (gi && !ginode_fresh(gi)) {
		ret = ginode_refresh(gi, false);
		if (ret < 0)
			return ret == -ESTALE ? 0 : ret;
	}
	return 1;
}

int gofer_revalidate(struct inode *dir, const char *name, size_t len, struct inode *inode,
		     bool nonblock)
{
	struct ginode *gd = ginode_of(dir), *gi = inode ? ginode_of(inode) : NULL;
	uint64_t ttl = gofer_sb_of(dir)->ttl_ns;

	if (ttl == GOFER_TTL_FOREVER)
		return 1;
	if (ttl && !(atomic_load(&gd->flags) & GI_CHANGES) &&
	    host_now_ns() < atomic_load(&gd->names_until) && (!gi || ginode_fresh(gi)))
		return 1;
	if (nonblock)
		return -ECHILD;
	return ttl ? revalidate_ttl(gd, name, len, gi) : revalidate_name(gd, name, len, inode);
}

/* The directory's names and attributes changed by our own doing. */
static void dir_changed(struct ginode *gd)
{
	ginode_mark(gd, GI_STALE | GI_MODIFIED);
	listing_drop(gd);
	ahead_drop(gd);
}

/* Owner and mode of a new file, by the rules of vfs. */
static void new_owner(struct inode *dir, const struct vfs_caller *c, uint32_t mode,
		      struct gofer_create_req *q)
{
	struct inode tmp = { 0 };

	inode_init_owner(&tmp, dir, c, mode);
	q->mode = tmp.mode & 07777;
	q->uid = tmp.uid;
	q->gid = tmp.gid;
}

/* Create, mkdir and mknod have the same structures. */
_Static_assert(sizeof(struct gofer_create_req) == sizeof(struct gofer_mkdir_req), "same layout");
_Static_assert(sizeof(struct gofer_create_req) == sizeof(struct gofer_mknod_req), "same layout");

static int make(struct inode *dir, uint16_t op, const char *name, size_t len, const void *req,
		const char *target, uint32_t type, struct inode **ret_inode)
{
	struct ginode *gd = ginode_of(dir);
	struct gofer_sb *gsb = gofer_sb_of(dir);
	struct gofer_str n = { name, (uint32_t)len };
	struct gofer_node node;
	struct gofer_call call = {
		.op = op,
		.req = req,
		.names = &n,
		.nr_names = 1,
		.rep = &node,
		.blob = target,
		.blob_size = target ? strlen(target) : 0,
	};
	struct inode *i;
	int ret;

	ret = gofer_call(gsb->conn, &call);
	dir_changed(gd);
	if (ret < 0)
		return ret;
	if (!node.node || (node.attr.mode & LX_S_IFMT) != type ||
	    (call.fd < 0) != (op != GOFER_CREATE)) {
		if (call.fd >= 0)
			host_close(call.fd);
		return -EIO;
	}
	ret = ginode_find_or_new(gsb, &node.attr, node.node, gd, name, len, target, call.blob_size,
				 true, &i);
	if (ret < 0) {
		if (call.fd >= 0)
			host_close(call.fd);
		return ret;
	}
	if (call.fd >= 0)
		ginode_give_fd(ginode_of(i), call.fd);
	*ret_inode = i;
	return 0;
}

int gofer_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
		 const struct vfs_caller *c, struct inode **ret_inode)
{
	struct gofer_create_req q = { 0 };
	int ret = ginode_nid(ginode_of(dir), &q.node);

	new_owner(dir, c, (mode & 07777) | LX_S_IFREG, &q);
	return ret < 0 ? ret : make(dir, GOFER_CREATE, name, len, &q, NULL, LX_S_IFREG, ret_inode);
}

int gofer_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		const struct vfs_caller *c, struct inode **ret_inode)
{
	struct gofer_create_req q = { 0 };
	int ret = ginode_nid(ginode_of(dir), &q.node);

	new_owner(dir, c, (mode & 07777) | LX_S_IFDIR, &q);
	return ret < 0 ? ret : make(dir, GOFER_MKDIR, name, len, &q, NULL, LX_S_IFDIR, ret_inode);
}

int gofer_mknod(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t major,
		uint32_t minor, const struct vfs_caller *c, struct inode **ret_inode)
{
	struct gofer_create_req q = { 0 };
	int ret;

	if (LX_S_ISREG(mode))
		return gofer_create(dir, name, len, mode, c, ret_inode);
	if (LX_S_ISCHR(mode) || LX_S_ISBLK(mode))
		return -EPERM; /* no devices on host trees */
	ret = ginode_nid(ginode_of(dir), &q.node);
	new_owner(dir, c, mode, &q);
	q.mode |= mode & LX_S_IFMT;
	return ret < 0 ? ret :
			 make(dir, GOFER_MKNOD, name, len, &q, NULL, mode & LX_S_IFMT, ret_inode);
}

int gofer_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		  const struct vfs_caller *c, struct inode **ret_inode)
{
	struct gofer_create_req o = { 0 };
	struct gofer_symlink_req q = { 0 };
	int ret = ginode_nid(ginode_of(dir), &q.node);

	if (strlen(target) > GOFER_LINK_MAX)
		return -ENAMETOOLONG;
	new_owner(dir, c, 0777 | LX_S_IFLNK, &o);
	q.uid = o.uid;
	q.gid = o.gid;
	return ret < 0 ? ret :
			 make(dir, GOFER_SYMLINK, name, len, &q, target, LX_S_IFLNK, ret_inode);
}

int gofer_link(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	struct gofer_sb *gsb = gofer_sb_of(dir);
	struct ginode *gi = ginode_of(inode);
	struct gofer_link_req q;
	struct gofer_link_rep r;
	struct gofer_str n = { name, (uint32_t)len };
	struct gofer_call call = {
		.op = GOFER_LINK,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
	};
	int ret;

	ret = ginode_nid(ginode_of(dir), &q.node);
	if (ret == 0)
		ret = ginode_nid(gi, &q.target);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	dir_changed(ginode_of(dir));
	ginode_mark(gi, GI_MODIFIED);
	return ret < 0 ? ret : ginode_set_attr(gi, &r.attr);
}

/* A name of gi is gone. */
static void lost_name(struct ginode *gi, bool dir)
{
	struct ginode *up = NULL;
	char *name = NULL;

	inode_link_count(&gi->i, dir ? -(int)gi->i.nlink : -1);
	ginode_mark(gi, GI_MODIFIED | (gi->nid ? GI_STALE : 0));
	mutex_lock(&gi->lock);
	if (!gi->nid) {
		/* Another name may exist, but which one is not known here. */
		up = STEAL(gi->dir);
		name = STEAL(gi->name);
	}
	mutex_unlock(&gi->lock);
	ginode_put_dir(up, name);
	if (gi->i.nlink == 0 || up)
		ginode_unhash(gi);
	if (dir)
		listing_drop(gi);
}

static int unlink_entry(struct inode *dir, const char *name, size_t len, struct inode *inode,
			uint32_t flags)
{
	struct gofer_sb *gsb = gofer_sb_of(dir);
	struct ginode *gi = ginode_of(inode);
	struct gofer_unlink_req q = { .victim = gi->nid, .flags = flags };
	struct gofer_unlink_rep r;
	struct gofer_str n = { name, (uint32_t)len };
	struct gofer_call call = {
		.op = GOFER_UNLINK,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
	};
	int ret;

	ret = ginode_nid(ginode_of(dir), &q.node);
	/* A file with several names and no id is given one: its other names keep it in use. */
	if (ret == 0 && !q.victim && gi->i.nlink > 1 && !flags)
		ret = ginode_nid(gi, &q.victim);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	dir_changed(ginode_of(dir));
	if (ret == 0)
		lost_name(gi, flags & GOFER_UNLINK_DIR);
	return ret;
}

int gofer_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	return unlink_entry(dir, name, len, inode, 0);
}

int gofer_rmdir(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
	return unlink_entry(dir, name, len, inode, GOFER_UNLINK_DIR);
}

/* A file known by its name alone goes by another one now. */
static void moved_to(struct ginode *gi, struct ginode *dir, const char *name, size_t len)
{
	struct ginode *old = NULL;
	char *copy = strndup(name, len), *old_name = NULL;

	mutex_lock(&gi->lock);
	if (!gi->nid) {
		old = gi->dir;
		old_name = gi->name;
		gi->name = STEAL(copy);
		gi->dir = gi->name ? ginode_of(inode_get(&dir->i)) : NULL;
	}
	mutex_unlock(&gi->lock);
	free(copy);
	ginode_put_dir(old, old_name);
	ginode_mark(gi, GI_MODIFIED | GI_STALE);
}

int gofer_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *inode,
		 struct inode *new_dir, const char *new_name, size_t new_len, struct inode *target,
		 unsigned int flags)
{
	struct gofer_sb *gsb = gofer_sb_of(old_dir);
	struct ginode *gi = ginode_of(inode), *gt = target ? ginode_of(target) : NULL;
	struct gofer_rename_req q = { .flags = flags };
	struct gofer_rename_rep r;
	struct gofer_str n[2] = { { old_name, (uint32_t)old_len },
				  { new_name, (uint32_t)new_len } };
	struct gofer_call call = {
		.op = GOFER_RENAME,
		.req = &q,
		.names = n,
		.nr_names = 2,
		.rep = &r,
	};
	int ret;

	ret = ginode_nid(ginode_of(old_dir), &q.node);
	if (ret == 0)
		ret = ginode_nid(ginode_of(new_dir), &q.new_node);
	if (ret == 0 && gi->i.nlink > 1 && !LX_S_ISDIR(inode->mode))
		ret = ginode_nid(gi, &q.moved);
	if (ret == 0 && gt && gt->i.nlink > 1 && !LX_S_ISDIR(target->mode))
		ret = ginode_nid(gt, &q.victim);
	if (ret < 0)
		return ret;
	q.moved = gi->nid;
	q.victim = gt ? gt->nid : 0;
	ret = gofer_call(gsb->conn, &call);
	dir_changed(ginode_of(old_dir));
	if (new_dir != old_dir)
		dir_changed(ginode_of(new_dir));
	if (ret < 0)
		return ret;
	if (gt && flags & GOFER_RENAME_EXCHANGE)
		moved_to(gt, ginode_of(old_dir), old_name, old_len);
	else if (gt && gt != gi)
		lost_name(gt, LX_S_ISDIR(target->mode));
	if (gt != gi)
		moved_to(gi, ginode_of(new_dir), new_name, new_len);
	return 0;
}

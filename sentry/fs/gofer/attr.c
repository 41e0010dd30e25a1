/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes, symbolic links' targets, extended attributes and statfs of gofer files. Attributes
 * come from the cache, else from the donated descriptor (no round trip), else from the gofer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <abi/linux/xattr.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/gofer/int.h"

/* The parts of a device number as the host packs it. */
static uint32_t host_major(uint64_t dev)
{
	return (uint32_t)((dev >> 8 & 0xfff) | (dev >> 32 & ~UINT64_C(0xfff)));
}

static uint32_t host_minor(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xffffff00));
}

/*
 * Owners cannot be told from a descriptor: in the sentry's user namespace every id but its own is
 * the overflow id. What the gofer said last holds as long as nobody else can have changed it.
 */
static bool owner_known(const struct ginode *gi, const struct host_stat *st)
{
	return gofer_sb_of(&gi->i)->ttl_ns == GOFER_TTL_FOREVER ||
	       (st->ctime_s == gi->i.ctime.sec && st->ctime_ns == gi->i.ctime.nsec);
}

/* -ESTALE: the gofer has to be asked, unless trust. */
static int refresh_by_fd(struct ginode *gi, struct backing_file *bf, bool wait, bool trust)
{
	struct host_stat st;
	struct gofer_attr a;
	int ret = host_fstat(backing_file_fd(bf), &st);

	if (ret < 0)
		return ret;
	if (!trust && !owner_known(gi, &st))
		return -ESTALE;
	a = (struct gofer_attr){
		.ino = st.ino,
		.size = st.size,
		.blocks = st.blocks,
		.dev_major = host_major(st.dev),
		.dev_minor = host_minor(st.dev),
		.mode = st.mode,
		.nlink = st.nlink,
		.uid = gi->i.uid,
		.gid = gi->i.gid,
		.atime = { .sec = st.atime_s, .nsec = st.atime_ns },
		.mtime = { .sec = st.mtime_s, .nsec = st.mtime_ns },
		.ctime = { .sec = st.ctime_s, .nsec = st.ctime_ns },
	};
	return wait ? ginode_set_attr(gi, &a) : ginode_try_attr(gi, &a);
}

int ginode_refresh(struct ginode *gi, bool wait)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);
	struct backing_file *bf = ginode_backing_cached(gi);
	struct gofer_getattr_req q;
	struct gofer_getattr_rep r;
	struct gofer_call call = { .op = GOFER_GETATTR, .req = &q, .rep = &r };
	int ret;

	if (bf) {
		ret = refresh_by_fd(gi, bf, wait, false);
		if (ret != -ESTALE) {
			backing_file_put(bf);
			return ret;
		}
	}
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	if (bf) {
		/* a file that has no name any more */
		if (ret < 0)
			ret = refresh_by_fd(gi, bf, wait, true);
		else
			ret = wait ? ginode_set_attr(gi, &r.attr) : ginode_try_attr(gi, &r.attr);
		backing_file_put(bf);
		return ret;
	}
	if (ret < 0)
		return ret;
	return wait ? ginode_set_attr(gi, &r.attr) : ginode_try_attr(gi, &r.attr);
}

int gofer_getattr(struct inode *i, uint32_t mask, struct kstat *ret_st)
{
	struct ginode *gi = ginode_of(i);
	int ret;

	/* A file without a name and without an id: what is known is all there is. */
	if (!ginode_fresh(gi)) {
		ret = ginode_refresh(gi, true);
		if (ret < 0 && ret != -ESTALE)
			return ret;
	}
	inode_fill_stat(i, ret_st);
	ret_st->blocks = gi->blocks;
	ret_st->blksize = gi->blksize;
	return 0;
}

/* Size changes need the file's writable descriptor, which an open for writing wants next anyway. */
static int set_size(struct ginode *gi, uint64_t size)
{
	struct backing_file *bf;
	uint64_t old;
	int ret;

	if (!LX_S_ISREG(gi->i.mode))
		return LX_S_ISDIR(gi->i.mode) ? -EISDIR : -EINVAL;
	ret = ginode_backing(gi, true, false, &bf);
	if (ret < 0)
		return ret;
	ret = host_ftruncate(backing_file_fd(bf), size);
	backing_file_put(bf);
	if (ret < 0)
		return ret;
	ginode_mark(gi, GI_STALE | GI_MODIFIED);
	rwlock_wrlock(&gi->i.lock);
	old = gi->i.size;
	gi->i.size = size;
	rwlock_unlock(&gi->i.lock);
	if (size < old)
		mappable_invalidate(&gi->map, page_up(size), UINT64_MAX, true);
	return 0;
}

int gofer_setattr(struct inode *i, const struct kattr *a, const struct vfs_caller *c)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_sb *gsb = gofer_sb_of(i);
	struct gofer_setattr_req q = { .mode = a->mode & 07777, .uid = a->uid, .gid = a->gid };
	struct gofer_setattr_rep r;
	struct gofer_call call = { .op = GOFER_SETATTR, .req = &q, .rep = &r };
	int ret;

	if (a->valid & SA_SIZE) {
		ret = set_size(gi, a->size);
		if (ret < 0)
			return ret;
	}
	if (a->valid & SA_MODE)
		q.valid |= GOFER_SET_MODE;
	if (a->valid & SA_UID)
		q.valid |= GOFER_SET_UID;
	if (a->valid & SA_GID)
		q.valid |= GOFER_SET_GID;
	if (a->valid & SA_ATIME) {
		q.valid |= GOFER_SET_ATIME | (a->valid & SA_ATIME_NOW ? GOFER_SET_ATIME_NOW : 0);
		q.atime = (struct gofer_time){ .sec = a->atime.sec, .nsec = a->atime.nsec };
	}
	/* ftruncate and write set the host's own time of change already. */
	if (a->valid & SA_MTIME && !(a->valid & SA_SIZE)) {
		q.valid |= GOFER_SET_MTIME | (a->valid & SA_MTIME_NOW ? GOFER_SET_MTIME_NOW : 0);
		q.mtime = (struct gofer_time){ .sec = a->mtime.sec, .nsec = a->mtime.nsec };
	}
	if (!q.valid)
		return 0;
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	if (ret == 0)
		ret = ginode_set_attr(gi, &r.attr);
	/* vfs notes a ctime of its own next; the host's is the true one. */
	ginode_mark(gi, GI_STALE | GI_MODIFIED);
	return ret;
}

ssize_t gofer_readlink(struct inode *i, const struct vfs_caller *c, char *buf, size_t size)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_readlink_req q;
	struct gofer_readlink_rep r;
	char text[GOFER_LINK_MAX + 1];
	struct gofer_call call = {
		.op = GOFER_READLINK,
		.req = &q,
		.rep = &r,
		.rep_blob = text,
		.rep_blob_max = GOFER_LINK_MAX,
	};
	size_t len = 0;
	int ret = 0;

	if (!READ_ONCE(gi->link))
		ret = ginode_nid(gi, &q.node); /* often brings the text along */
	mutex_lock(&gi->lock);
	if (ret == 0 && !gi->link) {
		ret = gofer_call(gofer_sb_of(i)->conn, &call);
		if (ret == 0) {
			gi->link = strndup(text, call.rep_blob_size);
			if (!gi->link)
				ret = -ENOMEM;
		}
	}
	if (ret == 0) {
		len = strlen(gi->link);
		if (len >= size)
			ret = -ENAMETOOLONG;
		else
			memcpy(buf, gi->link, len + 1);
	}
	mutex_unlock(&gi->lock);
	return ret < 0 ? ret : (ssize_t)len;
}

ssize_t gofer_getxattr(struct inode *i, const char *name, void *buf, size_t size)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_sb *gsb = gofer_sb_of(i);
	struct gofer_getxattr_req q = { .size = (uint32_t)MIN(size, (size_t)GOFER_XATTR_MAX) };
	struct gofer_getxattr_rep r;
	struct gofer_str n = { name, (uint32_t)strlen(name) };
	struct gofer_call call = {
		.op = GOFER_GETXATTR,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
		.rep_blob = buf,
		.rep_blob_max = size,
	};
	bool caps = strcmp(name, "security.capability") == 0;
	int ret;

	if (caps && atomic_load(&gi->flags) & GI_NO_CAPS)
		return -ENODATA;
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	if (ret < 0) {
		if (caps && (ret == -ENODATA || ret == -EOPNOTSUPP) && gsb->ttl_ns)
			ginode_mark(gi, GI_NO_CAPS);
		return ret;
	}
	if (size == 0)
		return r.size <= GOFER_XATTR_MAX ? (ssize_t)r.size : -EIO;
	return (ssize_t)call.rep_blob_size;
}

int gofer_setxattr(struct inode *i, const char *name, const void *val, size_t size, int flags)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_setxattr_req q = { .flags = (uint32_t)flags };
	struct gofer_setxattr_rep r;
	struct gofer_str n = { name, (uint32_t)strlen(name) };
	struct gofer_call call = {
		.op = GOFER_SETXATTR,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.blob = val,
		.blob_size = size,
		.rep = &r,
	};
	int ret;

	if (size > GOFER_XATTR_MAX)
		return -E2BIG;
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gofer_sb_of(i)->conn, &call);
	ginode_mark(gi, GI_STALE | GI_MODIFIED);
	return ret;
}

ssize_t gofer_listxattr(struct inode *i, char *buf, size_t size)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_listxattr_req q;
	struct gofer_listxattr_rep r;
	struct gofer_call call = { .op = GOFER_LISTXATTR, .req = &q, .rep = &r };
	auto_free char *all = malloc(GOFER_XATTR_MAX);
	int ret;

	if (!all)
		return -ENOMEM;
	call.rep_blob = all;
	call.rep_blob_max = GOFER_XATTR_MAX;
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gofer_sb_of(i)->conn, &call);
	if (ret < 0)
		return ret;
	if (call.rep_blob_size > 0 && all[call.rep_blob_size - 1] != '\0')
		return -EIO;
	if (size == 0)
		return (ssize_t)call.rep_blob_size;
	if (call.rep_blob_size > size)
		return -ERANGE;
	memcpy(buf, all, call.rep_blob_size);
	return (ssize_t)call.rep_blob_size;
}

int gofer_removexattr(struct inode *i, const char *name)
{
	struct ginode *gi = ginode_of(i);
	struct gofer_removexattr_req q;
	struct gofer_removexattr_rep r;
	struct gofer_str n = { name, (uint32_t)strlen(name) };
	struct gofer_call call = {
		.op = GOFER_REMOVEXATTR,
		.req = &q,
		.names = &n,
		.nr_names = 1,
		.rep = &r,
	};
	int ret = ginode_nid(gi, &q.node);

	if (ret == 0)
		ret = gofer_call(gofer_sb_of(i)->conn, &call);
	ginode_mark(gi, GI_STALE | GI_MODIFIED);
	return ret;
}

int gofer_statfs(struct super_block *sb, struct lx_statfs *ret_st)
{
	struct gofer_sb *gsb = sb->priv;
	struct gofer_statfs_req q;
	struct gofer_statfs_rep r;
	struct gofer_call call = { .op = GOFER_STATFS, .req = &q, .rep = &r };
	int ret;

	ret = ginode_nid(ginode_of(sb->root->inode), &q.node);
	if (ret == 0)
		ret = gofer_call(gsb->conn, &call);
	if (ret < 0)
		return ret;
	*ret_st = (struct lx_statfs){
		.f_type = (int64_t)r.type,
		.f_bsize = r.bsize && r.bsize <= (1u << 30) ? (int64_t)r.bsize : 4096,
		.f_blocks = r.blocks,
		.f_bfree = r.bfree,
		.f_bavail = r.bavail,
		.f_files = r.files,
		.f_ffree = r.ffree,
		.f_namelen = 255,
		.f_frsize = r.frsize && r.frsize <= (1u << 30) ? (int64_t)r.frsize : 4096,
	};
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: getattr, setattr, statfs, readlink. All act on the O_PATH descriptor, or through the
 * name of that descriptor where the kernel takes no O_PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/bits.h"
#include "server.h"

int op_getattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_getattr_req *q = req->fixed;
	struct gofer_getattr_rep *r = rep->fixed;
	struct gnode *n;
	int fd, ret;

	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	ret = fill_attr(fd, &r->attr);
	node_unuse(s, n);
	return ret;
}

static struct timespec time_to_set(uint32_t valid, uint32_t set, uint32_t now,
				   const struct gofer_time *t)
{
	struct timespec ts = { .tv_nsec = UTIME_OMIT };

	if (valid & now)
		ts.tv_nsec = UTIME_NOW;
	else if (valid & set)
		ts = (struct timespec){ .tv_sec = t->sec, .tv_nsec = t->nsec };
	return ts;
}

static int setattr(const struct gnode *n, int fd, const struct gofer_setattr_req *q)
{
	char name[FD_NAME_SIZE];

	fd_name(fd, name);
	if (q->valid & (GOFER_SET_UID | GOFER_SET_GID)) {
		uid_t uid = q->valid & GOFER_SET_UID ? q->uid : (uid_t)-1;
		gid_t gid = q->valid & GOFER_SET_GID ? q->gid : (gid_t)-1;

		if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	}
	if (q->valid & GOFER_SET_MODE) {
		if (n->type == S_IFLNK)
			return -EOPNOTSUPP;
		if (fchmodat(AT_FDCWD, name, q->mode, 0) < 0)
			return -errno;
	}
	if (q->valid & GOFER_SET_SIZE) {
		if (n->type != S_IFREG)
			return n->type == S_IFDIR ? -EISDIR : -EINVAL;
		if (truncate(name, (off_t)q->size) < 0)
			return -errno;
	}
	if (q->valid & (GOFER_SET_ATIME | GOFER_SET_MTIME)) {
		struct timespec ts[2] = {
			time_to_set(q->valid, GOFER_SET_ATIME, GOFER_SET_ATIME_NOW, &q->atime),
			time_to_set(q->valid, GOFER_SET_MTIME, GOFER_SET_MTIME_NOW, &q->mtime),
		};

		if (utimensat(fd, "", ts, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	}
	return 0;
}

int op_setattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_setattr_req *q = req->fixed;
	struct gofer_setattr_rep *r = rep->fixed;
	struct gnode *n;
	int fd, ret;

	if (q->valid & ~GOFER_SET_ALL || q->mode & ~07777u || q->size > INT64_MAX ||
	    q->atime.nsec > 999999999 || q->mtime.nsec > 999999999 ||
	    (q->valid & GOFER_SET_ATIME_NOW && !(q->valid & GOFER_SET_ATIME)) ||
	    (q->valid & GOFER_SET_MTIME_NOW && !(q->valid & GOFER_SET_MTIME)))
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	ret = node_writable(n);
	if (ret == 0)
		ret = setattr(n, fd, q);
	if (ret == 0)
		ret = fill_attr(fd, &r->attr);
	node_unuse(s, n);
	return ret;
}

int op_statfs(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_statfs_req *q = req->fixed;
	struct gofer_statfs_rep *r = rep->fixed;
	struct statfs st;
	struct gnode *n;
	int fd, ret;

	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (fstatfs(fd, &st) < 0) {
		ret = -errno;
	} else {
		*r = (struct gofer_statfs_rep){
			.type = (uint64_t)st.f_type,
			.bsize = (uint64_t)st.f_bsize,
			.blocks = st.f_blocks,
			.bfree = st.f_bfree,
			.bavail = st.f_bavail,
			.files = st.f_files,
			.ffree = st.f_ffree,
			.namelen = (uint64_t)st.f_namelen,
			.frsize = (uint64_t)st.f_frsize,
			.flags = (uint64_t)st.f_flags,
		};
		memcpy(r->fsid, &st.f_fsid, sizeof(r->fsid));
	}
	node_unuse(s, n);
	return ret;
}

int op_readlink(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_readlink_req *q = req->fixed;
	struct gnode *n;
	int fd, ret;
	ssize_t size;

	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (n->type != S_IFLNK) {
		ret = -EINVAL;
	} else {
		size = readlinkat(fd, "", rep->blob, MIN(rep->blob_max, (size_t)GOFER_LINK_MAX));
		if (size < 0)
			ret = -errno;
		else
			rep->blob_size = (size_t)size;
	}
	node_unuse(s, n);
	return ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening: descriptors of regular files for the sentry, new files, and (where the operator allowed
 * it) connections to sockets of the host. A file is looked at through its O_PATH descriptor before
 * it is opened, so that no FIFO or device is ever opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "server.h"

static int open_regular(const struct gnode *n, int fd, uint32_t flags, int *ret_fd)
{
	int mode = O_RDONLY, ret;

	if (n->type == S_IFDIR)
		return -EISDIR;
	if (n->type == S_IFLNK)
		return -ELOOP;
	if (n->type != S_IFREG)
		return -ENXIO;
	if (n->blocked)
		return -EACCES;
	if (flags & GOFER_OPEN_WRITE) {
		if (n->mnt->ro)
			return -EROFS;
		mode = O_RDWR | (flags & GOFER_OPEN_TRUNC ? O_TRUNC : 0);
	}
	/* O_NONBLOCK: a lease on the file must not hold this thread. */
	ret = reopen_fd(fd, mode | O_NONBLOCK | O_NOCTTY);
	if (ret < 0)
		return ret;
	*ret_fd = ret;
	return 0;
}

int op_open(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_open_req *q = req->fixed;
	struct gofer_open_rep *r = rep->fixed;
	struct gnode *dir = NULL, *n;
	int fd, ret;

	if (q->flags & ~GOFER_OPEN_ALL ||
	    (q->flags & GOFER_OPEN_TRUNC && !(q->flags & GOFER_OPEN_WRITE)))
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (req->nr_names > 0) {
		dir = n;
		if (dir->type != S_IFDIR)
			ret = -ENOTDIR;
		else
			ret = walk_one(s, dir, fd, &req->names[0], &r->node);
		node_unuse(s, dir);
		if (ret < 0)
			return ret;
		ret = node_use(s, r->node.node, &n, &fd);
		if (ret < 0) {
			node_forget(s, r->node.node);
			return ret;
		}
		if (n->type != S_IFREG) {
			node_unuse(s, n);
			return 0;
		}
	}
	ret = open_regular(n, fd, q->flags, &rep->fds[0]);
	if (ret == 0) {
		rep->nr_fds = 1;
		r->flags = q->flags & GOFER_OPEN_WRITE;
		r->nr_fds = 1;
		if (!dir || q->flags & GOFER_OPEN_TRUNC)
			ret = fill_attr(fd, &r->node.attr);
	}
	node_unuse(s, n);
	if (ret < 0 && dir)
		node_forget(s, r->node.node);
	return ret;
}

static int open_one(struct gnode *dir, int dirfd, const struct gofer_str *name,
		    struct gofer_attr *ret_attr, int *ret_fd)
{
	auto_close int fd = -1;
	struct statx stx;
	bool blocked;
	int ret;

	ret = lookup_name(dir, dirfd, name, &fd, &stx, &blocked);
	if (ret < 0)
		return ret;
	if (S_ISREG(stx.stx_mode)) {
		if (blocked)
			return -EACCES;
		/* O_NONBLOCK: a lease on the file must not hold this thread. */
		ret = reopen_fd(fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (ret < 0)
			return ret;
		*ret_fd = ret;
	}
	attr_from_statx(&stx, ret_attr);
	return 0;
}

int op_openmany(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_openmany_req *q = req->fixed;
	struct gofer_openmany_rep *r = rep->fixed;
	struct gofer_opened *o = (struct gofer_opened *)rep->blob;
	struct gnode *dir;
	int dirfd, ret;

	ret = node_use(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	if (dir->type != S_IFDIR)
		ret = -ENOTDIR;
	for (unsigned int i = 0; i < req->nr_names && ret == 0; i++, o++) {
		int fd = -1;

		memset(o, 0, sizeof(*o));
		o->error = open_one(dir, dirfd, &req->names[i], &o->attr, &fd);
		if (i > 0 && (o->error == -EMFILE || o->error == -ENFILE))
			break;
		if (fd >= 0) {
			o->has_fd = 1;
			rep->fds[rep->nr_fds++] = fd;
		}
		r->nr_files++;
		rep->blob_size += sizeof(*o);
	}
	r->nr_fds = rep->nr_fds;
	node_unuse(s, dir);
	return ret;
}

int op_create(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_create_req *q = req->fixed;
	struct gofer_create_rep *r = rep->fixed;
	char name[GOFER_NAME_MAX + 1];
	auto_close int fd = -1;
	struct gnode *dir;
	struct statx stx;
	int dirfd, ret;

	if (q->mode & ~07777u)
		return -EINVAL;
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	name_str(&req->names[0], name);
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		    q->mode & 0777);
	if (fd < 0) {
		ret = -errno;
		goto out;
	}
	ret = stat_fd(fd, &stx);
	if (ret == 0 && (stx.stx_uid != q->uid || stx.stx_gid != q->gid) &&
	    fchown(fd, q->uid, q->gid) < 0)
		ret = -errno;
	if (ret == 0 && (q->mode & 07000 || (stx.stx_mode & 07777) != q->mode) &&
	    fchmod(fd, q->mode) < 0)
		ret = -errno;
	if (ret == 0)
		ret = stat_fd(fd, &stx);
	if (ret == 0) {
		attr_from_statx(&stx, &r->node.attr);
		ret = node_new(s, dir, dir->mnt, &req->names[0], -1, &stx, false, &r->node.node);
	}
	if (ret < 0)
		unlinkat(dirfd, name, 0);
	else
		rep->fds[rep->nr_fds++] = STEAL_FD(fd);
out:
	node_unuse(s, dir);
	return ret;
}

int op_connect(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_connect_req *q = req->fixed;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_close int sock = -1;
	struct gnode *n;
	int fd, ret;

	if (q->type != SOCK_STREAM && q->type != SOCK_DGRAM && q->type != SOCK_SEQPACKET)
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (!s->allow_connect || n->blocked || n->type != S_IFSOCK) {
		ret = -ECONNREFUSED;
		goto out;
	}
	sock = socket(AF_UNIX, (int)q->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0) {
		ret = -errno;
		goto out;
	}
	fd_name(fd, sun.sun_path);
	if (connect(sock, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		ret = -errno;
	else
		rep->fds[rep->nr_fds++] = STEAL_FD(sock);
out:
	node_unuse(s, n);
	return ret;
}

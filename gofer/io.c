/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What little data work is left to the gofer: fsync and fallocate of files the sentry holds no
 * descriptor of. Reading and writing goes through donated descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/auto.h"
#include "server.h"

int op_fsync(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_fsync_req *q = req->fixed;
	auto_close int real = -1;
	struct gnode *n;
	int fd, ret;

	if (q->datasync > 1)
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (n->blocked || (n->type != S_IFREG && n->type != S_IFDIR)) {
		ret = -EINVAL;
	} else {
		real = reopen_fd(fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (real < 0)
			ret = real;
		else if ((q->datasync ? fdatasync(real) : fsync(real)) < 0)
			ret = -errno;
	}
	node_unuse(s, n);
	return ret;
}

int op_fallocate(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_fallocate_req *q = req->fixed;
	struct gofer_fallocate_rep *r = rep->fixed;
	auto_close int real = -1;
	struct gnode *n;
	int fd, ret;

	if (q->mode & ~GOFER_FALLOC_ALL || q->offset > INT64_MAX || q->length > INT64_MAX)
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	ret = node_writable(n);
	if (ret == 0 && n->type != S_IFREG)
		ret = n->type == S_IFDIR ? -EISDIR : -ENODEV;
	if (ret == 0) {
		real = reopen_fd(fd, O_RDWR | O_NONBLOCK | O_NOCTTY);
		if (real < 0)
			ret = real;
		else if (fallocate(real, (int)q->mode, (off_t)q->offset, (off_t)q->length) < 0)
			ret = -errno;
	}
	if (ret == 0)
		ret = fill_attr(fd, &r->attr);
	node_unuse(s, n);
	return ret;
}

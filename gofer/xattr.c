/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes. Only `user.` passes both ways, and file capabilities can be read; what
 * belongs to the host (trusted, other security modules) is neither shown nor changed, and POSIX
 * ACLs are hidden because the sentry does not judge by them.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "server.h"

static bool is_user(const char *name)
{
	return strncmp(name, "user.", 5) == 0;
}

static bool visible(const char *name)
{
	return is_user(name) || strcmp(name, "security.capability") == 0;
}

static int hidden_error(const char *name, int owned)
{
	return strncmp(name, "security.", 9) == 0 || strncmp(name, "trusted.", 8) == 0 ?
		       owned :
		       -EOPNOTSUPP;
}

int op_getxattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_getxattr_req *q = req->fixed;
	struct gofer_getxattr_rep *r = rep->fixed;
	char name[GOFER_NAME_MAX + 1], fdbuf[FD_NAME_SIZE];
	struct gnode *n;
	ssize_t size;
	int fd, ret;

	if (q->size > GOFER_XATTR_MAX)
		return -EINVAL;
	name_str(&req->names[0], name);
	if (!visible(name))
		return hidden_error(name, -ENODATA);
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	size = getxattr(fd_name(fd, fdbuf), name, rep->blob, q->size);
	if (size < 0) {
		ret = -errno;
	} else {
		r->size = (uint64_t)size;
		rep->blob_size = q->size ? (size_t)size : 0;
	}
	node_unuse(s, n);
	return ret;
}

int op_setxattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_setxattr_req *q = req->fixed;
	char name[GOFER_NAME_MAX + 1], fdbuf[FD_NAME_SIZE];
	struct gnode *n;
	int fd, ret;

	if (q->flags & ~(uint32_t)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	name_str(&req->names[0], name);
	if (!is_user(name))
		return hidden_error(name, -EPERM);
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	ret = node_writable(n);
	if (ret == 0 &&
	    setxattr(fd_name(fd, fdbuf), name, req->blob.p, req->blob.size, (int)q->flags) < 0)
		ret = -errno;
	node_unuse(s, n);
	return ret;
}

int op_listxattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_listxattr_req *q = req->fixed;
	struct gofer_listxattr_rep *r = rep->fixed;
	char fdbuf[FD_NAME_SIZE];
	struct gnode *n;
	ssize_t size;
	int fd, ret;

	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	size = listxattr(fd_name(fd, fdbuf), rep->blob, rep->blob_max);
	if (size < 0) {
		ret = -errno;
	} else {
		char *out = rep->blob;

		for (char *p = rep->blob; p < rep->blob + size;) {
			size_t len = strnlen(p, (size_t)(rep->blob + size - p)) + 1;

			if (visible(p)) {
				memmove(out, p, len);
				out += len;
			}
			p += len;
		}
		rep->blob_size = (size_t)(out - rep->blob);
		r->size = rep->blob_size;
	}
	node_unuse(s, n);
	return ret;
}

int op_removexattr(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_removexattr_req *q = req->fixed;
	char name[GOFER_NAME_MAX + 1], fdbuf[FD_NAME_SIZE];
	struct gnode *n;
	int fd, ret;

	name_str(&req->names[0], name);
	if (!is_user(name))
		return hidden_error(name, -EPERM);
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	ret = node_writable(n);
	if (ret == 0 && removexattr(fd_name(fd, fdbuf), name) < 0)
		ret = -errno;
	node_unuse(s, n);
	return ret;
}

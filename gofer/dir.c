/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories: making, linking, removing and renaming entries, and reading whole directories with
 * the attributes of their entries.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "server.h"

/* What getdents64 writes; libc has no name for it. */
struct kernel_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/*
 * Gives a new entry its owner and mode and makes its node. mode of a symbolic link is not changed.
 * The entry is removed again on failure.
 */
static int finish_new(struct gofer_server *s, struct gnode *dir, int dirfd,
		      const struct gofer_str *name, uint32_t mode, uint32_t uid, uint32_t gid,
		      struct gofer_node *ret_node)
{
	char buf[GOFER_NAME_MAX + 1], fdbuf[FD_NAME_SIZE];
	auto_close int fd = -1;
	struct statx stx = { 0 };
	int ret;

	fd = open_name(dirfd, name_str(name, buf));
	ret = fd < 0 ? fd : stat_fd(fd, &stx);
	if (ret == 0 && (stx.stx_uid != uid || stx.stx_gid != gid) &&
	    fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		ret = -errno;
	if (ret == 0 && !S_ISLNK(stx.stx_mode) &&
	    (mode & 07000 || (stx.stx_mode & 07777) != mode) &&
	    fchmodat(AT_FDCWD, fd_name(fd, fdbuf), mode, 0) < 0)
		ret = -errno;
	if (ret == 0)
		ret = stat_fd(fd, &stx);
	if (ret == 0) {
		attr_from_statx(&stx, &ret_node->attr);
		ret = node_new(s, dir, dir->mnt, name, STEAL_FD(fd), &stx, false, &ret_node->node);
	}
	if (ret < 0)
		unlinkat(dirfd, buf, S_ISDIR(stx.stx_mode) ? AT_REMOVEDIR : 0);
	return ret;
}

int op_mkdir(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_mkdir_req *q = req->fixed;
	struct gofer_mkdir_rep *r = rep->fixed;
	char buf[GOFER_NAME_MAX + 1];
	struct gnode *dir;
	int dirfd, ret;

	if (q->mode & ~07777u)
		return -EINVAL;
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	if (mkdirat(dirfd, name_str(&req->names[0], buf), q->mode & 0777) < 0)
		ret = -errno;
	else
		ret = finish_new(s, dir, dirfd, &req->names[0], q->mode, q->uid, q->gid, &r->node);
	node_unuse(s, dir);
	return ret;
}

int op_mknod(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_mknod_req *q = req->fixed;
	struct gofer_mknod_rep *r = rep->fixed;
	char buf[GOFER_NAME_MAX + 1];
	struct gnode *dir;
	int dirfd, ret;

	if (!S_ISFIFO(q->mode) && !S_ISSOCK(q->mode) && !S_ISREG(q->mode))
		return S_ISCHR(q->mode) || S_ISBLK(q->mode) ? -EPERM : -EINVAL;
	if (q->mode & ~(S_IFMT | 07777u))
		return -EINVAL;
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	if (mknodat(dirfd, name_str(&req->names[0], buf), q->mode & (S_IFMT | 0777), 0) < 0)
		ret = -errno;
	else
		ret = finish_new(s, dir, dirfd, &req->names[0], q->mode & 07777, q->uid, q->gid,
				 &r->node);
	node_unuse(s, dir);
	return ret;
}

int op_symlink(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_symlink_req *q = req->fixed;
	struct gofer_symlink_rep *r = rep->fixed;
	char buf[GOFER_NAME_MAX + 1], target[GOFER_LINK_MAX + 1];
	struct gnode *dir;
	int dirfd, ret;

	if (req->blob.size == 0 || memchr(req->blob.p, 0, req->blob.size))
		return -EINVAL;
	memcpy(target, req->blob.p, req->blob.size);
	target[req->blob.size] = '\0';
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	if (symlinkat(target, dirfd, name_str(&req->names[0], buf)) < 0)
		ret = -errno;
	else
		ret = finish_new(s, dir, dirfd, &req->names[0], 0777, q->uid, q->gid, &r->node);
	node_unuse(s, dir);
	return ret;
}

int op_link(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_link_req *q = req->fixed;
	struct gofer_link_rep *r = rep->fixed;
	char buf[GOFER_NAME_MAX + 1], fdbuf[FD_NAME_SIZE];
	struct gnode *dir, *n = NULL;
	int dirfd, fd, ret;

	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	ret = node_use(s, q->target, &n, &fd);
	if (ret == 0)
		ret = n->mnt != dir->mnt ? -EXDEV : n->type == S_IFDIR ? -EPERM : node_writable(n);
	/*
	 * AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH. The link followed is the descriptor's own.
	 */
	if (ret == 0 && linkat(AT_FDCWD, fd_name(fd, fdbuf), dirfd, name_str(&req->names[0], buf),
			       AT_SYMLINK_FOLLOW) < 0)
		ret = -errno;
	if (ret == 0)
		ret = fill_attr(fd, &r->attr);
	node_unuse(s, n);
	node_unuse(s, dir);
	return ret;
}

/* Holds a node the sentry named as the owner of an entry, if it named one. */
static int use_optional(struct gofer_server *s, uint64_t id, struct gnode **ret_node)
{
	int fd, ret;

	if (id == 0)
		return 0;
	ret = node_use(s, id, ret_node, &fd);
	/* One that is gone already cannot be helped and does not matter. */
	return ret == -ESTALE ? 0 : ret;
}

int op_unlink(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_unlink_req *q = req->fixed;
	char buf[GOFER_NAME_MAX + 1];
	struct gnode *dir, *victim = NULL;
	int dirfd, ret;

	if (q->flags & ~GOFER_UNLINK_DIR)
		return -EINVAL;
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	ret = use_optional(s, q->victim, &victim);
	if (ret == 0 && unlinkat(dirfd, name_str(&req->names[0], buf),
				 q->flags & GOFER_UNLINK_DIR ? AT_REMOVEDIR : 0) < 0)
		ret = -errno;
	if (ret == 0 && victim)
		node_unnamed(s, victim);
	node_unuse(s, victim);
	node_unuse(s, dir);
	return ret;
}

int op_rename(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_rename_req *q = req->fixed;
	const struct gofer_str *from = &req->names[0], *to = &req->names[1];
	char buf[GOFER_NAME_MAX + 1], new_buf[GOFER_NAME_MAX + 1];
	struct gnode *dir, *new_dir = NULL, *moved = NULL, *victim = NULL;
	int dirfd, new_fd, ret;

	if (q->flags & ~(GOFER_RENAME_NOREPLACE | GOFER_RENAME_EXCHANGE) ||
	    q->flags == (GOFER_RENAME_NOREPLACE | GOFER_RENAME_EXCHANGE))
		return -EINVAL;
	ret = node_use_dir_rw(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	ret = node_use_dir_rw(s, q->new_node, &new_dir, &new_fd);
	if (ret == 0)
		ret = use_optional(s, q->moved, &moved);
	if (ret == 0)
		ret = use_optional(s, q->victim, &victim);
	if (ret == 0 && dir->mnt != new_dir->mnt)
		ret = -EXDEV;
	/* Not by libc, which makes another call of it when flags is 0. */
	if (ret == 0 && syscall(SYS_renameat2, dirfd, name_str(from, buf), new_fd,
				name_str(to, new_buf), q->flags) < 0)
		ret = -errno;
	if (ret == 0) {
		if (moved)
			node_renamed(s, moved, dir, from, new_dir, to);
		if (victim && q->flags & GOFER_RENAME_EXCHANGE)
			node_renamed(s, victim, new_dir, to, dir, from);
		else if (victim && victim != moved)
			node_unnamed(s, victim);
	}
	node_unuse(s, victim);
	node_unuse(s, moved);
	node_unuse(s, new_dir);
	node_unuse(s, dir);
	return ret;
}

/* Adds one entry to the blob. False if it is full. */
static bool add_entry(int fd, const struct kernel_dirent *de, bool attrs, struct reply *rep)
{
	size_t name_size = strlen(de->name);
	struct gofer_dirent *out = (struct gofer_dirent *)(rep->blob + rep->blob_size);
	struct statx stx;
	size_t size;

	if (gofer_dirent_size(name_size, attrs) > rep->blob_max - rep->blob_size)
		return false;
	attrs = attrs && statx(fd, de->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
			       STATX_BASIC_STATS | STATX_BTIME, &stx) == 0;
	size = gofer_dirent_size(name_size, attrs);
	memset(out, 0, size);
	out->ino = attrs ? stx.stx_ino : de->ino;
	out->name_size = (uint16_t)name_size;
	out->type = attrs ? (uint8_t)IFTODT(stx.stx_mode) : de->type;
	out->has_attr = attrs;
	memcpy(out + 1, de->name, name_size);
	if (attrs)
		attr_from_statx(&stx, (struct gofer_attr *)((char *)out + size -
							    sizeof(struct gofer_attr)));
	rep->blob_size += size;
	return true;
}

static int read_entries(int fd, const struct gofer_readdir_req *q, struct gofer_readdir_rep *r,
			struct reply *rep)
{
	char buf[32768] __aligned(8);
	uint64_t cookie = q->cookie;

	if (cookie != 0 && lseek(fd, (off_t)cookie, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		long n = syscall(SYS_getdents64, fd, buf, sizeof(buf));

		if (n < 0)
			return -errno;
		if (n == 0) {
			r->eof = 1;
			break;
		}
		for (long pos = 0; pos < n;) {
			const struct kernel_dirent *de = (const void *)(buf + pos);

			pos += de->reclen;
			if (gofer_name_ok(de->name, strlen(de->name))) {
				if (!add_entry(fd, de, q->flags & GOFER_READDIR_ATTRS, rep)) {
					r->next_cookie = cookie;
					return 0;
				}
				r->nr_entries++;
			}
			cookie = (uint64_t)de->off;
		}
	}
	r->next_cookie = cookie;
	return 0;
}

int op_readdir(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_readdir_req *q = req->fixed;
	struct gofer_readdir_rep *r = rep->fixed;
	auto_close int real = -1;
	struct gnode *n;
	int fd, ret;

	if (q->flags & ~GOFER_READDIR_ATTRS || q->max_bytes < 1024 ||
	    q->max_bytes > GOFER_READDIR_MAX)
		return -EINVAL;
	ret = node_use(s, q->node, &n, &fd);
	if (ret < 0)
		return ret;
	if (req->nr_names > 0) {
		struct gnode *dir = n;

		ret = dir->type != S_IFDIR ? -ENOTDIR :
					     walk_one(s, dir, fd, &req->names[0], &r->node);
		node_unuse(s, dir);
		if (ret < 0 || !S_ISDIR(r->node.attr.mode))
			return ret;
		ret = node_use(s, r->node.node, &n, &fd);
		if (ret < 0) {
			node_forget(s, r->node.node);
			return ret;
		}
	}
	rep->blob_max = MIN(rep->blob_max, (size_t)q->max_bytes);
	if (n->type != S_IFDIR) {
		ret = -ENOTDIR;
	} else if (n->blocked) {
		r->eof = 1;
	} else {
		real = reopen_fd(fd, O_RDONLY | O_DIRECTORY);
		ret = real < 0 ? real : read_entries(real, q, r, rep);
	}
	node_unuse(s, n);
	if (ret < 0 && r->node.node)
		node_forget(s, r->node.node);
	return ret;
}

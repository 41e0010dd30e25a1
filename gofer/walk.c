/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding files: attach, walk and forget, and the one way a name is ever resolved here: a single
 * name beneath an O_PATH descriptor, no link followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "server.h"

/* Magic numbers that <linux/magic.h> lacks. */
#define MAGIC_CONFIGFS   0x62656570
#define MAGIC_FUSECTL    0x65735543
#define MAGIC_MQUEUE     0x19800202
#define MAGIC_RPC_PIPEFS 0x67596969
#define MAGIC_NFSD       0x6e667364

const char *name_str(const struct gofer_str *s, char *buf)
{
	memcpy(buf, s->p, s->size);
	buf[s->size] = '\0';
	return buf;
}

int open_name(int dirfd, const char *name)
{
	static bool no_openat2; /* a host kernel or container that refuses it: set once */
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (!READ_ONCE(no_openat2)) {
		fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
		if (fd >= 0)
			return fd;
		if (errno != ENOSYS)
			return -errno;
		WRITE_ONCE(no_openat2, true);
	}
	/* The name was checked to be a single one. */
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

int stat_fd(int fd, struct statx *ret_stx)
{
	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_BTIME, ret_stx) < 0)
		return -errno;
	return 0;
}

uint64_t statx_dev(const struct statx *stx)
{
	return (uint64_t)stx->stx_dev_major << 32 | stx->stx_dev_minor;
}

static struct gofer_time time_from_statx(const struct statx_timestamp *t)
{
	return (struct gofer_time){ .sec = t->tv_sec, .nsec = t->tv_nsec };
}

void attr_from_statx(const struct statx *stx, struct gofer_attr *ret_attr)
{
	*ret_attr = (struct gofer_attr){
		.ino = stx->stx_ino,
		.size = stx->stx_size,
		.blocks = stx->stx_blocks,
		.dev_major = stx->stx_dev_major,
		.dev_minor = stx->stx_dev_minor,
		.rdev_major = stx->stx_rdev_major,
		.rdev_minor = stx->stx_rdev_minor,
		.mode = stx->stx_mode,
		.nlink = stx->stx_nlink,
		.uid = stx->stx_uid,
		.gid = stx->stx_gid,
		.blksize = stx->stx_blksize,
		.flags = stx->stx_mask & STATX_BTIME ? GOFER_ATTR_BTIME : 0,
		.atime = time_from_statx(&stx->stx_atime),
		.mtime = time_from_statx(&stx->stx_mtime),
		.ctime = time_from_statx(&stx->stx_ctime),
		.btime = time_from_statx(&stx->stx_btime),
	};
}

int fill_attr(int fd, struct gofer_attr *ret_attr)
{
	struct statx stx;
	int ret = stat_fd(fd, &stx);

	if (ret < 0)
		return ret;
	attr_from_statx(&stx, ret_attr);
	return 0;
}

bool is_kernel_fs(int fd)
{
	static const unsigned long magics[] = {
		PROC_SUPER_MAGIC,    SYSFS_MAGIC,          DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,        TRACEFS_MAGIC,      SECURITYFS_MAGIC,
		BPF_FS_MAGIC,        PSTOREFS_MAGIC,       EFIVARFS_MAGIC,     SELINUX_MAGIC,
		SMACK_MAGIC,         BINDERFS_SUPER_MAGIC, NSFS_MAGIC,         PIPEFS_MAGIC,
		SOCKFS_MAGIC,        ANON_INODE_FS_MAGIC,  HUGETLBFS_MAGIC,    RDTGROUP_SUPER_MAGIC,
		BINFMTFS_MAGIC,      MAGIC_CONFIGFS,       MAGIC_FUSECTL,      MAGIC_MQUEUE,
		MAGIC_RPC_PIPEFS,    MAGIC_NFSD,
	};
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		if ((unsigned long)st.f_type == magics[i])
			return true;
	}
	return false;
}

int node_writable(const struct gnode *n)
{
	return n->mnt->ro || n->blocked ? -EROFS : 0;
}

int node_use_dir_rw(struct gofer_server *s, uint64_t id, struct gnode **ret_node, int *ret_fd)
{
	struct gnode *n;
	int fd, ret;

	ret = node_use(s, id, &n, &fd);
	if (ret < 0)
		return ret;
	ret = n->type != S_IFDIR ? -ENOTDIR : node_writable(n);
	if (ret < 0) {
		node_unuse(s, n);
		return ret;
	}
	*ret_node = n;
	*ret_fd = fd;
	return 0;
}

int lookup_name(struct gnode *dir, int dirfd, const struct gofer_str *name, int *ret_fd,
		struct statx *ret_stx, bool *ret_blocked)
{
	char buf[GOFER_NAME_MAX + 1];
	auto_close int fd = -1;
	int ret;

	if (dir->blocked)
		return -ENOENT;
	fd = open_name(dirfd, name_str(name, buf));
	if (fd < 0)
		return fd;
	ret = stat_fd(fd, ret_stx);
	if (ret < 0)
		return ret;
	*ret_blocked = statx_dev(ret_stx) != dir->dev && is_kernel_fs(fd);
	*ret_fd = STEAL_FD(fd);
	return 0;
}

int walk_one(struct gofer_server *s, struct gnode *dir, int dirfd, const struct gofer_str *name,
	     struct gofer_node *ret_node)
{
	struct statx stx;
	bool blocked;
	int fd, ret;

	ret = lookup_name(dir, dirfd, name, &fd, &stx, &blocked);
	if (ret < 0)
		return ret;
	attr_from_statx(&stx, &ret_node->attr);
	return node_new(s, dir, dir->mnt, name, fd, &stx, blocked, &ret_node->node);
}

int op_attach(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_attach_req *q = req->fixed;
	struct gofer_attach_rep *r = rep->fixed;
	const struct gmount *mnt;
	struct statx stx;
	int fd, ret;

	if (q->version != GOFER_PROTO_VERSION)
		return -EPROTONOSUPPORT;
	if (q->mount >= s->nr_mounts)
		return -ENODEV;
	mnt = &s->mounts[q->mount];
	ret = stat_fd(mnt->root_fd, &stx);
	if (ret < 0)
		return ret;
	fd = fcntl(mnt->root_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	attr_from_statx(&stx, &r->root.attr);
	r->flags = mnt->ro ? GOFER_MOUNT_RO : 0;
	r->nr_mounts = s->nr_mounts;
	return node_new(s, NULL, mnt, NULL, fd, &stx, is_kernel_fs(fd), &r->root.node);
}

/* Adds the target of a link to the blob: spares the question that always follows. */
static void add_link(int dirfd, const struct gofer_str *name, struct gofer_walk_rep *r,
		     struct reply *rep)
{
	char buf[GOFER_NAME_MAX + 1];
	ssize_t n = readlinkat(dirfd, name_str(name, buf), rep->blob + rep->blob_size,
			       MIN(rep->blob_max - rep->blob_size, (size_t)GOFER_LINK_MAX));

	if (n > 0 && n < GOFER_LINK_MAX) {
		r->link_size = (uint32_t)n;
		rep->blob_size += (size_t)n;
	}
}

int op_walk(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_walk_req *q = req->fixed;
	struct gofer_walk_rep *r = rep->fixed;
	struct gofer_node *out = (struct gofer_node *)rep->blob;
	struct gnode *dir, *next;
	int dirfd, ret;

	if (q->flags & ~GOFER_WALK_ATTR_ONLY)
		return -EINVAL;
	if (q->flags & GOFER_WALK_ATTR_ONLY && req->nr_names != 1)
		return -EINVAL;
	ret = node_use(s, q->node, &dir, &dirfd);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < req->nr_names; i++) {
		if (dir->type != S_IFDIR) {
			ret = dir->type == S_IFLNK ? -ELOOP : -ENOTDIR;
			break;
		}
		if (q->flags & GOFER_WALK_ATTR_ONLY) {
			char buf[GOFER_NAME_MAX + 1];
			struct statx stx;

			if (dir->blocked) {
				ret = -ENOENT;
				break;
			}
			if (statx(dirfd, name_str(&req->names[i], buf),
				  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
				  STATX_BASIC_STATS | STATX_BTIME, &stx) < 0) {
				ret = -errno;
				break;
			}
			out[i].node = 0;
			attr_from_statx(&stx, &out[i].attr);
		} else {
			ret = walk_one(s, dir, dirfd, &req->names[i], &out[i]);
			if (ret < 0)
				break;
		}
		r->nr_nodes++;
		rep->blob_size += sizeof(*out);
		if (S_ISLNK(out[i].attr.mode)) {
			add_link(dirfd, &req->names[i], r, rep);
			if (i + 1 < req->nr_names)
				ret = -ELOOP;
			break;
		}
		if (i + 1 == req->nr_names)
			break;
		ret = node_use(s, out[i].node, &next, &dirfd);
		if (ret < 0)
			break;
		node_unuse(s, dir);
		dir = next;
	}
	r->stop = ret;
	node_unuse(s, dir);
	return 0;
}

int op_forget(struct gofer_server *s, const struct gofer_req *req, struct reply *rep)
{
	const struct gofer_forget_req *q = req->fixed;
	int ret = 0;

	if (req->blob.size != (size_t)q->nr * sizeof(uint64_t))
		return -EINVAL;
	for (uint32_t i = 0; i < q->nr; i++) {
		uint64_t id;

		memcpy(&id, req->blob.p + i * sizeof(id), sizeof(id));
		if (!node_forget(s, id))
			ret = -ESTALE;
	}
	return ret;
}

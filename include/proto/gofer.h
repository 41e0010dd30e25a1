/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol between a sentry and a gofer: constants, fixed structures, and the bounded decoders
 * both sides use. PROTOCOL.md tells the whole; gofer.def has the table of messages.
 *
 * One SOCK_SEQPACKET message is one request or one reply: a header, the fixed structure of the
 * message, then (requests) names, each a 16-bit length and its bytes, then a blob. All numbers are
 * little-endian with natural alignment; nothing read from the peer is used before it was checked
 * here.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structures are little-endian");

#define GOFER_PROTO_VERSION 2u

#define GOFER_NAME_MAX          255
#define GOFER_WALK_MAX          16
#define GOFER_MANY_MAX          32u /* names in any request, descriptors in any reply */
#define GOFER_LINK_MAX          4095
#define GOFER_XATTR_MAX         65536
#define GOFER_FORGET_MAX        1024
#define GOFER_READDIR_MAX       (120 * 1024)
#define GOFER_WALK_BLOB_MAX     (GOFER_WALK_MAX * sizeof(struct gofer_node) + GOFER_LINK_MAX)
#define GOFER_OPENMANY_BLOB_MAX (GOFER_MANY_MAX * sizeof(struct gofer_opened))
#define GOFER_REQ_MAX           (72 * 1024) /* larger than any request the table allows */
#define GOFER_REP_MAX           (128 * 1024) /* and than any reply; below the default socket buffer */
#define GOFER_NODES_MAX         (1u << 20)   /* node ids a connection may hold */

/* A request with this tag gets no reply. */
#define GOFER_TAG_NONE 0u

struct gofer_hdr {
	uint32_t size;    /* of the whole message */
	uint16_t op;      /* GOFER_<NAME> */
	uint8_t nr_names; /* requests */
	uint8_t pad;      /* 0 */
	uint32_t tag;     /* chosen by the sentry; a reply carries its request's */
	/* replies: 0 or -errno (then nothing follows); requests: 0 */
	int32_t error;
};

struct gofer_time {
	int64_t sec;
	uint32_t nsec;
	uint32_t pad;
};

struct gofer_attr {
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;               /* of 512 bytes */
	uint32_t dev_major, dev_minor; /* identity together with ino */
	uint32_t rdev_major, rdev_minor;
	uint32_t mode; /* with the type, Linux numbers */
	uint32_t nlink;
	uint32_t uid, gid;
	uint32_t blksize;
	uint32_t flags; /* GOFER_ATTR_* */
	struct gofer_time atime, mtime, ctime, btime;
};

#define GOFER_ATTR_BTIME 1u /* btime is known */

struct gofer_node {
	uint64_t node; /* id; 0: none was made */
	struct gofer_attr attr;
};

/* attach: the root of a mount. The first message on a connection. */
struct gofer_attach_req {
	uint32_t version; /* GOFER_PROTO_VERSION */
	uint32_t mount;   /* number of the mount, in the order the launcher gave */
};
struct gofer_attach_rep {
	struct gofer_node root;
	uint32_t flags; /* GOFER_MOUNT_* */
	uint32_t nr_mounts;
};
#define GOFER_MOUNT_RO 1u

/*
 * walk: names one below the other, starting in `node`. Stops behind a name that is no directory,
 * and before one that cannot be had; `stop` says why it stopped early: 0 (it did not), -ENOENT and
 * so on, -ENOTDIR or -ELOOP (the last node returned is a file, a symbolic link). The blob: nr_nodes
 * times struct gofer_node, then the target of the last node if that is a symbolic link.
 */
struct gofer_walk_req {
	uint64_t node;
	uint32_t flags; /* GOFER_WALK_* */
	uint32_t pad;
};
struct gofer_walk_rep {
	uint32_t nr_nodes;
	uint32_t link_size;
	int32_t stop;
	uint32_t pad;
};
#define GOFER_WALK_ATTR_ONLY 1u /* make no node ids */

struct gofer_getattr_req {
	uint64_t node;
};
struct gofer_getattr_rep {
	struct gofer_attr attr;
};

/* setattr: in the order owner, mode, size, times; the first failure ends it. */
struct gofer_setattr_req {
	uint64_t node;
	uint32_t valid; /* GOFER_SET_* */
	uint32_t mode;  /* 07777 */
	uint32_t uid, gid;
	uint64_t size;
	struct gofer_time atime, mtime;
};
struct gofer_setattr_rep {
	struct gofer_attr attr;
};
#define GOFER_SET_MODE      0x01u
#define GOFER_SET_UID       0x02u
#define GOFER_SET_GID       0x04u
#define GOFER_SET_SIZE      0x08u
#define GOFER_SET_ATIME     0x10u
#define GOFER_SET_MTIME     0x20u
#define GOFER_SET_ATIME_NOW 0x40u /* with SET_ATIME: the time of the gofer's clock */
#define GOFER_SET_MTIME_NOW 0x80u
#define GOFER_SET_ALL       0xffu

/*
 * open: a regular file, for reading or reading and writing. With a name, the entry of that name in
 * the directory `node` (walk and open in one); else `node` itself. Exactly one descriptor comes
 * back. A named file that is no regular file: the reply has its node and attributes, and no
 * descriptor.
 */
struct gofer_open_req {
	uint64_t node;
	uint32_t flags; /* GOFER_OPEN_* */
	uint32_t pad;
};
struct gofer_open_rep {
	struct gofer_node node; /* node 0 unless a name was given */
	uint32_t flags;         /* what the descriptor allows, GOFER_OPEN_WRITE or 0 */
	uint32_t nr_fds;
};
#define GOFER_OPEN_WRITE 1u /* readable and writable */
#define GOFER_OPEN_TRUNC 2u /* with WRITE: cut to nothing */
#define GOFER_OPEN_ALL   3u

/* create, mkdir, mknod, symlink: the entry must not exist. `mode` is used as it is (no umask). */
struct gofer_create_req {
	uint64_t node;
	uint32_t mode; /* 07777 */
	uint32_t uid, gid;
	uint32_t pad;
};
struct gofer_create_rep { /* and a descriptor for reading and writing */
	struct gofer_node node;
};
struct gofer_mkdir_req {
	uint64_t node;
	uint32_t mode; /* 07777 */
	uint32_t uid, gid;
	uint32_t pad;
};
struct gofer_mkdir_rep {
	struct gofer_node node;
};
struct gofer_symlink_req { /* blob: the target, 1 to GOFER_LINK_MAX bytes, no NUL */
	uint64_t node;
	uint32_t uid, gid;
};
struct gofer_symlink_rep {
	struct gofer_node node;
};
struct gofer_mknod_req {
	uint64_t node;
	/* 07777 and S_IFIFO, S_IFSOCK or S_IFREG: devices are refused */
	uint32_t mode;
	uint32_t uid, gid;
	uint32_t pad;
};
struct gofer_mknod_rep {
	struct gofer_node node;
};

struct gofer_link_req {
	uint64_t node; /* the directory */
	uint64_t target;
};
struct gofer_link_rep {
	struct gofer_attr attr; /* of the target, now with one more link */
};

/* unlink: `victim` is the node id the sentry holds for the entry, or 0; it stays usable. */
struct gofer_unlink_req {
	uint64_t node;
	uint64_t victim;
	uint32_t flags; /* GOFER_UNLINK_DIR */
	uint32_t pad;
};
struct gofer_unlink_rep {
	uint64_t pad;
};
#define GOFER_UNLINK_DIR 1u

/* rename: names are the old and the new one. moved, victim: ids held for the two entries, or 0. */
struct gofer_rename_req {
	uint64_t node;     /* old directory */
	uint64_t new_node; /* new directory */
	uint64_t moved, victim;
	uint32_t flags; /* GOFER_RENAME_* = RENAME_* of Linux */
	uint32_t pad;
};
struct gofer_rename_rep {
	uint64_t pad;
};
#define GOFER_RENAME_NOREPLACE 1u
#define GOFER_RENAME_EXCHANGE  2u
#define GOFER_RENAME_WHITEOUT  4u /* refused: it would make a device */

struct gofer_readlink_req {
	uint64_t node;
};
struct gofer_readlink_rep { /* blob: the target */
	uint64_t pad;
};

/*
 * readdir: with a name, of that directory in `node` (walk and readdir in one; its node comes back,
 * and nothing else if it is no directory); else of `node` itself. Entries from `cookie` (0: the
 * start; else next_cookie of the reply before) until max_bytes of reply blob are full. The blob:
 * struct gofer_dirent each with its name, padded to 8 bytes, and with ATTRS a struct gofer_attr
 * behind it if the entry could be looked at. No "." and "..".
 */
struct gofer_readdir_req {
	uint64_t node;
	uint64_t cookie;
	uint32_t max_bytes; /* 1024 .. GOFER_READDIR_MAX */
	uint32_t flags;     /* GOFER_READDIR_* */
};
struct gofer_readdir_rep {
	struct gofer_node node; /* node 0 unless a name was given */
	uint64_t next_cookie;
	uint32_t nr_entries;
	uint32_t eof; /* 1: that was all */
};
#define GOFER_READDIR_ATTRS 1u
struct gofer_dirent {
	uint64_t ino;
	uint16_t name_size;
	uint8_t type; /* DT_* of Linux */
	uint8_t has_attr;
	uint32_t pad;
};

struct gofer_statfs_req {
	uint64_t node;
};
struct gofer_statfs_rep {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize, flags;
	uint32_t fsid[2];
};

struct gofer_getxattr_req {
	uint64_t node;
	uint32_t size; /* 0: only the size is wanted */
	uint32_t pad;
};
struct gofer_getxattr_rep { /* blob: the value, unless size was 0 */
	uint64_t size;
};
struct gofer_setxattr_req { /* blob: the value */
	uint64_t node;
	uint32_t flags; /* XATTR_CREATE 1, XATTR_REPLACE 2 */
	uint32_t pad;
};
struct gofer_setxattr_rep {
	uint64_t pad;
};
struct gofer_listxattr_req {
	uint64_t node;
};
struct gofer_listxattr_rep { /* blob: the names, each with its NUL */
	uint64_t size;
};
struct gofer_removexattr_req {
	uint64_t node;
};
struct gofer_removexattr_rep {
	uint64_t pad;
};

struct gofer_fsync_req {
	uint64_t node;
	uint32_t datasync; /* 0, 1 */
	uint32_t pad;
};
struct gofer_fsync_rep {
	uint64_t pad;
};
struct gofer_fallocate_req {
	uint64_t node;
	uint64_t offset, length;
	uint32_t mode; /* GOFER_FALLOC_ALL */
	uint32_t pad;
};
struct gofer_fallocate_rep {
	struct gofer_attr attr;
};
#define GOFER_FALLOC_ALL 0x3bu /* KEEP_SIZE PUNCH_HOLE COLLAPSE_RANGE ZERO_RANGE INSERT_RANGE */

/* connect: to the host's socket at this node; refused unless the gofer was told to allow it. */
struct gofer_connect_req {
	uint64_t node;
	uint32_t type; /* SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5 */
	uint32_t pad;
};
struct gofer_connect_rep {
	uint64_t pad;
};

/* forget: blob of node ids that the sentry will not use again. Meant for GOFER_TAG_NONE. */
struct gofer_forget_req {
	uint32_t nr;
	uint32_t pad;
};
struct gofer_forget_rep {
	uint64_t pad;
};

/*
 * openmany: regular files in the directory `node`, for reading, as many of the names as the reply
 * and the gofer have room for, but the first at least. No ids are made. The blob: nr_files times
 * struct gofer_opened, in the order of the names; the descriptors of those with has_fd come in the
 * same order. Any other kind of file has its attributes and no descriptor.
 */
struct gofer_openmany_req {
	uint64_t node;
};
struct gofer_openmany_rep {
	uint32_t nr_files;
	uint32_t nr_fds;
};
struct gofer_opened {
	int32_t error;   /* 0 or -errno; then nothing else is set */
	uint32_t has_fd; /* 0, 1 */
	struct gofer_attr attr;
};

enum gofer_op {
#define GOFER_OP(nr, NAME, name, nmin, nmax, kind, reqblob, repblob, fds) GOFER_##NAME = (nr),
#include <proto/gofer.def>
#undef GOFER_OP
	GOFER_NR_OPS
};

_Static_assert(sizeof(struct gofer_hdr) == 16, "layout");
_Static_assert(sizeof(struct gofer_attr) == 128, "layout");
_Static_assert(sizeof(struct gofer_node) == 136, "layout");
_Static_assert(sizeof(struct gofer_dirent) == 16, "layout");
_Static_assert(sizeof(struct gofer_opened) == 136, "layout");
#define GOFER_OP(nr, NAME, name, nmin, nmax, kind, reqblob, repblob, fds)                          \
	_Static_assert(sizeof(struct gofer_##name##_req) % 8 == 0, "layout");                      \
	_Static_assert(sizeof(struct gofer_##name##_rep) % 8 == 0, "layout");                      \
	_Static_assert(sizeof(struct gofer_hdr) + sizeof(struct gofer_##name##_req) +              \
				       (nmax) * (2 + GOFER_NAME_MAX) + (reqblob) <=                \
			       GOFER_REQ_MAX,                                                      \
		       "bound");                                                                   \
	_Static_assert(sizeof(struct gofer_##name##_req) <= 80, "bound");                          \
	_Static_assert((nmax) <= GOFER_MANY_MAX && (fds) <= GOFER_MANY_MAX, "bound");              \
	_Static_assert(sizeof(struct gofer_hdr) + sizeof(struct gofer_##name##_rep) + (repblob) <= \
			       GOFER_REP_MAX,                                                      \
		       "bound");
#include <proto/gofer.def>
#undef GOFER_OP

enum { GOFER_KIND_ENTRY, GOFER_KIND_XATTR };

struct gofer_op_info {
	const char *name;            /* NULL: no such message */
	uint32_t req_size, rep_size; /* of the fixed structures */
	uint32_t req_blob_max, rep_blob_max;
	uint8_t names_min, names_max, kind, fds_max;
};

/* The row of a message, or NULL. */
static inline const struct gofer_op_info *gofer_op_info(uint16_t op)
{
	static const struct gofer_op_info table[GOFER_NR_OPS] = {
#define GOFER_OP(nr, NAME, lname, nmin, nmax, k, reqblob, repblob, fds)                            \
	[nr] = { .name = #lname,                                                                   \
		 .req_size = sizeof(struct gofer_##lname##_req),                                   \
		 .rep_size = sizeof(struct gofer_##lname##_rep),                                   \
		 .req_blob_max = (reqblob),                                                        \
		 .rep_blob_max = (repblob),                                                        \
		 .names_min = (nmin),                                                              \
		 .names_max = (nmax),                                                              \
		 .kind = GOFER_KIND_##k,                                                           \
		 .fds_max = (fds) },
#include <proto/gofer.def>
#undef GOFER_OP
	};

	return op < GOFER_NR_OPS && table[op].name ? &table[op] : NULL;
}

/* Bytes inside a message: not terminated. */
struct gofer_str {
	const char *p;
	uint32_t size;
};

/* True for the name of a single directory entry. */
static inline bool gofer_name_ok(const char *p, size_t size)
{
	if (size == 0 || size > GOFER_NAME_MAX)
		return false;
	if (p[0] == '.' && (size == 1 || (size == 2 && p[1] == '.')))
		return false;
	return !memchr(p, '/', size) && !memchr(p, 0, size);
}

struct gofer_req {
	const struct gofer_op_info *info;
	uint16_t op;
	uint32_t tag;
	const void *fixed; /* info->req_size bytes, aligned as the buffer is */
	unsigned int nr_names;
	struct gofer_str names[GOFER_MANY_MAX];
	struct gofer_str blob;
};

/*
 * Takes a request apart. buf is 8-byte aligned and private to the caller. -EBADMSG if it is not
 * even a header (no tag to answer to), -EINVAL or -ENOSYS with ret_req->tag set otherwise.
 */
static inline int gofer_req_decode(const void *buf, size_t size, struct gofer_req *ret_req)
{
	const struct gofer_hdr *h = buf;
	const char *p = buf, *end = p + size;
	const struct gofer_op_info *info;

	if (size < sizeof(*h) || size > GOFER_REQ_MAX || h->size != size)
		return -EBADMSG;
	ret_req->tag = h->tag;
	ret_req->op = h->op;
	info = gofer_op_info(h->op);
	if (!info)
		return -ENOSYS;
	if (h->error != 0 || h->pad != 0 || h->nr_names < info->names_min ||
	    h->nr_names > info->names_max)
		return -EINVAL;
	p += sizeof(*h);
	if ((size_t)(end - p) < info->req_size)
		return -EINVAL;
	ret_req->fixed = p;
	p += info->req_size;
	for (unsigned int i = 0; i < h->nr_names; i++) {
		uint16_t len;

		if ((size_t)(end - p) < sizeof(len))
			return -EINVAL;
		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		if ((size_t)(end - p) < len)
			return -EINVAL;
		if (info->kind == GOFER_KIND_ENTRY ?
			    !gofer_name_ok(p, len) :
			    len == 0 || len > GOFER_NAME_MAX || memchr(p, 0, len))
			return -EINVAL;
		ret_req->names[i].p = p;
		ret_req->names[i].size = len;
		p += len;
	}
	if ((size_t)(end - p) > info->req_blob_max)
		return -EINVAL;
	ret_req->blob.p = p;
	ret_req->blob.size = (uint32_t)(end - p);
	ret_req->nr_names = h->nr_names;
	ret_req->info = info;
	return 0;
}

struct gofer_rep {
	uint32_t tag;
	int error;
	const void *fixed; /* info->rep_size bytes; NULL if error */
	struct gofer_str blob;
};

/* The tag of a reply, or GOFER_TAG_NONE if it is not one. */
static inline uint32_t gofer_rep_tag(const void *buf, size_t size)
{
	const struct gofer_hdr *h = buf;

	return size >= sizeof(*h) && h->size == size ? h->tag : GOFER_TAG_NONE;
}

/* Takes apart the reply to a request `op`. -EPROTO if it is malformed. */
static inline int gofer_rep_decode(uint16_t op, const void *buf, size_t size, int nr_fds,
				   struct gofer_rep *ret_rep)
{
	const struct gofer_op_info *info = gofer_op_info(op);
	const struct gofer_hdr *h = buf;
	size_t left;

	if (!info || size < sizeof(*h) || size > GOFER_REP_MAX || h->size != size || h->op != op ||
	    h->nr_names != 0 || h->pad != 0 || h->error > 0 || h->error < -4095 || nr_fds < 0 ||
	    nr_fds > info->fds_max)
		return -EPROTO;
	left = size - sizeof(*h);
	if (h->error != 0) {
		if (left != 0 || nr_fds != 0)
			return -EPROTO;
		ret_rep->fixed = NULL;
		ret_rep->blob.p = NULL;
		ret_rep->blob.size = 0;
	} else {
		if (left < info->rep_size || left - info->rep_size > info->rep_blob_max)
			return -EPROTO;
		ret_rep->fixed = h + 1;
		ret_rep->blob.p = (const char *)(h + 1) + info->rep_size;
		ret_rep->blob.size = (uint32_t)(left - info->rep_size);
	}
	ret_rep->tag = h->tag;
	ret_rep->error = h->error;
	return 0;
}

/* The header, fixed structure and names of a request: at most this with n names. */
#define GOFER_HEAD_MAX(n) (sizeof(struct gofer_hdr) + 80 + (n) * (2 + GOFER_NAME_MAX))

/*
 * Builds the head of a request in buf (8-byte aligned, GOFER_HEAD_MAX() bytes); the blob of
 * blob_size bytes follows it in the packet. The size of the head, or -ENAMETOOLONG / -EINVAL if the
 * table does not allow it: a sentry never sends what its own decoder would refuse.
 */
static inline long gofer_req_head(void *buf, uint16_t op, uint32_t tag, const void *fixed,
				  const struct gofer_str *names, unsigned int nr_names,
				  size_t blob_size)
{
	const struct gofer_op_info *info = gofer_op_info(op);
	struct gofer_hdr *h = buf;
	char *p = (char *)(h + 1);

	if (!info || nr_names < info->names_min || nr_names > info->names_max ||
	    blob_size > info->req_blob_max)
		return -EINVAL;
	memcpy(p, fixed, info->req_size);
	p += info->req_size;
	for (unsigned int i = 0; i < nr_names; i++) {
		uint16_t len = (uint16_t)names[i].size;

		if (names[i].size > GOFER_NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(p, &len, sizeof(len));
		memcpy(p + sizeof(len), names[i].p, len);
		p += sizeof(len) + len;
	}
	*h = (struct gofer_hdr){ .size = (uint32_t)((size_t)(p - (char *)buf) + blob_size),
				 .op = op,
				 .nr_names = (uint8_t)nr_names,
				 .tag = tag };
	return p - (char *)buf;
}

/* A whole request in buf (GOFER_REQ_MAX bytes): its size, or an error as above. */
static inline long gofer_req_encode(void *buf, uint16_t op, uint32_t tag, const void *fixed,
				    const struct gofer_str *names, unsigned int nr_names,
				    const void *blob, size_t blob_size)
{
	long size = gofer_req_head(buf, op, tag, fixed, names, nr_names, blob_size);

	if (size > 0 && blob_size > 0)
		memcpy((char *)buf + size, blob, blob_size);
	return size < 0 ? size : size + (long)blob_size;
}

/* The size of an entry in a readdir blob. */
static inline size_t gofer_dirent_size(size_t name_size, bool attr)
{
	return sizeof(struct gofer_dirent) + ((name_size + 7) & ~(size_t)7) +
	       (attr ? sizeof(struct gofer_attr) : 0);
}

/*
 * The next entry of a readdir blob at *pos, which moves. 1 with the outputs set, 0 at the end,
 * -EPROTO if it is malformed. The blob is 8-byte aligned, because every fixed structure is a
 * multiple of 8.
 */
static inline int gofer_dirent_next(const struct gofer_str *blob, size_t *pos,
				    const struct gofer_dirent **ret_de, const char **ret_name,
				    const struct gofer_attr **ret_attr)
{
	size_t left = blob->size - *pos, size;
	const struct gofer_dirent *de;

	if (left == 0)
		return 0;
	if (left < sizeof(*de))
		return -EPROTO;
	de = (const void *)(blob->p + *pos);
	if (de->has_attr > 1)
		return -EPROTO;
	size = gofer_dirent_size(de->name_size, de->has_attr);
	if (left < size || !gofer_name_ok((const char *)(de + 1), de->name_size))
		return -EPROTO;
	*ret_de = de;
	*ret_name = (const char *)(de + 1);
	*ret_attr = de->has_attr ?
			    (const void *)(blob->p + *pos + size - sizeof(struct gofer_attr)) :
			    NULL;
	*pos += size;
	return 1;
}

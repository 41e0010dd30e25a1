/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the gofer share: the server, its mounts, the node table and the reply a handler
 * fills. README.md tells how they fit together.
 *
 * Locking: nodes.lock guards the node table and every struct gnode; it is held across the host call
 * only where a node has to be opened again. Handlers run without it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/lock.h"
#include "proto/gofer.h"

struct statx;

#define GOFER_MOUNTS_MAX 64

/* One tree that is served. */
struct gmount {
	int root_fd; /* owned: O_PATH */
	bool ro;
};

/*
 * A file the sentry holds an id for. fd is an O_PATH descriptor or -1: the least recently used ones
 * are closed when there are too many, and found again by parent and name; (dev, ino) says whether
 * what is found is still the same file.
 */
struct gnode {
	uint64_t id;       /* const */
	uint64_t dev, ino; /* const */
	uint32_t type;     /* const: S_IFMT part of the mode */
	/* const: in a kernel's own file system, nothing is served below */
	bool blocked;
	bool pinned;        /* fd cannot be had again: a root, or without a name */
	bool has_id;        /* the sentry's reference */
	unsigned int refs;  /* id, children, handlers */
	unsigned int users; /* handlers using fd now */
	int fd;
	struct gnode *parent;     /* owned reference; NULL for a root */
	const struct gmount *mnt; /* const */
	char *name;               /* owned; NULL for a root */
	struct list_head lru;     /* in nodes.lru while fd >= 0, users == 0 and not pinned */
};

struct node_table {
	struct mutex lock;
	struct gnode **slots;  /* by the low half of the id */
	uint32_t *generations; /* the high half of the id a slot has now or gets next */
	uint32_t nr_slots, free_hint, nr_nodes;
	unsigned int nr_fds, fd_budget;
	struct list_head lru; /* most recently used first */
};

struct gofer_server {
	int sock;           /* the connection */
	bool allow_connect; /* host sockets may be connected to */
	unsigned int nr_workers;
	unsigned int nr_mounts;
	struct gmount mounts[GOFER_MOUNTS_MAX];
	struct node_table nodes;
};

/* What a handler fills: fixed is zeroed and info->rep_size bytes, blob has room for blob_max. */
struct reply {
	void *fixed;
	char *blob;
	size_t blob_size, blob_max;
	/* owned by the reply: donated with it */
	int fds[GOFER_MANY_MAX];
	unsigned int nr_fds;
};

/* --- node.c --- */
int node_table_init(struct node_table *t, unsigned int fd_budget);
void node_table_fini(struct node_table *t);
/*
 * A new node with a new id. parent is NULL for a root. consumes fd, on failure too; it may be -1 if
 * the file can be opened by parent and name.
 */
int node_new(struct gofer_server *s, struct gnode *parent, const struct gmount *mnt,
	     const struct gofer_str *name, int fd, const struct statx *stx, bool blocked,
	     uint64_t *ret_id);
/*
 * Finds a node and holds it and its open descriptor: -ESTALE if there is no such id or the file is
 * gone. Ended by node_unuse().
 */
int node_use(struct gofer_server *s, uint64_t id, struct gnode **ret_node, int *ret_fd);
void node_unuse(struct gofer_server *s, struct gnode *n);
/* Gives an id up. False if there is none. */
bool node_forget(struct gofer_server *s, uint64_t id);
/* The file a node in use stood for lost its name, or got another. */
void node_unnamed(struct gofer_server *s, struct gnode *n);
void node_renamed(struct gofer_server *s, struct gnode *n, struct gnode *from,
		  const struct gofer_str *from_name, struct gnode *to,
		  const struct gofer_str *to_name);

/* --- walk.c --- */
/* O_PATH descriptor of a single name in a directory, never following a link. name is terminated. */
int open_name(int dirfd, const char *name);
/* The attributes of an O_PATH descriptor. */
int stat_fd(int fd, struct statx *ret_stx);
void attr_from_statx(const struct statx *stx, struct gofer_attr *ret_attr);
int fill_attr(int fd, struct gofer_attr *ret_attr);
uint64_t statx_dev(const struct statx *stx);
/* True if fd lies in procfs, sysfs or the like, which no sandbox may see of its host. */
bool is_kernel_fs(int fd);
/* Opens a name in a directory node by O_PATH and looks at it. */
int lookup_name(struct gnode *dir, int dirfd, const struct gofer_str *name, int *ret_fd,
		struct statx *ret_stx, bool *ret_blocked);
/* A single name in a directory node as a new node. */
int walk_one(struct gofer_server *s, struct gnode *dir, int dirfd, const struct gofer_str *name,
	     struct gofer_node *ret_node);

/* A directory in use that may be changed: -EROFS, -ENOTDIR. */
int node_use_dir_rw(struct gofer_server *s, uint64_t id, struct gnode **ret_node, int *ret_fd);
int node_writable(const struct gnode *n);

/* Terminates a name; buf has GOFER_NAME_MAX + 1 bytes. */
const char *name_str(const struct gofer_str *s, char *buf);

/* --- confine.c --- */
/* Where /proc/self/fd is found: the working directory. The name of a descriptor in it. */
#define FD_NAME_SIZE 12
const char *fd_name(int fd, char *buf);
/* Opens again what an O_PATH descriptor stands for. Only for regular files and directories. */
int reopen_fd(int fd, int flags);

struct mount_spec {
	const char *path; /* NULL: by fd */
	int fd;           /* -1: by path; consumed */
	bool ro;
};
struct confine_spec {
	struct mount_spec mounts[GOFER_MOUNTS_MAX];
	unsigned int nr_mounts;
	bool new_net; /* an own, empty network namespace */
	bool allow_connect;
};
/*
 * Namespaces, root, working directory; the served trees come back as descriptors. Prints why it
 * failed.
 */
int confine_mounts(struct confine_spec *spec, struct gmount *ret_mounts);
/* Capabilities, no_new_privs, limits: before threads are made. */
int confine_caps(void);
/* The seccomp program, on all threads. */
int confine_seccomp(bool allow_connect);

/* --- dispatch.c --- */
/*
 * Answers one request: req_buf and rep_buf are 8-byte aligned, rep_buf has GOFER_REP_MAX bytes. The
 * size of the reply, 0 if there is none to send, or -EBADMSG if the peer speaks something else.
 * ret_fds has GOFER_MANY_MAX places; the descriptors are the caller's.
 */
long gofer_dispatch(struct gofer_server *s, const void *req_buf, size_t req_size, void *rep_buf,
		    int *ret_fds, unsigned int *ret_nr_fds);

#define GOFER_OP(nr, NAME, name, nmin, nmax, kind, reqblob, repblob, fds)                          \
	int op_##name(struct gofer_server *s, const struct gofer_req *req, struct reply *rep);
#include "proto/gofer.def"
#undef GOFER_OP

/* --- server.c --- */
/* Makes the extra worker threads, which wait for gofer_serve(). Call it once, always. */
int gofer_start_workers(struct gofer_server *s);
/* Serves until the sentry is gone. */
int gofer_serve(struct gofer_server *s);

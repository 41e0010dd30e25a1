/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files (open file descriptions) and the operations behind them.
 *
 * read, write and the like never block: they return -EAGAIN and f->wq tells when to try again; the
 * one loop that sleeps is in syscalls/rw.c. Files whose operations do host or gofer I/O set
 * FOP_KILLABLE. Unused slots are NULL: vfs gives the error Linux gives (EINVAL, ENOTTY, ESPIPE,
 * ENODEV...).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/auto.h>
#include <base/lock.h>
#include <base/ref.h>

#include "kernel/cred.h"
#include "mm/mappable.h"
#include "mm/uio.h"
#include "vfs/mount.h"
#include "vfs/waitq.h"

struct file;
struct inode;
struct kstat;
struct mm_mmap_req;
struct task;
struct vfs_caller;

/*
 * Receiver of directory entries. emit returns false when it is full: readdir then stops before that
 * entry.
 */
struct dir_ctx {
	bool (*emit)(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos,
		     uint64_t ino, unsigned int type /* LX_DT_* */);
	int64_t pos;
};

struct file_ops {
	/* for /proc/pid/fd of nameless files: "[eventfd]" -> anon_inode:[eventfd] */
	const char *name;
	unsigned int flags;
#define FOP_KILLABLE 1u /* may do host I/O */
#define FOP_STREAM   2u /* no position: pread, lseek give ESPIPE */
#define FOP_SEEK_DIR 4u
	/*
	 * Bytes or -errno; short is fine; 0 is end of file. *pos is where to read or write and is
	 * moved on (not for FOP_STREAM). write: O_APPEND is the op's job, under the inode lock.
	 * rwf: LX_RWF_* (already checked against f).
	 */
	ssize_t (*read)(struct file *f, struct uio *dst, int64_t *pos, int rwf);
	ssize_t (*write)(struct file *f, struct uio *src, int64_t *pos, int rwf);
	/* Ready events now (LX_POLL*). NULL: always readable and writable. */
	uint32_t (*poll)(struct file *f);
	int (*readdir)(struct file *f, struct dir_ctx *ctx);
	/* NULL: generic with inode size */
	int64_t (*seek)(struct file *f, int64_t off, int whence);
	/* -ENOTTY if unknown */
	long (*ioctl)(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg);
	/* FIONREAD; NULL: regular files count from the position, others ENOTTY */
	int64_t (*nread)(struct file *f);
	/* Sets req->mappable (borrowed from f) and checks; NULL: -ENODEV. */
	int (*mmap)(struct file *f, struct mm_mmap_req *req);
	int (*fsync)(struct file *f, bool data_only);
	int (*fallocate)(struct file *f, int mode, int64_t off, int64_t len);
	/* Each close(2) of a descriptor (not only the last). */
	int (*flush)(struct file *f);
	/* Last reference gone. */
	void (*release)(struct file *f);
	/* Text appended to /proc/pid/fdinfo; may be NULL. */
	int (*fdinfo)(struct file *f, char *buf, size_t size);
	/* F_SETFL changed O_ASYNC/O_NONBLOCK/O_DIRECT; may be NULL */
	int (*setfl)(struct file *f, unsigned int flags);
};

struct file {
	struct ref ref;
	const struct file_ops *ops; /* const after open */
	struct path path;           /* owned references; anonymous files have an anonfs dentry */
	struct inode *inode;        /* borrowed from path.dentry */
	void *priv;                 /* the ops' */
	/* where poll waits; NULL: always ready. points to own_wq or into the object */
	struct waitq *wq;
	struct waitq own_wq;
	/* LC_FILE_POS: held over read/write/lseek/getdents that use pos */
	struct mutex pos_lock;
	int64_t pos;                /* GUARDED_BY(pos_lock) */
	_Atomic unsigned int flags; /* LX_O_* as fcntl(F_GETFL) shows, access mode included */
	unsigned int mode;          /* FMODE_*; const after open */
	struct cred *cred;          /* owned: of the opener */
	void *fowner;               /* F_SETOWN/F_SETSIG/O_ASYNC state (kernel/fown.c), lazily */
	void *epoll_links;          /* vfs/epoll.c */
	/* a write reference on inode and mount is held; const after open */
	bool wrote;
	void *dir_state; /* the fs's cursor between getdents calls; freed in release */
};
#define FMODE_READ  1u
#define FMODE_WRITE 2u
#define FMODE_PATH  4u /* O_PATH */
#define FMODE_EXEC  8u

/*
 * A nameless file on anonfs: eventfd, epoll, sockets, pipes. name shows in /proc/pid/fd. flags:
 * LX_O_*.
 */
int file_new_anon(const struct file_ops *ops, void *priv, unsigned int flags,
		  const struct cred *cred, const char *name, struct file **ret_file);
/*
 * Same with an inode of its own on the given pseudo file system (pipe:[ino], socket:[ino]). i is
 * consumed.
 */
/*
 * Inodes: pipefs_new_inode() and sockfs_new_inode() in vfs/anonfs.h. f->wq is f->own_wq; set
 * another before publishing.
 */
int file_new_inode(const struct file_ops *ops, void *priv, unsigned int flags,
		   const struct cred *cred, struct inode *i, struct file **ret_file);
static inline struct file *file_get(struct file *f)
{
	ref_get(&f->ref);
	return f;
}
void file_put(struct file *f);
DEFINE_AUTO_PUT(file)

/* Frees f->fowner; the kernel's fown_free, set before anything is opened. */
extern void (*vfs_fown_free)(struct file *f);
/* The rest of an open: an inode with an operations table already known (dup'ed kinds of files). */
int file_new(const struct path *p, unsigned int flags, const struct cred *cred,
	     struct file **ret_file);
/*
 * A descriptor of f is going away: runs flush and drops the POSIX locks of owner (the fdtable).
 * Does not drop the reference. Called for every close(2), dup2 over, exec close and exit.
 */
int vfs_close_fd(struct file *f, const void *owner);

/*
 * For mm_mmap_req.file: f as the owner of a mapping (keeps its path in /proc/pid/maps; a write
 * reference stays with it).
 */
struct map_file vfs_map_file(struct file *f);

/*
 * Mode checks and generic behaviour over ops; -EAGAIN means: would block. pos NULL: f->pos with its
 * lock.
 */
ssize_t vfs_read(struct file *f, struct uio *dst, int64_t *pos, int rwf);
ssize_t vfs_write(struct file *f, struct uio *src, int64_t *pos, int rwf);
uint32_t vfs_poll(struct file *f);
int64_t vfs_seek(struct file *f, int64_t off, int whence);
/*
 * For ops.seek of streams that do not mind: anonymous files like eventfd answer 0 and stay where
 * they are.
 */
int64_t vfs_noop_seek(struct file *f, int64_t off, int whence);
/* Entries from the file's position on, which moves; -ENOTDIR, -ENOENT for a removed directory. */
int vfs_readdir(struct file *f, struct dir_ctx *ctx);
int vfs_fstat(struct file *f, uint32_t mask, struct kstat *ret_st);
/* Reads the whole range into a kernel buffer (exec, loader). */
ssize_t vfs_read_kernel(struct file *f, void *buf, size_t n, int64_t pos);

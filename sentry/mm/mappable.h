/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mm needs of a file to map it, and what it offers to keep such mappings coherent. mm owns the
 * ops table; file systems embed struct mappable in their inode and implement it. A mappable gives
 * host backings: ranges of host files that the platform maps into guests and the sentry maps to
 * copy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

struct mm;
struct mappable;
struct backing_file;
struct patch_space;

/*
 * A host file range. file is referenced for the caller (backing_file_put); a range of the memory
 * file is referenced as well (pagefile_get): fill it with pagefile_backing().
 */
struct backing {
	struct backing_file *file;
	uint64_t off;
	uint64_t size;
	bool writable; /* the host descriptor allows shared writing */
};

struct mappable_id { /* for /proc/pid/maps */
	uint32_t dev_major, dev_minor;
	uint64_t ino;
};

struct mappable_ops {
	void (*get)(struct mappable *m);
	void (*put)(struct mappable *m);
	/*
	 * Called with the address space locked: may take the file's own locks, may not copy guest
	 * memory. Whoever copies to or from guests through uio must therefore hold none of the
	 * locks taken here. Backing for file offset off (page aligned), at most size bytes, at
	 * least one page. write: a shared writable mapping will be made. allocates holes for write;
	 * a hole read gives a page too. -ENXIO past the end of file (SIGBUS), -EACCES, -ENOMEM,
	 * -EIO.
	 */
	int (*translate)(struct mappable *m, uint64_t off, uint64_t size, bool write,
			 struct backing *ret_b);
	/* Written back so far as the file system keeps dirty pages. May be NULL. */
	int (*sync)(struct mappable *m, uint64_t off, uint64_t size);
	/* Makes a hole (MADV_REMOVE): as fallocate(2) with PUNCH_HOLE. May be NULL. */
	int (*punch)(struct mappable *m, uint64_t off, uint64_t size);
	void (*id)(struct mappable *m, struct mappable_id *ret_id);
	/* Path as the caller's root sees it, for maps; returns length or -errno. */
	int (*name)(struct mappable *m, char *buf, size_t size);
};
/* get and put may run under any lock but the address space's own; the last put may be slow. */

struct mappable {
	const struct mappable_ops *ops; /* const after init */
	struct mutex lock;              /* LC_MAPPABLE: guards the list */
	struct list_head mappings;      /* mm's book-keeping of vmas that map this */
	struct patch_space *patches;    /* owned; rewritten system call sites, or NULL; lock */
};

/*
 * Who mapped it: an open file, kept by each vma for its path in /proc/pid/maps. ops NULL: nobody.
 * vfs_map_file() in vfs/file.h makes one.
 */
struct map_file_ops {
	void (*get)(void *obj);
	void (*put)(void *obj);
	/* Path, as root names it (opaque: a struct path of the reader); length or -errno. */
	ssize_t (*name)(void *obj, const void *root, char *buf, size_t size);
};
struct map_file {
	const struct map_file_ops *ops;
	void *obj;
};
static inline struct map_file map_file_get(struct map_file f)
{
	if (f.ops)
		f.ops->get(f.obj);
	return f;
}
static inline void map_file_put(struct map_file f)
{
	if (f.ops)
		f.ops->put(f.obj);
}
/* Some address space could write to m through a shared mapping: F_SEAL_WRITE is refused then. */
bool mappable_is_shared_writable(struct mappable *m);

/* --- patch_space.c --- */
void patch_space_put(struct patch_space *s); /* may be NULL */

void mappable_init(struct mappable *m, const struct mappable_ops *ops);
void mappable_fini(struct mappable *m);
static inline struct mappable *mappable_get(struct mappable *m)
{
	m->ops->get(m);
	return m;
}
static inline void mappable_put(struct mappable *m)
{
	m->ops->put(m);
}

/*
 * The backing of [off, off + size) is going away or changes (truncate, hole punch, copy-up, reopen
 * for writing): removes it from every address space, acknowledged on return; later faults ask
 * translate again. Call it when translate() already gives the new answer, and with no lock held
 * that translate() takes. size UINT64_MAX: to the end. private_too: also drops private copies
 * (truncate does, copy-up does not).
 */
void mappable_invalidate(struct mappable *m, uint64_t off, uint64_t size, bool private_too);

/* --- backing files --- */
/* A donated host file. Takes over fd. writable: fd was opened for writing. */
int backing_file_new_fd(int fd /* consumed */, bool writable, struct backing_file **ret_bf);
struct backing_file *backing_file_get(struct backing_file *bf);
void backing_file_put(struct backing_file *bf);
int backing_file_fd(struct backing_file *bf); /* borrowed host descriptor */

/* --- the memory file: anonymous memory, tmpfs, page cache --- */
struct backing_file *pagefile(void); /* the one memory file; borrowed */
/*
 * Reserves a range of offsets (never handed out twice); memory is used when touched. size is
 * rounded to pages. align is a power of two, at least the page size. kind tells accounting what it
 * is for.
 */
enum pagefile_kind { PAGEFILE_ANON, PAGEFILE_SHMEM, PAGEFILE_CACHE };
int pagefile_alloc(uint64_t size, uint64_t align, enum pagefile_kind kind, uint64_t *ret_off);
/*
 * Ranges are counted, page by page: alloc gives the first reference, get adds one, free drops one;
 * the last gives the memory back (punch). Mappings and copies hold their own, so an owner may free
 * at any time.
 */
int pagefile_get(uint64_t off, uint64_t size); /* -ENOMEM */
void pagefile_free(uint64_t off, uint64_t size);
/* For translate(): the range as a backing, with the references it must take. -ENOMEM */
int pagefile_backing(uint64_t off, uint64_t size, struct backing *ret_b);
/* Frees the memory of a range that stays counted: it reads as zeros, in every mapping too. */
void pagefile_punch(uint64_t off, uint64_t size);
#define PAGEFILE_ZEROS                                                                             \
	((1ull << 62) - (1ull << 40)) /* an offset never handed out: reads as zeros */
/* Copies between sentry memory and the memory file; holes read as zero. 0 or -errno. */
int pagefile_read(uint64_t off, void *dst, size_t n);
int pagefile_write(uint64_t off, const void *src, size_t n);

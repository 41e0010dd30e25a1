/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated trees (/proc, /sys): directories are const tables of nodes, files are functions that
 * print. An inode is made at each lookup from its node, the task it speaks of and one number;
 * nothing is kept between.
 *
 * Locking: none of its own beyond the text of an open file (pseudo_file.lock). show and store run
 * without locks and may sleep.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"
#include "vfs/strbuf.h"

struct pseudo_node;
struct task;

/* What a node's functions are told. All borrowed. */
struct pseudo_ctx {
	const struct pseudo_node *node;
	/* whom the directory is about; NULL outside of /proc/<pid> */
	struct task *task;
	uint64_t arg; /* descriptor number, CPU number ... as lookup gave it */
	/* who asks; NULL where nobody in particular does (getattr) */
	const struct vfs_caller *c;
	struct inode *inode;
};

/* What a dynamic lookup found. */
struct pseudo_child {
	const struct pseudo_node *node;
	/* referenced; handed over. NULL: the directory's own is inherited */
	struct task *task;
	uint64_t arg;
	uint32_t mode; /* 0: the node's */
};

struct pseudo_node {
	const char *name;   /* NULL ends a table */
	uint32_t mode;      /* LX_S_IF* and permissions */
	unsigned int flags; /* PSEUDO_* */

	/* files */
	int (*show)(const struct pseudo_ctx *x, struct strbuf *out);
	/* buf is NUL-terminated */
	ssize_t (*store)(const struct pseudo_ctx *x, char *buf, size_t n);
	const char *text;                                        /* instead of show: constant */
	int (*open)(const struct pseudo_ctx *x, struct file *f); /* instead: own file_ops */

	/* directories: static children, then dynamic ones */
	const struct pseudo_node *children;
	int (*lookup)(const struct pseudo_ctx *x, const char *name, size_t len,
		      struct pseudo_child *ret_child);
	/*
	 * The dynamic entry at or after cursor: writes its name (NUL-terminated, 32 bytes) and
	 * type, the cursor to go on with; -ENOENT at the end.
	 */
	int (*next)(const struct pseudo_ctx *x, uint64_t cursor, char *name, unsigned int *ret_type,
		    uint64_t *ret_cursor);

	/* links */
	const char *target;
	ssize_t (*readlink)(const struct pseudo_ctx *x, char *buf, size_t size);
	int (*follow)(const struct pseudo_ctx *x, struct path *ret_path);
};

#define PSEUDO_PTRACE                                                                              \
	1u /* opening and following need the right to inspect the task (ptrace(2))                 \
	    */
#define PSEUDO_SIZE_4K    2u /* stat shows a size of 4096 (sysfs) */
#define PSEUDO_OWNER_ROOT 4u /* not the task's owner */

/*
 * Makes a super block whose root is node. sb flags are SB_NO_DCACHE and SB_NO_NEGATIVE where names
 * are dynamic.
 */
int pseudo_mount(const struct fstype *t, uint32_t magic, const struct pseudo_node *root,
		 unsigned int sb_flags, struct super_block **ret_sb);

/* For store(): the whole text as a number; -EINVAL, -ERANGE. */
int pseudo_parse_int(const char *s, int64_t lo, int64_t hi, int64_t *ret_v);

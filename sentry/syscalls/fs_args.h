/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that file system calls share: a directory descriptor with a name, time outs, temporary
 * signal masks.
 */
#pragma once

#include <abi/linux/fcntl.h>
#include <abi/linux/time.h>

#include "kernel/task.h"
#include "syscalls/sysargs.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

/* A name from the guest and where its walk starts. */
struct name_arg {
	char *name;        /* owned */
	struct path start; /* owned; empty: the working directory */
};
static inline void name_arg_fini(struct name_arg *n)
{
	free(n->name);
	path_put(&n->start);
}
#define auto_name __attribute__((cleanup(name_arg_fini)))
/* -EBADF for a bad dirfd, but only where the name is relative (or always_start). */
int name_arg_get_scoped(struct task *t, int dirfd, uaddr_t uname, bool always_start,
			struct name_arg *ret_n);
static inline int name_arg_get(struct task *t, int dirfd, uaddr_t uname, struct name_arg *ret_n)
{
	return name_arg_get_scoped(t, dirfd, uname, false, ret_n);
}
/*
 * The path that (dirfd, name) means; walk: WALK_*. *ret_path is referenced. A null name with
 * WALK_EMPTY is empty.
 */
int task_walk(struct task *t, int dirfd, uaddr_t uname, unsigned int walk, struct path *ret_path);

/* CLOCK_MONOTONIC moment from now; INT64_MAX where it would overflow. */
int64_t deadline_after(int64_t ns);
/* A guest's relative timespec: 0 and the deadline; uts 0: none. -EFAULT, -EINVAL. */
int deadline_from_timespec(struct task *t, uaddr_t uts, int64_t *ret_deadline);
/* Writes what is left to a guest's timespec; failures are the guest's loss. */
void deadline_left(struct task *t, uaddr_t uts, int64_t deadline);

/* Sets the guest's mask for the time of a call; uset 0: nothing. -EINVAL, -EFAULT. */
int sigmask_begin(struct task *t, uaddr_t uset, uint64_t size);
/* ret: what the call is about to give. Interrupted: the handler runs under the temporary mask. */
long sigmask_end(struct task *t, uaddr_t uset, long ret);

/* A file open for reading or writing; NULL: -EBADF. */
struct file *fd_get_readable(struct task *t, int fd);
struct file *fd_get_writable(struct task *t, int fd);
/* Installs and drops f: the descriptor, or the error. */
long fd_install_put(struct task *t, struct file *f /* consumed */, int fd_flags);

/*
 * RLIMIT_FSIZE and set-id bits before writing n bytes at pos: bytes allowed (> 0), or -EFBIG with
 * SIGXFSZ sent.
 */
ssize_t file_write_begin(struct task *t, struct file *f, int64_t pos, size_t n);

struct waitq;
/*
 * Sleeps until q has events of mask or deadline: 0, -ETIMEDOUT, -ERESTARTSYS. try: tested after
 * queueing, true ends.
 */
int wait_for(struct task *t, struct waitq *q, uint32_t mask, int64_t deadline,
	     bool (*ready)(void *arg), void *arg);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File locks: POSIX record locks, open file description locks, flock(2). Nothing here sleeps:
 * -EAGAIN and the wait queue of the inode's locks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct file;
struct inode;
struct waitq;

struct flock_req {
	int type; /* LX_F_RDLCK, LX_F_WRLCK, LX_F_UNLCK */
	int64_t start;
	int64_t end;       /* last byte; INT64_MAX: to the end */
	const void *owner; /* the fdtable, or the file for OFD locks and flock */
	int pid;           /* for F_GETLK; -1 for OFD locks */
};

/* 0 and *req says what is in the way, or type becomes LX_F_UNLCK. */
int flock_test(struct inode *i, struct flock_req *req);
/* -EAGAIN: somebody holds it. */
int flock_set(struct inode *i, const struct flock_req *req);
/*
 * Before sleeping for req: notes that req->owner waits for whoever is in the way. -EDEADLK if that
 * would close a circle. flock_wait_end() takes the note back.
 */
int flock_wait_begin(struct inode *i, const struct flock_req *req);
void flock_wait_end(const void *owner);
/* flock(2): type as in flock_req; owner is the file. */
int flock_whole(struct file *f, int type);
/* Where to wait for locks of i; stays while i lives. -ENOMEM. */
int flock_waitq(struct inode *i, struct waitq **ret_q);
/* Drops what owner holds on i (any close of a descriptor). */
void flock_release_owner(struct inode *i, const void *owner);
void flock_release_file(struct file *f);
void flock_ctx_free(struct inode *i);
/* /proc/locks */
struct strbuf;
void flock_show_all(struct strbuf *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes and FIFOs, and what splice(2) needs of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cred;
struct file;

/* flags: LX_O_NONBLOCK, LX_O_DIRECT. ret_files: reading end, writing end. */
int pipe_new(unsigned int flags, const struct cred *cred, struct file *ret_files[2]);
/* Hooks FIFOs into vfs; once at start. */
void pipe_init(void);
bool file_is_pipe(const struct file *f);
/* After the open of a FIFO: 0, or -EAGAIN while the other side is not there (wait on f->wq). */
long fifo_open_check(struct file *f);

int pipe_get_size(struct file *f);
/* F_SETPIPE_SZ: the new size, -EBUSY, -EPERM, -EINVAL. privileged: CAP_SYS_RESOURCE. */
int pipe_set_size(struct file *f, uint64_t size, bool privileged);

/*
 * Puts up to n bytes in: fill() is asked for one page at a time and returns how many bytes it put
 * there; 0 ends, negative ends with that error if nothing was moved. -EAGAIN: full. -EPIPE: no
 * readers.
 */
ssize_t pipe_fill(struct file *f, size_t n, ssize_t (*fill)(void *arg, void *buf, size_t n),
		  void *arg);
/*
 * Takes up to n bytes out: drain() returns how many it took, short ends. 0: end of file. keep:
 * tee(2), they stay.
 */
ssize_t pipe_drain(struct file *f, size_t n, bool keep,
		   ssize_t (*drain)(void *arg, const void *buf, size_t n), void *arg);
/* Two ends of the same pipe? */
bool pipe_same(const struct file *a, const struct file *b);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard input and output of a process: between the pipes or the terminal that the process has
 * and what containerd named (FIFOs, file:// or binary:// URIs, nothing).
 *
 * The shim holds both ends of containerd's FIFOs: containerd may go and come back without the
 * process seeing an end of file or a broken pipe. CloseIO gives up the writing end of stdin; the
 * end of the process gives up the rest.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct stream;

struct stdio {
	char *path[3]; /* owned, as containerd gave them */
	bool terminal;
	int child[3]; /* what the process gets, -1: /dev/null. Closed once it has them */
	int hold[3];  /* the other end of each FIFO, -1 */
	int console;  /* the terminal's master, -1 */
	pid_t logger; /* of a binary:// URI, 0 */
	struct stream *stream[3];
};

int stdio_init(struct stdio *io, const char *in, const char *out, const char *err, bool terminal);
/* Opens what containerd named and starts to copy, for a process without a terminal. */
int stdio_open(struct stdio *io, uid_t uid, gid_t gid, const char *ns, const char *id,
	       struct rt_err *err);
/* As stdio_open() with the terminal's master, which it takes over. */
int stdio_open_console(struct stdio *io, int master, const char *ns, const char *id,
		       struct rt_err *err);
/* The process has its descriptors: the shim's copies are closed. */
void stdio_started(struct stdio *io);
/* The client will write no more to stdin. */
void stdio_close_stdin(struct stdio *io);
int stdio_resize(struct stdio *io, unsigned int width, unsigned int height);
/*
 * The process has ended: input stops, and output that it left is waited for. Someone else may still
 * hold its output: that is given up after ms milliseconds, while output that nobody has read yet
 * goes on being delivered.
 */
void stdio_finish(struct stdio *io, int ms);
void stdio_fini(struct stdio *io);

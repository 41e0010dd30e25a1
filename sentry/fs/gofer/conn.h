/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentry's end of the connection to a gofer: requests from any number of threads over one
 * socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/auto.h>
#include <proto/gofer.h>

struct gofer_conn;

/* Before lock-down. Takes over the socket (SOCK_SEQPACKET). */
int gofer_conn_new(int sock /* consumed */, struct gofer_conn **ret_conn);
struct gofer_conn *gofer_conn_get(struct gofer_conn *c);
void gofer_conn_put(struct gofer_conn *c);
DEFINE_AUTO_PUT(gofer_conn)
/* The gofer is gone: everything that would ask it fails with -EIO. */
bool gofer_conn_dead(struct gofer_conn *c);
/* Requests sent so far; for tests and measurements. */
uint64_t gofer_conn_count(struct gofer_conn *c);

/* One request. Zero what is not used. */
struct gofer_call {
	uint16_t op;
	const void *req; /* its fixed structure */
	const struct gofer_str *names;
	unsigned int nr_names;
	const void *blob;
	size_t blob_size;
	void *rep;           /* room for the fixed structure of the reply */
	void *rep_blob;      /* room for its blob */
	size_t rep_blob_max; /* a larger one is -EPROTO */
	/* results */
	size_t rep_blob_size;
	int fd; /* owned by the caller; -1: none came */
	/*
	 * Or, where several may come: room for GOFER_MANY_MAX of them, and how many came. fd is not
	 * set then.
	 */
	int *fds;
	unsigned int nr_fds;
};

/*
 * Asks and waits. 0, or the gofer's -errno; -EIO when it is gone, -EPROTO when the reply makes no
 * sense, -EINTR when the calling task was killed (what the reply brings is then released).
 */
int gofer_call(struct gofer_conn *c, struct gofer_call *call);

/* Gives a node id back, some time. */
void gofer_forget(struct gofer_conn *c, uint64_t node);
/* Sends what is waiting to be forgotten. */
void gofer_forget_flush(struct gofer_conn *c);

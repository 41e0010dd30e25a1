/* SPDX-License-Identifier: Apache-2.0 */
/* A command's side of the control protocol: one request to a running sentry and its answer. */
#pragma once

#include "proto/control.h"
#include "state.h"

struct ctl_answer {
	int value;        /* ctl_reply.value */
	char text[60001]; /* the reply's, terminated */
};

/*
 * Connects, asks, waits for the answer (15 s). 0, or -errno with *err; *ret_a is filled when the
 * sentry answered, with an error too.
 */
int ctl_request(struct container *c, uint16_t op, const void *fixed, struct ctl_answer *ret_a,
		struct rt_err *err);
/* The halves, for a connection that stays. fds: nr descriptors that go with the message. */
int ctl_send(int sock, const struct container *c, uint16_t op, uint64_t tag, const void *fixed,
	     const int *fds, unsigned int nr, struct rt_err *err);
int ctl_answer(int sock, const struct container *c, struct ctl_answer *ret_a, struct rt_err *err);

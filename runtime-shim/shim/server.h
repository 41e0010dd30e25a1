/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's ttrpc server and its main loop: connections, calls, children that end, memory kills.
 * A call runs on a thread of its own; Wait keeps none while it waits.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct conn;

struct call {
	struct conn *conn; /* counted */
	uint32_t stream;
	const char *service, *method;
	const uint8_t *data;
	size_t size;
	void *owner; /* what data points into */
	bool kept;   /* does not count as under way */
	/* set by the method */
	int code;
	char text[1024];
	uint8_t *out; /* owned */
	size_t out_size;
};

/* Sets the answer's error and returns the code. */
int call_fail(struct call *c, int code, const char *fmt, ...) __printf(3, 4);
/* Sets the answer's message; returns 0. */
int call_reply(struct call *c, const ProtobufCMessage *m);
/* Sends the answer and frees the call. */
void call_finish(struct call *c);

/* For a call that waits: it is answered later. */
void call_keep(struct call *c);

/* The methods: service.c. 0, a code set by call_fail(), or CALL_KEPT: call_finish() comes later. */
#define CALL_KEPT (-1)
int service_call(struct call *c);

/* Runs fn(arg) in the main loop whenever fd is readable. */
int loop_watch(int fd, void (*fn)(void *arg), void *arg);
void loop_unwatch(int fd);
/* Serves on a listening socket until shut down. */
int loop_run(int listener);
/* The loop ends after the answers that are under way. */
void loop_stop(void);
/* Starts a detached thread of the shim's modest kind. */
int loop_thread(void *(*fn)(void *), void *arg);

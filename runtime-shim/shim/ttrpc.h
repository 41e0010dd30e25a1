/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc's framing: ten bytes of header (length, stream, type, flags; big-endian) and a protobuf.
 * Owns the decoder of what a peer sends, which is bounded: memory grows with the bytes that came,
 * never with the length that was announced. Knows nothing of sockets, so that it can be fuzzed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TTRPC_HEADER   10
#define TTRPC_MAX_DATA (4u << 20)

enum ttrpc_type { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 };

/* google.rpc.Code, as far as it is used. */
enum rpc_code {
	RPC_OK = 0,
	RPC_UNKNOWN = 2,
	RPC_INVALID_ARGUMENT = 3,
	RPC_DEADLINE_EXCEEDED = 4,
	RPC_NOT_FOUND = 5,
	RPC_ALREADY_EXISTS = 6,
	RPC_RESOURCE_EXHAUSTED = 8,
	RPC_FAILED_PRECONDITION = 9,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
};

struct ttrpc_frame {
	uint32_t stream;
	uint8_t type, flags;
	const uint8_t *data; /* points into the reader: valid until the next call on it */
	size_t size;
	int too_long; /* the payload was over TTRPC_MAX_DATA and is thrown away */
};

struct ttrpc_reader {
	uint8_t *buf; /* owned */
	size_t size, fill, taken;
	size_t skip; /* bytes of an over-long payload still to come */
};

void ttrpc_reader_fini(struct ttrpc_reader *r);
/* Appends n bytes that arrived; -ENOMEM. */
int ttrpc_reader_push(struct ttrpc_reader *r, const void *data, size_t n);
/* 1 with *ret_frame set, 0 when more bytes are needed, -EPROTO for a frame that makes no sense. */
int ttrpc_reader_next(struct ttrpc_reader *r, struct ttrpc_frame *ret_frame);
void ttrpc_put_header(uint8_t out[TTRPC_HEADER], size_t size, uint32_t stream, enum ttrpc_type t);

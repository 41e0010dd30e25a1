/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc frames in and out of byte streams. */
#include "ttrpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void ttrpc_reader_fini(struct ttrpc_reader *r)
{
	free(r->buf);
	memset(r, 0, sizeof(*r));
}

int ttrpc_reader_push(struct ttrpc_reader *r, const void *data, size_t n)
{
	if (r->skip) {
		size_t k = n < r->skip ? n : r->skip;

		r->skip -= k;
		data = (const uint8_t *)data + k;
		n -= k;
	}
	if (r->taken) {
		memmove(r->buf, r->buf + r->taken, r->fill - r->taken);
		r->fill -= r->taken;
		r->taken = 0;
	}
	if (n == 0)
		return 0;
	if (n > r->size - r->fill) {
		size_t want = r->size ? r->size : 4096;
		uint8_t *b;

		while (want - r->fill < n)
			want *= 2;
		b = realloc(r->buf, want);
		if (!b)
			return -ENOMEM;
		r->buf = b;
		r->size = want;
	}
	memcpy(r->buf + r->fill, data, n);
	r->fill += n;
	return 0;
}

int ttrpc_reader_next(struct ttrpc_reader *r, struct ttrpc_frame *ret_frame)
{
	const uint8_t *p = r->buf + r->taken;
	size_t have = r->fill - r->taken, size;
	struct ttrpc_frame f;

	if (have < TTRPC_HEADER)
		return 0;
	size = be32(p);
	f.stream = be32(p + 4);
	f.type = p[8];
	f.flags = p[9];
	f.too_long = size > TTRPC_MAX_DATA;
	if (f.type < TTRPC_REQUEST || f.type > TTRPC_DATA)
		return -EPROTO;
	have -= TTRPC_HEADER;
	if (f.too_long) {
		size_t k = have < size ? have : size;

		r->taken += TTRPC_HEADER + k;
		r->skip = size - k;
		f.data = p;
		f.size = 0;
	} else {
		if (have < size)
			return 0;
		f.data = p + TTRPC_HEADER;
		f.size = size;
		r->taken += TTRPC_HEADER + size;
	}
	*ret_frame = f;
	return 1;
}

void ttrpc_put_header(uint8_t out[TTRPC_HEADER], size_t size, uint32_t stream, enum ttrpc_type t)
{
	put_be32(out, (uint32_t)size);
	put_be32(out + 4, stream);
	out[8] = (uint8_t)t;
	out[9] = 0;
}

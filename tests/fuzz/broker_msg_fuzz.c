/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders of the network broker's protocol. Input: one byte: request or reply; the packet. */
#include "fuzz.h"

#include <string.h>

#include "proto/broker.h"

static uint64_t g_packet[(sizeof(struct broker_req) + BROKER_DATA_MAX) / 8 + 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct broker_req *q;
	const struct broker_rep *r;
	uint8_t how;

	if (size < 1 || size - 1 > sizeof(g_packet))
		return 0;
	how = *data++;
	memcpy(g_packet, data, --size);
	/* mostly a true size */
	if (!(how & 2) && size >= sizeof(*q))
		((uint32_t *)g_packet)[1] =
			(uint32_t)(size - (how & 1 ? sizeof(*q) : sizeof(struct broker_rep)));
	if (how & 1) {
		q = broker_req_decode(g_packet, size);
		FUZZ_CHECK(!q || (q->size == size - sizeof(*q) && q->op >= BROKER_SOCKET &&
				  q->op <= BROKER_PROC));
	} else {
		r = broker_rep_decode(g_packet, size);
		FUZZ_CHECK(!r || (r->size == size - sizeof(*r) && r->error <= 0 &&
				  r->error >= -4095 && r->more <= 1));
	}
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	if (nr > 8)
		return 0;
	memset(buf, 0, 64);
	buf[0] = nr & 1;
	buf[1] = (uint8_t)(nr / 2);
	return 64;
}

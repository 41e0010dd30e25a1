/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of ttrpc frames, in pieces of a size the input chooses, and of every request the shim
 * takes. Whatever comes, a frame handed out lies within what was pushed.
 */
#include "fuzz.h"

#include <string.h>

#include "shim/task.pb-c.h"
#include "ttrpc.h"

#define TRY(type)                                                                                  \
	do {                                                                                       \
		void *m = shim__##type##__unpack(NULL, size, data);                                \
		if (m)                                                                             \
			shim__##type##__free_unpacked(m, NULL);                                    \
	} while (0)

static void messages(const uint8_t *data, size_t size)
{
	TRY(create_request);
	TRY(exec_request);
	TRY(proc_request);
	TRY(id_request);
	TRY(kill_request);
	TRY(resize_request);
	TRY(close_io_request);
	TRY(update_request);
	TRY(shutdown_request);
	TRY(runc_options);
	TRY(file_options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ttrpc_reader r = { 0 };
	struct ttrpc_frame f;
	size_t step, pushed = 0, given = 0;
	int ret = 0;

	if (size == 0)
		return 0;
	step = 1 + data[0];
	data++;
	size--;
	for (size_t at = 0; at < size && ret >= 0; at += step) {
		size_t n = size - at < step ? size - at : step;

		FUZZ_CHECK(ttrpc_reader_push(&r, data + at, n) == 0);
		pushed += n;
		while ((ret = ttrpc_reader_next(&r, &f)) == 1) {
			Shim__Request *q;

			given += TTRPC_HEADER + f.size;
			FUZZ_CHECK(given <= pushed && f.size <= TTRPC_MAX_DATA);
			if (f.too_long)
				given = 0;
			q = shim__request__unpack(NULL, f.size, f.data);
			if (q) {
				messages(q->payload.data, q->payload.len);
				shim__request__free_unpacked(q, NULL);
			}
			messages(f.data, f.size);
		}
	}
	ttrpc_reader_fini(&r);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	static const uint8_t payload[] = "\x0a\x02id\x12\x02/b\x1a\x06\x0a\x04"
					 "bind";
	Shim__Request q = SHIM__REQUEST__INIT;
	uint8_t *p = buf;

	if (nr >= 8)
		return 0;
	q.service = (char *)"containerd.task.v2.Task";
	q.method = (char *)(nr & 1 ? "Create" : "Wait");
	q.payload.data = (uint8_t *)payload;
	q.payload.len = sizeof(payload) - 1;
	*p++ = (uint8_t)(nr * 37);
	for (unsigned int i = 0; i <= nr; i++) {
		size_t n = shim__request__pack(&q, p + TTRPC_HEADER);

		ttrpc_put_header(p, nr == 7 ? 5u << 20 : n, 2 * i + 1, TTRPC_REQUEST);
		p += TTRPC_HEADER + n;
		FUZZ_CHECK((size_t)(p - buf) + 256 < buf_size);
	}
	return (size_t)(p - buf);
}

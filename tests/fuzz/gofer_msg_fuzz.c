/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoders of the gofer protocol. Input: one byte choosing request or reply (and then which
 * request it answers), seven ignored, then the message.
 */
#include "fuzz.h"

#include <string.h>

#include "proto/gofer.h"

static uint64_t g_msg[GOFER_REP_MAX / 8 + 1];

static void inside(const struct gofer_str *s, size_t size)
{
	const char *start = (const char *)g_msg;

	FUZZ_CHECK(s->size == 0 || (s->p >= start && s->p + s->size <= start + size));
}

static void request(size_t size)
{
	struct gofer_req req;

	if (gofer_req_decode(g_msg, size, &req) != 0)
		return;
	FUZZ_CHECK(req.info == gofer_op_info(req.op) && req.nr_names <= GOFER_MANY_MAX);
	FUZZ_CHECK(req.nr_names >= req.info->names_min && req.nr_names <= req.info->names_max);
	FUZZ_CHECK(req.blob.size <= req.info->req_blob_max);
	inside(&(struct gofer_str){ req.fixed, req.info->req_size }, size);
	inside(&req.blob, size);
	for (unsigned int i = 0; i < req.nr_names; i++) {
		inside(&req.names[i], size);
		FUZZ_CHECK(req.names[i].size > 0 && req.names[i].size <= GOFER_NAME_MAX);
		FUZZ_CHECK(!memchr(req.names[i].p, 0, req.names[i].size));
		if (req.info->kind == GOFER_KIND_ENTRY)
			FUZZ_CHECK(!memchr(req.names[i].p, '/', req.names[i].size));
	}
}

static void reply(uint16_t op, int nr_fds, size_t size)
{
	struct gofer_rep rep;

	gofer_rep_tag(g_msg, size);
	if (gofer_rep_decode(op, g_msg, size, nr_fds, &rep) != 0)
		return;
	FUZZ_CHECK(rep.error <= 0 && rep.error >= -4095);
	if (rep.error)
		return;
	inside(&(struct gofer_str){ rep.fixed, gofer_op_info(op)->rep_size }, size);
	inside(&rep.blob, size);
	FUZZ_CHECK(rep.blob.size <= gofer_op_info(op)->rep_blob_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how;

	if (size < 8 || size - 8 > GOFER_REP_MAX)
		return 0;
	how = data[0];
	data += 8;
	size -= 8;
	memcpy(g_msg, data, size);
	/* Mostly a true size, or little else would be reached. */
	if (size >= sizeof(struct gofer_hdr) && !(how & 0x40))
		((struct gofer_hdr *)g_msg)->size = (uint32_t)size;
	if (how & 0x80)
		reply(how & 0x1f, how >> 5 & 1, size);
	else
		request(size);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	static const char fixed[256];
	const struct gofer_op_info *info;
	struct gofer_str names[GOFER_MANY_MAX];
	uint16_t op = (uint16_t)(nr / 2 + 1);
	uint64_t msg[GOFER_REQ_MAX / 8];
	long size;

	info = gofer_op_info(op);
	if (!info)
		return 0;
	memset(buf, 0, 8);
	if (nr % 2) {
		struct gofer_hdr h = { .op = op, .tag = 3 };

		h.size = (uint32_t)(sizeof(h) + info->rep_size + (info->rep_blob_max ? 8 : 0));
		buf[0] = (uint8_t)(0x80 | op);
		memset(buf + 8, 0, h.size);
		memcpy(buf + 8, &h, sizeof(h));
		return 8 + h.size;
	}
	for (unsigned int i = 0; i < info->names_max; i++)
		names[i] = (struct gofer_str){ "name", 4 };
	size = gofer_req_encode(msg, op, 3, fixed, names, info->names_max, "blob",
				info->req_blob_max ? 4 : 0);
	FUZZ_CHECK(size > 0 && (size_t)size + 8 <= buf_size);
	memcpy(buf + 8, msg, (size_t)size);
	return (size_t)size + 8;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of the control protocol between the command and the sentry. */
#include "fuzz.h"

#include <string.h>

#include "proto/control.h"

static uint64_t g_msg[65536 / 8];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_msg m;

	if (size > sizeof(g_msg))
		return 0;
	memcpy(g_msg, data, size);
	memset(&m, 0, sizeof(m));
	ctl_decode(g_msg, size, &m);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	if (nr >= 16)
		return 0;
	memset(buf, 0, 64);
	buf[0] = 64;
	buf[4] = (uint8_t)nr;
	return 64;
}

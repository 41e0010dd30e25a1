/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callers of a place where our own code gives up, as offsets into the binary for addr2line.
 * Follows frame pointers, which every file of ours keeps; stops where the chain makes no sense.
 */
#include <stdint.h>
#include <stdio.h>

#include "host/host.h"

#define LOG_TAG "host"
#include "base/log.h"

#define MAX_FRAMES 32
#define MAX_STACK  (1u << 20)

extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));

void host_backtrace(const void *frame)
{
	const uintptr_t *fp = frame ? frame : __builtin_frame_address(0);
	uintptr_t low = (uintptr_t)fp;
	char line[512];
	size_t n = 0;

	n += (size_t)snprintf(line, sizeof(line),
			      "binary at %#lx, callers (addr2line -fie husk ...):",
			      (unsigned long)(uintptr_t)__ehdr_start);
	for (int i = 0; i < MAX_FRAMES && n < sizeof(line) - 32; i++) {
		uintptr_t at = (uintptr_t)fp;

		if (at < low || at - low > MAX_STACK || at % sizeof(*fp))
			break;
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %#lx",
				      (unsigned long)(fp[1] - (uintptr_t)__ehdr_start));
		if (fp[0] <= at)
			break;
		fp = (const uintptr_t *)fp[0];
	}
	log_err("%s", line);
}

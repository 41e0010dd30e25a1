/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caches as the processor describes them: CPUID leaf 4, or 0x8000001d on AMD (Intel SDM volume 2,
 * CPUID).
 */
#include <cpuid.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "fs/sys/sys.h"

static unsigned int cache_leaf(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(0, &a, &b, &c, &d))
		return 0;
	if (b == 0x68747541u) /* "Auth"enticAMD */
		return (unsigned int)__get_cpuid_max(0x80000000u, NULL) >= 0x8000001du ?
			       0x8000001du :
			       0;
	return a >= 4 ? 4 : 0;
}

int cpu_cache_info(unsigned int n, struct cpu_cache *ret_cache)
{
	static const char *const types[] = { NULL, "Data", "Instruction", "Unified" };
	unsigned int leaf = cache_leaf(), a, b, c, d, parts;
	struct cpu_cache info;

	if (!leaf || n > 15)
		return -ENOENT;
	__cpuid_count(leaf, n, a, b, c, d);
	if ((a & 0x1f) == 0 || (a & 0x1f) > 3)
		return -ENOENT;
	info.type = types[a & 0x1f];
	info.level = a >> 5 & 7;
	info.line = (b & 0xfff) + 1;
	parts = (b >> 12 & 0x3ff) + 1;
	info.ways = (b >> 22 & 0x3ff) + 1;
	info.sets = c + 1;
	info.size = (uint64_t)info.line * parts * info.ways * info.sets;
	*ret_cache = info;
	return 0;
}

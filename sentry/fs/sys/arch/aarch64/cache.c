/* SPDX-License-Identifier: Apache-2.0 */
/* Caches: user space cannot ask an arm64 processor (CCSIDR is privileged), so none are named. */
#include <errno.h>

#include "fs/sys/sys.h"

int cpu_cache_info(unsigned int n, struct cpu_cache *ret_cache)
{
	return -ENOENT;
}

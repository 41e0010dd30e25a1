/* SPDX-License-Identifier: Apache-2.0 */
/* mmap + touch every page + munmap of 1 MiB of anonymous memory. */
#include <sys/mman.h>

#include "bench.h"

#define SIZE (1u << 20)

static void op(long n)
{
	while (n--) {
		char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		must(p != MAP_FAILED, "mmap");
		for (size_t i = 0; i < SIZE; i += 4096)
			p[i] = 1;
		munmap(p, SIZE);
	}
}

int main(void)
{
	return measure("mmap_touch_munmap_1M", op);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* MAP_FIXED replaces, MAP_FIXED_NOREPLACE does not, a hint is only a hint. */
#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	char *p = mmap(NULL, 16 * PG, RW, ANON, -1, 0), *q;

	NEED(p != MAP_FAILED);
	memset(p, 'a', 16 * PG);
	q = mmap(p + 4 * PG, 4 * PG, PROT_READ, ANON | MAP_FIXED, -1, 0);
	SHOW(q == p + 4 * PG);
	SHOW(p[4 * PG - 1]);
	SHOW(p[4 * PG]);
	SHOW(p[8 * PG - 1]);
	SHOW(p[8 * PG]);
	SHOW_WRITE(p + 4 * PG);
	SHOW_WRITE(p + 8 * PG);
	SHOWP(mmap(p + 3 * PG, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	SHOW(munmap(p + 3 * PG, PG));
	SHOW(mmap(p + 3 * PG, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == p + 3 * PG);
	SHOWP(mmap(p + 3 * PG, 2 * PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	/* a hint in the way is moved, a free one is taken, a crooked one rounded up */
	q = mmap(p, PG, RW, ANON, -1, 0);
	SHOW(q != p && q != MAP_FAILED);
	munmap(p + 12 * PG, PG);
	SHOW(mmap(p + 12 * PG, PG, RW, ANON, -1, 0) == p + 12 * PG);
	munmap(p + 12 * PG, PG);
	SHOW(mmap(p + 11 * PG + 5, PG, RW, ANON, -1, 0) == p + 12 * PG);
	/* fixed over many mappings of different kinds */
	for (int i = 0; i < 16; i += 2)
		mprotect(p + i * PG, PG, PROT_READ);
	SHOW(mmap(p, 16 * PG, RW, ANON | MAP_FIXED, -1, 0) == p);
	SHOW(p[0] | p[5 * PG] | p[15 * PG]);
#ifdef MAP_32BIT
	q = mmap(NULL, PG, RW, ANON | MAP_32BIT, -1, 0);
	SHOW((unsigned long)q < 1ul << 31);
#endif
	return 0;
}

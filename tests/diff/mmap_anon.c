/* SPDX-License-Identifier: Apache-2.0 */
/* Anonymous mappings: zeroes, neighbours, partial removal. */
#include "lib/probe.h"

#define PG 4096

int main(void)
{
	char *p = SHOWP(mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0)),
	     *q;
	int sum = 0;

	for (int i = 0; i < 8 * PG; i++)
		sum |= p[i];
	SHOW(sum);
	memset(p, 'x', 8 * PG);
	SHOW(munmap(p + 2 * PG, 2 * PG));
	SHOW_READ(p + 2 * PG - 1);
	SHOW_READ(p + 2 * PG);
	SHOW_READ(p + 4 * PG - 1);
	SHOW_READ(p + 4 * PG);
	SHOW(munmap(p + 2 * PG, 2 * PG)); /* nothing there: fine */
	SHOW(munmap(p, 8 * PG));
	SHOW_READ(p);
	SHOW(munmap(p + 1, PG));
	SHOW(munmap(p, 0));
	SHOW(munmap((void *)-PG, PG));
	SHOW(munmap((void *)(1ul << 62), PG));
	/* a size that is no multiple of a page */
	p = SHOWP(mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	SHOW_WRITE(p + 2 * PG - 1);
	SHOW(munmap(p, PG + 1));
	SHOW_READ(p + PG);
	/* memory that comes back is zero again */
	p = mmap(NULL, 64 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 'y', 64 * PG);
	munmap(p, 64 * PG);
	q = mmap(p, 64 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0);
	SHOW(q == p);
	sum = 0;
	for (int i = 0; i < 64 * PG; i++)
		sum |= q[i];
	SHOW(sum);
	return 0;
}

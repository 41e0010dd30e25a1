/* SPDX-License-Identifier: Apache-2.0 */
/* mincore: what was touched is in memory, what was not is not, and the errors. */
#include "lib/show.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static unsigned char vec[64];

static void show(const char *what, char *p, int n)
{
	memset(vec, 0xee, sizeof(vec));
	printf("%s: %d", what, mincore(p, n * PG, vec));
	for (int i = 0; i < n; i++)
		printf(" %x", vec[i]);
	printf(" | %x\n", vec[n]);
}

int main(void)
{
	char *p = mmap(NULL, 16 * PG, RW, ANON, -1, 0), *q;

	madvise(p, 16 * PG, MADV_NOHUGEPAGE);
	show("fresh", p, 8);
	p[2 * PG] = p[5 * PG] = 1;
	show("two touched", p, 8);
	NEED(madvise(p + 2 * PG, PG, MADV_DONTNEED) == 0);
	show("one dropped", p, 8);
	q = mmap(NULL, 8 * PG, RW, ANON | MAP_POPULATE, -1, 0);
	show("populated", q, 8);
	SHOW(mincore(p, 0, vec));
	SHOW(mincore(p + 1, PG, vec));
	SHOW(mincore(p, PG + 1, vec));
	SHOW(mincore(p, PG, (unsigned char *)1));
	SHOW(mincore(p, -1ul, vec));
	munmap(p + 8 * PG, PG);
	SHOW(mincore(p + 7 * PG, 3 * PG, vec));
	SHOW(mincore(p + 8 * PG, PG, vec));
	mprotect(p, PG, PROT_NONE);
	SHOW(mincore(p, PG, vec));
	return 0;
}

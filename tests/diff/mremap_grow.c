/* SPDX-License-Identifier: Apache-2.0 */
/* mremap that grows and shrinks, in place or by moving; contents stay, new pages are zero. */
#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int count(const char *p, char c, size_t n)
{
	int nr = 0;

	for (size_t i = 0; i < n; i++)
		nr += p[i] == c;
	return nr;
}

int main(void)
{
	char *area = mmap(NULL, 64 * PG, PROT_NONE, ANON, -1, 0), *p, *q;

	NEED(area != MAP_FAILED);
	munmap(area, 64 * PG);
	p = mmap(area, 4 * PG, RW, ANON | MAP_FIXED, -1, 0);
	memset(p, 'a', 4 * PG);
	SHOW(mremap(p, 4 * PG, 8 * PG, 0) == p);
	SHOW(count(p, 'a', 8 * PG));
	SHOW(count(p, 0, 8 * PG));
	memset(p, 'b', 8 * PG);
	SHOW(mremap(p, 8 * PG, 2 * PG, 0) == p);
	SHOW_READ(p + 2 * PG);
	/* something in the way */
	mmap(p + 3 * PG, PG, PROT_READ, ANON | MAP_FIXED, -1, 0);
	SHOW(mremap(p, 2 * PG, 3 * PG, 0) == p);
	SHOWP(mremap(p, 3 * PG, 8 * PG, 0));
	q = mremap(p, 3 * PG, 8 * PG, MREMAP_MAYMOVE);
	SHOW(q != p && q != MAP_FAILED);
	SHOW(count(q, 'b', 8 * PG));
	SHOW_READ(p);
	SHOW_READ(p + 3 * PG);
	/* grown again and again, as realloc does */
	memset(q, 'c', 8 * PG);
	for (int n = 8; n < 2048; n *= 2) {
		char *r = mremap(q, n * PG, 2 * n * PG, MREMAP_MAYMOVE);

		NEED(r != MAP_FAILED);
		memset(r + n * PG, 'c', n * PG);
		q = r;
	}
	SHOW(count(q, 'c', 2048 * PG));
	/* the middle of a mapping moves out of it */
	p = mremap(q + 100 * PG, 10 * PG, 20 * PG, MREMAP_MAYMOVE);
	NEED(p != MAP_FAILED);
	SHOW(count(p, 'c', 20 * PG));
	SHOW_READ(q + 100 * PG - 1);
	SHOW_READ(q + 100 * PG);
	SHOW_READ(q + 110 * PG);
	/* after fork both have their own */
	if (fork() == 0) {
		q = mremap(p, 20 * PG, 40 * PG, MREMAP_MAYMOVE);
		memset(q, 'd', 10 * PG);
		SHOW(count(q, 'd', 40 * PG));
		_exit(0);
	}
	wait(NULL);
	SHOW(count(p, 'c', 20 * PG));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* MADV_DONTNEED and MADV_REMOVE: what is gone, and from where it comes back. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG 4096
#define RW (PROT_READ | PROT_WRITE)

static int count(const char *p, char c, size_t n)
{
	int nr = 0;

	for (size_t i = 0; i < n; i++)
		nr += p[i] == c;
	return nr;
}

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600), st;
	char *p, page[PG];

	p = mmap(NULL, 8 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 'a', 8 * PG);
	SHOW(madvise(p + 2 * PG, 3 * PG, MADV_DONTNEED));
	SHOW(count(p, 'a', 8 * PG));
	SHOW(count(p + 2 * PG, 0, 3 * PG));
	memset(p, 'b', 8 * PG);
	/* shared with a child by fork: each has its own */
	if (fork() == 0) {
		SHOW(madvise(p, 4 * PG, MADV_DONTNEED));
		SHOW(count(p, 'b', 8 * PG));
		memset(p, 'c', 2 * PG);
		SHOW(count(p, 'c', 8 * PG));
		_exit(0);
	}
	wait(&st);
	SHOW(count(p, 'b', 8 * PG));
	SHOW(madvise(p, 8 * PG, MADV_DONTNEED));
	SHOW(count(p, 0, 8 * PG));
	/* private pages of a file come back as the file has them */
	memset(page, 'f', PG);
	for (int i = 0; i < 4; i++)
		NEED(pwrite(fd, page, PG, i * PG) == PG);
	p = mmap(NULL, 4 * PG, RW, MAP_PRIVATE, fd, 0);
	memset(p, 'x', 4 * PG);
	SHOW(madvise(p + PG, 2 * PG, MADV_DONTNEED));
	SHOW(count(p, 'x', 4 * PG));
	SHOW(count(p, 'f', 4 * PG));
	/* shared pages stay in the file */
	p = mmap(NULL, 4 * PG, RW, MAP_SHARED, fd, 0);
	memset(p, 'y', 4 * PG);
	SHOW(madvise(p, 4 * PG, MADV_DONTNEED));
	SHOW(count(p, 'y', 4 * PG));
	/* unless the hole is made in the file itself */
	p = mmap(NULL, 4 * PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(p, 'z', 4 * PG);
	SHOW(madvise(p + PG, PG, MADV_REMOVE));
	SHOW(count(p, 'z', 4 * PG));
	SHOW(count(p, 0, 4 * PG));
	/* free: either old or zero until written, then what was written */
	p = mmap(NULL, 4 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 'q', 4 * PG);
	SHOW(madvise(p, 4 * PG, MADV_FREE));
	SHOW(count(p, 'q', PG) + count(p, 0, PG));
	memset(p, 'r', 2 * PG);
	SHOW(count(p, 'r', 2 * PG));
	return 0;
}

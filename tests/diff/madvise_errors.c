/* SPDX-License-Identifier: Apache-2.0 */
/* What madvise refuses. */
#include <fcntl.h>

#include "lib/show.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

int main(void)
{
	char *p = mmap(NULL, 8 * PG, RW, ANON, -1, 0), *f, *s, *r;
	int fd;

	make_file("f", "text");
	fd = open("f", O_RDWR);
	f = mmap(NULL, PG, RW, MAP_PRIVATE, fd, 0);
	s = mmap(NULL, PG, RW, MAP_SHARED, fd, 0);
	r = mmap(NULL, PG, PROT_READ, MAP_SHARED, open("f", O_RDONLY), 0);
	SHOW(madvise(p, PG, 5));
	SHOW(madvise(p, PG, -1));
	SHOW(madvise(p + 1, PG, MADV_DONTNEED));
	SHOW(madvise(p, 0, MADV_DONTNEED));
	SHOW(madvise(p, 0, 5));
	SHOW(madvise(p, -1ul, MADV_DONTNEED));
	munmap(p + 4 * PG, PG);
	p[6 * PG] = 1;
	SHOW(madvise(p, 8 * PG, MADV_DONTNEED)); /* over a hole: done all the same */
	SHOW(p[6 * PG]);
	SHOW(madvise(p, 8 * PG, MADV_RANDOM));
	SHOW(madvise(p + 4 * PG, PG, MADV_NORMAL));
	SHOW(madvise(f, PG, MADV_FREE));
	SHOW(madvise(s, PG, MADV_FREE));
	SHOW(madvise(f, PG, MADV_WIPEONFORK));
	SHOW(madvise(p, PG, MADV_REMOVE));
	SHOW(madvise(f, PG, MADV_REMOVE));
	SHOW(madvise(r, PG, MADV_REMOVE));
	for (int a = MADV_NORMAL; a <= MADV_WILLNEED; a++)
		SHOW(madvise(f, PG, a));
	SHOW(madvise(p, PG, MADV_DONTDUMP));
	SHOW(madvise(p, PG, MADV_DODUMP));
	SHOW(madvise(p, PG, MADV_COLD));
	SHOW(madvise(p, PG, MADV_PAGEOUT));
	SHOW(madvise(p, 2 * PG, MADV_POPULATE_READ));
	SHOW(madvise(p, 2 * PG, MADV_POPULATE_WRITE));
	SHOW(madvise(p + 3 * PG, 3 * PG, MADV_POPULATE_READ));
	SHOW(madvise(r, PG, MADV_POPULATE_WRITE));
	mprotect(p, PG, PROT_NONE);
	SHOW(madvise(p, PG, MADV_POPULATE_READ));
	SHOW(madvise(p, PG, MADV_DONTNEED));
	NEED(mlock(p + PG, PG) == 0);
	SHOW(madvise(p + PG, PG, MADV_DONTNEED));
	SHOW(madvise(p + PG, PG, MADV_COLD));
	return 0;
}

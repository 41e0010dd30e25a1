/* SPDX-License-Identifier: Apache-2.0 */
/* mremap to a given place, of files too; DONTUNMAP; an old size of zero; what is refused. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

int main(void)
{
	char *p = mmap(NULL, 32 * PG, RW, ANON, -1, 0), *q, *s;
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	NEED(p != MAP_FAILED && ftruncate(fd, 8 * PG) == 0);
	memset(p, 'a', 8 * PG);
	memset(p + 16 * PG, 'z', 8 * PG);
	SHOW(mremap(p, 4 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 16 * PG) == p + 16 * PG);
	SHOW(p[16 * PG]);
	SHOW(p[20 * PG - 1]);
	SHOW(p[20 * PG]);
	SHOW_READ(p);
	SHOW_READ(p + 4 * PG);
	/* bigger and smaller on the way */
	SHOW(mremap(p + 4 * PG, 2 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 24 * PG) ==
	     p + 24 * PG);
	SHOW(p[26 * PG - 1]);
	SHOW(p[26 * PG]);
	SHOW(mremap(p + 24 * PG, 4 * PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	SHOW(p[0]);
	SHOW_READ(p + 25 * PG);
	SHOWP(mremap(p + 8 * PG, 2 * PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 9 * PG));
	SHOWP(mremap(p + 8 * PG, PG, PG, MREMAP_FIXED, p));
	SHOWP(mremap(p + 8 * PG, PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 1));
	SHOWP(mremap(p + 8 * PG + 1, PG, PG, MREMAP_MAYMOVE));
	SHOWP(mremap(p + 8 * PG, PG, 0, MREMAP_MAYMOVE));
	SHOWP(mremap(p + 8 * PG, PG, PG, 64));
	SHOWP(mremap(p + PG, PG, 2 * PG, MREMAP_MAYMOVE)); /* nothing there */
	SHOWP(mremap(p + 8 * PG, 0, PG, MREMAP_MAYMOVE));  /* private */
	/* files keep their offset */
	s = mmap(NULL, 8 * PG, RW, MAP_SHARED, fd, 0);
	for (int i = 0; i < 8; i++)
		s[i * PG] = 'A' + i;
	q = mremap(s + 2 * PG, 2 * PG, 4 * PG, MREMAP_MAYMOVE);
	NEED(q != MAP_FAILED);
	SHOW(q[0]);
	SHOW(q[3 * PG]);
	q[0] = 'x';
	char c;
	SHOW(pread(fd, &c, 1, 2 * PG));
	SHOW(c);
	/* the same pages a second time */
	q = mremap(s + 6 * PG, 0, PG, MREMAP_MAYMOVE);
	NEED(q != MAP_FAILED);
	q[0] = 'y';
	SHOW(s[6 * PG]);
	/* the old place stays, empty */
	p = mmap(NULL, 4 * PG, RW, ANON, -1, 0);
	memset(p, 'm', 4 * PG);
	q = mremap(p, 4 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	NEED(q != MAP_FAILED);
	SHOW(q[0]);
	SHOW(q[4 * PG - 1]);
	SHOW(p[0]);
	SHOW_WRITE(p + PG);
	SHOWP(mremap(p, 4 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
	SHOWP(mremap(p, 4 * PG, 4 * PG, MREMAP_DONTUNMAP, NULL));
	return 0;
}

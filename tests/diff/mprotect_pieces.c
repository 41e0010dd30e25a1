/* SPDX-License-Identifier: Apache-2.0 */
/* mprotect on parts of mappings, over holes, and what it refuses; contents survive it all. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	char *p = mmap(NULL, 16 * PG, RW, ANON, -1, 0), *q;
	int fd, bad = 0;

	NEED(p != MAP_FAILED);
	for (int i = 0; i < 16; i++)
		p[i * PG] = i;
	for (int i = 0; i < 16; i += 2)
		NEED(mprotect(p + i * PG, PG, PROT_READ) == 0);
	SHOW_WRITE(p + 4 * PG + 1);
	SHOW_WRITE(p + 5 * PG + 1);
	SHOW(mprotect(p, 16 * PG, PROT_NONE));
	SHOW_READ(p + 5 * PG);
	SHOW(mprotect(p, 16 * PG, RW));
	for (int i = 0; i < 16; i++)
		bad += p[i * PG] != i;
	SHOW(bad);
	/* a hole: what is before it changes */
	munmap(p + 8 * PG, PG);
	SHOW(mprotect(p + 6 * PG, 4 * PG, PROT_READ));
	SHOW_WRITE(p + 6 * PG + 1);
	SHOW_WRITE(p + 7 * PG + 1);
	SHOW_WRITE(p + 9 * PG + 1);
	SHOW(mprotect(p + 8 * PG, PG, PROT_READ));
	SHOW(mprotect(p + 1, PG, PROT_READ));
	SHOW(mprotect(p, 0, PROT_READ));
	SHOW(mprotect(p + 8 * PG, 0, PROT_READ));
	SHOW(mprotect(p, PG, 0x40));
	SHOW(mprotect(p, PG, PROT_READ | PROT_GROWSDOWN));
	SHOW(mprotect(p, PG, PROT_GROWSDOWN | PROT_GROWSUP));
	SHOW(mprotect(p, -1ul, PROT_READ));
	/* a size is rounded up */
	SHOW(mprotect(p, 1, PROT_READ));
	SHOW_WRITE(p + PG - 1);
	SHOW_WRITE(p + PG);
	/* memory reserved first, used later */
	q = mmap(NULL, 64 * PG, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	for (int i = 0; i < 64; i += 8) {
		NEED(mprotect(q + i * PG, 8 * PG, RW) == 0);
		memset(q + i * PG, i, 8 * PG);
	}
	for (int i = 0; i < 64 * PG; i++)
		bad += q[i] != i / PG / 8 * 8;
	SHOW(bad);
	/* the file's open mode is the limit of a shared mapping */
	make_file("f", "text");
	fd = open("f", O_RDONLY);
	q = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0);
	SHOW(mprotect(q, PG, RW));
	SHOW(mprotect(q, PG, PROT_NONE));
	SHOW(mprotect(q, PG, PROT_READ | PROT_EXEC));
	q = mmap(NULL, PG, PROT_READ, MAP_PRIVATE, fd, 0);
	SHOW(mprotect(q, PG, RW));
	memcpy(q, "mine", 4);
	SHOW(mprotect(q, PG, PROT_READ));
	show_bytes("q", q, 4);
	return 0;
}

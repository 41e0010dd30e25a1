/* SPDX-License-Identifier: Apache-2.0 */
/* MAP_GROWSDOWN: grows by faults, keeps its distance, and MAP_STACK is only a word. */
#include "lib/probe.h"

#define PG   4096l
#define MB   (1l << 20)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	char *area = mmap(NULL, 16 * MB, PROT_NONE, ANON, -1, 0), *p;

	NEED(area != MAP_FAILED);
	munmap(area, 16 * MB);
	p = mmap(area + 12 * MB, 4 * PG, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	SHOW(p == area + 12 * MB);
	SHOW_WRITE(p);
	SHOW_WRITE(p - 1);
	SHOW_WRITE(p - 100 * PG);
	SHOW(p[-100 * PG]);
	SHOW(p[-50 * PG]);
	/* a neighbour below stops it a megabyte away */
	SHOW(mmap(area + 8 * MB, PG, RW, ANON | MAP_FIXED, -1, 0) == area + 8 * MB);
	SHOW_WRITE(area + 9 * MB + 3 * PG);
	SHOW_WRITE(area + 9 * MB - PG);
	SHOW_WRITE(area + 8 * MB + PG);
	/* nothing is placed right below it by itself */
	SHOW(munmap(area + 8 * MB, PG));
	p = mmap(area + 9 * MB + 2 * PG, PG, RW, ANON, -1, 0);
	SHOW(p != area + 9 * MB + 2 * PG);
	/* mprotect down to its start */
	SHOW(mprotect(area + 12 * MB, PG, PROT_READ | PROT_GROWSDOWN));
	SHOW_WRITE(area + 10 * MB);
	SHOW_READ(area + 10 * MB);
	SHOWP(mmap(NULL, 4 * PG, RW, ANON | MAP_STACK, -1, 0));
	SHOWP(mmap(NULL, 4 * PG, RW, ANON | MAP_STACK | MAP_NORESERVE | MAP_POPULATE | MAP_LOCKED,
		   -1, 0));
	return 0;
}

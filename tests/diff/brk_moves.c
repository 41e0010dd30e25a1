/* SPDX-License-Identifier: Apache-2.0 */
/* The heap's end: growing, shrinking, zeroes, and where it stops. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/probe.h"

#define PG 4096

static char *brk_to(void *p)
{
	return (char *)syscall(SYS_brk, p);
}

int main(void)
{
	char *start = brk_to(NULL), *base, *wall;
	struct rlimit rl;
	int sum = 0;

	SHOW(brk_to((char *)1) == start);
	base = brk_to(start + 100 * PG);
	SHOW(base - start == 100 * PG);
	base = start + (PG - (unsigned long)start % PG) % PG;
	for (int i = 0; i < 90 * PG; i++)
		sum |= base[i];
	SHOW(sum);
	memset(base, 'h', 90 * PG);
	SHOW(brk_to(start + 10 * PG) == start + 10 * PG);
	SHOW_READ(base + 9 * PG);
	SHOW_READ(base + 20 * PG);
	SHOW(brk_to(start + 50 * PG) == start + 50 * PG);
	SHOW(base[5 * PG]);
	SHOW(base[20 * PG]);
	/* not page by page */
	SHOW(brk_to(start + 50 * PG + 123) == start + 50 * PG + 123);
	SHOW(brk_to(start + 49 * PG + 7) == start + 49 * PG + 7);
	/* a mapping in the way */
	wall = mmap(base + 80 * PG, PG, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW(wall == base + 80 * PG);
	SHOW(brk_to(start + 200 * PG) == start + 49 * PG + 7);
	SHOW(brk_to(start + 70 * PG) == start + 70 * PG);
	munmap(wall, PG);
	SHOW(brk_to(start + 200 * PG) == start + 200 * PG);
	if (fork() == 0) {
		SHOW(brk_to(NULL) == start + 200 * PG);
		SHOW(brk_to(start + 300 * PG) == start + 300 * PG);
		base[5 * PG] = 'c';
		_exit(0);
	}
	wait(NULL);
	SHOW(brk_to(NULL) == start + 200 * PG);
	SHOW(base[5 * PG]);
	getrlimit(RLIMIT_DATA, &rl);
	rl.rlim_cur = 1 << 20;
	NEED(setrlimit(RLIMIT_DATA, &rl) == 0);
	SHOW(brk_to(start + 1000 * PG) == start + 200 * PG);
	SHOWP(sbrk(1 << 30));
	SHOW(brk_to((char *)-PG) == start + 200 * PG);
	return 0;
}

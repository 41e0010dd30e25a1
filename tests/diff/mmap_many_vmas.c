/* SPDX-License-Identifier: Apache-2.0 */
/* As many mappings as there may be: the limit is an errno, and all of them can be forked and
 * unmapped. */
#include "lib/show.h"

#define PG 4096ul
#define NR 100000ul

int main(void)
{
	char *p = mmap(NULL, 2 * NR * PG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long n;
	int st;

	NEED(p != MAP_FAILED);
	for (n = 0; n < NR && mprotect(p + 2 * n * PG, PG, PROT_READ) == 0; n++)
		;
	printf("mprotect: %s after %s\n", errno_name(errno),
	       n > 30000 && n < 33000 ? "half of 65,530" : "else");
	for (unsigned long i = 0; i < n; i += 100)
		p[(2 * i + 1) * PG] = i;
	if (fork() == 0) {
		p[PG] = 5;
		_exit(p[PG] + (p[201 * PG] == 100 ? 0 : 100));
	}
	NEED(wait(&st) > 0);
	show_status("child", st);
	SHOW(p[PG]);
	SHOW(munmap(p, 2 * NR * PG));
	for (n = 0; n < NR; n++) {
		if (mmap(NULL, PG, n & 1 ? PROT_READ : PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			break;
	}
	printf("mmap: %s after %s\n", errno_name(errno),
	       n > 63000 && n < 66000 ? "65,530" : "else");
	return 0;
}

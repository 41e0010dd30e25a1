/* SPDX-License-Identifier: Apache-2.0 */
/* Shared anonymous memory between parent, child and grandchild; private memory beside it. */
#include "lib/show.h"

#define PG 4096

int main(void)
{
	volatile int *s =
		mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *p =
		mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int st;

	s[0] = p[0] = 1;
	if (fork() == 0) {
		s[1] = s[0] + 10;
		p[1] = 5;
		if (fork() == 0) {
			s[2] = s[1] + 100;
			s[3 * PG / 4] = 7; /* a page not touched before */
			p[2] = 9;
			_exit(0);
		}
		wait(&st);
		show_status("grandchild", st);
		SHOW(s[2]);
		SHOW(p[2]);
		_exit(p[1]);
	}
	wait(&st);
	show_status("child", st);
	SHOW(s[0]);
	SHOW(s[1]);
	SHOW(s[2]);
	SHOW(s[3 * PG / 4]);
	SHOW(p[0]);
	SHOW(p[1]);
	SHOW(p[2]);
	/* part unmapped in the child stays here */
	if (fork() == 0) {
		munmap((void *)(s + PG / 4), PG);
		s[0] = 42;
		_exit(0);
	}
	wait(&st);
	SHOW(s[0]);
	SHOW(s[PG / 4] + 1);
	return 0;
}

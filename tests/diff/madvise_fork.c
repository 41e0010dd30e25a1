/* SPDX-License-Identifier: Apache-2.0 */
/* MADV_DONTFORK, MADV_WIPEONFORK and their undoing. */
#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *p;

static void child(void)
{
	SHOW_READ(p);
	SHOW_READ(p + PG);
	SHOW_READ(p + 2 * PG);
	if (!strcmp(probe_read(p + 2 * PG), "ok"))
		SHOW(p[2 * PG]);
	if (!strcmp(probe_read(p + PG), "ok"))
		SHOW(p[PG]);
	p[0] = 'C';
}

static void grandchild(void)
{
	p[2 * PG] = 'g';
	show_child("grandchild", child);
	SHOW(p[2 * PG]);
}

int main(void)
{
	char *s = mmap(NULL, PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	p = mmap(NULL, 4 * PG, RW, ANON, -1, 0);
	memset(p, 'a', 4 * PG);
	SHOW(madvise(p + PG, PG, MADV_DONTFORK));
	SHOW(madvise(p + 2 * PG, PG, MADV_WIPEONFORK));
	show_child("child", child);
	SHOW(p[0]);
	SHOW(p[PG]);
	SHOW(p[2 * PG]);
	show_child("child of a child", grandchild);
	SHOW(madvise(p + PG, PG, MADV_DOFORK));
	SHOW(madvise(p + 2 * PG, PG, MADV_KEEPONFORK));
	show_child("child", child);
	SHOW(madvise(s, PG, MADV_WIPEONFORK));
	SHOW(madvise(s, PG, MADV_DONTFORK));
	return 0;
}

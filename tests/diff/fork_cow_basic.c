/* SPDX-License-Identifier: Apache-2.0 */
/* After fork each side writes for itself: data, bss, heap, stack, mappings, in every order. */
#include "lib/show.h"

#define PG    4096
#define PAGES 512

static int in_data = 1, in_bss;
static char *map;

static unsigned int sum(void)
{
	unsigned int s = 0;

	for (int i = 0; i < PAGES; i++)
		s = s * 31 + (unsigned char)map[i * PG];
	return s;
}

static void writer(int step, int val)
{
	for (int i = 0, at = 0; i < PAGES / 2; i++, at = (at + step) % PAGES)
		map[at * PG] = val;
}

static void ascending(void)
{
	for (int i = 0; i < PAGES; i++)
		map[i * PG] = i * 3;
	SHOWX(sum());
}

static void descending(void)
{
	for (int i = PAGES - 1; i >= 0; i--)
		map[i * PG] = i * 5;
	SHOWX(sum());
}

static void scattered(void)
{
	writer(37, 1);
	SHOWX(sum());
	writer(101, 2);
	SHOWX(sum());
}

static void nested(void)
{
	writer(13, 3);
	SHOWX(sum());
	show_child("inner", scattered);
	SHOWX(sum());
	writer(7, 4);
	show_child("inner again", descending);
	SHOWX(sum());
}

int main(void)
{
	int on_stack = 3, *on_heap = malloc(sizeof(int)), st;

	*on_heap = 4;
	if (fork() == 0) {
		in_data = in_bss = on_stack = *on_heap = 99;
		_exit(in_data + in_bss + on_stack + *on_heap - 4 * 99);
	}
	wait(&st);
	show_status("child", st);
	printf("%d %d %d %d\n", in_data, in_bss, on_stack, *on_heap);
	map = mmap(NULL, PAGES * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++)
		map[i * PG] = i;
	SHOWX(sum());
	show_child("ascending", ascending);
	SHOWX(sum());
	show_child("descending", descending);
	show_child("scattered", scattered);
	SHOWX(sum());
	writer(11, 9);
	SHOWX(sum());
	show_child("nested", nested);
	SHOWX(sum());
	/* the parent writes while a child lives */
	for (int round = 0; round < 5; round++) {
		int to[2];
		char c;

		NEED(pipe(to) == 0);
		if (fork() == 0) {
			unsigned int before = sum();

			close(to[1]);
			NEED(read(to[0], &c, 1) == 0);
			_exit(sum() == before ? 0 : 1);
		}
		close(to[0]);
		writer(17 + round, round);
		close(to[1]);
		wait(&st);
		show_status("reader", st);
		SHOWX(sum());
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many forks in a row of a process that writes to the same pages again and again, as its children
 * do: each side sees its own writes only.
 */
#include <sys/wait.h>

#include "lib/show.h"

#define FORKS 80
#define PAGES 100

static int counter;
static unsigned char area[PAGES * 4096];

/* What the child of this round must find, then what it writes; the number of surprises. */
static int child(int round, unsigned char *heap, const int *local)
{
	int bad = counter != round || *local != round;

	for (int i = 0; i < PAGES; i++) {
		unsigned char want = (unsigned char)(i % 3 == 0 ? round : 0);

		bad += area[i * 4096] != want;
		bad += heap[i * 4096] != (unsigned char)(i % 7 == 0 ? round + 1 : 0);
	}
	for (int i = round % 2; i < PAGES; i += 2) {
		area[i * 4096] = 0xee;
		heap[i * 4096] = 0xdd;
	}
	counter = -1;
	for (int i = round % 2; i < PAGES; i += 2)
		bad += area[i * 4096] != 0xee || heap[i * 4096] != 0xdd;
	return bad > 100 ? 100 : bad;
}

int main(void)
{
	unsigned char *heap = calloc(PAGES, 4096);
	int bad = 0, status, local;
	pid_t pid;

	for (int round = 0; round < FORKS; round++) {
		counter = local = round;
		for (int i = 0; i < PAGES; i += 3)
			area[i * 4096] = (unsigned char)round;
		for (int i = 0; i < PAGES; i += 7)
			heap[i * 4096] = (unsigned char)(round + 1);
		pid = fork();
		if (pid == 0) {
			/* its own child starts from what it wrote */
			int mine = child(round, heap, &local);

			if (round % 8 == 0) {
				pid = fork();
				if (pid == 0)
					_exit(area[(round % 2) * 4096] != 0xee || counter != -1);
				area[(round % 2) * 4096] = 1;
				waitpid(pid, &status, 0);
				mine += status != 0;
			}
			_exit(mine);
		}
		/* while the child looks, half of the time */
		if (round % 2) {
			area[0] = 0x11;
			heap[0] = 0x22;
			counter = 1000;
		}
		waitpid(pid, &status, 0);
		bad += status != 0;
		for (int i = 0; i < PAGES; i++)
			bad += area[i * 4096] == 0xee || heap[i * 4096] == 0xdd;
	}
	SHOW(bad);
	SHOW(counter);
	return 0;
}

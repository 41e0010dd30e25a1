/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setaffinity(2) and sched_getaffinity(2): sizes, empty sets, inheritance. */
#include <sched.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long get(pid_t pid, unsigned long *mask, size_t size)
{
	return syscall(SYS_sched_getaffinity, pid, size, mask);
}

static long set(pid_t pid, const unsigned long *mask, size_t size)
{
	return syscall(SYS_sched_setaffinity, pid, size, mask);
}

int main(void)
{
	unsigned long mask[16] = { 0 }, first[16] = { 0 }, none[16] = { 0 }, far[16] = { [15] = 1 };

	SHOW(get(0, mask, 8));
	SHOW(get(0, mask, sizeof(mask)) >= 8); /* as many as the kernel is built for */
	SHOW(mask[0] != 0);
	SHOW(get(0, mask, 0));
	SHOW(get(0, mask, 12));
	SHOW(get(0, (unsigned long *)8, 8));
	SHOW(get(999999999, mask, 8));
	first[0] = mask[0] & -mask[0];
	SHOW(set(0, none, sizeof(none)));
	SHOW(set(0, far, sizeof(far)));
	SHOW(set(0, first, 0));
	SHOW(set(0, (unsigned long *)8, 8));
	SHOW(set(999999999, first, 8));
	SHOW(set(0, first, 8));
	SHOW(get(0, mask, 8));
	SHOW(mask[0] == first[0]);
	first[15] = ~0ul;
	SHOW(set(getpid(), first, sizeof(first)));
	memset(mask, 0xff, sizeof(mask));
	SHOW(get(getpid(), mask, sizeof(mask)) >= 8);
	SHOW(mask[0] == first[0]);
	fflush(stdout);
	if (fork() == 0) {
		SHOW(get(0, mask, 8));
		SHOW(mask[0] == first[0]);
		exit(0);
	}
	wait(NULL);
	return 0;
}

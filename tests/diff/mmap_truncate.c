/* SPDX-License-Identifier: Apache-2.0 */
/* Beyond the end of a file: SIGBUS, zeroes in the last page, and what truncation takes away. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG 4096

static void run(int flags)
{
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *p;

	printf("%s\n", flags == MAP_SHARED ? "shared" : "private");
	NEED(ftruncate(fd, PG + 10) == 0);
	NEED(pwrite(fd, "abcdefghij", 10, PG) == 10);
	p = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, flags, fd, 0);
	NEED(p != MAP_FAILED);
	SHOW_READ(p);
	SHOW_READ(p + 2 * PG - 1);
	SHOW(p[PG + 10]);
	SHOW_READ(p + 2 * PG);
	SHOW_WRITE(p + 3 * PG);
	SHOW(ftruncate(fd, 3 * PG));
	SHOW_WRITE(p + 2 * PG);
	SHOW(p[2 * PG]);
	SHOW_READ(p + 3 * PG);
	SHOW_WRITE(p);
	SHOW(ftruncate(fd, PG));
	SHOW_READ(p + PG);
	SHOW_READ(p + 2 * PG);
	SHOW_READ(p);
	SHOW(p[0]);
	SHOW(ftruncate(fd, 4 * PG));
	SHOW(p[PG]);
	SHOW(p[2 * PG]);
	SHOW(ftruncate(fd, 0));
	SHOW_READ(p);
	/* the kernel meets the same holes */
	NEED(ftruncate(fd, PG) == 0);
	SHOW(write(1, p + PG, 1));
	SHOW(read(open("/dev/zero", O_RDONLY), p + PG - 2, 4));
	munmap(p, 4 * PG);
	close(fd);
}

int main(void)
{
	run(MAP_SHARED);
	run(MAP_PRIVATE);
	return 0;
}

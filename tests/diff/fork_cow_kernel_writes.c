/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel writes into pages that fork shares: read(2), and the like, must not reach the other
 * side. */
#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>

#include "lib/show.h"

#define PG 4096

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600), fds[2], st;
	char *p = mmap(NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     c;
	struct iovec iov[2] = { { p + 2 * PG - 3, 6 }, { p + 9 * PG, 3 * PG } };
	char page[8 * PG];

	memset(page, 'f', sizeof(page));
	NEED(write(fd, page, sizeof(page)) == sizeof(page));
	memset(p, 'p', 16 * PG);
	NEED(pipe(fds) == 0);
	if (fork() == 0) {
		SHOW(pread(fd, p + 100, 3 * PG, 0));
		SHOW(preadv(fd, iov, 2, 0));
		SHOW(clock_gettime(CLOCK_REALTIME, (struct timespec *)(p + 15 * PG)));
		SHOW(stat("f", (struct stat *)(p + 14 * PG)));
		SHOW(p[99]);
		SHOW(p[100]);
		SHOW(p[3 * PG + 99]);
		SHOW(p[3 * PG + 100]);
		SHOW(p[9 * PG]);
		SHOW(p[12 * PG]);
		NEED(write(fds[1], p, 1) == 1);
		_exit(0);
	}
	wait(&st);
	show_status("child", st);
	for (int i = 0; i < 16 * PG; i++) {
		if (p[i] != 'p') {
			printf("byte %d changed\n", i);
			break;
		}
	}
	/* the parent reads into what its dead child shared, and a live one shares */
	SHOW(read(fds[0], p + 5 * PG, 1));
	NEED(pipe(fds) == 0);
	if (fork() == 0) {
		close(fds[1]);
		NEED(read(fds[0], &c, 1) == 0);
		for (int i = 0; i < 16 * PG; i++)
			if (p[i] != 'p')
				_exit(1);
		_exit(0);
	}
	SHOW(pread(fd, p, 8 * PG, 0));
	SHOW(p[0]);
	SHOW(p[8 * PG - 1]);
	memset(p, 'p', 8 * PG);
	close(fds[1]);
	wait(&st);
	show_status("sharer", st);
	return 0;
}

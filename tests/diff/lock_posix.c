/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX record locks between two processes: conflicts, splitting, unlocking by close. */
#include <fcntl.h>

#include "lib/show.h"

static int lock(int fd, int cmd, short type, long start, long len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
	int ret = fcntl(fd, cmd, &l);

	if (ret == 0 && cmd == F_GETLK)
		printf("  type %d start %ld len %ld owned %d\n", l.l_type, (long)l.l_start,
		       (long)l.l_len, l.l_type != F_UNLCK && l.l_pid == getppid());
	return ret;
}

static void other(void)
{
	int fd = open("f", O_RDWR);

	SHOW(lock(fd, F_SETLK, F_RDLCK, 0, 10));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 1));
	SHOW(lock(fd, F_GETLK, F_WRLCK, 0, 1));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 20, 10));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 100, 0));
	SHOW(lock(fd, F_SETLK, F_RDLCK, 55, 1));
	SHOW(lock(fd, F_GETLK, F_RDLCK, 40, 100));
	SHOW(lock(fd, F_GETLK, F_WRLCK, 300, 5));
}

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644), ro, again;

	SHOW(lock(fd, F_SETLK, F_RDLCK, 0, 10));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 50, 10));
	SHOW(lock(fd, F_SETLK, F_UNLCK, 53, 2));
	show_child("other", other);
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	show_child("all", other);
	again = open("f", O_RDONLY);
	close(again);
	show_child("lost by close", other);
	ro = open("f", O_RDONLY);
	SHOW(lock(ro, F_SETLK, F_WRLCK, 0, 1));
	SHOW(lock(ro, F_SETLK, F_RDLCK, 0, 1));
	SHOW(lock(fd, F_SETLK, 99, 0, 1));
	SHOW(lock(fd, F_SETLK, F_WRLCK, -5, 1));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 10, -5));
	SHOW(lock(fd, F_GETLK, F_UNLCK, 0, 0));
	SHOW(lock(fd, F_SETLK, F_WRLCK, INT64_MAX - 1, 5));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dup(2), dup2(2), dup3(2), F_DUPFD: numbers, shared positions, close-on-exec, limits. */
#include <fcntl.h>
#include <sys/resource.h>

#include "lib/show.h"

int main(void)
{
	struct rlimit r;
	int fd = SHOW(open("f", O_RDWR | O_CREAT, 0644)), e;

	SHOW(write(fd, "0123456789", 10));
	e = SHOW(dup(fd));
	SHOW(lseek(e, 2, SEEK_SET));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(fcntl(fd, F_SETFL, O_APPEND));
	SHOWX(fcntl(e, F_GETFL) & O_APPEND);
	SHOW(dup2(fd, fd));
	SHOW(dup2(fd, 20));
	SHOW(dup2(-1, 20));
	SHOW(dup2(99, 99));
	SHOW(dup2(fd, -1));
	SHOW(dup3(fd, fd, 0));
	SHOW(dup3(fd, 21, O_CLOEXEC));
	SHOW(fcntl(21, F_GETFD));
	SHOW(fcntl(20, F_GETFD));
	SHOW(dup3(fd, 22, O_NONBLOCK));
	SHOW(fcntl(fd, F_DUPFD, 10));
	SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 10));
	SHOW(fcntl(11, F_GETFD));
	SHOW(fcntl(fd, F_DUPFD, -1));
	NEED(getrlimit(RLIMIT_NOFILE, &r) == 0);
	r.rlim_cur = 30;
	SHOW(setrlimit(RLIMIT_NOFILE, &r));
	SHOW(fcntl(fd, F_DUPFD, 29));
	SHOW(fcntl(fd, F_DUPFD, 29));
	SHOW(fcntl(fd, F_DUPFD, 30));
	SHOW(dup2(fd, 30));
	SHOW(dup2(fd, 29));
	SHOW(dup(-1));
	SHOW(close(20));
	SHOW(close(20));
	SHOW(dup(fd));
	return 0;
}

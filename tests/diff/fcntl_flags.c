/* SPDX-License-Identifier: Apache-2.0 */
/* fcntl(2): status flags that can and cannot change, owners, unknown commands. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	int fd = SHOW(
		    open("f", O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)),
	    p[2];

	NEED(pipe2(p, O_NONBLOCK) == 0);
	SHOWX(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_SETFL, O_WRONLY | O_APPEND | O_NONBLOCK | O_CREAT));
	SHOWX(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_SETFD, 0));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_SETFD, 255));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_SETFD, 254));
	SHOW(fcntl(fd, F_GETFD));
	SHOWX(fcntl(p[0], F_GETFL));
	SHOWX(fcntl(p[1], F_GETFL));
	SHOW(fcntl(p[0], F_GETOWN));
	SHOW(fcntl(p[0], F_SETOWN, getpid()));
	SHOW(fcntl(p[0], F_GETOWN) == getpid());
	SHOW(fcntl(p[0], F_SETOWN, 999999));
	SHOW(fcntl(p[0], F_SETSIG, 40));
	SHOW(fcntl(p[0], F_GETSIG));
	SHOW(fcntl(p[0], F_SETSIG, 100));
	SHOW(fcntl(fd, 4711));
	SHOW(fcntl(-1, F_GETFL));
	SHOW(fcntl(fd, F_GETLK, NULL));
	SHOW(fcntl(fd, F_SETLK, (void *)8));
	return 0;
}

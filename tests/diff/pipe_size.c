/* SPDX-License-Identifier: Apache-2.0 */
/* F_SETPIPE_SZ and F_GETPIPE_SZ. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	static char big[1 << 17];
	int p[2], n, fd = open("f", O_RDWR | O_CREAT, 0600);

	NEED(pipe2(p, O_NONBLOCK) == 0);
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(fcntl(p[1], F_SETPIPE_SZ, 100000));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(write(p[1], big, sizeof(big)));
	SHOW(fcntl(p[1], F_SETPIPE_SZ, 4096));
	SHOW(read(p[0], big, sizeof(big)));
	SHOW(fcntl(p[1], F_SETPIPE_SZ, 1));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	n = 0;
	while (write(p[1], "x", 1) == 1)
		n++;
	SHOW(n);
	SHOW(fcntl(p[1], F_SETPIPE_SZ, 0));
	SHOW(fcntl(p[1], F_SETPIPE_SZ, -1));
	SHOW(fcntl(fd, F_GETPIPE_SZ));
	SHOW(fcntl(fd, F_SETPIPE_SZ, 4096));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pipe(2): order, short reads, end of file, EPIPE and SIGPIPE, non-blocking ends, bad flags. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "lib/show.h"

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	pipes++;
}

static void dies(void)
{
	int p[2];

	signal(SIGPIPE, SIG_DFL);
	NEED(pipe(p) == 0);
	close(p[0]);
	write(p[1], "x", 1);
}

int main(void)
{
	static char big[70000];
	char buf[16] = "";
	int p[2], nr;

	signal(SIGPIPE, on_pipe);
	SHOW(pipe(p));
	SHOW(write(p[1], "hello", 5));
	SHOW(ioctl(p[0], FIONREAD, &nr));
	SHOW(nr);
	SHOW(write(p[1], " you", 4));
	SHOW(read(p[0], buf, 3));
	SHOW(read(p[0], buf, sizeof(buf)));
	show_bytes("buf", buf, 6);
	SHOW(write(p[0], "x", 1));
	SHOW(read(p[1], buf, 1));
	SHOW(write(p[1], "last", 4));
	SHOW(close(p[1]));
	SHOW(read(p[0], buf, sizeof(buf)));
	SHOW(read(p[0], buf, sizeof(buf)));
	close(p[0]);
	SHOW(pipe2(p, O_NONBLOCK | O_CLOEXEC));
	SHOW(fcntl(p[0], F_GETFD));
	SHOW(read(p[0], buf, 1));
	SHOW(write(p[1], big, sizeof(big)));
	SHOW(write(p[1], big, 1));
	SHOW(write(p[1], big, 4096));
	SHOW(read(p[0], big, 4095));
	SHOW(write(p[1], big, 4096));
	SHOW(read(p[0], big, 1));
	SHOW(write(p[1], big, 4096));
	SHOW(close(p[0]));
	SHOW(write(p[1], "x", 1));
	SHOW(pipes);
	SHOW(write(p[1], "x", 0));
	SHOW(pipe2(p, O_APPEND));
	SHOW(pipe((int *)8));
	show_child("dies", dies);
	return 0;
}

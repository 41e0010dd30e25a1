/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line discipline of a pseudo-terminal: editing, echo, end of file, raw mode, output
 * processing, queues.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "lib/show.h"

static int m, s;

/* Linux hands the bytes over from a work queue, at its leisure unless somebody polls in vain. */
static void settle(void)
{
	struct pollfd p[2] = { { .fd = s, .events = POLLIN }, { .fd = m, .events = POLLIN } };

	usleep(20000);
	poll(&p[0], 1, 0);
	poll(&p[1], 1, 0);
	usleep(10000);
}

static void from_master(const char *what)
{
	char buf[512];
	ssize_t n;

	settle();
	n = read(m, buf, sizeof(buf));

	printf("%s: master reads %zd %s ", what, n, n < 0 ? errno_name(errno) : "");
	show_bytes("", buf, n < 0 ? 0 : n);
}

static void from_slave(const char *what)
{
	char buf[512];
	ssize_t n = read(s, buf, sizeof(buf));

	printf("%s: slave reads %zd %s ", what, n, n < 0 ? errno_name(errno) : "");
	show_bytes("", buf, n < 0 ? 0 : n);
}

static void type(const char *text)
{
	if (write(m, text, strlen(text)) != (ssize_t)strlen(text))
		printf("short write\n");
	settle();
}

static int poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

int main(void)
{
	struct termios t;
	struct winsize w = { 24, 80, 0, 0 }, w2;
	int n;

	signal(SIGHUP, SIG_IGN);
	m = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	NEED(m >= 0);
	SHOW(open(ptsname(m), O_RDWR | O_NOCTTY));
	SHOW(grantpt(m));
	SHOW(unlockpt(m));
	SHOWX(poll_now(m));
	s = open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
	NEED(s >= 0);
	SHOW(isatty(s));
	SHOW(isatty(m));
	SHOW(tcgetattr(s, &t));
	printf("%#o %#o %#o %#o\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
	show_bytes("c_cc", t.c_cc, 17);
	SHOWX(poll_now(s));
	type("hello");
	SHOWX(poll_now(s));
	from_slave("no line yet");
	from_master("echo");
	type("\177\177p!\r");
	from_master("erased");
	SHOW(ioctl(s, FIONREAD, &n));
	SHOW(n);
	from_slave("line");
	type("one two three\027\027x\n");
	from_master("word erase");
	from_slave("line");
	type("kill me\025kept\n");
	from_master("kill");
	from_slave("line");
	type("\026\003\n");
	from_master("literal next");
	from_slave("line");
	type("a\nb\nc");
	n = read(s, (char[2]){ 0 }, 1);
	SHOW(n);
	from_slave("rest of the first line");
	from_slave("second");
	type("\004");
	from_slave("by end of file");
	type("\004");
	from_slave("end of file");
	from_slave("nothing");
	from_master("drain");
	SHOW(write(s, "out\ttab\n", 8));
	from_master("output");
	t.c_oflag &= ~OPOST;
	SHOW(tcsetattr(s, TCSANOW, &t));
	SHOW(write(s, "raw\n", 4));
	from_master("output");
	type("pending");
	t.c_lflag &= ~(ICANON | ECHO | ISIG);
	t.c_iflag &= ~(ICRNL | IXON);
	SHOW(tcsetattr(s, TCSANOW, &t));
	from_slave("after the switch to raw");
	from_master("drain");
	type("\003\r\021\023x");
	from_slave("raw");
	from_master("no echo");
	t.c_cc[VMIN] = 0;
	SHOW(tcsetattr(s, TCSANOW, &t));
	fcntl(s, F_SETFL, 0);
	from_slave("MIN 0 TIME 0");
	t.c_cc[VTIME] = 1;
	SHOW(tcsetattr(s, TCSANOW, &t));
	from_slave("MIN 0 TIME 1");
	type("q");
	from_slave("MIN 0 TIME 1");
	type("flushed");
	SHOW(tcflush(s, TCIFLUSH));
	from_slave("flushed");
	SHOW(ioctl(m, TIOCSWINSZ, &w));
	SHOW(ioctl(s, TIOCGWINSZ, &w2));
	SHOW(memcmp(&w, &w2, sizeof(w)));
	SHOW(tcgetpgrp(s));
	SHOW(ioctl(s, TIOCGSID, &n));
	close(s);
	SHOWX(poll_now(m));
	from_master("slave closed");
	s = open(ptsname(m), O_RDWR | O_NOCTTY);
	SHOWX(poll_now(m));
	close(m);
	SHOWX(poll_now(s));
	from_slave("master closed");
	SHOW(write(s, "x", 1));
	SHOW(tcgetattr(s, &t));
	return 0;
}

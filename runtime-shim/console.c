/* SPDX-License-Identifier: Apache-2.0 */
/* The host terminal in the foreground: see console.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console.h"

void console_init(struct console *c, int in, int out, int sock)
{
	memset(c, 0, sizeof(*c));
	c->in = in;
	c->out = out;
	c->sock = sock;
}

int console_raw(struct console *c)
{
	struct termios t;

	if (c->raw)
		return 0;
	if (tcgetattr(c->in, &c->saved) < 0)
		return -errno;
	t = c->saved;
	cfmakeraw(&t);
	/* in the background this stops us with SIGTTOU, as it should */
	if (tcsetattr(c->in, TCSADRAIN, &t) < 0)
		return -errno;
	c->raw = true;
	return 0;
}

void console_restore(struct console *c)
{
	if (!c->raw)
		return;
	tcsetattr(c->in, TCSADRAIN, &c->saved);
	c->raw = false;
}

void console_size(const struct console *c, struct winsize *ret_ws)
{
	memset(ret_ws, 0, sizeof(*ret_ws));
	if (ioctl(c->out, TIOCGWINSZ, ret_ws) < 0)
		ioctl(c->in, TIOCGWINSZ, ret_ws);
}

short console_want_in(const struct console *c)
{
	return c->to_guest_len == 0 && !c->in_eof ? POLLIN : 0;
}

short console_want_out(const struct console *c)
{
	return c->to_host_len > 0 ? POLLOUT : 0;
}

short console_want_sock(const struct console *c)
{
	short ev = 0;

	if (c->to_guest_len > 0)
		ev |= POLLOUT;
	if (c->to_host_len == 0)
		ev |= POLLIN;
	return ev;
}

static void flush_guest(struct console *c)
{
	ssize_t n = send(c->sock, c->to_guest + c->to_guest_off, c->to_guest_len,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		c->to_guest_off += (size_t)n;
		c->to_guest_len -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		c->to_guest_len = 0; /* nobody reads any more */
	}
}

static void flush_host(struct console *c)
{
	ssize_t n = write(c->out, c->to_host + c->to_host_off, c->to_host_len);

	if (n > 0) {
		c->to_host_off += (size_t)n;
		c->to_host_len -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		c->to_host_len = 0;
	}
}

void console_handle(struct console *c, short in, short out, short sock)
{
	ssize_t n;

	if (in && c->to_guest_len == 0) {
		n = read(c->in, c->to_guest, sizeof(c->to_guest));
		if (n > 0) {
			c->to_guest_off = 0;
			c->to_guest_len = (size_t)n;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			c->in_eof = true;
			shutdown(c->sock, SHUT_WR); /* the sentry hangs the guest's terminal up */
		}
	}
	if (c->to_guest_len > 0)
		flush_guest(c);
	if ((sock & (POLLIN | POLLHUP)) && c->to_host_len == 0) {
		n = recv(c->sock, c->to_host, sizeof(c->to_host), MSG_DONTWAIT);
		if (n > 0) {
			c->to_host_off = 0;
			c->to_host_len = (size_t)n;
		}
	}
	if (c->to_host_len > 0)
		flush_host(c);
}

void console_drain(struct console *c)
{
	for (;;) {
		ssize_t n;

		while (c->to_host_len > 0)
			flush_host(c);
		n = recv(c->sock, c->to_host, sizeof(c->to_host), MSG_DONTWAIT);
		if (n <= 0)
			return;
		c->to_host_off = 0;
		c->to_host_len = (size_t)n;
	}
}

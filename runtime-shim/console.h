/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host terminal of a command in the foreground: raw mode while the guest has a terminal of its
 * own, and bytes carried between the two. The guest's line discipline is the sentry's; the host's
 * is switched off.
 */
#pragma once

#include <stddef.h>

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

struct console {
	int in, out; /* host terminal */
	int sock;    /* to the sentry */
	bool raw;
	bool in_eof;
	struct termios saved;
	char to_guest[16384], to_host[65536];
	size_t to_guest_off, to_guest_len, to_host_off, to_host_len;
};

/* in and out are both terminals. */
void console_init(struct console *c, int in, int out, int sock);
int console_raw(struct console *c);
void console_restore(struct console *c);
void console_size(const struct console *c, struct winsize *ret_ws);

/* poll(2) events wanted now, and what to do when they came. */
short console_want_in(const struct console *c);
short console_want_out(const struct console *c);
short console_want_sock(const struct console *c);
void console_handle(struct console *c, short in, short out, short sock);
/* Everything the guest wrote reaches the host terminal. */
void console_drain(struct console *c);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's terminal and the command's: a thread carries bytes between the master of a
 * pseudo-terminal in the sandbox and a socket whose other end the command pumps to the host's
 * terminal.
 */
#pragma once

#include <stdint.h>

struct console;
struct file;
struct pgroup;
struct tty;

/* sock and master are taken over; tty is kept alive by master. */
int console_start(int sock, struct file *master, struct tty *tty, struct console **ret_con);
/* Delivers what the guest wrote last, ends the thread and hangs the terminal up. */
void console_stop(struct console *con);
void console_resize(struct console *con, uint16_t rows, uint16_t cols, uint16_t xpixel,
		    uint16_t ypixel);
/* The terminal's foreground process group: referenced, or NULL. */
struct pgroup *console_foreground(struct console *con);

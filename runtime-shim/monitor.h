/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container monitor: a process of the host that stands for a container, or for a program
 * started in one, before those who learn of an end by reaping the pid they were told. It is the
 * parent of the container's sentry and gofer, which die with it; it passes signals on, carries the
 * bytes of a terminal, and ends with the status of its program.
 */
#pragma once

#include "launch.h"

struct monitor {
	struct sandbox *sb;
	int slave;  /* terminal of the engine's pseudo-terminal, or -1 */
	int dir_fd; /* where the exit status is written, or -1 */
	/* shown by ps(1): what it stands for */
	const char *id;
	char *const *args;
	size_t nr_args;
};

/* Becomes `husk monitor`: only what that needs stays open. */
__noreturn void monitor_exec(const struct monitor *m);

/*
 * The engine's side of a terminal: a new pseudo-terminal whose master goes to the Unix socket at
 * path; its slave becomes the controlling terminal of the caller, who leads a session. The slave,
 * raw, or -errno with *err.
 */
int monitor_console(const char *path, uint64_t rows, uint64_t cols, struct rt_err *err);
/* Checks that path is a socket one can connect to. */
int monitor_console_check(const char *path, struct rt_err *err);

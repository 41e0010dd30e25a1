/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's children: commands it runs and waits for, and processes of containers that it learns
 * of only by their number, after the command that made them has ended. The shim is a subreaper, so
 * every end reaches it; an end that comes before somebody asked for it is kept as long as anybody
 * may still ask. Locking: reap.c's lock is a leaf; callbacks run without it.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct spawn {
	char *const *argv;
	char *const *env; /* NULL: the shim's own */
	const char *cwd;  /* NULL: the shim's own */
	int in, out, err; /* -1: /dev/null */
	const int *extra; /* become 3, 4, ... */
	size_t nr_extra;
};

/* Starts a command; its pid or -errno. Its end must be fetched with reap_wait(). */
pid_t reap_spawn(const struct spawn *s);
/* The wait status of a command started by reap_spawn(); blocks. */
int reap_wait(pid_t pid);
/* The same without a reap_wait(): the end is only noted. */
void reap_forget(pid_t pid);

/* Between these two, ends of processes nobody knows yet are kept for reap_claim(). */
void reap_hold(void);
void reap_release(void);

typedef void reap_fn(void *arg, pid_t pid, int status, const struct timespec *when);
/* Calls fn once when pid ends, or at once if it has already. */
int reap_claim(pid_t pid, reap_fn *fn, void *arg);

/* For a process without a main loop: a command's end is waited for by who started it. */
void reap_alone(void);
/* Fetches every child that has ended. Called when SIGCHLD has come. */
void reap_all(void);

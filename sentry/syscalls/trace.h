/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --strace: system calls, signals and exits of the guest as strace(1) would print them, one line
 * each, to the log descriptor or a file. The text is an interface and has tests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/compiler.h>

#include "syscalls/sysargs.h"
#include "syscalls/table.h"

struct lx_siginfo;
struct task;

extern bool g_trace_on; /* const after syscall_trace_init() */

/*
 * Turns tracing on. calls: comma separated names, NULL or "" for all; -EINVAL for a name that is no
 * call, with *ret_bad at it. Before the first task starts.
 */
int syscall_trace_init(const char *calls, const char **ret_bad);
/* Where lines go: a borrowed descriptor; -1 (default) is the log. */
void trace_set_fd(int fd);

bool trace_wanted_slow(const struct syscall_row *row);

static inline bool trace_wanted(const struct syscall_row *row)
{
	return unlikely(g_trace_on) && trace_wanted_slow(row);
}

void trace_enter(struct task *t, const struct syscall_row *row, uint32_t nr,
		 const struct sysargs *args);
void trace_exit(struct task *t, const struct syscall_row *row, const struct sysargs *args,
		long ret);
/* The call in progress will sleep: what is known of it is printed now, as "<unfinished ...>". */
void trace_block(struct task *t);
/* A signal is delivered: "--- SIGCHLD {si_signo=SIGCHLD, ...} ---". */
void trace_signal(struct task *t, const struct lx_siginfo *info);
/* A thread ended with this wait status: "+++ exited with 0 +++". */
void trace_task_exit(struct task *t, int wait_status);

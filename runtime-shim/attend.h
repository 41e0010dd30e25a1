/* SPDX-License-Identifier: Apache-2.0 */
/* A command in the foreground: attends to its sandbox until that ends. */
#pragma once

#include "launch.h"

/* Of the WAIT for the end of a container that has joined a sandbox. */
#define ATTEND_WAIT_TAG (UINT64_C(1) << 32)

/*
 * Waits until the guest's program started: 0, or -errno with *err; *ret_exec is set when only the
 * program could not be executed.
 */
int attend_start(struct sandbox *sb, bool *ret_exec, struct rt_err *err);
/* Says what the sentry warned of; frees it. */
void attend_warnings(struct sandbox *sb);
/*
 * Carries the terminal (host descriptors in and out, when sb->tty >= 0), forwards signals, and
 * returns the exit status a shell expects. Ends the sandbox.
 */
int attend(struct sandbox *sb, int in, int out, struct rt_err *err);
/* Blocks the signals that attend() takes; before anything is started, so that none is lost. */
void attend_block_signals(void);

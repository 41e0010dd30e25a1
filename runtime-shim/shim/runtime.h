/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime behind the shim, driven by its command line: husk, or any other with runc's.
 * Failures carry the runtime's own last error message, as engines look into it.
 */
#pragma once

#include <sys/types.h>

#include "shim.h"
#include "usage.h"

/* Runs `create`; the process's streams are open afterwards and *ret_pid is its host process. */
int runtime_create(struct container *c, pid_t *ret_pid, struct rt_err *err);
/* The same for an exec. */
int runtime_exec(struct proc *p, pid_t *ret_pid, struct rt_err *err);
/* A command whose arguments follow, ending with NULL; output goes nowhere. */
/*
 * Of a container that has ended: how many of its processes were killed for memory, by the note that
 * husk leaves beside its state. -ENOENT: no such note (another runtime, or it was killed itself).
 */
int runtime_oom_kills(const struct container *c);
int runtime_command(const struct container *c, struct rt_err *err, const char *what, ...);
/* The same with text on its standard input. */
int runtime_command_in(const struct container *c, const void *text, size_t size, struct rt_err *err,
		       const char *what, ...);
/* The same, with what it printed in *ret_out (malloc). */
int runtime_output(const struct container *c, char **ret_out, struct rt_err *err, const char *what,
		   ...);
/* What one container of several in a sandbox uses; false: it is alone, or is not there. */
bool runtime_usage(const struct container *c, struct usage *ret_u);

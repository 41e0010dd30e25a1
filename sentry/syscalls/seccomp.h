/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher's side of guest seccomp. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel_config;
struct sysargs;
struct syscall_row;
struct task;

/*
 * Asks the task's filters (or strict mode) about a call. False: the call is not made, *ret is its
 * result; the task may have been told to end or been sent SIGSYS. Only for tasks whose seccomp_mode
 * is not 0.
 */
bool seccomp_allows(struct task *t, uint32_t nr, const struct syscall_row *row,
		    const struct sysargs *args, long *ret);
/* Fills in audit_arch and what stubs answer: which calls a filter must allow for that. */
void seccomp_describe(struct kernel_config *cfg);
/* PR_SET_SECCOMP */
long prctl_set_seccomp(struct task *t, unsigned long mode, uint64_t prog);

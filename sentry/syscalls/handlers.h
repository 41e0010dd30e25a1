/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prototype of the handler of every row that may have one; a MISSING row's handler can land before
 * the row says so. Family files include this, and table.c.
 */
#pragma once

#include "syscalls/sysargs.h"

#define SYSCALL(x86, arm64, name, ...) long sys_##name(struct task *t, const struct sysargs *a);
#define PARTIAL(x86, arm64, name, ...) long sys_##name(struct task *t, const struct sysargs *a);
#define MISSING(x86, arm64, name, ...) long sys_##name(struct task *t, const struct sysargs *a);
#define ABSENT(x86, arm64, name, ...)
#define DENIED(x86, arm64, name, ...)
#include "syscalls/table.def"
#undef SYSCALL
#undef PARTIAL
#undef MISSING
#undef ABSENT
#undef DENIED

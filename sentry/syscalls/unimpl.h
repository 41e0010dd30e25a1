/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one voice for features a guest asked for and did not get: a system call, a flag, an ioctl.
 * Rate-limited; the text names the feature as a developer would search for it, with no guest data
 * in it.
 */
#pragma once

#include <base/compiler.h>

struct task;

void unimpl(struct task *t, const char *fmt, ...) __printf(2, 3);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOST_CALL(nr, args...): up to six arguments, each converted to long; -errno as the kernel gave
 * it.
 */
#pragma once

#include <sys/syscall.h>

#include "rawcall_arch.h"

#define HOST_CALL_(nr, a, b, c, d, e, f, ...)                                                      \
	rawcall6((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define HOST_CALL(nr, ...) HOST_CALL_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

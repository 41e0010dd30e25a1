/* SPDX-License-Identifier: Apache-2.0 */
/* Static comparison of one of our structures with the host's: whole size, and offset and size of a
 * field. */
#pragma once

#include <stddef.h>

#define SAME_SIZE(lx, host) _Static_assert(sizeof(lx) == sizeof(host), #lx " and " #host)
#define SAME_FIELD(lx, f, host, hf)                                                                \
	_Static_assert(offsetof(lx, f) == offsetof(host, hf), #lx "." #f ": offset");              \
	_Static_assert(sizeof(((lx *)0)->f) == sizeof(((host *)0)->hf), #lx "." #f ": size")
/* The usual case: field of the same name. */
#define SAME(lx, host, f) SAME_FIELD(lx, f, host, f)

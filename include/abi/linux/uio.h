/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of guest buffers.
 */
#pragma once

#include <stdint.h>

#define LX_UIO_MAXIOV	1024
struct lx_iovec {
	uint64_t iov_base;
	uint64_t iov_len;
};
/* most bytes one read or write moves (MAX_RW_COUNT) */
#define LX_MAX_RW_COUNT	0x7ffff000ull

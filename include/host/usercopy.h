/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to memory that may vanish: the sentry's own mappings of guest pages and of files that
 * others can truncate. A SIGSEGV or SIGBUS inside these routines ends them early; anywhere else
 * such a signal is our bug and ends the sentry. Contents are hostile and change at any time: copy
 * once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * Installs the handlers. Once, before the first use; runs on the faulting thread's stack.
 * Idempotent. (cmocka installs its own handlers for the length of each test: call it at the start
 * of a test there.)
 */
int host_usercopy_init(void);

/* The number of bytes at the end that were NOT copied: 0 is success. Not for overlapping ranges. */
size_t host_copy(void *dst, const void *src, size_t n);
/* The number of bytes at the end that were not set to zero. */
size_t host_clear(void *dst, size_t n);

/* 0 or -EFAULT; aligned words only. Sequentially consistent. */
int host_load32(const uint32_t *p, uint32_t *ret_v);
int host_store32(uint32_t *p, uint32_t v);
int host_load64(const uint64_t *p, uint64_t *ret_v);
int host_store64(uint64_t *p, uint64_t v);
/* If *p == old, *p = v. *ret_prev is what was there: the exchange took place if it equals old. */
int host_cmpxchg32(uint32_t *p, uint32_t old, uint32_t v, uint32_t *ret_prev);
int host_xchg32(uint32_t *p, uint32_t v, uint32_t *ret_old);

/*
 * *p = *p op arg, atomically; ret_old is the value before. -EAGAIN after many lost races (another
 * thread hammers the word): the caller may deliver signals and try again.
 */
enum host_fetch_op {
	HOST_FETCH_SET,
	HOST_FETCH_ADD,
	HOST_FETCH_OR,
	HOST_FETCH_ANDN,
	HOST_FETCH_XOR,
};
int host_fetch_op32(uint32_t *p, enum host_fetch_op op, uint32_t arg, uint32_t *ret_old);

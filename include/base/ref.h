/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reference count that saturates: a count that would overflow stays at its maximum and the
 * object is never freed, which leaks instead of being used after free.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"

#define REF_SATURATED (1U << 30)

struct ref {
	atomic_uint nr;
};

/* clang-format off */
#define REF_INIT { 1 }
/* clang-format on */

/* The creator holds the first reference. */
static inline void ref_init(struct ref *r)
{
	atomic_init(&r->nr, 1);
}

static inline unsigned int ref_read(const struct ref *r)
{
	return atomic_load_explicit(&r->nr, memory_order_relaxed);
}

/* The caller must hold a reference already. */
static inline void ref_get(struct ref *r)
{
	unsigned int old = atomic_fetch_add_explicit(&r->nr, 1, memory_order_relaxed);

	if (unlikely(old == 0))
		abort(); /* use after the last put: our bug */
	if (unlikely(old >= REF_SATURATED))
		atomic_store_explicit(&r->nr, REF_SATURATED, memory_order_relaxed);
}

/* True if a reference was taken; false if the object is on its way out. */
static inline bool ref_get_unless_zero(struct ref *r)
{
	unsigned int old = ref_read(r);

	do {
		if (old == 0)
			return false;
		if (unlikely(old >= REF_SATURATED))
			return true;
	} while (!atomic_compare_exchange_weak_explicit(&r->nr, &old, old + 1, memory_order_acquire,
							memory_order_relaxed));
	return true;
}

/* True for the last reference: the caller destroys the object. */
static inline __must_check bool ref_put(struct ref *r)
{
	unsigned int old = atomic_fetch_sub_explicit(&r->nr, 1, memory_order_acq_rel);

	if (unlikely(old == 0))
		abort();
	if (unlikely(old >= REF_SATURATED)) {
		atomic_store_explicit(&r->nr, REF_SATURATED, memory_order_relaxed);
		return false;
	}
	return old == 1;
}

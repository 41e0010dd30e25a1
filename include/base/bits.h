/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on sizes, alignments and single bits, and bitmaps made of unsigned longs. Pages here
 * are the guest's: 4 KiB on every architecture.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#undef PAGE_SIZE
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#undef PAGE_MASK
#define PAGE_MASK (~(PAGE_SIZE - 1))

#undef MIN
#undef MAX
#define MIN(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) min_a_ = (a);                                                        \
		__typeof__(b) min_b_ = (b);                                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) max_a_ = (a);                                                        \
		__typeof__(b) max_b_ = (b);                                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})
#define CLAMP(v, lo, hi) MIN(MAX(v, lo), hi)

/* align must be a power of two. round_up() may wrap at the top: see round_up_ok(). */
#define round_down(x, align) ((x) & ~((__typeof__(x))(align)-1))
#define round_up(x, align)   round_down((x) + ((__typeof__(x))(align)-1), align)
#define is_aligned(x, align) (((x) & ((__typeof__(x))(align)-1)) == 0)

#define page_down(x)    round_down((uint64_t)(x), PAGE_SIZE)
#define page_up(x)      round_up((uint64_t)(x), PAGE_SIZE)
#define page_aligned(x) is_aligned((uint64_t)(x), PAGE_SIZE)
#define page_offset(x)  ((uint64_t)(x) & (PAGE_SIZE - 1))

#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define BIT(n)             (1UL << (n))
#define BIT64(n)           (UINT64_C(1) << (n))

/* x rounded up to align (a power of two) in *ret_v; false, and *ret_v untouched, when it wraps. */
static inline bool round_up_ok(uint64_t x, uint64_t align, uint64_t *ret_v)
{
	uint64_t v;

	if (__builtin_add_overflow(x, align - 1, &v))
		return false;
	*ret_v = v & ~(align - 1);
	return true;
}

static inline bool is_pow2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* Index of the lowest / highest set bit, counted from 1; 0 if none is set. */
static inline int ffs64(uint64_t x)
{
	return __builtin_ffsll((long long)x);
}

static inline int fls64(uint64_t x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* Smallest n with (1 << n) >= x; 0 for x = 0. */
static inline int ilog2_up(uint64_t x)
{
	return x <= 1 ? 0 : fls64(x - 1);
}

#define BITS_PER_LONG            (sizeof(unsigned long) * CHAR_BIT)
#define BITMAP_LONGS(nr)         DIV_ROUND_UP((size_t)(nr), BITS_PER_LONG)
#define DECLARE_BITMAP(name, nr) unsigned long name[BITMAP_LONGS(nr)]

static inline bool bitmap_test(const unsigned long *map, size_t bit)
{
	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void bitmap_set(unsigned long *map, size_t bit)
{
	map[bit / BITS_PER_LONG] |= BIT(bit % BITS_PER_LONG);
}

static inline void bitmap_clear(unsigned long *map, size_t bit)
{
	map[bit / BITS_PER_LONG] &= ~BIT(bit % BITS_PER_LONG);
}

/* The first bit >= from that is set (clear), or nr if there is none below nr. */
static inline size_t bitmap_scan(const unsigned long *map, size_t nr, size_t from,
				 unsigned long flip)
{
	while (from < nr) {
		unsigned long w = (map[from / BITS_PER_LONG] ^ flip) >> (from % BITS_PER_LONG);

		if (w) {
			size_t bit = from + (size_t)__builtin_ctzl(w);

			return bit < nr ? bit : nr;
		}
		from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return nr;
}

static inline size_t bitmap_next_set(const unsigned long *map, size_t nr, size_t from)
{
	return bitmap_scan(map, nr, from, 0);
}

static inline size_t bitmap_next_clear(const unsigned long *map, size_t nr, size_t from)
{
	return bitmap_scan(map, nr, from, ~0UL);
}

/* Sets or clears the bits of [from, from + nr). */
static inline void bitmap_fill(unsigned long *map, size_t from, size_t nr, bool set)
{
	for (size_t bit = from; bit < from + nr; bit++) {
		if (set)
			bitmap_set(map, bit);
		else
			bitmap_clear(map, bit);
	}
}

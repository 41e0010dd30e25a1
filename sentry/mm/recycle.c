/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of the memory file that an address space unmapped and will soon want again: programs map,
 * fill and unmap buffers over and over, and a page that is present costs a tenth of a fresh one to
 * map, zeroing included. Such a range never leaves its address space: whatever went wrong, nobody
 * but the process that wrote it could see what was in it. Kept are ranges that nobody else counts,
 * that the host has confirmed to be unmapped, and that are in memory for the most part.
 */
#include <string.h>

#include <host/usercopy.h>

#include "mm/mm_int.h"

#define SIZE_MIN   (64ull << 10)
#define MM_MOST    (2ull << 20)  /* bytes kept by an address space ... */
#define TOTAL_MOST (16ull << 20) /* ... and by all of them, or 1/64 of the sandbox's memory */

static _Atomic uint64_t g_kept;

static bool count_in(uint64_t size)
{
	uint64_t most = g_mm.memory ? MIN(TOTAL_MOST, g_mm.memory / 64) : TOTAL_MOST;

	if (atomic_fetch_add(&g_kept, size) + size <= most)
		return true;
	atomic_fetch_sub(&g_kept, size);
	return false;
}

static void drop_oldest(struct mm *mm) REQUIRES(mm->lock)
{
	struct mm_recycle *r = &mm->recycle;

	pagefile_free(r->range[0].off, r->range[0].size);
	r->bytes -= r->range[0].size;
	atomic_fetch_sub(&g_kept, r->range[0].size);
	r->nr--;
	memmove(&r->range[0], &r->range[1], r->nr * sizeof(r->range[0]));
}

bool recycle_keep(struct mm *mm, const struct pma *p)
{
	struct mm_recycle *r = &mm->recycle;
	uint64_t size = p->end - p->start, run;

	if (size < SIZE_MIN || size > MM_MOST || p->kind != PMA_ANON || !p->bf->is_pagefile ||
	    !mm->as || mm->broken)
		return false;
	if (pagefile_count(p->off, size, &run) != 1 || run != size ||
	    pagefile_resident(p->off, size) < size / 4 * 3)
		return false;
	while (r->nr && (r->nr == MM_RECYCLE_MAX || r->bytes + size > MM_MOST))
		drop_oldest(mm);
	if (!count_in(size))
		return false;
	r->range[r->nr].off = p->off;
	r->range[r->nr].size = size;
	r->nr++;
	r->bytes += size;
	return true;
}

bool recycle_take(struct mm *mm, uint64_t size, uint64_t *ret_off)
{
	struct mm_recycle *r = &mm->recycle;
	uint64_t off, done = 0;
	unsigned int i = r->nr;

	while (i > 0 && r->range[i - 1].size != size)
		i--;
	if (i-- == 0)
		return false;
	off = r->range[i].off;
	r->nr--;
	memmove(&r->range[i], &r->range[i + 1], (r->nr - i) * sizeof(r->range[0]));
	r->bytes -= size;
	atomic_fetch_sub(&g_kept, size);
	while (done < size) {
		uint64_t n = size - done;
		void *win;

		if (pagefile_window(off + done, &n, &win) < 0 || host_clear(win, n)) {
			pagefile_free(off, size);
			return false;
		}
		done += n;
	}
	*ret_off = off;
	return true;
}

void recycle_fini(struct mm *mm)
{
	while (mm->recycle.nr)
		drop_oldest(mm);
}

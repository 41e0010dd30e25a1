/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2): a second address space over the same pages. Private pages are counted once more and
 * become copy-on-write on both sides; nothing is copied but the page the stack pointer is in, which
 * both sides write at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/mm_int.h"

#define STILL_MAX 16384 /* far from where the host refuses to split a mapping */

static int fork_pma(struct mm *dst, struct vma *dv, struct pma *p, uaddr_t start, uaddr_t end,
		    uaddr_t hot) REQUIRES(dst->lock)
{
	uint64_t off = p->off + (start - p->start);
	struct pma *c;
	int ret = mm_reserve_nodes(dst, 0, 1);

	if (ret < 0)
		return ret;
	if (p->bf->is_pagefile) {
		ret = pagefile_get(off, end - start);
		if (ret < 0)
			return ret;
	}
	c = pma_take_spare(dst);
	c->start = start;
	c->end = end;
	c->bf = backing_file_get(p->bf);
	c->off = off;
	c->kind = p->kind;
	c->writable = p->writable;
	if (p->kind == PMA_ANON) {
		c->cow = true;
		p->cow = true;
	}
	pma_insert(dst, c);
	/* the hot page gets another one at once, what is around it waits for that */
	if (hot < start || hot >= end)
		(void)pma_map(dst, c, dv);
	return 0;
}

static int fork_vma(struct mm *src, struct mm *dst, struct vma *v, uaddr_t hot) REQUIRES(src->lock)
	REQUIRES(dst->lock)
{
	struct vma *c;
	int ret = mm_reserve_nodes(dst, 1, 0);

	if (ret < 0)
		return ret;
	c = vma_take_spare(dst);
	c->start = v->start;
	c->end = v->end;
	c->prot = v->prot;
	c->max_prot = v->max_prot;
	c->flags = v->flags & ~(VM_LOCKED | VM_LOCKONFAULT);
	c->name = v->name;
	c->m = v->m ? mappable_get(v->m) : NULL;
	c->file = map_file_get(v->file);
	c->off = v->off;
	vma_insert(dst, c);
	if (v->flags & VM_WIPEONFORK)
		return 0;
	for (struct pma *p = pma_find_in(src, v->start, v->end); p && p->start < v->end;
	     p = pma_next(p)) {
		ret = fork_pma(dst, c, p, MAX(p->start, v->start), MIN(p->end, v->end), hot);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static bool hot_vma(const struct vma *v)
{
	return v && vma_private(v) && !v->m && !(v->flags & VM_WIPEONFORK) &&
	       (v->prot & LX_PROT_WRITE);
}

/* The child gets its own copy of the stack's hot page, and all around it its mappings. */
static void fork_hot_page(struct mm *dst, uaddr_t sp) REQUIRES(dst->lock);
static void fork_hot_page(struct mm *dst, uaddr_t sp)
{
	struct vma *v = vma_at(dst, sp);
	struct pma *p = pma_find(dst, sp);

	if (!v)
		return;
	if (hot_vma(v) && p && p->start <= sp && p->kind == PMA_ANON && p->cow)
		(void)mm_get_page(dst, v, sp, true, &p);
	for (p = pma_find_in(dst, v->start, v->end); p && p->start < v->end; p = pma_next(p)) {
		if (p->hprot == HPROT_NONE)
			(void)pma_map(dst, p, v);
	}
}

/* The old one is the parent's alone again: no fault, no copy. */
static void keep_hot_page(struct mm *src, uaddr_t sp) REQUIRES(src->lock);
static void keep_hot_page(struct mm *src, uaddr_t sp)
{
	struct vma *v = vma_at(src, sp);
	struct pma *p = pma_find(src, sp);

	if (hot_vma(v) && p && p->start <= sp && p->cow)
		(void)mm_get_page(src, v, sp, true, &p);
}

void mm_fork_done(struct mm *mm)
{
	mm_lock(mm);
	mm->still = false;
	mm_unlock(mm);
}

int mm_fork(struct mm *src, const struct mm_limits *lim, uaddr_t sp, struct mm **ret_mm)
{
	struct mm *dst = NULL;
	int ret;

	ret = mm_new(src->aslr_seed, &dst);
	if (ret < 0)
		return ret;
	mm_lock(src);
	/* a copy that goes on would write a page that the child shares by then */
	mm_quiesce(src);
	if (src->replaced)
		mm_settle(src);
	mm_note_limits(src, lim);
	/* others may write the page while it is copied, and the child would see their writes out of
	 * order */
	if (atomic_load(&src->users) > 1)
		sp = UINT64_MAX;
	/* a lone caller goes on only when what is posted here is done; many maps may be refused
	 * some */
	src->still = atomic_load(&src->users) <= 1 && src->nr_pmas < STILL_MAX;
	mutex_lock_nested(&dst->lock);
	dst->still = true;
	dst->mmap_top = src->mmap_top;
	dst->brk_start = src->brk_start;
	dst->brk = src->brk;
	dst->stack_limit = src->stack_limit;
	dst->as_limit = src->as_limit;
	dst->layout = src->layout;
	memcpy(dst->auxv, src->auxv, src->auxv_size);
	dst->auxv_size = src->auxv_size;
	dst->exe = src->exe;
	if (dst->exe)
		ref_get(&dst->exe->ref);
	for (struct vma *v = vma_first(src); v && ret == 0; v = vma_next(v)) {
		if (!(v->flags & VM_DONTFORK))
			ret = fork_vma(src, dst, v, sp);
	}
	if (ret == 0) {
		fork_hot_page(dst, sp);
		patch_fork(src, dst);
	}
	mm_unlock(dst); /* gives up the child's count of the parent's hot page */
	if (ret == 0) {
		keep_hot_page(src, sp);
		pma_reprotect(src, 0, UINT64_MAX);
		if (src->broken)
			ret = -ENOMEM;
	}
	src->still = false;
	mm_unquiesce(src);
	mm_unlock(src);
	if (ret == 0 && g_mm.platform->ops->flush) {
		g_mm.platform->ops->flush(dst->as);
		g_mm.platform->ops->flush(src->as);
	}
	if (ret < 0) {
		mm_put(dst);
		return ret;
	}
	*ret_mm = dst;
	return 0;
}

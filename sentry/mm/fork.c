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

static int fork_pma(struct mm *dst, struct vma *dv, struct pma *p, uaddr_t start, uaddr_t end)
	REQUIRES(dst->lock)
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
	(void)pma_map(dst, c, dv);
	return 0;
}

static int fork_vma(struct mm *src, struct mm *dst, struct vma *v) REQUIRES(src->lock)
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
		ret = fork_pma(dst, c, p, MAX(p->start, v->start), MIN(p->end, v->end));
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The child gets its own copy of the stack's hot page; the parent keeps the old one for itself. */
static void fork_hot_page(struct mm *src, struct mm *dst, uaddr_t sp) REQUIRES(src->lock)
	REQUIRES(dst->lock)
{
	struct vma *v = vma_at(dst, sp), *sv = vma_at(src, sp);
	struct pma *p;

	if (!v || !sv || !vma_private(v) || v->m || (v->flags & VM_WIPEONFORK) ||
	    !(v->prot & LX_PROT_WRITE))
		return;
	p = pma_find(dst, sp);
	if (!p || p->start > sp || p->kind != PMA_ANON || !p->cow)
		return;
	if (mm_get_page(dst, v, sp, true, &p) < 0)
		return;
	p = pma_find(src, sp);
	if (p && p->start <= sp && p->cow)
		(void)mm_get_page(src, sv, sp, true, &p); /* counted once again: no copy is made */
}

int mm_fork(struct mm *src, const struct mm_limits *lim, uaddr_t sp, struct mm **ret_mm)
{
	struct mm *dst = NULL;
	int ret;

	ret = mm_alloc(src->aslr_seed, &dst);
	if (ret < 0)
		return ret;
	mm_lock(src);
	/* a copy that goes on would write a page that the child shares by then */
	mm_quiesce(src);
	mm_note_limits(src, lim);
	mutex_lock_nested(&dst->lock);
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
			ret = fork_vma(src, dst, v);
	}
	if (ret == 0) {
		dst->in_fault = true; /* no thread of it runs yet: nothing to wait for */
		fork_hot_page(src, dst, sp);
		dst->in_fault = false;
		pma_reprotect(src, 0, UINT64_MAX);
		if (src->broken)
			ret = -ENOMEM;
	}
	mm_unlock(dst);
	mm_unquiesce(src);
	mm_unlock(src);
	if (ret < 0) {
		mm_put(dst);
		return ret;
	}
	*ret_mm = dst;
	return 0;
}

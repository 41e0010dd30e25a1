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

#define HOT_FORKS 32    /* pages that are not written any more must not be copied for ever */
#define STILL_MAX 16384 /* far from where the host refuses to split a mapping */

static int fork_pma(struct mm *dst, struct pma *p, uaddr_t start, uaddr_t end) REQUIRES(dst->lock)
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
	v->nr_breaks = 0; /* from now on everything is shared again */
	if (v->flags & VM_WIPEONFORK)
		return 0;
	for (struct pma *p = pma_find_in(src, v->start, v->end); p && p->start < v->end;
	     p = pma_next(p)) {
		ret = fork_pma(dst, p, MAX(p->start, v->start), MIN(p->end, v->end));
		if (ret < 0)
			return ret;
	}
	return 0;
}

static bool hot_vma(const struct vma *v)
{
	return v && vma_private(v) && !(v->flags & VM_WIPEONFORK) && (v->prot & LX_PROT_WRITE);
}

static bool hot_pma(const struct pma *p, uaddr_t page)
{
	return p && p->start <= page && p->kind == PMA_ANON && p->cow;
}

static int page_cmp(const void *a, const void *b)
{
	uaddr_t x = *(const uaddr_t *)a, y = *(const uaddr_t *)b;

	return x < y ? -1 : x > y;
}

/* What the child is given copies of, in order; the set is learnt anew from time to time. */
static unsigned int hot_pages(struct mm *src, uaddr_t sp, uaddr_t page[MM_HOT_MAX + 1])
	REQUIRES(src->lock)
{
	struct mm_hot *h = src->hot;
	unsigned int nr = 0;

	if (!h) {
		h = src->hot = calloc(1, sizeof(*h));
		if (h)
			ref_init(&h->ref);
	} else if (atomic_fetch_add(&h->forks, 1) >= HOT_FORKS) {
		atomic_store(&h->forks, 0);
		atomic_store(&h->next, 0);
	}
	/*
	 * others may write a page while it is copied, and the child would see their writes out of
	 * order
	 */
	if (atomic_load(&src->users) > 1)
		return 0;
	for (unsigned int n = h ? atomic_load(&h->next) : 0; nr < MIN(n, (unsigned int)MM_HOT_MAX);
	     nr++)
		page[nr] = atomic_load_explicit(&h->page[nr], memory_order_relaxed);
	page[nr++] = page_down(sp);
	qsort(page, nr, sizeof(*page), page_cmp);
	return nr;
}

/* The child gets its own copies of hot pages, then all its mappings. */
static void fork_hot_pages(struct mm *dst, const uaddr_t *page, unsigned int nr) REQUIRES(dst->lock)
{
	struct vma *v = NULL;

	for (unsigned int i = 0; i < nr;) {
		struct pma *p = pma_find(dst, page[i]);
		uaddr_t lo = page[i], hi = lo + PAGE_SIZE, end;

		v = vma_at(dst, lo);
		i++;
		if (!hot_vma(v) || !hot_pma(p, lo))
			continue;
		for (end = MIN(p->end, v->end); i < nr && page[i] <= hi && hi < end; i++)
			hi = MAX(hi, page[i] + PAGE_SIZE);
		(void)break_cow_range(dst, v, p, lo, hi);
	}
	v = NULL;
	for (struct pma *p = pma_find(dst, 0); p; p = pma_next(p)) {
		if (!v || v->end <= p->start)
			v = vma_at(dst, p->start);
		(void)pma_map(dst, p, v);
	}
}

/* The old ones are the parent's alone again: no fault, no copy. */
static void keep_hot_pages(struct mm *src, const uaddr_t *page, unsigned int nr) REQUIRES(src->lock)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct vma *v = vma_at(src, page[i]);
		struct pma *p = pma_find(src, page[i]);
		uint64_t run;

		if (hot_vma(v) && hot_pma(p, page[i]) &&
		    pagefile_count(p->off + (page[i] - p->start), PAGE_SIZE, &run) == 1)
			(void)mm_get_page(src, v, page[i], true, &p);
	}
}

void mm_hot_put(struct mm_hot *h)
{
	if (h && ref_put(&h->ref))
		free(h);
}

void mm_fork_done(struct mm *mm)
{
	mm_lock(mm);
	mm->still = false;
	mm_unlock(mm);
}

int mm_fork(struct mm *src, const struct mm_limits *lim, uaddr_t sp, struct mm **ret_mm)
{
	uaddr_t hot[MM_HOT_MAX + 1];
	struct mm *dst = NULL;
	unsigned int nr_hot;
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
	nr_hot = hot_pages(src, sp, hot);
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
			ret = fork_vma(src, dst, v);
	}
	if (ret == 0) {
		fork_hot_pages(dst, hot, nr_hot);
		if (src->hot) {
			ref_get(&src->hot->ref);
			dst->hot = src->hot;
		}
		patch_fork(src, dst);
	}
	mm_unlock(dst); /* gives up the child's count of the parent's hot page */
	if (ret == 0) {
		keep_hot_pages(src, hot, nr_hot);
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

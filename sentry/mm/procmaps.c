/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc and resource usage want to know of an address space. Resident sizes are asked of the
 * host when someone looks, never kept.
 */
#include <errno.h>

#include <host/host.h>

#include "mm/mm_int.h"

/* Bytes of p in [start, end) that are in memory. */
static uint64_t pma_resident(const struct pma *p, uaddr_t start, uaddr_t end)
{
	uint64_t off, pages;

	start = MAX(start, p->start);
	end = MIN(end, p->end);
	off = p->off + (start - p->start);
	if (p->bf->is_pagefile)
		return pagefile_resident(off, end - start);
	if (host_cachestat(p->bf->fd, off, end - start, &pages) == 0)
		return MIN(pages << PAGE_SHIFT, end - start);
	return end - start;
}

static const char *vma_name(const struct mm *mm, const struct vma *v)
{
	if (v->name)
		return v->name;
	if (v->m)
		return NULL;
	if (v->start < page_up(mm->brk) && v->end > mm->brk_start)
		return "[heap]";
	if (v->start <= mm->layout.start_stack && v->end >= mm->layout.start_stack &&
	    mm->layout.start_stack)
		return "[stack]";
	return NULL;
}

int mm_vma_next(struct mm *mm, uaddr_t addr, struct mm_vma_info *ret_info)
{
	struct mm_vma_info i = { 0 };
	struct vma *v;

	mm_lock(mm);
	v = vma_find(mm, addr);
	if (!v) {
		mm_unlock(mm);
		return -ENOENT;
	}
	i.start = v->start;
	i.end = v->end;
	i.prot = v->prot;
	i.max_prot = v->max_prot;
	i.flags = (v->flags & VM_SHARED ? LX_MAP_SHARED : LX_MAP_PRIVATE) |
		  (v->flags & VM_GROWSDOWN ? LX_MAP_GROWSDOWN : 0) |
		  (v->flags & VM_LOCKED ? LX_MAP_LOCKED : 0) |
		  (v->flags & VM_NORESERVE ? LX_MAP_NORESERVE : 0);
	i.vm_flags = v->flags;
	i.off = v->m ? v->off : 0;
	i.mappable = v->m ? mappable_get(v->m) : NULL;
	i.file = map_file_get(v->file);
	i.name = vma_name(mm, v);
	i.is_stack = v->flags & (VM_STACK | VM_GROWSDOWN);
	i.is_heap = !v->m && v->start < page_up(mm->brk) && v->end > mm->brk_start;
	mm_unlock(mm);
	*ret_info = i;
	return 0;
}

uint64_t mm_range_resident(struct mm *mm, uaddr_t start, uaddr_t end, uint64_t *ret_private)
{
	uint64_t sum = 0, priv = 0;

	mm_lock(mm);
	for (struct pma *p = pma_find_in(mm, start, end); p && p->start < end; p = pma_next(p)) {
		uint64_t n = pma_resident(p, start, end);

		sum += n;
		if (p->kind == PMA_ANON)
			priv += n;
	}
	mm_unlock(mm);
	if (ret_private)
		*ret_private = priv;
	return sum;
}

void mm_stats_get(struct mm *mm, struct mm_stats *ret_st)
{
	struct mm_stats st = { 0 };

	mm_lock(mm);
	st.vm_size = mm->total_vm;
	st.vm_peak = MAX(mm->peak_vm, mm->total_vm);
	st.data = mm->data_vm;
	st.stack = mm->stack_vm;
	st.text = mm->layout.end_code > mm->layout.start_code ?
			  page_up(mm->layout.end_code) - page_down(mm->layout.start_code) :
			  0;
	st.lib = mm->exec_vm > st.text ? mm->exec_vm - st.text : 0;
	st.locked = mm->locked_vm;
	st.nr_vmas = mm->nr_vmas;
	for (struct pma *p = pma_of(rb_first(&mm->pmas)); p; p = pma_next(p)) {
		uint64_t n = pma_resident(p, p->start, p->end);

		if (p->kind == PMA_ANON)
			st.rss_anon += n;
		else if (p->bf->is_pagefile)
			st.rss_shmem += n;
		else
			st.rss_file += n;
	}
	mm->peak_rss = MAX(mm->peak_rss, st.rss_anon + st.rss_file + st.rss_shmem);
	st.rss_peak = mm->peak_rss;
	/* page tables of the mapped parts, and what is above them */
	st.pte = (mm->peak_rss / (2ul << 20) + 8) * PAGE_SIZE;
	mm_unlock(mm);
	*ret_st = st;
}

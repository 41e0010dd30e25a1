/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mprotect(2) and mseal(2).
 */
#include <errno.h>

#include "mm/mm_int.h"

static int protect_piece(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, int prot,
			 const struct mm_limits *lim) REQUIRES(mm->lock)
{
	int ret;

	if (v->flags & VM_SEALED)
		return -EPERM;
	if (prot & ~v->max_prot)
		return -EACCES;
	if (prot == v->prot)
		return 0;
	if ((prot & LX_PROT_WRITE) && !(v->prot & LX_PROT_WRITE) && vma_private(v)) {
		ret = lim && mm->data_vm + (end - start) > lim->data &&
				      !(v->flags & (VM_STACK | VM_GROWSDOWN)) ?
			      -ENOMEM :
			      0;
		if (ret < 0)
			return ret;
	}
	if ((v->start < start || v->end > end) &&
	    mm_maps_full(mm, 1 + (v->start < start && v->end > end)))
		return -ENOMEM;
	ret = mm_reserve_nodes(mm, 2, 2);
	if (ret < 0)
		return ret;
	vma_split_at(mm, start);
	vma_split_at(mm, end);
	pma_isolate(mm, start, end);
	v = vma_at(mm, start);
	vma_set_prot(mm, v, prot);
	pma_reprotect(mm, start, end);
	if (prot != LX_PROT_NONE) {
		/* what was never allowed anything has no pages yet */
		if (!v->m)
			(void)vma_fill_anon(mm, v, start, end);
		else if (!pma_find_in(mm, start, end))
			vma_fill_file(mm, v, start, end);
	}
	return 0;
}

int mm_mprotect(struct mm *mm, uaddr_t addr, uint64_t size, int prot, const struct mm_limits *lim)
{
	const int grows = prot & (LX_PROT_GROWSDOWN | LX_PROT_GROWSUP);
	uaddr_t end, pos = addr;
	struct vma *v;
	int ret = 0;

	prot &= ~(LX_PROT_GROWSDOWN | LX_PROT_GROWSUP);
	if (grows == (LX_PROT_GROWSDOWN | LX_PROT_GROWSUP))
		return -EINVAL;
	if (!page_aligned(addr))
		return -EINVAL;
	if (!size)
		return 0;
	if (!round_up_ok(size, PAGE_SIZE, &size) || __builtin_add_overflow(addr, size, &end))
		return -ENOMEM;
	if (prot & ~(LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC | LX_PROT_SEM))
		return -EINVAL;
	prot &= LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC;
	mm_lock(mm);
	mm_note_limits(mm, lim);
	v = vma_find(mm, addr);
	if (!v || v->start >= end) {
		ret = -ENOMEM;
	} else if (grows & LX_PROT_GROWSUP) {
		ret = -EINVAL;
	} else if (grows & LX_PROT_GROWSDOWN) {
		if (!(v->flags & VM_GROWSDOWN))
			ret = -EINVAL;
		pos = v->start;
	} else if (v->start > addr) {
		ret = -ENOMEM;
	}
	while (ret == 0 && pos < end) {
		uaddr_t stop;

		v = vma_at(mm, pos);
		if (!v) {
			ret = -ENOMEM;
			break;
		}
		stop = MIN(v->end, end);
		ret = protect_piece(mm, v, pos, stop, prot, lim);
		if (ret == 0)
			pos = stop;
	}
	vma_merge_range(mm, addr, end);
	pma_merge_range(mm, addr, end);
	mm_unlock(mm);
	return ret;
}

int mm_mseal(struct mm *mm, uaddr_t addr, uint64_t size, unsigned long flags)
{
	uaddr_t end, pos;
	int ret = 0;

	if (flags || !page_aligned(addr))
		return -EINVAL;
	if (!round_up_ok(size, PAGE_SIZE, &size) || __builtin_add_overflow(addr, size, &end))
		return -EINVAL;
	if (!size)
		return 0;
	mm_lock(mm);
	for (pos = addr; pos < end && ret == 0;) {
		struct vma *v = vma_at(mm, pos);

		if (v)
			pos = v->end;
		else
			ret = -ENOMEM;
	}
	if (ret == 0)
		ret = mm_reserve_nodes(mm, 2, 0);
	if (ret == 0) {
		vma_split_at(mm, addr);
		vma_split_at(mm, end);
		for (struct vma *v = vma_find(mm, addr); v && v->start < end; v = vma_next(v))
			vma_set_flags(mm, v, v->flags | VM_SEALED);
		vma_merge_range(mm, addr, end);
	}
	mm_unlock(mm);
	return ret;
}

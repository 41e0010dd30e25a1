/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brk(2): the heap, one private anonymous VMA that grows and shrinks at its end.
 */
#include <errno.h>

#include "mm/mm_int.h"

void mm_set_brk_start(struct mm *mm, uaddr_t start)
{
	mm_lock(mm);
	mm->brk_start = start;
	mm->brk = start;
	mm_unlock(mm);
}

static int brk_grow(struct mm *mm, uaddr_t from, uaddr_t to, uaddr_t brk,
		    const struct mm_limits *lim) REQUIRES(mm->lock)
{
	struct vma *next = vma_find(mm, from), *v;
	uaddr_t old = mm->brk;
	int ret;

	if (!mm_range_ok(mm, from, to - from) || mm_maps_full(mm, 1))
		return -ENOMEM;
	if (next && to + ((next->flags & VM_GROWSDOWN) ? MM_STACK_GUARD_GAP : 0) > next->start)
		return -ENOMEM;
	if ((mm->def_lock & (int)VM_LOCKED) && lim && mm->locked_vm + (to - from) > lim->memlock)
		return -EAGAIN;
	ret = mm_check_limits(mm, to - from, LX_PROT_READ | LX_PROT_WRITE, 0, lim);
	if (ret < 0)
		return ret;
	ret = mm_reserve_nodes(mm, 1, 1);
	if (ret < 0)
		return ret;
	mm->brk = brk; /* tells the heap's offsets from others */
	v = vma_take_spare(mm);
	v->start = from;
	v->end = to;
	v->prot = LX_PROT_READ | LX_PROT_WRITE;
	v->max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC;
	v->flags = (unsigned int)mm->def_lock;
	vma_insert(mm, v);
	ret = vma_fill_anon(mm, v, from, to);
	if (ret < 0) {
		mm->brk = old;
		vma_remove(mm, v);
		return ret;
	}
	vma_merge_range(mm, from, to);
	return 0;
}

uaddr_t mm_brk(struct mm *mm, uaddr_t brk, const struct mm_limits *lim)
{
	uaddr_t old, new;
	int ret = 0;

	mm_lock(mm);
	mm_note_limits(mm, lim);
	if (brk < mm->brk_start || brk > mm->max_addr ||
	    (lim && lim->data != UINT64_MAX &&
	     brk - mm->brk_start + (mm->layout.end_data - mm->layout.start_data) > lim->data))
		goto out;
	old = page_up(mm->brk);
	new = page_up(brk);
	if (new > old)
		ret = brk_grow(mm, old, new, brk, lim);
	else if (new < old)
		ret = mm_munmap_locked(mm, new, old);
	if (ret == 0)
		mm->brk = brk;
out:
	brk = mm->brk;
	mm_unlock(mm);
	return brk;
}

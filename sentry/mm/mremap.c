/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mremap(2): growing, shrinking and moving of one mapping. Pages move by their PMAs: nothing is
 * copied, the host unmaps them at the old place (acknowledged) and maps them at the new one.
 */
#include <errno.h>

#include "mm/mm_int.h"

struct remap {
	uaddr_t old, new_addr;
	uint64_t old_size, new_size;
	int flags;
	const struct mm_limits *lim;
};

/* The VMA that all of the old range lies in, and whether it may grow by what is asked. */
static int remap_check(struct mm *mm, const struct remap *r, struct vma **ret_v) REQUIRES(mm->lock)
{
	struct vma *v = vma_at(mm, r->old);
	uint64_t grow, end_off;
	int ret;

	if (!v)
		return -EFAULT;
	if (v->flags & VM_SEALED)
		return -EPERM;
	/* an old size of 0 duplicates a shared mapping */
	if (!r->old_size && vma_private(v))
		return -EINVAL;
	if ((r->flags & LX_MREMAP_DONTUNMAP) && (v->flags & VM_SPECIAL))
		return -EINVAL;
	if (r->old_size > v->end - r->old)
		return -EFAULT;
	if (r->new_size <= r->old_size) {
		*ret_v = v;
		return 0;
	}
	if (v->flags & VM_SPECIAL)
		return -EFAULT;
	grow = r->new_size - r->old_size;
	if (v->m && __builtin_add_overflow(v->off + (r->old - v->start), r->new_size, &end_off))
		return -EINVAL;
	if ((v->flags & VM_LOCKED) && r->lim && mm->locked_vm + grow > r->lim->memlock)
		return -EAGAIN;
	ret = mm_check_limits(mm, grow, v->prot, v->flags, r->lim);
	if (ret < 0)
		return ret;
	*ret_v = v;
	return 0;
}

/* Fills the tail [from, v->end) of a VMA that has grown. */
static void fill_tail(struct mm *mm, struct vma *v, uaddr_t from) REQUIRES(mm->lock)
{
	if (v->prot == LX_PROT_NONE)
		return;
	if (v->m)
		vma_fill_file(mm, v, from, v->end);
	else
		(void)vma_fill_anon(mm, v, from, v->end); /* else a fault asks again */
	if (v->flags & VM_LOCKED)
		(void)mm_populate_locked(mm, from, v->end, false);
}

static bool can_grow_here(struct mm *mm, struct vma *v, const struct remap *r)
{
	struct vma *next = vma_next(v);
	uaddr_t end = r->old + r->new_size, limit = mm->max_addr;

	if (r->old + r->old_size != v->end || !mm_range_ok(mm, r->old, r->new_size))
		return false;
	if (next)
		limit = next->start -
			((next->flags & VM_GROWSDOWN) ? MIN(MM_STACK_GUARD_GAP, next->start) : 0);
	return end <= limit;
}

/* Re-homes the PMAs of [old, old + size) at to; the host's mappings of the old place are gone. */
static int move_pmas(struct mm *mm, struct vma *to, uaddr_t old, uint64_t size, uaddr_t new_addr)
	REQUIRES(mm->lock)
{
	struct pma *p, *next, *list = NULL, **tail = &list;
	uaddr_t lo = 0, hi = 0;

	pma_isolate(mm, old, old + size);
	for (p = pma_find_in(mm, old, old + size); p && p->start < old + size; p = next) {
		next = pma_next(p);
		if (p->hprot != HPROT_NONE) {
			if (!hi)
				lo = p->start;
			hi = p->end;
		}
		pma_erase(mm, p);
		p->dead_next = NULL;
		*tail = p;
		tail = &p->dead_next;
	}
	patch_forget(mm, lo, hi);
	if (hi && mm->as && g_mm.platform->ops->unmap(mm->as, lo, hi - lo) < 0)
		mm->broken = true;
	for (p = list; p; p = next) {
		next = p->dead_next;
		p->start = p->start - old + new_addr;
		p->end = p->end - old + new_addr;
		p->hprot = HPROT_NONE;
		pma_insert(mm, p);
		(void)pma_map(mm, p, to);
	}
	return 0;
}

/* Moves r->old .. to new_addr, where nothing is. */
static int64_t move_vma(struct mm *mm, struct vma *v, const struct remap *r, uaddr_t new_addr)
	REQUIRES(mm->lock)
{
	bool keep = (r->flags & LX_MREMAP_DONTUNMAP) || !r->old_size;
	uint64_t size = MIN(r->old_size, r->new_size);
	struct vma *n;
	int ret;

	if (mm_maps_full(mm, 3))
		return -ENOMEM;
	ret = mm_reserve_nodes(mm, 3, 2);
	if (ret < 0)
		return ret;
	n = vma_take_spare(mm);
	n->start = new_addr;
	n->end = new_addr + r->new_size;
	n->prot = v->prot;
	n->max_prot = v->max_prot;
	n->flags = v->flags;
	n->name = v->name;
	n->m = v->m ? mappable_get(v->m) : NULL;
	n->file = map_file_get(v->file);
	n->off = v->m ? v->off + (r->old - v->start) : 0;
	if (v->abase != MM_NO_OFF && r->new_size <= r->old_size && !keep)
		n->abase = v->abase + (r->old - v->start); /* goes along: the old place will be gone
							    */
	vma_insert(mm, n);
	if (size)
		move_pmas(mm, n, r->old, size, new_addr);
	if (!keep) {
		vma_split_at(mm, r->old);
		vma_split_at(mm, r->old + r->old_size);
		pma_drop_range(mm, r->old, r->old + r->old_size);
		vma_remove(mm, vma_at(mm, r->old));
	} else if (r->old_size) {
		/* the old place stays mapped, empty, and no longer locked */
		v->abase = MM_NO_OFF;
		if (v->flags & VM_LOCKED)
			vma_set_flags(mm, v, v->flags & ~(VM_LOCKED | VM_LOCKONFAULT));
		if (!v->m && v->prot != LX_PROT_NONE)
			(void)vma_fill_anon(mm, v, v->start, v->end);
	}
	if (r->new_size > size)
		fill_tail(mm, n, new_addr + size);
	vma_merge_range(mm, new_addr, new_addr + r->new_size);
	pma_merge_range(mm, new_addr, new_addr + r->new_size);
	return (int64_t)new_addr;
}

static int64_t remap_fixed(struct mm *mm, const struct remap *r) REQUIRES(mm->lock)
{
	uaddr_t new_addr = r->new_addr;
	struct remap cut = *r;
	struct vma *v;
	int ret;

	if ((r->flags & LX_MREMAP_FIXED) && new_addr < mm->min_addr)
		return -EPERM;
	/* All checks of the old place come before anything is unmapped. */
	cut.old_size = MIN(r->old_size, r->new_size);
	ret = remap_check(mm, &cut, &v);
	if (ret < 0)
		return ret;
	cut.old_size = r->old_size;
	if ((r->flags & LX_MREMAP_DONTUNMAP) && mm_maps_full(mm, 2))
		return -ENOMEM;
	if (r->flags & LX_MREMAP_FIXED) {
		ret = mm_munmap_locked(mm, new_addr, new_addr + r->new_size);
		if (ret < 0)
			return ret;
	}
	if (r->old_size > r->new_size) {
		ret = mm_munmap_locked(mm, r->old + r->new_size, r->old + r->old_size);
		if (ret < 0)
			return ret;
		cut.old_size = r->new_size;
	}
	ret = remap_check(mm, &cut, &v);
	if (ret < 0)
		return ret;
	if (r->flags & LX_MREMAP_DONTUNMAP) {
		ret = mm_check_limits(mm, r->new_size, v->prot, v->flags, r->lim);
		if (ret < 0)
			return ret;
	}
	if (!(r->flags & LX_MREMAP_FIXED)) {
		ret = mm_find_place(mm, new_addr, r->new_size, 0, &new_addr);
		if (ret < 0)
			return ret;
	}
	return move_vma(mm, v, &cut, new_addr);
}

static int64_t remap_locked(struct mm *mm, const struct remap *r) REQUIRES(mm->lock)
{
	uaddr_t addr;
	struct vma *v = vma_at(mm, r->old);
	int ret;

	if (!v)
		return -EFAULT;
	if (r->flags & (LX_MREMAP_FIXED | LX_MREMAP_DONTUNMAP))
		return remap_fixed(mm, r);
	if (r->old_size >= r->new_size) {
		if (r->old_size > r->new_size) {
			ret = mm_munmap_locked(mm, r->old + r->new_size, r->old + r->old_size);
			if (ret < 0)
				return ret;
		}
		return (int64_t)r->old;
	}
	ret = remap_check(mm, r, &v);
	if (ret < 0)
		return ret;
	if (r->old_size && can_grow_here(mm, v, r)) {
		uaddr_t from = v->end;

		vma_resize(mm, v, v->start, r->old + r->new_size);
		fill_tail(mm, v, from);
		vma_merge_range(mm, v->start, v->end);
		return (int64_t)r->old;
	}
	if (!(r->flags & LX_MREMAP_MAYMOVE))
		return -ENOMEM;
	ret = mm_find_place(mm, 0, r->new_size, 0, &addr);
	if (ret < 0)
		return ret;
	return move_vma(mm, v, r, addr);
}

int64_t mm_mremap(struct mm *mm, uaddr_t old, uint64_t old_size, uint64_t new_size, int flags,
		  uaddr_t new_addr, const struct mm_limits *lim)
{
	struct remap r = { .old = old, .new_addr = new_addr, .flags = flags, .lim = lim };
	int64_t ret;

	if (flags & ~(LX_MREMAP_MAYMOVE | LX_MREMAP_FIXED | LX_MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (LX_MREMAP_FIXED | LX_MREMAP_DONTUNMAP)) && !(flags & LX_MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & LX_MREMAP_DONTUNMAP) && page_up(old_size) != page_up(new_size))
		return -EINVAL;
	if (!page_aligned(old))
		return -EINVAL;
	if (!round_up_ok(old_size, PAGE_SIZE, &r.old_size) ||
	    !round_up_ok(new_size, PAGE_SIZE, &r.new_size))
		return -EINVAL;
	if (!r.new_size || r.new_size > mm->max_addr)
		return -EINVAL;
	if ((flags & LX_MREMAP_FIXED) &&
	    (!page_aligned(new_addr) || !mm_range_ok(mm, new_addr, r.new_size) ||
	     (old + r.old_size > new_addr && new_addr + r.new_size > old)))
		return -EINVAL;
	mm_lock(mm);
	mm_note_limits(mm, lim);
	ret = remap_locked(mm, &r);
	mm_unlock(mm);
	return ret;
}

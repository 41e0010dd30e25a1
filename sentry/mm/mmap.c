/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap(2) and munmap(2): where mappings go, what limits them, and their making and removal.
 */
#include <errno.h>

#include "mm/mm_int.h"

#define MAP_32BIT_LO 0x40000000ull
#define MAP_32BIT_HI 0x80000000ull

bool mm_range_ok(const struct mm *mm, uaddr_t addr, uint64_t size)
{
	return size <= mm->max_addr && addr <= mm->max_addr - size;
}

int mm_check_limits(struct mm *mm, uint64_t size, int prot, unsigned int vm_flags,
		    const struct mm_limits *lim)
{
	bool data = (prot & LX_PROT_WRITE) && !(vm_flags & VM_SHARED);

	/* what can never be had, as Linux' heuristic overcommit refuses it */
	if (data && !(vm_flags & VM_NORESERVE) && g_mm.memory && size > g_mm.memory)
		return -ENOMEM;
	if (!lim)
		return 0;
	if (mm->total_vm + size > lim->as)
		return -ENOMEM;
	if (data && !(vm_flags & (VM_GROWSDOWN | VM_STACK)) && mm->data_vm + size > lim->data)
		return -ENOMEM;
	return 0;
}

static bool place_free(struct mm *mm, uaddr_t addr, uint64_t size)
{
	struct vma *v = vma_find(mm, addr);
	uaddr_t start;

	if (!v)
		return true;
	start = v->start;
	if (v->flags & VM_GROWSDOWN)
		start = start > MM_STACK_GUARD_GAP ? start - MM_STACK_GUARD_GAP : 0;
	return addr + size <= start;
}

int mm_find_place(struct mm *mm, uaddr_t hint, uint64_t size, int map_flags, uaddr_t *ret_addr)
{
	uaddr_t top = mm->mmap_top;

	if (size > mm->max_addr - mm->min_addr)
		return -ENOMEM;
	if (hint) {
		hint = MAX(page_down(hint), mm->min_addr);
		if (mm_range_ok(mm, hint, size) && place_free(mm, hint, size)) {
			*ret_addr = hint;
			return 0;
		}
	}
	if (map_flags & LX_MAP_32BIT)
		return vma_gap_bottom(mm, MAX(MAP_32BIT_LO, mm->min_addr),
				      MIN(MAP_32BIT_HI, mm->max_addr), size, ret_addr) ?
			       0 :
			       -ENOMEM;
	/* around trampolines, if there is room: evicting them costs */
	while (vma_gap_top(mm, mm->min_addr, top, size, ret_addr)) {
		if (!patch_zone_in(mm, *ret_addr, size, &top))
			return 0;
	}
	if (vma_gap_top(mm, mm->min_addr, mm->mmap_top, size, ret_addr))
		return 0;
	return vma_gap_bottom(mm, page_down(mm->max_addr / 3), mm->max_addr, size, ret_addr) ||
			       vma_gap_bottom(mm, mm->min_addr, mm->max_addr, size, ret_addr) ?
		       0 :
		       -ENOMEM;
}

int64_t mm_free_place(struct mm *mm, uaddr_t hint, uint64_t size)
{
	uaddr_t addr;
	int ret;

	mm_lock(mm);
	ret = mm_find_place(mm, hint, size, 0, &addr);
	mm_unlock(mm);
	return ret < 0 ? ret : (int64_t)addr;
}

/* Bytes of [start, end) that are mapped; -EPERM if a sealed VMA is among them. */
static int64_t mapped_bytes(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int64_t sum = 0;

	for (struct vma *v = vma_find(mm, start); v && v->start < end; v = vma_next(v)) {
		if (v->flags & VM_SEALED)
			return -EPERM;
		sum += (int64_t)(MIN(v->end, end) - MAX(v->start, start));
	}
	return sum;
}

int mm_munmap_locked(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *v = vma_find(mm, start), *next;
	int ret;

	if (!v || v->start >= end)
		return 0;
	if (mapped_bytes(mm, start, end) < 0)
		return -EPERM;
	/* a hole in the middle makes one more */
	if (v->start < start && v->end > end && mm_maps_full(mm, 1))
		return -ENOMEM;
	ret = mm_reserve_nodes(mm, 2, 2);
	if (ret < 0)
		return ret;
	vma_split_at(mm, start);
	vma_split_at(mm, end);
	pma_isolate(mm, start, end);
	pma_drop_range(mm, start, end);
	if (mm->replaced)
		mm_settle(mm);
	for (v = vma_find(mm, start); v && v->start < end; v = next) {
		next = vma_next(v);
		vma_remove(mm, v);
	}
	return 0;
}

int mm_munmap(struct mm *mm, uaddr_t addr, uint64_t size)
{
	int ret;

	if (!page_aligned(addr) || !mm_range_ok(mm, addr, size))
		return -EINVAL;
	size = page_up(size);
	if (!size)
		return -EINVAL;
	mm_lock(mm);
	ret = mm_munmap_locked(mm, addr, addr + size);
	mm_unlock(mm);
	return ret;
}

static int check_flags(const struct mm_mmap_req *req)
{
	const int known = LX_MAP_TYPE | LX_MAP_FIXED | LX_MAP_ANONYMOUS | LX_MAP_GROWSDOWN |
			  LX_MAP_DENYWRITE | LX_MAP_EXECUTABLE | LX_MAP_LOCKED | LX_MAP_NORESERVE |
			  LX_MAP_POPULATE | LX_MAP_NONBLOCK | LX_MAP_STACK | LX_MAP_HUGETLB |
			  LX_MAP_FIXED_NOREPLACE | LX_MAP_32BIT |
			  (int)((unsigned int)LX_MAP_HUGE_MASK << LX_MAP_HUGE_SHIFT);

	switch (req->flags & LX_MAP_TYPE) {
	case LX_MAP_SHARED_VALIDATE:
		/* anonymous memory knows no such type */
		if (req->flags & LX_MAP_ANONYMOUS)
			return -EINVAL;
		if (req->flags & ~known)
			return -EOPNOTSUPP;
		fallthrough;
	case LX_MAP_SHARED:
		return req->grows_down ? -EINVAL : 0;
	case LX_MAP_PRIVATE:
		return req->grows_down && req->mappable ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* Makes and fills the VMA; [addr, addr + size) is free. req->mappable: reference consumed on
 * success. */
static int mmap_at(struct mm *mm, const struct mm_mmap_req *req, struct mappable *m, uaddr_t addr,
		   uint64_t size, unsigned int vm_flags) REQUIRES(mm->lock)
{
	struct vma *v;
	int ret = mm_reserve_nodes(mm, 1, 2);

	if (ret < 0)
		return ret;
	v = vma_take_spare(mm);
	v->start = addr;
	v->end = addr + size;
	v->prot = req->prot & (LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC);
	v->max_prot = req->mappable ? req->max_prot : LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC;
	v->flags = vm_flags;
	v->m = m;
	v->off = req->mappable ? req->off : 0;
	if (m)
		v->file = map_file_get(req->file);
	v->name = req->name;
	vma_insert(mm, v);
	if (m) {
		vma_fill_file(mm, v, v->start, v->end);
	} else if (!vma_fill_recycled(mm, v)) {
		vma_anon_reserve(mm, v);
		if (v->prot != LX_PROT_NONE) {
			ret = vma_fill_anon(mm, v, v->start, v->end);
			if (ret < 0) {
				vma_remove(mm, v);
				v->m = NULL; /* the caller's reference stays the caller's */
				return ret;
			}
		}
	}
	vma_merge_range(mm, addr, addr + size);
	return 0;
}

static int64_t mmap_locked(struct mm *mm, const struct mm_mmap_req *req, struct mappable *m,
			   uint64_t size, const struct mm_limits *lim) REQUIRES(mm->lock)
{
	bool fixed = req->flags & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE);
	unsigned int vm_flags = (unsigned int)mm->def_lock;
	uaddr_t addr = req->addr;
	int64_t overlap = 0;
	int ret;

	mm_note_limits(mm, lim);
	if (mm_maps_full(mm, 1))
		return -ENOMEM;
	if ((req->flags & LX_MAP_TYPE) != LX_MAP_PRIVATE)
		vm_flags |= VM_SHARED;
	if (req->grows_down)
		vm_flags |= VM_GROWSDOWN;
	if (req->flags & LX_MAP_NORESERVE)
		vm_flags |= VM_NORESERVE;
	if (req->flags & LX_MAP_LOCKED)
		vm_flags |= VM_LOCKED;
	if (req->is_stack)
		vm_flags |= VM_STACK;
	if (req->special)
		vm_flags |= VM_SPECIAL | VM_DONTDUMP;
	if (fixed) {
		if (!page_aligned(addr))
			return -EINVAL;
		if (!mm_range_ok(mm, addr, size))
			return -ENOMEM;
		if (addr < mm->min_addr)
			return -EPERM;
		overlap = mapped_bytes(mm, addr, addr + size);
		if (overlap && (req->flags & LX_MAP_FIXED_NOREPLACE))
			return -EEXIST;
		if (overlap < 0)
			return overlap;
	} else {
		ret = mm_find_place(mm, addr, size, req->flags, &addr);
		if (ret < 0)
			return ret;
	}
	ret = check_flags(req); /* after the address, as Linux has it */
	if (ret < 0)
		return ret;
	if (vm_flags & VM_LOCKED && lim && mm->locked_vm + size > lim->memlock)
		return lim->memlock == 0 ? -EPERM : -EAGAIN;
	ret = mm_check_limits(mm, size - MIN((uint64_t)overlap, size), req->prot, vm_flags, lim);
	if (ret < 0)
		return ret;
	if (overlap) {
		ret = mm_munmap_locked(mm, addr, addr + size);
		if (ret < 0)
			return ret;
	}
	ret = mmap_at(mm, req, m, addr, size, vm_flags);
	if (ret < 0)
		return ret;
	if ((req->flags & LX_MAP_POPULATE && !(req->flags & LX_MAP_NONBLOCK)) ||
	    (vm_flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED)
		(void)mm_populate_locked(mm, addr, addr + size, false);
	return (int64_t)addr;
}

int64_t mm_mmap(struct mm *mm, const struct mm_mmap_req *req, const struct mm_limits *lim)
{
	struct mappable *m = NULL;
	uint64_t size, end_off;
	int64_t ret;

	if (!req->size)
		return -EINVAL;
	if (!round_up_ok(req->size, PAGE_SIZE, &size) || size > mm->max_addr)
		return -ENOMEM;
	if (!page_aligned(req->off))
		return -EINVAL;
	if (__builtin_add_overflow(req->off, size, &end_off))
		return -EOVERFLOW;
	if (req->mappable) {
		m = mappable_get(req->mappable);
	} else if ((req->flags & LX_MAP_TYPE) == LX_MAP_SHARED) {
		ret = shmem_anon_new(size, &m);
		if (ret < 0)
			return ret;
	}
	mm_lock(mm);
	ret = mmap_locked(mm, req, m, size, lim);
	mm_unlock(mm);
	if (ret < 0 && m)
		mappable_put(m);
	return ret;
}

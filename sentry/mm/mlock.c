/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mlock(2) and its family, mincore(2), msync(2). Locked memory is counted, checked against the
 * limit and brought in; the host's memory is not locked on a guest's word.
 */
#include <errno.h>

#include <host/host.h>

#include "mm/mm_int.h"

#define MINCORE_CHUNK 4096u

/* Bytes of [start, end) that are locked. */
static uint64_t locked_bytes(struct mm *mm, uaddr_t start, uaddr_t end)
{
	uint64_t sum = 0;

	for (struct vma *v = vma_find(mm, start); v && v->start < end; v = vma_next(v)) {
		if (v->flags & VM_LOCKED)
			sum += MIN(v->end, end) - MAX(v->start, start);
	}
	return sum;
}

/* Gives all VMAs of the range the lock flags; -ENOMEM at a hole (what is before it keeps them). */
static int apply_lock(struct mm *mm, uaddr_t start, uaddr_t end, unsigned int lock)
	REQUIRES(mm->lock)
{
	uaddr_t pos = start;
	int ret = mm_reserve_nodes(mm, 2, 0);

	if (ret < 0)
		return ret;
	if (mm_maps_full(mm, 2))
		return -ENOMEM;
	vma_split_at(mm, start);
	vma_split_at(mm, end);
	while (pos < end) {
		struct vma *v = vma_at(mm, pos);

		if (!v) {
			ret = -ENOMEM;
			break;
		}
		if (!(v->flags & VM_SPECIAL))
			vma_set_flags(mm, v, (v->flags & ~(VM_LOCKED | VM_LOCKONFAULT)) | lock);
		pos = v->end;
	}
	vma_merge_range(mm, start, end);
	return ret;
}

/* A size so large that it wraps is none at all, as on Linux. */
static int lock_range(uaddr_t addr, uint64_t size, uaddr_t *ret_start, uaddr_t *ret_end)
{
	uaddr_t end;

	size = page_up(size + page_offset(addr));
	addr = page_down(addr);
	if (__builtin_add_overflow(addr, size, &end))
		return -EINVAL;
	*ret_start = addr;
	*ret_end = end;
	return 0;
}

int mm_mlock(struct mm *mm, uaddr_t addr, uint64_t size, int flags, const struct mm_limits *lim)
{
	unsigned int lock = VM_LOCKED | (flags & LX_MLOCK_ONFAULT ? VM_LOCKONFAULT : 0);
	uaddr_t start, end;
	int ret;

	if (flags & ~LX_MLOCK_ONFAULT)
		return -EINVAL;
	if (lim && lim->memlock == 0)
		return -EPERM;
	ret = lock_range(addr, size, &start, &end);
	if (ret < 0)
		return ret;
	if (start == end)
		return 0;
	mm_lock(mm);
	if (lim && mm->locked_vm + (end - start) - locked_bytes(mm, start, end) > lim->memlock)
		ret = -ENOMEM;
	if (ret == 0)
		ret = apply_lock(mm, start, end, lock);
	if (ret == 0 && !(lock & VM_LOCKONFAULT)) {
		ret = mm_populate_locked(mm, start, end, false);
		ret = ret == -ENOMEM ? -EAGAIN : ret < 0 ? -ENOMEM : 0;
	}
	mm_unlock(mm);
	return ret;
}

int mm_munlock(struct mm *mm, uaddr_t addr, uint64_t size)
{
	uaddr_t start, end;
	int ret = lock_range(addr, size, &start, &end);

	if (ret < 0)
		return ret;
	if (start == end)
		return 0;
	mm_lock(mm);
	ret = apply_lock(mm, start, end, 0);
	mm_unlock(mm);
	return ret;
}

int mm_mlockall(struct mm *mm, int flags, const struct mm_limits *lim)
{
	unsigned int lock = flags ? VM_LOCKED | (flags & LX_MCL_ONFAULT ? VM_LOCKONFAULT : 0) : 0;
	int ret = 0;

	if ((flags & ~(LX_MCL_CURRENT | LX_MCL_FUTURE | LX_MCL_ONFAULT)) || flags == LX_MCL_ONFAULT)
		return -EINVAL;
	if (flags && lim && lim->memlock == 0)
		return -EPERM;
	mm_lock(mm);
	if ((flags & LX_MCL_CURRENT) && lim && mm->total_vm > lim->memlock) {
		ret = -ENOMEM;
		goto out;
	}
	mm->def_lock = flags & LX_MCL_FUTURE ? (int)lock : 0;
	if (flags && !(flags & LX_MCL_CURRENT))
		goto out;
	for (struct vma *v = vma_first(mm); v; v = vma_next(v)) {
		if (!(v->flags & VM_SPECIAL))
			vma_set_flags(mm, v, (v->flags & ~(VM_LOCKED | VM_LOCKONFAULT)) | lock);
	}
	if (lock == VM_LOCKED)
		(void)mm_populate_locked(mm, 0, mm->max_addr, false);
	vma_merge_range(mm, 0, mm->max_addr);
out:
	mm_unlock(mm);
	return ret;
}

/* --- mincore --- */

/* Residency of [addr, end), which lies in v; one byte each. */
static void mincore_vma(struct mm *mm, struct vma *v, uaddr_t addr, uaddr_t end, unsigned char *vec)
	REQUIRES(mm->lock)
{
	while (addr < end) {
		struct pma *p = pma_find(mm, addr);
		uint64_t size = (p ? MIN(p->end, end) : end) - addr;
		struct backing_pin *pin;
		void *win;

		if (!p || p->start >= end) {
			for (; addr < end; addr += PAGE_SIZE)
				*vec++ = 0;
			return;
		}
		for (; addr < p->start; addr += PAGE_SIZE) {
			*vec++ = 0;
			size -= PAGE_SIZE;
		}
		if (backing_pin(p->bf, p->off + (addr - p->start), &size, &win, &pin) < 0) {
			for (; addr < end; addr += PAGE_SIZE)
				*vec++ = 0;
			return;
		}
		if (host_mincore(win, size, vec) < 0) {
			for (uint64_t i = 0; i < size >> PAGE_SHIFT; i++)
				vec[i] = 1;
		}
		for (uint64_t i = 0; i < size >> PAGE_SHIFT; i++)
			vec[i] &= 1;
		backing_unpin(pin);
		vec += size >> PAGE_SHIFT;
		addr += size;
	}
}

static int mincore_chunk(struct mm *mm, uaddr_t addr, uaddr_t end, unsigned char *vec)
{
	int ret = 0;

	mm_lock(mm);
	while (addr < end) {
		struct vma *v = vma_at(mm, addr);
		uaddr_t stop;

		if (!v) {
			ret = -ENOMEM;
			break;
		}
		stop = MIN(v->end, end);
		mincore_vma(mm, v, addr, stop, vec);
		vec += (stop - addr) >> PAGE_SHIFT;
		addr = stop;
	}
	mm_unlock(mm);
	return ret;
}

int mm_mincore(struct mm *mm, uaddr_t addr, uint64_t size, uaddr_t vec)
{
	unsigned char buf[MINCORE_CHUNK];
	uaddr_t end;

	if (!page_aligned(addr))
		return -EINVAL;
	if (!mm_range_ok(mm, addr, size) || !round_up_ok(size, PAGE_SIZE, &size))
		return -ENOMEM;
	if (!mm_range_ok(mm, vec, size >> PAGE_SHIFT))
		return -EFAULT;
	end = addr + size;
	while (addr < end) {
		uaddr_t stop = MIN(end, addr + MINCORE_CHUNK * PAGE_SIZE);
		int ret = mincore_chunk(mm, addr, stop, buf);

		if (ret < 0)
			return ret;
		if (mm_copyout(mm, vec, buf, (stop - addr) >> PAGE_SHIFT) < 0)
			return -EFAULT;
		vec += (stop - addr) >> PAGE_SHIFT;
		addr = stop;
	}
	return 0;
}

/* --- msync --- */

int mm_msync(struct mm *mm, uaddr_t addr, uint64_t size, int flags)
{
	uaddr_t end, pos = addr;
	bool hole = false;
	int ret = 0;

	if (flags & ~(LX_MS_ASYNC | LX_MS_INVALIDATE | LX_MS_SYNC))
		return -EINVAL;
	if (!page_aligned(addr) || ((flags & LX_MS_ASYNC) && (flags & LX_MS_SYNC)))
		return -EINVAL;
	if (!round_up_ok(size, PAGE_SIZE, &size) || __builtin_add_overflow(addr, size, &end))
		return -ENOMEM;
	mm_lock(mm);
	while (pos < end && ret == 0) {
		struct vma *v = vma_find(mm, pos);
		struct mappable *m = NULL;
		uint64_t off = 0;
		uaddr_t start;

		if (!v || v->start >= end) {
			hole = true;
			break;
		}
		hole = hole || v->start > pos;
		start = MAX(pos, v->start);
		pos = MIN(v->end, end);
		if ((flags & LX_MS_INVALIDATE) && (v->flags & VM_LOCKED)) {
			ret = -EBUSY;
			break;
		}
		if (!(flags & LX_MS_SYNC) || !v->m || !(v->flags & VM_SHARED) || !v->m->ops->sync)
			continue;
		m = mappable_get(v->m);
		off = v->off + (start - v->start);
		mm_unlock(mm);
		ret = m->ops->sync(m, off, pos - start);
		mappable_put(m);
		mm_lock(mm);
	}
	mm_unlock(mm);
	return ret == 0 && hole ? -ENOMEM : ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * madvise(2) and the bringing in of pages (MAP_POPULATE, mlock(2)).
 * Differs from Linux: MADV_FREE frees at once; MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE and the huge
 * page advices are remembered or checked, and change nothing (memory is never swapped by us).
 */
#include <errno.h>

#include "mm/mm_int.h"

/* --- discarding --- */

/* Private pages of [start, end) go: anonymous ones read as zero, those of a file as the file. */
static int discard(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end) REQUIRES(mm->lock)
{
	struct pma *p, *next;
	int ret = mm_reserve_nodes(mm, 0, 2);

	if (ret < 0)
		return ret;
	patch_restore(mm, start, end);
	pma_isolate(mm, start, end);
	for (p = pma_find_in(mm, start, end); p && p->start < end; p = next) {
		uint64_t pos = 0, size = p->end - p->start;
		uaddr_t p_start = p->start, p_end = p->end;

		next = pma_next(p);
		if (p->kind == PMA_FILE)
			continue;
		if (v->m) {
			pma_drop_range(mm, p_start, p_end);
			continue;
		}
		while (pos < size) {
			uint64_t run, off = p->off + pos;
			bool own = !p->cow || pagefile_count(off, size - pos, &run) == 1;

			if (!p->cow)
				run = size - pos;
			if (!own)
				break;
			/* ours alone: emptied in place, by the host, in all mappings at once */
			pagefile_punch(off, run);
			pos += run;
		}
		if (pos < size) {
			/* shared with another address space: another place for these addresses */
			pma_drop_range(mm, p_start, p_end);
			v->abase = MM_NO_OFF;
			next = pma_find(mm, p_end);
		}
	}
	pma_merge_range(mm, start, end);
	return 0;
}

/* --- populating --- */

static int populate_vma(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, bool write)
	REQUIRES(mm->lock)
{
	uaddr_t pos = start;

	while (pos < end) {
		struct pma *p;
		int ret = mm_get_page(mm, v, pos, write, &p);

		if (ret < 0)
			return ret;
		if (p->hprot != pma_host_prot(p, v))
			(void)pma_map(mm, p, v);
		if (p->kind == PMA_ANON && !p->cow) {
			uint64_t size = MIN(p->end, end) - pos;

			if (pagefile_populate(p->off + (pos - p->start), size) < 0)
				return -ENOMEM;
		}
		pos = p->end;
	}
	return 0;
}

int mm_populate_locked(struct mm *mm, uaddr_t start, uaddr_t end, bool write)
{
	for (struct vma *v = vma_find(mm, start); v && v->start < end; v = vma_next(v)) {
		int ret;

		if (v->prot == LX_PROT_NONE)
			continue;
		ret = populate_vma(mm, v, MAX(v->start, start), MIN(v->end, end),
				   write || (vma_private(v) && (v->prot & LX_PROT_WRITE)));
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int advise_populate(struct mm *mm, uaddr_t start, uaddr_t end, bool write)
{
	uaddr_t pos = start;
	int ret = 0;

	mm_lock(mm);
	while (pos < end && ret == 0) {
		struct vma *v = vma_at(mm, pos);

		if (!v) {
			ret = -ENOMEM;
			break;
		}
		if (!(v->prot & (write ? LX_PROT_WRITE : LX_PROT_READ | LX_PROT_WRITE)))
			ret = -EINVAL;
		else
			ret = populate_vma(mm, v, pos, MIN(v->end, end), write);
		if (ret == -ENXIO)
			ret = -EFAULT;
		pos = v->end;
	}
	mm_unlock(mm);
	return ret;
}

/* --- the advices --- */

struct advice {
	unsigned int set, clear; /* VM_* */
	bool flags_only;
};

static int advice_flags(const struct vma *v, int advice, struct advice *ret_a)
{
	struct advice a = { .flags_only = true };

	switch (advice) {
	case LX_MADV_NORMAL:
		a.clear = VM_RAND_READ | VM_SEQ_READ;
		break;
	case LX_MADV_RANDOM:
		a.set = VM_RAND_READ;
		a.clear = VM_SEQ_READ;
		break;
	case LX_MADV_SEQUENTIAL:
		a.set = VM_SEQ_READ;
		a.clear = VM_RAND_READ;
		break;
	case LX_MADV_DONTFORK:
		a.set = VM_DONTFORK;
		break;
	case LX_MADV_DOFORK:
		if (v->flags & VM_SPECIAL)
			return -EINVAL;
		a.clear = VM_DONTFORK;
		break;
	case LX_MADV_WIPEONFORK:
		if (v->m)
			return -EINVAL;
		a.set = VM_WIPEONFORK;
		break;
	case LX_MADV_KEEPONFORK:
		a.clear = VM_WIPEONFORK;
		break;
	case LX_MADV_DONTDUMP:
		a.set = VM_DONTDUMP;
		break;
	case LX_MADV_DODUMP:
		if (v->flags & VM_SPECIAL)
			return -EINVAL;
		a.clear = VM_DONTDUMP;
		break;
	case LX_MADV_MERGEABLE:
		if (!v->m)
			a.set = VM_MERGEABLE;
		break;
	case LX_MADV_UNMERGEABLE:
		a.clear = VM_MERGEABLE;
		break;
	case LX_MADV_HUGEPAGE:
		a.set = VM_HUGEPAGE;
		a.clear = VM_NOHUGEPAGE;
		break;
	case LX_MADV_NOHUGEPAGE:
		a.set = VM_NOHUGEPAGE;
		a.clear = VM_HUGEPAGE;
		break;
	default:
		a.flags_only = false;
		break;
	}
	*ret_a = a;
	return 0;
}

static int advise_discard(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, int advice)
	REQUIRES(mm->lock)
{
	if ((v->flags & VM_SPECIAL) ||
	    ((v->flags & VM_LOCKED) && advice != LX_MADV_DONTNEED_LOCKED))
		return -EINVAL;
	if (advice == LX_MADV_FREE && (v->m || (v->flags & VM_SHARED)))
		return -EINVAL;
	if ((v->flags & VM_SEALED) && vma_private(v) && !v->m && !(v->prot & LX_PROT_WRITE))
		return -EPERM;
	/* pages of a shared mapping belong to the file */
	return v->flags & VM_SHARED ? 0 : discard(mm, v, start, end);
}

/* One VMA's part. -EAGAIN: *ret_m (referenced) must be punched at *ret_off without the lock. */
static int advise_piece(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end, int advice,
			struct mappable **ret_m, uint64_t *ret_off) REQUIRES(mm->lock)
{
	struct advice a;
	int ret = advice_flags(v, advice, &a);

	if (ret < 0)
		return ret;
	if (a.flags_only) {
		unsigned int flags = (v->flags | a.set) & ~a.clear;

		if (flags == v->flags)
			return 0;
		ret = mm_reserve_nodes(mm, 2, 0);
		if (ret < 0)
			return ret;
		if (mm_maps_full(mm, 2))
			return -ENOMEM;
		vma_split_at(mm, start);
		vma_split_at(mm, end);
		vma_set_flags(mm, vma_at(mm, start), flags);
		return 0;
	}
	switch (advice) {
	case LX_MADV_DONTNEED:
	case LX_MADV_DONTNEED_LOCKED:
	case LX_MADV_FREE:
		return advise_discard(mm, v, start, end, advice);
	case LX_MADV_REMOVE:
		if ((v->flags & VM_LOCKED) || !v->m)
			return -EINVAL;
		if (!(v->flags & VM_SHARED) || !(v->max_prot & LX_PROT_WRITE))
			return -EACCES;
		if (!v->m->ops->punch)
			return -EOPNOTSUPP;
		*ret_m = mappable_get(v->m);
		*ret_off = v->off + (start - v->start);
		return -EAGAIN;
	case LX_MADV_COLD:
	case LX_MADV_PAGEOUT:
		return v->flags & (VM_LOCKED | VM_SPECIAL) ? -EINVAL : 0;
	case LX_MADV_COLLAPSE:
		return -EINVAL; /* as with a file system that has no huge pages */
	default:
		return 0; /* WILLNEED */
	}
}

static bool advice_known(int advice)
{
	switch (advice) {
	case LX_MADV_NORMAL ... LX_MADV_DONTNEED:
	case LX_MADV_FREE ... LX_MADV_COLLAPSE:
		return true;
	default:
		return false;
	}
}

int mm_madvise(struct mm *mm, uaddr_t addr, uint64_t size, int advice)
{
	uaddr_t end, pos = addr;
	bool hole = false;
	int ret = 0;

	if (!advice_known(advice) || !page_aligned(addr))
		return -EINVAL;
	if (!round_up_ok(size, PAGE_SIZE, &size) || __builtin_add_overflow(addr, size, &end))
		return -EINVAL;
	if (!size)
		return 0;
	if (advice == LX_MADV_POPULATE_READ || advice == LX_MADV_POPULATE_WRITE)
		return advise_populate(mm, addr, end, advice == LX_MADV_POPULATE_WRITE);
	mm_lock(mm);
	while (pos < end && ret == 0) {
		struct vma *v = vma_find(mm, pos);
		struct mappable *m = NULL;
		uint64_t off = 0;
		uaddr_t start, stop;

		if (!v || v->start >= end) {
			hole = true;
			break;
		}
		hole = hole || v->start > pos;
		start = MAX(pos, v->start);
		stop = MIN(v->end, end);
		ret = advise_piece(mm, v, start, stop, advice, &m, &off);
		if (ret == -EAGAIN && m) {
			mm_unlock(mm);
			ret = m->ops->punch(m, off, stop - start);
			mappable_put(m);
			mm_lock(mm);
		}
		pos = stop;
	}
	vma_merge_range(mm, addr, end);
	mm_unlock(mm);
	return ret == 0 && hole ? -ENOMEM : ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What files that can be mapped need of mm: the list of VMAs that map each, and the removal of
 * pages that a file loses from every address space.
 */
#include <errno.h>

#include "mm/mm_int.h"

void mappable_init(struct mappable *m, const struct mappable_ops *ops)
{
	m->ops = ops;
	mutex_init(&m->lock, LC_MAPPABLE);
	INIT_LIST_HEAD(&m->mappings);
	m->patches = NULL;
}

void mappable_fini(struct mappable *m)
{
	patch_space_put(m->patches);
	mutex_fini(&m->lock);
}

bool mappable_is_shared_writable(struct mappable *m)
{
	bool found = false;
	struct vma *v;

	mutex_lock(&m->lock);
	list_for_each_entry(v, &m->mappings, m_link)
		found |= (v->flags & VM_SHARED) && (v->max_prot & LX_PROT_WRITE);
	mutex_unlock(&m->lock);
	return found;
}

/* Next address space that maps m and was not seen in this pass; referenced. */
static struct mm *next_mm(struct mappable *m, uint64_t pass)
{
	struct mm *found = NULL;
	struct vma *v;

	mutex_lock(&m->lock);
	list_for_each_entry(v, &m->mappings, m_link) {
		if (v->inv_seq >= pass)
			continue;
		v->inv_seq = pass;
		/* one on its way out unmaps everything itself, but not before we return: wait for
		 * its list to shrink */
		if (ref_get_unless_zero(&v->mm->ref)) {
			found = v->mm;
			break;
		}
	}
	mutex_unlock(&m->lock);
	return found;
}

static void invalidate_vma(struct mm *mm, struct vma *v, uaddr_t lo, uaddr_t hi, bool private_too)
	REQUIRES(mm->lock)
{
	bool exact = mm_reserve_nodes(mm, 0, 2) == 0;
	struct pma *p, *next;

	if (exact)
		pma_isolate(mm, lo, hi);
	for (p = pma_find_in(mm, lo, hi); p && p->start < hi; p = next) {
		uaddr_t end = p->end;

		next = pma_next(p);
		/* without memory for a split more of the file goes, and comes back by faults;
		 * copies must stay */
		if (p->kind == PMA_FILE || (private_too && exact))
			pma_drop_range(mm, p->start, end);
	}
}

static void invalidate_mm(struct mm *mm, struct mappable *m, uint64_t off, uint64_t size,
			  bool private_too)
{
	uint64_t end;

	if (__builtin_add_overflow(off, size, &end))
		end = UINT64_MAX;
	mm_lock(mm);
	for (struct vma *v = vma_first(mm); v; v = vma_next(v)) {
		uint64_t v_end = v->off + vma_size(v), lo = MAX(off, v->off), hi = MIN(end, v_end);

		if (v->m == m && lo < hi)
			invalidate_vma(mm, v, v->start + (page_down(lo) - v->off),
				       MIN(v->end, v->start + (page_up(hi) - v->off)), private_too);
	}
	mm_unlock(mm);
}

void mappable_invalidate(struct mappable *m, uint64_t off, uint64_t size, bool private_too)
{
	static _Atomic uint64_t passes;
	uint64_t pass = atomic_fetch_add(&passes, 1) + 1;
	struct mm *mm;

	while ((mm = next_mm(m, pass)) != NULL) {
		invalidate_mm(mm, m, off, size, private_too);
		mm_put(mm);
	}
}

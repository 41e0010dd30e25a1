/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec's address spaces: built while no host process stands behind them, then given one, which is
 * fresh or the one that the program before ran in. The latter is emptied first: making, starting
 * and ending a host process costs more than all mappings of a program do.
 */
#include <errno.h>

#include "mm/mm_int.h"

bool mm_may_hand_over(struct mm *mm)
{
	return g_mm.platform->ops->clear && mm->as && !atomic_load(&mm->shared) && !mm->broken;
}

/* The host maps what the VMAs and PMAs say. */
static void map_all(struct mm *mm) REQUIRES(mm->lock)
{
	struct vma *v = NULL;

	for (struct pma *p = pma_find(mm, 0); p; p = pma_next(p)) {
		if (!v || v->end <= p->start)
			v = vma_at(mm, p->start);
		(void)pma_map(mm, p, v); /* refused: a fault asks again */
		if (p->hprot == (PF_PROT_READ | PF_PROT_EXEC))
			patch_prepare(mm, v, p);
	}
}

static int attach_fresh(struct mm *mm)
{
	struct aspace *as;
	int ret = g_mm.platform->ops->aspace_new(g_mm.platform, &as);

	if (ret < 0)
		return ret;
	mm_lock(mm);
	mm->as = as;
	map_all(mm);
	mm_unlock(mm);
	return 0;
}

int mm_attach(struct mm *mm, struct mm *from)
{
	int ret;

	if (!from)
		return attach_fresh(mm);
	/* held until the host is through: no page of it may be let go before */
	mm_lock(from);
	mutex_lock_nested(&mm->lock);
	ret = g_mm.platform->ops->clear(from->as);
	if (ret == 0) {
		mm->as = STEAL(from->as);
		map_all(mm);
		if (mm_settle(mm) == -ESRCH)
			ret = -ESRCH;
	}
	mm_unlock(mm);
	mm_unlock(from);
	return ret;
}

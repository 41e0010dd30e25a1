/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of PMAs and what the host maps for them: splitting, merging, mapping, taking away. All
 * calls that change the host's address space are here.
 */
#define LOG_TAG "mm"

#include <errno.h>
#include <stdlib.h>

#include <base/log.h>

#include "mm/mm_int.h"

static const struct platform_ops *ops(void)
{
	return g_mm.platform->ops;
}

/* --- tree --- */

struct pma *pma_find(struct mm *mm, uaddr_t addr)
{
	struct rb_node *n = mm->pmas.rb_node;
	struct pma *best = NULL;

	while (n) {
		struct pma *p = pma_of(n);

		if (p->end > addr) {
			best = p;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

struct pma *pma_take_spare(struct mm *mm)
{
	struct pma *p = mm->spare_pmas;

	mm->spare_pmas = p->dead_next;
	mm->nr_spare_pmas--;
	*p = (struct pma){ .hprot = HPROT_NONE, .target = MM_NO_OFF };
	return p;
}

static void pma_give_spare(struct mm *mm, struct pma *p)
{
	if (mm->nr_spare_pmas >= 8) {
		free(p);
		return;
	}
	p->dead_next = mm->spare_pmas;
	mm->spare_pmas = p;
	mm->nr_spare_pmas++;
}

void pma_insert(struct mm *mm, struct pma *p)
{
	struct rb_node **link = &mm->pmas.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[p->start >= pma_of(parent)->start];
	}
	rb_link_node(&p->node, parent, link);
	rb_insert_color(&p->node, &mm->pmas);
	mm->nr_pmas++;
	mm_changed(mm);
}

void pma_erase(struct mm *mm, struct pma *p)
{
	rb_erase(&p->node, &mm->pmas);
	mm->nr_pmas--;
}

static void pma_cut(struct mm *mm, uaddr_t addr) REQUIRES(mm->lock);
static void pma_cut(struct mm *mm, uaddr_t addr)
{
	struct pma *p = pma_find(mm, addr), *up;
	uint64_t delta;

	if (!p || p->start >= addr)
		return;
	up = pma_take_spare(mm);
	delta = addr - p->start;
	*up = *p;
	up->start = addr;
	up->off = p->off + delta;
	up->target = p->target == MM_NO_OFF ? MM_NO_OFF : p->target + delta;
	backing_file_get(up->bf);
	p->end = addr;
	pma_insert(mm, up);
}

void pma_isolate(struct mm *mm, uaddr_t start, uaddr_t end)
{
	pma_cut(mm, start);
	pma_cut(mm, end);
}

/* No PMA reaches over a border where the guest's rights change: one protection fits all of it. */
static bool same_rights(struct mm *mm, uaddr_t border)
{
	struct vma *v = vma_at(mm, border), *prev;

	if (!v || v->start != border)
		return true;
	prev = vma_prev(v);
	return prev && prev->prot == v->prot && vma_private(prev) == vma_private(v);
}

static bool pma_can_merge(struct mm *mm, const struct pma *a, const struct pma *b)
{
	uint64_t size = a->end - a->start;

	if (a->end != b->start || a->bf != b->bf || a->off + size != b->off || a->kind != b->kind ||
	    a->cow != b->cow || a->writable != b->writable || a->hprot != b->hprot)
		return false;
	if (a->target == MM_NO_OFF ? b->target != MM_NO_OFF : a->target + size != b->target)
		return false;
	return same_rights(mm, b->start);
}

static void pma_absorb_next(struct mm *mm, struct pma *p, struct pma *n) REQUIRES(mm->lock);
static void pma_absorb_next(struct mm *mm, struct pma *p, struct pma *n)
{
	p->end = n->end;
	pma_erase(mm, n);
	backing_file_put(n->bf); /* not the last: p holds one */
	pma_give_spare(mm, n);
}

struct pma *pma_try_merge(struct mm *mm, struct pma *p)
{
	struct pma *n = pma_next(p), *prev = pma_prev(p);

	if (n && pma_can_merge(mm, p, n))
		pma_absorb_next(mm, p, n);
	if (prev && pma_can_merge(mm, prev, p)) {
		pma_absorb_next(mm, prev, p);
		return prev;
	}
	return p;
}

void pma_merge_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct pma *p = pma_find(mm, start ? start - 1 : 0);

	while (p && p->start <= end) {
		struct pma *n = pma_next(p);

		if (n && pma_can_merge(mm, p, n))
			pma_absorb_next(mm, p, n);
		else
			p = n;
	}
}

/* --- the host's side --- */

int pma_host_prot(const struct pma *p, const struct vma *v)
{
	int prot = v->prot & (PF_PROT_READ | PF_PROT_WRITE | PF_PROT_EXEC);

	if (prot == 0)
		return HPROT_NONE;
	if (p->kind == PMA_FILE ? vma_private(v) || !p->writable : p->cow)
		prot &= ~PF_PROT_WRITE;
	/* a page that is write-only must be readable for us to see "not written yet" */
	return prot ? prot : PF_PROT_READ;
}

static int host_map(struct mm *mm, const struct pma *p, int prot, unsigned int flags)
	REQUIRES(mm->lock);
static int host_map(struct mm *mm, const struct pma *p, int prot, unsigned int flags)
{
	struct platform_file *pf;
	int ret;

	if (!mm->as)
		return -ESRCH;
	ret = backing_platform_file(p->bf, &pf);
	if (ret < 0)
		return ret;
	if (p->kind == PMA_FILE && !p->writable)
		flags |= PF_MAP_PRIVATE;
	mm->cost.maps++;
	patch_forget(mm, p->start, p->end);
	return ops()->map(mm->as, p->start, p->end - p->start, pf, p->off, prot, flags);
}

static void host_unmap(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);

static int map_with(struct mm *mm, struct pma *p, const struct vma *v, unsigned int flags)
	REQUIRES(mm->lock);
static int map_with(struct mm *mm, struct pma *p, const struct vma *v, unsigned int flags)
{
	int prot = pma_host_prot(p, v), ret;

	if (prot == HPROT_NONE || prot == p->hprot)
		return 0;
	ret = host_map(mm, p, prot, flags | (p->hprot == HPROT_NONE ? PF_MAP_FRESH : 0));
	if (ret < 0)
		return ret;
	p->hprot = prot;
	mm_changed(mm);
	return 0;
}

int pma_map(struct mm *mm, struct pma *p, const struct vma *v)
{
	return map_with(mm, p, v, 0);
}

int pma_map_present(struct mm *mm, struct pma *p, const struct vma *v)
{
	return map_with(mm, p, v, PF_MAP_POPULATE);
}

static void host_unmap(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int ret;

	if (!mm->as || start >= end)
		return;
	mm->cost.unmaps++;
	patch_forget(mm, start, end);
	ret = ops()->unmap(mm->as, start, end - start);
	if (ret < 0 && !mm->broken) {
		log_ratelimited(LOG_LEVEL_WARN, "host refused to unmap: %d", ret);
		mm->broken = true;
	}
}

/* Posted: whoever takes rights away settles. */
static void host_protect(struct mm *mm, uaddr_t start, uaddr_t end, int prot) REQUIRES(mm->lock);
static void host_protect(struct mm *mm, uaddr_t start, uaddr_t end, int prot)
{
	int ret;

	if (!mm->as)
		return;
	mm->cost.protects++;
	if (prot != (PF_PROT_READ | PF_PROT_EXEC))
		patch_restore(mm, start, end);
	ret = ops()->protect(mm->as, start, end - start,
			     prot | PF_PROT_POST | (mm->still ? PF_PROT_FENCE : 0));
	if (ret < 0 && !mm->broken) {
		log_ratelimited(LOG_LEVEL_WARN, "host refused to protect: %d", ret);
		mm->broken = true;
	}
}

/* Isolated range out of the tree, onto a list. */
static void unlink_range(struct mm *mm, uaddr_t start, uaddr_t end, struct pma **list)
	REQUIRES(mm->lock);
static void unlink_range(struct mm *mm, uaddr_t start, uaddr_t end, struct pma **list)
{
	struct pma *p, *next;

	for (p = pma_find_in(mm, start, end); p && p->start < end; p = next) {
		next = pma_next(p);
		pma_erase(mm, p);
		p->dead_next = *list;
		*list = p;
	}
	mm_changed(mm);
}

void pma_forget_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	unlink_range(mm, start, end, &mm->dead_pmas[mm->gen]);
	atomic_store(&mm->has_dead, mm->dead_pmas[0] || mm->dead_pmas[1]);
}

int mm_settle(struct mm *mm)
{
	struct pma *p;
	int ret = mm->as ? ops()->sync(mm->as) : 0;

	mm->cost.syncs++;
	mm->nr_unsettled = 0;
	if (ret < 0)
		mm->sync_err = ret;
	/* a map that should have replaced another and did not leaves the old pages in sight */
	if (ret == -ENOMEM && mm->replaced)
		mm->broken = true;
	while ((p = mm->replaced) != NULL) {
		mm->replaced = p->dead_next;
		p->dead_next = mm->dead_pmas[mm->gen];
		mm->dead_pmas[mm->gen] = p;
		atomic_store(&mm->has_dead, true);
	}
	patch_settled(mm);
	return ret;
}

int pma_replace(struct mm *mm, struct pma *p, const struct vma *v)
{
	struct pma *old = pma_find(mm, p->start);
	bool mapped = false, exclusive;
	int prot = pma_host_prot(p, v), ret = 0;

	for (struct pma *o = old; o && o->start < p->end; o = pma_next(o))
		mapped |= o->hprot != HPROT_NONE;
	unlink_range(mm, p->start, p->end, mapped ? &mm->replaced : &mm->dead_pmas[mm->gen]);
	atomic_store(&mm->has_dead, mm->dead_pmas[0] || mm->dead_pmas[1]);
	pma_insert(mm, p);
	/*
	 * Old and new pages hold the same bytes and the old ones cannot be written: a lone thread
	 * that waits for this very fault may go on before the host has swapped them, for what it
	 * writes faults until then. Others, and what we are about to write, must not meet the old
	 * ones.
	 */
	exclusive = mm->in_fault && atomic_load(&mm->users) <= 1;
	if (prot != HPROT_NONE) {
		ret = host_map(mm, p, prot, !mapped || exclusive ? PF_MAP_FRESH : 0);
		if (ret == 0)
			p->hprot = prot;
	}
	if (mapped && p->hprot == HPROT_NONE)
		host_unmap(mm, p->start, p->end);
	if (mapped && !exclusive && !mm->still)
		mm_settle(mm);
	return ret;
}

void pma_drop_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	uaddr_t lo = 0, hi = 0;

	for (struct pma *p = pma_find_in(mm, start, end); p && p->start < end; p = pma_next(p)) {
		if (p->hprot == HPROT_NONE)
			continue;
		if (hi && p->start != hi) {
			host_unmap(mm, lo, hi);
			hi = 0;
		}
		if (!hi)
			lo = p->start;
		hi = p->end;
	}
	if (hi)
		host_unmap(mm, lo, hi);
	pma_forget_range(mm, start, end);
}

/* One run of neighbours that all go to the same protection. */
struct reprotect {
	uaddr_t start, end;
	int to;
};

static void reprotect_flush(struct mm *mm, struct reprotect *r) REQUIRES(mm->lock);
static void reprotect_flush(struct mm *mm, struct reprotect *r)
{
	if (r->end != r->start)
		host_protect(mm, r->start, r->end, r->to);
	r->end = r->start;
}

void pma_reprotect(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct reprotect run = { 0 };
	struct vma *v = NULL;
	bool narrows = false;

	for (struct pma *p = pma_find_in(mm, start, end); p && p->start < end; p = pma_next(p)) {
		int to;

		if (!v || v->end <= p->start)
			v = vma_at(mm, p->start);
		to = pma_host_prot(p, v);
		if (p->hprot == HPROT_NONE) {
			(void)pma_map(mm, p, v);
			continue;
		}
		if (to == HPROT_NONE)
			to = PF_PROT_NONE;
		if (to == p->hprot)
			continue;
		narrows |= p->hprot & ~to;
		if (run.end != run.start && (run.end != p->start || run.to != to))
			reprotect_flush(mm, &run);
		if (run.end == run.start) {
			run.start = p->start;
			run.to = to;
		}
		run.end = p->end;
		p->hprot = to;
	}
	reprotect_flush(mm, &run);
	if (narrows && !mm->still && mm_settle(mm) < 0)
		mm->broken = true; /* rights that should be gone may be left */
	mm_changed(mm);
}

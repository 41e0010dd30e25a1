/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of VMAs: search, insertion, splitting, merging, accounting, and the search for free
 * address space. Also the spare nodes that let a change be made in several steps without failing
 * half-way, and the offsets that private anonymous VMAs use in the memory file.
 */
#include <errno.h>
#include <stdlib.h>

#include "mm/mm_int.h"

#define ARENA_FIRST (256ull << 20)
#define ARENA_MAX   (64ull << 30)
#define HUGE_ALIGN  (2ull << 20)

/* --- tree --- */

static uint64_t max_gap_of(struct rb_node *n)
{
	return n ? vma_of(n)->max_gap : 0;
}

static void vma_augment(struct rb_node *n)
{
	struct vma *v = vma_of(n);
	uint64_t g = v->gap;

	g = MAX(g, max_gap_of(n->rb_left));
	v->max_gap = MAX(g, max_gap_of(n->rb_right));
}

/* Where the space that a VMA claims begins: stacks keep a gap below them. */
static uaddr_t vma_start_gap(const struct vma *v)
{
	if (!(v->flags & VM_GROWSDOWN))
		return v->start;
	return v->start > MM_STACK_GUARD_GAP ? v->start - MM_STACK_GUARD_GAP : 0;
}

static void vma_update_gap(struct vma *v)
{
	struct vma *prev = vma_prev(v);
	uaddr_t lo = prev ? prev->end : 0, hi = vma_start_gap(v);

	v->gap = hi > lo ? hi - lo : 0;
	rb_augment_up(&v->node, vma_augment);
}

static void vma_update_gaps(struct vma *v)
{
	struct vma *next = vma_next(v);

	vma_update_gap(v);
	if (next)
		vma_update_gap(next);
}

struct vma *vma_find(struct mm *mm, uaddr_t addr)
{
	struct rb_node *n = mm->vmas.rb_node;
	struct vma *best = NULL;

	while (n) {
		struct vma *v = vma_of(n);

		if (v->end > addr) {
			best = v;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

struct vma *vma_at(struct mm *mm, uaddr_t addr)
{
	struct vma *v = vma_find(mm, addr);

	return v && v->start <= addr ? v : NULL;
}

static void vma_link(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
static void vma_link(struct mm *mm, struct vma *v)
{
	struct rb_node **link = &mm->vmas.rb_node, *parent = NULL;

	patch_evict(mm, v->start, v->end);

	while (*link) {
		parent = *link;
		link = &parent->child[v->start >= vma_of(parent)->start];
	}
	v->gap = 0;
	v->max_gap = 0;
	rb_link_node(&v->node, parent, link);
	rb_insert_color_aug(&v->node, &mm->vmas, vma_augment);
	mm->nr_vmas++;
	vma_update_gaps(v);
	mm_changed(mm);
}

static void vma_unlink(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
static void vma_unlink(struct mm *mm, struct vma *v)
{
	struct vma *next = vma_next(v);

	rb_erase_aug(&v->node, &mm->vmas, vma_augment);
	mm->nr_vmas--;
	if (next)
		vma_update_gap(next);
	mm_changed(mm);
}

/* --- accounting --- */

static bool vma_is_data(const struct vma *v)
{
	return (v->prot & LX_PROT_WRITE) && vma_private(v) &&
	       !(v->flags & (VM_STACK | VM_GROWSDOWN));
}

static void account(struct mm *mm, const struct vma *v, uint64_t add, uint64_t sub)
{
	mm->total_vm += add - sub;
	if (vma_is_data(v))
		mm->data_vm += add - sub;
	if (v->flags & (VM_STACK | VM_GROWSDOWN))
		mm->stack_vm += add - sub;
	else if (v->m && (v->prot & (LX_PROT_EXEC | LX_PROT_WRITE)) == LX_PROT_EXEC)
		mm->exec_vm += add - sub;
	if (v->flags & VM_LOCKED)
		mm->locked_vm += add - sub;
	mm->peak_vm = MAX(mm->peak_vm, mm->total_vm);
}

void vma_set_prot(struct mm *mm, struct vma *v, int prot)
{
	account(mm, v, 0, vma_size(v));
	v->prot = prot;
	account(mm, v, vma_size(v), 0);
	mm_changed(mm);
}

void vma_set_flags(struct mm *mm, struct vma *v, unsigned int flags)
{
	account(mm, v, 0, vma_size(v));
	v->flags = flags;
	account(mm, v, vma_size(v), 0);
	vma_update_gap(v);
	mm_changed(mm);
}

/* --- spare nodes --- */

int mm_reserve_nodes(struct mm *mm, unsigned int nr_vmas, unsigned int nr_pmas)
{
	while (mm->nr_spare_vmas < nr_vmas) {
		struct vma *v = malloc(sizeof(*v));

		if (!v)
			return -ENOMEM;
		v->dead_next = mm->spare_vmas;
		mm->spare_vmas = v;
		mm->nr_spare_vmas++;
	}
	while (mm->nr_spare_pmas < nr_pmas) {
		struct pma *p = malloc(sizeof(*p));

		if (!p)
			return -ENOMEM;
		p->dead_next = mm->spare_pmas;
		mm->spare_pmas = p;
		mm->nr_spare_pmas++;
	}
	return 0;
}

struct vma *vma_take_spare(struct mm *mm)
{
	struct vma *v = mm->spare_vmas;

	mm->spare_vmas = v->dead_next;
	mm->nr_spare_vmas--;
	*v = (struct vma){ .mm = mm, .abase = MM_NO_OFF };
	INIT_LIST_HEAD(&v->m_link);
	return v;
}

/* --- changes --- */

void vma_insert(struct mm *mm, struct vma *v)
{
	v->mm = mm;
	vma_link(mm, v);
	account(mm, v, vma_size(v), 0);
	if (v->m) {
		mutex_lock(&v->m->lock);
		list_add_tail(&v->m_link, &v->m->mappings);
		mutex_unlock(&v->m->lock);
	}
}

void vma_remove(struct mm *mm, struct vma *v)
{
	vma_unlink(mm, v);
	account(mm, v, 0, vma_size(v));
	if (v->m) {
		mutex_lock(&v->m->lock);
		list_del_init(&v->m_link);
		mutex_unlock(&v->m->lock);
	}
	v->dead_next = mm->dead_vmas;
	mm->dead_vmas = v;
}

void vma_split_at(struct mm *mm, uaddr_t addr)
{
	struct vma *v = vma_at(mm, addr), *up;

	if (!v || v->start == addr)
		return;
	up = vma_take_spare(mm);
	up->start = addr;
	up->end = v->end;
	up->prot = v->prot;
	up->max_prot = v->max_prot;
	up->flags = v->flags;
	up->name = v->name;
	up->m = v->m ? mappable_get(v->m) : NULL;
	up->file = map_file_get(v->file);
	up->off = v->off + (addr - v->start);
	up->abase = v->abase == MM_NO_OFF ? MM_NO_OFF : v->abase + (addr - v->start);
	up->break_next = v->break_next;
	up->break_size = v->break_size;
	account(mm, v, 0, up->end - up->start);
	v->end = addr;
	vma_insert(mm, up);
}

void vma_resize(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	uint64_t old = vma_size(v);

	if (start < v->start)
		patch_evict(mm, start, v->start);
	if (end > v->end)
		patch_evict(mm, v->end, end);
	if (v->m)
		v->off += start - v->start;
	if (v->abase != MM_NO_OFF)
		v->abase = start < v->start || end > v->end ? MM_NO_OFF :
							      v->abase + (start - v->start);
	v->start = start;
	v->end = end;
	account(mm, v, vma_size(v), old);
	vma_update_gaps(v);
	mm_changed(mm);
}

static bool vma_can_merge(const struct vma *a, const struct vma *b)
{
	if (a->end != b->start || a->prot != b->prot || a->max_prot != b->max_prot ||
	    a->flags != b->flags || a->m != b->m || a->file.obj != b->file.obj ||
	    a->name != b->name || (a->flags & VM_SPECIAL))
		return false;
	return !a->m || a->off + vma_size(a) == b->off;
}

void vma_merge_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *v = vma_find(mm, start ? start - 1 : 0), *n;

	while (v && v->start <= end) {
		uint64_t size;

		n = vma_next(v);
		if (!n || !vma_can_merge(v, n)) {
			v = n;
			continue;
		}
		size = vma_size(n);
		if (v->abase == MM_NO_OFF || n->abase != v->abase + vma_size(v))
			v->abase = MM_NO_OFF;
		vma_remove(mm, n);
		v->end += size;
		account(mm, v, size, 0);
		vma_update_gaps(v);
	}
}

/* --- free address space --- */

static bool gap_fits(uaddr_t lo, uaddr_t hi, uaddr_t from, uaddr_t to, uint64_t size, bool top,
		     uaddr_t *ret_addr)
{
	lo = MAX(lo, from);
	hi = MIN(hi, to);
	if (hi <= lo || hi - lo < size)
		return false;
	*ret_addr = top ? hi - size : lo;
	return true;
}

static bool gap_search_top(struct rb_node *n, uaddr_t lo, uaddr_t hi, uint64_t size,
			   uaddr_t *ret_addr)
{
	while (n && max_gap_of(n) >= size) {
		struct vma *v = vma_of(n);
		uaddr_t to = vma_start_gap(v), from = to - v->gap;

		if (v->end < hi && gap_search_top(n->rb_right, lo, hi, size, ret_addr))
			return true;
		if (v->gap && gap_fits(from, to, lo, hi, size, true, ret_addr))
			return true;
		if (from <= lo && v->gap)
			return false;
		n = n->rb_left;
	}
	return false;
}

static bool gap_search_bottom(struct rb_node *n, uaddr_t lo, uaddr_t hi, uint64_t size,
			      uaddr_t *ret_addr)
{
	while (n && max_gap_of(n) >= size) {
		struct vma *v = vma_of(n);
		uaddr_t to = vma_start_gap(v), from = to - v->gap;

		if (v->start > lo && gap_search_bottom(n->rb_left, lo, hi, size, ret_addr))
			return true;
		if (v->gap && gap_fits(from, to, lo, hi, size, false, ret_addr))
			return true;
		if (v->end >= hi)
			return false;
		n = n->rb_right;
	}
	return false;
}

static uaddr_t vmas_end(struct mm *mm)
{
	struct vma *last = vma_of(rb_last(&mm->vmas));

	return last ? last->end : 0;
}

bool vma_gap_top(struct mm *mm, uaddr_t lo, uaddr_t hi, uint64_t size, uaddr_t *ret_addr)
{
	return gap_fits(vmas_end(mm), hi, lo, hi, size, true, ret_addr) ||
	       gap_search_top(mm->vmas.rb_node, lo, hi, size, ret_addr);
}

bool vma_gap_bottom(struct mm *mm, uaddr_t lo, uaddr_t hi, uint64_t size, uaddr_t *ret_addr)
{
	return gap_search_bottom(mm->vmas.rb_node, lo, hi, size, ret_addr) ||
	       gap_fits(vmas_end(mm), hi, lo, hi, size, false, ret_addr);
}

/* --- offsets in the memory file --- */

static uint64_t reserve_alone(uaddr_t va, uint64_t size)
{
	uint64_t align = size >= HUGE_ALIGN ? HUGE_ALIGN : PAGE_SIZE, off;

	return pagefile_reserve(size, align, va, &off) < 0 ? MM_NO_OFF : off;
}

/*
 * Offsets for [va, va + size) next to those of its neighbours when it extends what the arena has
 * handed out, upwards or downwards; elsewhere a range of its own. An address is never given the
 * same offset twice.
 */
static uint64_t arena_take(struct mm *mm, struct mm_arena *a, uaddr_t va, uint64_t size, bool up)
{
	uaddr_t end = va + size, base;
	uint64_t want;

	if (a->size && va >= a->va && end <= a->va + a->size && (end == a->lo || va == a->hi)) {
		a->lo = MIN(a->lo, va);
		a->hi = MAX(a->hi, end);
		return a->off + (va - a->va);
	}
	if (a->size && end != a->lo && va != a->hi)
		return reserve_alone(va, size);
	want = a->size ? MIN(a->size * 4, ARENA_MAX) : ARENA_FIRST;
	if (size > want / 2)
		return reserve_alone(va, size);
	base = up ? va : end > want ? end - want : 0;
	base = round_down(base, HUGE_ALIGN);
	if (up)
		want += HUGE_ALIGN;
	else
		want = round_up(end, HUGE_ALIGN) - base;
	if (pagefile_reserve(want, HUGE_ALIGN, 0, &a->off) < 0)
		return MM_NO_OFF;
	*a = (struct mm_arena){ .va = base, .lo = va, .hi = end, .size = want, .off = a->off };
	return a->off + (va - base);
}

static uint64_t vma_arena_take(struct mm *mm, const struct vma *v, uaddr_t va, uint64_t size)
{
	if (v->flags & (VM_STACK | VM_GROWSDOWN))
		return arena_take(mm, &mm->arena[MM_ARENA_STACK], va, size, false);
	if (v->start >= mm->brk_start && v->end <= page_up(mm->brk))
		return arena_take(mm, &mm->arena[MM_ARENA_BRK], va, size, true);
	return arena_take(mm, &mm->arena[MM_ARENA_MMAP], va, size, false);
}

void vma_anon_reserve(struct mm *mm, struct vma *v)
{
	v->abase = vma_arena_take(mm, v, v->start, vma_size(v));
}

uint64_t vma_anon_off(struct mm *mm, struct vma *v, uaddr_t va, uint64_t size)
{
	if (v->abase != MM_NO_OFF)
		return v->abase + (va - v->start);
	return vma_arena_take(mm, v, va, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling VMAs: where the pages of an address come from, when they are copied, and what a guest's
 * fault means.
 *
 * Private anonymous memory is filled at mmap time with one PMA and one host mapping, so that the
 * host kernel does the demand paging and no fault reaches us. Copy-on-write is broken block-wise.
 * The first break of a PMA reserves a target range of its full length, and every block goes to its
 * own place in it: whatever the order, neighbours merge again.
 */
#include <errno.h>
#include <stdlib.h>

#include <host/host.h>

#include "mm/mm_int.h"

#define FAULT_AROUND (1ull << 20) /* how far below the address a file mapping is filled too */
#define STACK_STEP   (64ull << 10)
#define BOUNCE       (64ul << 10)

/* --- anonymous --- */

static int fill_anon_gap(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
	REQUIRES(mm->lock);
static int fill_anon_gap(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	uint64_t off, size = end - start;
	struct pma *p;
	int ret;

	ret = mm_reserve_nodes(mm, 0, 1);
	if (ret < 0)
		return ret;
	off = vma_anon_off(mm, v, start, size);
	if (off == MM_NO_OFF)
		return -ENOMEM;
	ret = pagefile_commit(off, size);
	if (ret < 0)
		return ret;
	p = pma_take_spare(mm);
	p->start = start;
	p->end = end;
	p->bf = backing_file_get(pagefile());
	p->off = off;
	p->kind = PMA_ANON;
	pma_insert(mm, p);
	(void)pma_map(mm, p, v); /* refused: a fault asks again */
	pma_try_merge(mm, p);
	return 0;
}

int vma_fill_anon(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	uaddr_t pos = start;

	while (pos < end) {
		struct pma *p = pma_find(mm, pos);
		uaddr_t stop = p && p->start < end ? p->start : end;

		if (pos < stop) {
			int ret = fill_anon_gap(mm, v, pos, stop);

			if (ret < 0)
				return ret;
			pos = stop;
		}
		if (p && p->start < end && pos < p->end)
			pos = p->end;
	}
	return 0;
}

bool vma_fill_recycled(struct mm *mm, struct vma *v)
{
	struct pma *p;
	uint64_t off;

	if (!(v->prot & LX_PROT_WRITE) || (v->flags & (VM_GROWSDOWN | VM_STACK)) ||
	    mm_reserve_nodes(mm, 0, 1) < 0 || !recycle_take(mm, vma_size(v), &off))
		return false;
	p = pma_take_spare(mm);
	p->start = v->start;
	p->end = v->end;
	p->bf = backing_file_get(pagefile());
	p->off = off;
	p->kind = PMA_ANON;
	pma_insert(mm, p);
	(void)pma_map_present(mm, p, v); /* refused: a fault asks again */
	return true;
}

/* --- files --- */

static void backing_release(struct backing *b)
{
	if (b->file->is_pagefile)
		pagefile_free(b->off, b->size);
	backing_file_put(b->file);
}

/* Bytes of a backing into a fresh range of the memory file; what lies past the end of the file
 * stays zero. */
static int copy_backing(uint64_t dst, struct backing_file *bf, uint64_t off, uint64_t size)
{
	auto_free char *buf = NULL;

	if (bf->is_pagefile)
		return pagefile_copy(dst, off, size);
	buf = malloc(MIN(size, BOUNCE));
	if (!buf)
		return -ENOMEM;
	while (size) {
		ssize_t n = host_pread(bf->fd, buf, MIN(size, BOUNCE), off);
		int ret;

		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		ret = pagefile_write(dst, buf, (size_t)n);
		if (ret < 0)
			return ret;
		dst += (uint64_t)n;
		off += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}

/* Adds a PMA for b at start; consumes b. */
static struct pma *add_file_pma(struct mm *mm, uaddr_t start, const struct backing *b)
	REQUIRES(mm->lock);
static struct pma *add_file_pma(struct mm *mm, uaddr_t start, const struct backing *b)
{
	struct pma *p = pma_take_spare(mm);

	p->start = start;
	p->end = start + b->size;
	p->bf = b->file;
	p->off = b->off;
	p->kind = PMA_FILE;
	p->writable = b->writable;
	pma_insert(mm, p);
	return p;
}

/* Translates [addr, end) of v, where no PMA is; b.size is cut to what fits. */
static int translate(struct vma *v, uaddr_t addr, uaddr_t end, bool write, struct backing *ret_b)
{
	uint64_t off = v->off + (addr - v->start), size;
	struct backing b;
	int ret = v->m->ops->translate(v->m, off, end - addr, write, &b);

	if (ret < 0)
		return ret;
	size = page_up(b.size);
	if (size > end - addr) {
		if (b.file->is_pagefile)
			pagefile_free(b.off + (end - addr), b.size - (end - addr));
		size = end - addr;
	}
	b.size = size;
	if (size == 0 || !page_aligned(b.off)) {
		backing_release(&b);
		return -EIO;
	}
	*ret_b = b;
	return 0;
}

static int fill_file_at(struct mm *mm, struct vma *v, uaddr_t addr, bool write) REQUIRES(mm->lock);
static int fill_file_at(struct mm *mm, struct vma *v, uaddr_t addr, bool write)
{
	struct pma *next = pma_find(mm, addr),
		   *prev = next ? pma_prev(next) : pma_of(rb_last(&mm->pmas)), *p;
	uaddr_t lo = v->start, hi = next ? MIN(next->start, v->end) : v->end;
	struct backing b;
	int ret;

	if (prev)
		lo = MAX(lo, prev->end);
	if (addr - lo > FAULT_AROUND)
		lo = round_down(addr, FAULT_AROUND);
	write = write || ((v->flags & VM_SHARED) && (v->prot & LX_PROT_WRITE));
	ret = mm_reserve_nodes(mm, 0, 1);
	if (ret < 0)
		return ret;
	ret = translate(v, lo, hi, write, &b);
	if (ret == 0 && lo + b.size <= addr) {
		backing_release(&b);
		ret = -EAGAIN;
	}
	if (ret < 0) {
		if (lo == addr && ret != -EAGAIN)
			return ret;
		lo = addr;
		ret = translate(v, lo, hi, write, &b);
		if (ret < 0)
			return ret;
	}
	p = add_file_pma(mm, lo, &b);
	(void)pma_map(mm, p, v);
	pma_try_merge(mm, p);
	return 0;
}

/* Small private writable mappings (.data, .got) will be written at once: copied now, one fault less
 * each. */
static int copy_file_now(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
static int copy_file_now(struct mm *mm, struct vma *v)
{
	uaddr_t pos = v->start;
	uint64_t base;

	if (pagefile_reserve(vma_size(v), PAGE_SIZE, 0, &base) < 0)
		return -ENOMEM;
	while (pos < v->end) {
		uint64_t dst = base + (pos - v->start);
		struct backing b;
		struct pma *p;
		int ret;

		if (mm_reserve_nodes(mm, 0, 1) < 0 || translate(v, pos, v->end, false, &b) < 0)
			break;
		ret = pagefile_commit(dst, b.size);
		if (ret == 0) {
			ret = copy_backing(dst, b.file, b.off, b.size);
			if (ret < 0)
				pagefile_free(dst, b.size);
		}
		backing_release(&b);
		if (ret < 0)
			break;
		p = pma_take_spare(mm);
		p->start = pos;
		p->end = pos + b.size;
		p->bf = backing_file_get(pagefile());
		p->off = dst;
		p->kind = PMA_ANON;
		pma_insert(mm, p);
		(void)pma_map(mm, p, v);
		pos = p->end;
		pma_try_merge(mm, p);
	}
	return 0;
}

void vma_fill_file(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end)
{
	bool write = (v->flags & VM_SHARED) && (v->prot & LX_PROT_WRITE);
	uaddr_t pos = start;

	if (v->prot == LX_PROT_NONE)
		return;
	if (vma_private(v) && (v->prot & LX_PROT_WRITE) && vma_size(v) <= MM_COPY_AT_MMAP &&
	    start == v->start && end == v->end && !pma_find_in(mm, start, end)) {
		(void)copy_file_now(mm, v);
		return;
	}
	for (int nr = 0; pos < end && nr < 64; nr++) {
		struct pma *p = pma_find_in(mm, pos, end);
		struct backing b;

		if (p && p->start <= pos) {
			pos = p->end;
			continue;
		}
		if (mm_reserve_nodes(mm, 0, 1) < 0 ||
		    translate(v, pos, p ? p->start : end, write, &b) < 0)
			return;
		p = add_file_pma(mm, pos, &b);
		pos = p->end;
		(void)pma_map(mm, p, v);
		p = pma_try_merge(mm, p);
		if (p->hprot == (PF_PROT_READ | PF_PROT_EXEC))
			patch_prepare(mm, v, p);
	}
}

/* --- copy-on-write --- */

/* Nobody else counts the pages (any more): they are ours to write. */
static int make_exclusive(struct mm *mm, struct pma *p, uaddr_t start, uaddr_t end)
	REQUIRES(mm->lock);
static int make_exclusive(struct mm *mm, struct pma *p, uaddr_t start, uaddr_t end)
{
	int ret = mm_reserve_nodes(mm, 0, 2);

	if (ret < 0)
		return ret;
	mm->cost.exclusive++;
	pma_isolate(mm, start, end);
	p = pma_find(mm, start);
	p->cow = false;
	p->target = MM_NO_OFF;
	pma_reprotect(mm, start, end);
	pma_try_merge(mm, p);
	return 0;
}

/*
 * Least size of a block, by how often v was broken before: who writes to many places of a range
 * will write to more of them, and a fault costs as much as copying 64 KiB. Pages of a file are
 * .data, which is written densely.
 */
static uint64_t break_least(const struct vma *v, const struct pma *p)
{
	if (p->kind == PMA_FILE)
		return v->nr_breaks < 4 ? 16ull << 10 : 64ull << 10;
	return v->nr_breaks < 2 ? PAGE_SIZE : v->nr_breaks < 16 ? 16ull << 10 : 64ull << 10;
}

static void break_block(struct vma *v, const struct pma *p, uaddr_t addr, uaddr_t *ret_lo,
			uaddr_t *ret_hi)
{
	uint64_t min = MAX(vma_size(v) / 4096, break_least(v, p)), size = PAGE_SIZE;
	uaddr_t lo, hi;

	if (v->break_size && addr == v->break_next)
		size = MIN(v->break_size * 4, (uint64_t)MM_BREAK_MAX);
	if (min > size)
		size = 1ull << ilog2_up(min);
	lo = round_down(addr, size);
	hi = lo + size;
	if ((v->flags & (VM_GROWSDOWN | VM_STACK)) && lo > 0)
		lo -= PAGE_SIZE;
	*ret_lo = MAX(lo, MAX(p->start, v->start));
	*ret_hi = MIN(hi, MIN(p->end, v->end));
	v->break_next = *ret_hi;
	v->break_size = size;
	v->nr_breaks++;
}

int break_cow_range(struct mm *mm, struct vma *v, struct pma *p, uaddr_t lo, uaddr_t hi)
{
	uint64_t dst;
	int ret = mm_reserve_nodes(mm, 0, 3);

	if (ret < 0)
		return ret;
	if (p->target == MM_NO_OFF &&
	    pagefile_reserve(p->end - p->start,
			     p->end - p->start >= MM_BREAK_MAX ? MM_BREAK_MAX : PAGE_SIZE, p->start,
			     &p->target) < 0)
		return -ENOMEM;
	dst = p->target + (lo - p->start);
	ret = pagefile_commit(dst, hi - lo);
	if (ret < 0)
		return ret;
	ret = copy_backing(dst, p->bf, p->off + (lo - p->start), hi - lo);
	if (ret < 0) {
		pagefile_free(dst, hi - lo);
		return ret == -EIO ? -ENXIO : -ENOMEM;
	}
	pma_isolate(mm, lo, hi);
	p = pma_take_spare(mm);
	p->start = lo;
	p->end = hi;
	p->bf = backing_file_get(pagefile());
	p->off = dst;
	p->kind = PMA_ANON;
	(void)pma_replace(mm, p, v);
	pma_try_merge(mm, p);
	return 0;
}

static void note_hot(struct mm_hot *h, uaddr_t page)
{
	unsigned int nr = atomic_load_explicit(&h->next, memory_order_relaxed);

	for (unsigned int i = 0; i < MIN(nr, (unsigned int)MM_HOT_MAX); i++) {
		if (atomic_load_explicit(&h->page[i], memory_order_relaxed) == page)
			return;
	}
	nr = atomic_fetch_add_explicit(&h->next, 1, memory_order_relaxed) % MM_HOT_MAX;
	atomic_store_explicit(&h->page[nr], page, memory_order_relaxed);
}

static int break_cow(struct mm *mm, struct vma *v, struct pma *p, uaddr_t addr) REQUIRES(mm->lock);
static int break_cow(struct mm *mm, struct vma *v, struct pma *p, uaddr_t addr)
{
	uaddr_t lo, hi;
	uint64_t run;

	addr = page_down(addr);
	if (mm->hot && p->kind == PMA_ANON)
		note_hot(mm->hot, addr);
	if (p->kind == PMA_ANON) {
		if (pagefile_count(p->off, p->end - p->start, &run) == 1 && p->start + run > addr)
			return make_exclusive(mm, p, p->start, p->start + run);
		if (pagefile_count(p->off + (addr - p->start), p->end - addr, &run) == 1)
			return make_exclusive(mm, p, addr, addr + run);
	}
	mm->cost.breaks++;
	break_block(v, p, addr, &lo, &hi);
	if (mm->nr_pmas > MM_MANY_PMAS) {
		lo = MAX(p->start, v->start);
		hi = MIN(p->end, v->end);
	}
	return break_cow_range(mm, v, p, lo, hi);
}

int mm_get_page(struct mm *mm, struct vma *v, uaddr_t addr, bool write, struct pma **ret_pma)
{
	struct pma *p = pma_find(mm, addr);
	int ret;

	if (mm->broken)
		return -ENOMEM;
	if (!p || p->start > addr) {
		if (v->m) {
			ret = fill_file_at(mm, v, page_down(addr), write && !vma_private(v));
		} else {
			struct pma *prev = p ? pma_prev(p) : pma_of(rb_last(&mm->pmas));
			uaddr_t lo = prev ? MAX(prev->end, v->start) : v->start;
			uaddr_t hi = p ? MIN(p->start, v->end) : v->end;

			ret = fill_anon_gap(mm, v, lo, hi);
		}
		if (ret < 0)
			return ret == -ENOMEM ? -ENOMEM : -ENXIO;
		p = pma_find(mm, addr);
	}
	if (write && (p->kind == PMA_ANON ? p->cow : vma_private(v))) {
		ret = break_cow(mm, v, p, addr);
		if (ret < 0)
			return ret;
		p = pma_find(mm, addr);
	} else if (write && p->kind == PMA_FILE && !p->writable) {
		uaddr_t lo = page_down(addr);

		ret = mm_reserve_nodes(mm, 0, 3);
		if (ret < 0)
			return ret;
		lo = MAX(p->start, v->start);
		pma_isolate(mm, lo, MIN(p->end, v->end));
		pma_drop_range(mm, lo, MIN(pma_find(mm, lo)->end, v->end));
		ret = fill_file_at(mm, v, page_down(addr), true);
		if (ret < 0)
			return ret == -ENOMEM ? -ENOMEM : -ENXIO;
		p = pma_find(mm, addr);
		if (!p->writable)
			return -ENXIO;
	}
	*ret_pma = p;
	return 0;
}

/* --- stacks --- */

int vma_grow_stack(struct mm *mm, uaddr_t addr, struct vma **ret_v)
{
	struct vma *v = vma_find(mm, addr), *prev;
	uaddr_t start = page_down(addr), floor;
	uint64_t add;

	if (!v || !(v->flags & VM_GROWSDOWN) || (v->flags & VM_SEALED))
		return -EFAULT;
	prev = vma_prev(v);
	floor = mm->min_addr;
	if (prev)
		floor = prev->end + ((prev->flags & VM_GROWSDOWN) || prev->prot == LX_PROT_NONE ?
					     0 :
					     MM_STACK_GUARD_GAP);
	if (v->end - start > mm->stack_limit)
		return -EFAULT;
	if (start < floor)
		return -EFAULT;
	if (v->flags & VM_STACK) {
		/* as far as it is certain to be used soon: a fault costs more than a page of
		 * address space */
		uaddr_t far = start > STACK_STEP ? round_down(start, STACK_STEP) : 0;

		if (far >= floor && v->end - far <= mm->stack_limit)
			start = far;
	}
	add = v->start - start;
	if (mm->as_limit != UINT64_MAX && mm->total_vm + add > mm->as_limit)
		return -EFAULT;
	vma_resize(mm, v, start, v->end);
	*ret_v = v;
	return 0;
}

/* --- faults --- */

static bool access_allowed(const struct vma *v, enum guest_access access)
{
	switch (access) {
	case GA_WRITE:
		return v->prot & LX_PROT_WRITE;
	case GA_EXEC:
		return v->prot & LX_PROT_EXEC;
	case GA_READ:
		return v->prot & (LX_PROT_READ | LX_PROT_WRITE);
	default:
		return v->prot != LX_PROT_NONE;
	}
}

static int fault_locked(struct mm *mm, uaddr_t addr, enum guest_access access) REQUIRES(mm->lock)
{
	struct vma *v = vma_at(mm, addr);
	bool write = access == GA_WRITE;
	struct pma *p;
	int ret;

	if (!v) {
		ret = vma_grow_stack(mm, addr, &v);
		if (ret < 0)
			return ret;
	}
	if (!access_allowed(v, access))
		return -EACCES;
	p = pma_find(mm, addr);
	if (access == GA_UNKNOWN && p && p->start <= addr && p->hprot > 0) {
		/* it may be read already: a write then, or something the guest may not do, or old
		 * news */
		if ((v->prot & LX_PROT_WRITE) && !(p->hprot & PF_PROT_WRITE))
			write = true;
		else if (p->hprot == pma_host_prot(p, v))
			return mm_fault_repeats(mm, page_down(addr)) ? -EACCES : 0;
	}
	ret = mm_get_page(mm, v, addr, write, &p);
	if (ret < 0)
		return ret;
	if (p->hprot == pma_host_prot(p, v) && mm_fault_repeats(mm, page_down(addr))) {
		/* nothing to do, twice: the host refused the map when its turn came, or lost it */
		mm_settle(mm);
		ret = mm->sync_err;
		mm->sync_err = 0;
		if (ret < 0 && ret != -ENOMEM && p->kind == PMA_FILE) {
			/* a host mount without exec, a file that cannot be mapped: the page in
			 * memory does */
			if (!vma_private(v))
				return -ENXIO;
			ret = break_cow(mm, v, p, addr);
			if (ret < 0)
				return ret;
			p = pma_find(mm, addr);
		} else {
			p->hprot = HPROT_NONE;
		}
	}
	if (p->hprot != pma_host_prot(p, v)) {
		ret = mm_reserve_nodes(mm, 0, 2);
		if (ret < 0)
			return ret;
		pma_isolate(mm, MAX(p->start, v->start), MIN(p->end, v->end));
		p = pma_find(mm, addr);
		ret = pma_map(mm, p, v);
		pma_try_merge(mm, p);
	}
	return ret < 0 ? -ENOMEM : 0;
}

#define UNSETTLED_MAX 32 /* faults until replaced pages are waited for */

int mm_fault(struct mm *mm, uaddr_t addr, enum guest_access access, const struct mm_limits *lim)
{
	int ret;

	mm_lock(mm);
	mm_note_limits(mm, lim);
	/* that is not what the caller waits for: if the host is still at it, later */
	if (mm->replaced && (++mm->nr_unsettled > UNSETTLED_MAX || !g_mm.platform->ops->idle ||
			     g_mm.platform->ops->idle(mm->as)))
		mm_settle(mm);
	mm->cost.faults++;
	mm->in_fault = true;
	ret = fault_locked(mm, addr, access);
	mm->in_fault = false;
	mm_unlock(mm);
	return ret;
}

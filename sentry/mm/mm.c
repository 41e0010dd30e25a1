/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of address spaces, and of what is removed from them. Pages and files that were in use
 * may still be read or written by copies that looked them up and no longer hold the lock; two
 * generations of such copies are counted, and what dies is released once both that could have seen
 * it are over.
 */
#define LOG_TAG "mm"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <host/host.h>
#include <host/usercopy.h>

#include "mm/mm_int.h"

#define STACK_RND_PAGES (1ull << 22)
#define MMAP_RND_PAGES  (1ull << 28)
#define BRK_RND_PAGES   (1ull << 13)
#define STACK_GAP_MIN   (128ull << 20)

struct mm_system g_mm;

int mm_system_init(struct platform *p)
{
	int ret;

	ret = host_usercopy_init();
	if (ret < 0)
		return ret;
	ret = pagefile_init();
	if (ret < 0)
		return ret;
	g_mm.platform = p;
	p->ops->limits(p, &g_mm.limits);
	return 0;
}

void mm_system_set_memory(uint64_t total)
{
	g_mm.memory = total;
}

void mm_system_fini(void)
{
	pagefile_fini();
	g_mm.platform = NULL;
}

/* --- randomness from one seed: the same seed gives the same layout --- */

static uint64_t mm_rnd(const struct mm *mm, unsigned int what, uint64_t pages)
{
	uint64_t x = mm->aslr_seed + what * 0x9e3779b97f4a7c15ull;

	if (!mm->aslr_seed)
		return 0;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	x ^= x >> 31;
	/* small address spaces (arm64 with 39 bits) have less room to be random in */
	while (pages * PAGE_SIZE > (mm->max_addr - mm->min_addr) / 16)
		pages /= 2;
	return x % pages * PAGE_SIZE;
}

uaddr_t mm_max_addr(struct mm *mm)
{
	return mm->max_addr;
}

uaddr_t mm_stack_top(struct mm *mm)
{
	return mm->max_addr - mm_rnd(mm, 1, STACK_RND_PAGES);
}

uaddr_t mm_pie_base(struct mm *mm)
{
	return page_down(mm->max_addr / 3 * 2) + mm_rnd(mm, 2, MMAP_RND_PAGES);
}

bool mm_randomized(struct mm *mm)
{
	return mm->aslr_seed;
}

uaddr_t mm_brk_base(struct mm *mm, uaddr_t end)
{
	if (!end)
		end = page_down(mm->max_addr / 3 * 2);
	return page_up(end) + mm_rnd(mm, 4, BRK_RND_PAGES);
}

uaddr_t mm_system_max_addr(void)
{
	return page_down(g_mm.limits.max_addr);
}

void mm_system_host_vdso(struct mm_host_vdso *ret_v)
{
	*ret_v = (struct mm_host_vdso){
		.clock_gettime = g_mm.limits.vdso_clock_gettime,
		.clock_getres = g_mm.limits.vdso_clock_getres,
		.gettimeofday = g_mm.limits.vdso_gettimeofday,
		.time = g_mm.limits.vdso_time,
		.getcpu = g_mm.limits.vdso_getcpu,
	};
}

static void layout_init(struct mm *mm)
{
	/* the stack must be able to grow to its limit, within reason */
	uint64_t room = CLAMP(mm->stack_limit, (uint64_t)STACK_GAP_MIN, mm->max_addr / 6 * 5) +
			MM_STACK_GUARD_GAP;

	if (mm->aslr_seed)
		room += MIN(STACK_RND_PAGES * PAGE_SIZE, (mm->max_addr - mm->min_addr) / 16);
	room += mm_rnd(mm, 3, MMAP_RND_PAGES);
	mm->mmap_top = room < mm->max_addr ? page_down(mm->max_addr - room) : mm->min_addr;
}

void mm_set_stack_limit(struct mm *mm, uint64_t limit)
{
	mm_lock(mm);
	mm->stack_limit = limit;
	layout_init(mm);
	mm_unlock(mm);
}

/* --- making and ending --- */

int mm_new_detached(uint64_t aslr_seed, struct mm **ret_mm)
{
	/* apart for each, so that mm_fault_repeats() takes none for an earlier one at the same
	 * place */
	static atomic_ulong first_seq;
	struct mm *mm = calloc(1, sizeof(*mm));

	if (!mm)
		return -ENOMEM;
	ref_init(&mm->ref);
	INIT_LIST_HEAD(&mm->reap_link);
	mutex_init(&mm->lock, LC_MM);
	cond_init(&mm->quiesce_end);
	atomic_init(&mm->seq, atomic_fetch_add(&first_seq, 1ul << 24));
	mm->aslr_seed = aslr_seed;
	mm->min_addr = page_up(MAX(g_mm.limits.min_addr, (uint64_t)PAGE_SIZE));
	mm->max_addr = page_down(g_mm.limits.max_addr);
	mm->stack_limit = 8ull << 20;
	mm->as_limit = UINT64_MAX;
	layout_init(mm);
	*ret_mm = mm;
	return 0;
}

int mm_new(uint64_t aslr_seed, struct mm **ret_mm)
{
	struct mm *mm;
	int ret = mm_new_detached(aslr_seed, &mm);

	if (ret < 0)
		return ret;
	ret = g_mm.platform->ops->aspace_new(g_mm.platform, &mm->as);
	if (ret < 0) {
		mm_put(mm);
		return ret;
	}
	*ret_mm = mm;
	return 0;
}

static void free_pmas(struct pma *p)
{
	struct pma *next;

	for (; p; p = next) {
		next = p->dead_next;
		if (p->bf->is_pagefile)
			pagefile_free(p->off, p->end - p->start);
		backing_file_put(p->bf);
		free(p);
	}
}

static void free_vmas(struct vma *v)
{
	struct vma *next;

	for (; v; v = next) {
		next = v->dead_next;
		if (v->m)
			mappable_put(v->m);
		map_file_put(v->file);
		free(v);
	}
}

/* Kills the host process, then lets go of everything it mapped. */
void mm_teardown(struct mm *mm)
{
	struct aspace *as;
	struct mm_exe *exe;
	struct vma *v;

	mm_lock(mm);
	as = mm->as;
	mm->as = NULL;
	if (mm->nr_vmas)
		log_dbg("%u maps %u unmaps %u protects %u syncs %u faults %u copied %u kept; %u pmas %u vmas",
			mm->cost.maps, mm->cost.unmaps, mm->cost.protects, mm->cost.syncs,
			mm->cost.faults, mm->cost.breaks, mm->cost.exclusive, mm->nr_pmas,
			mm->nr_vmas);
	mutex_unlock(&mm->lock);
	if (as)
		g_mm.platform->ops->aspace_free(as);
	mm_lock(mm);
	mm_settle(mm);
	patch_fini(mm);
	pma_forget_range(mm, 0, UINT64_MAX);
	recycle_fini(mm);
	while ((v = vma_first(mm)) != NULL)
		vma_remove(mm, v);
	exe = STEAL(mm->exe);
	mm_unlock(mm);
	mm_exe_unref(exe);
}

static void mm_destroy(struct mm *mm)
{
	struct vma *v;
	struct pma *p;

	mm_teardown(mm);
	/* no reference, no copy: nothing can be under way */
	for (int i = 0; i < 2; i++)
		free_pmas(STEAL(mm->dead_pmas[i]));
	while ((v = mm->spare_vmas) != NULL) {
		mm->spare_vmas = v->dead_next;
		free(v);
	}
	while ((p = mm->spare_pmas) != NULL) {
		mm->spare_pmas = p->dead_next;
		free(p);
	}
	mm_hot_put(mm->hot);
	cond_fini(&mm->quiesce_end);
	mutex_fini(&mm->lock);
	free(mm);
}

struct mm *mm_get(struct mm *mm)
{
	ref_get(&mm->ref);
	return mm;
}

void mm_put(struct mm *mm)
{
	if (ref_put(&mm->ref))
		mm_destroy(mm);
}

void mm_user_get(struct mm *mm)
{
	mm_get(mm);
	if (atomic_fetch_add(&mm->users, 1))
		atomic_store(&mm->shared, true);
}

void mm_user_put(struct mm *mm)
{
	if (atomic_fetch_sub(&mm->users, 1) == 1) {
		/* takes over our reference */
		if (mm_reap_later(mm))
			return;
		mm_teardown(mm);
	}
	mm_put(mm);
}

unsigned int mm_nr_users(struct mm *mm)
{
	return atomic_load(&mm->users);
}

struct aspace *mm_aspace(struct mm *mm)
{
	return mm->as;
}

/* --- copies and what they keep alive --- */

unsigned int mm_active_begin(struct mm *mm)
{
	atomic_fetch_add(&mm->active[mm->gen], 1);
	return mm->gen;
}

void mm_active_end(struct mm *mm, unsigned int gen)
{
	if (atomic_fetch_sub(&mm->active[gen], 1) != 1)
		return;
	if (atomic_load(&mm->quiesce_wait)) {
		__atomic_fetch_add(&mm->quiesce, 1, __ATOMIC_SEQ_CST);
		(void)host_futex_wake(&mm->quiesce, 1);
	} else if (atomic_load(&mm->has_dead)) {
		mm_lock(mm);
		mm_unlock(mm);
	}
}

void mm_quiesce(struct mm *mm)
{
	while (mm->quiesced)
		cond_wait(&mm->quiesce_end, &mm->lock);
	mm->quiesced = true;
	atomic_store(&mm->quiesce_wait, true);
	for (;;) {
		uint32_t seen = __atomic_load_n(&mm->quiesce, __ATOMIC_SEQ_CST);

		if (!atomic_load(&mm->active[0]) && !atomic_load(&mm->active[1]))
			break;
		mutex_unlock(&mm->lock);
		(void)host_futex_wait(&mm->quiesce, seen, HOST_NO_DEADLINE);
		mutex_lock(&mm->lock);
	}
	atomic_store(&mm->quiesce_wait, false);
}

void mm_unquiesce(struct mm *mm)
{
	mm->quiesced = false;
	cond_broadcast(&mm->quiesce_end);
}

/* Dead PMAs that no copy can hold any more. */
static struct pma *harvest(struct mm *mm) REQUIRES(mm->lock)
{
	struct pma *list = NULL, **tail = &list;

	for (int pass = 0; pass < 2; pass++) {
		unsigned int old = !mm->gen;

		if (atomic_load(&mm->active[old]))
			break;
		*tail = STEAL(mm->dead_pmas[old]);
		while (*tail)
			tail = &(*tail)->dead_next;
		if (!mm->dead_pmas[mm->gen])
			break;
		/* copies from now on count in the empty generation; the present one runs out */
		mm->gen = old;
	}
	atomic_store(&mm->has_dead, mm->dead_pmas[0] || mm->dead_pmas[1]);
	return list;
}

void mm_unlock(struct mm *mm)
{
	struct vma *vmas = STEAL(mm->dead_vmas);
	struct pma *pmas = atomic_load(&mm->has_dead) ? harvest(mm) : NULL;
	struct pma **link = &pmas, *p;

	while ((p = *link) != NULL) {
		if (recycle_keep(mm, p)) {
			*link = p->dead_next;
			backing_file_put(p->bf); /* not the last: the memory file has its own */
			free(p);
		} else {
			link = &p->dead_next;
		}
	}
	mutex_unlock(&mm->lock);
	free_pmas(pmas);
	free_vmas(vmas);
}

bool mm_fault_repeats(struct mm *mm, uaddr_t addr)
{
	static __thread struct {
		const struct mm *mm;
		uaddr_t addr;
		unsigned long seq;
	} last;
	unsigned long seq = atomic_load_explicit(&mm->seq, memory_order_relaxed);

	if (last.mm == mm && last.addr == addr && last.seq == seq) {
		last.mm = NULL;
		return true;
	}
	last.mm = mm;
	last.addr = addr;
	last.seq = seq;
	return false;
}

/* --- what exec and /proc keep here --- */

void mm_layout_set(struct mm *mm, const struct mm_layout *l)
{
	mm_lock(mm);
	mm->layout = *l;
	mm_unlock(mm);
}

void mm_layout_get(struct mm *mm, struct mm_layout *ret_l)
{
	mm_lock(mm);
	*ret_l = mm->layout;
	mm_unlock(mm);
}

void mm_auxv_set(struct mm *mm, const void *auxv, size_t size)
{
	mm_lock(mm);
	mm->auxv_size = MIN(size, sizeof(mm->auxv));
	memcpy(mm->auxv, auxv, mm->auxv_size);
	mm_unlock(mm);
}

ssize_t mm_auxv_get(struct mm *mm, void *buf, size_t size)
{
	mm_lock(mm);
	size = MIN(size, mm->auxv_size);
	memcpy(buf, mm->auxv, size);
	mm_unlock(mm);
	return (ssize_t)size;
}

void mm_exe_set(struct mm *mm, void *exe, void (*put)(void *exe))
{
	struct mm_exe *e = malloc(sizeof(*e)), *old;

	if (!e) {
		/* /proc/pid/exe will be missing */
		put(exe);
		return;
	}
	ref_init(&e->ref);
	e->exe = exe;
	e->put = put;
	mm_lock(mm);
	old = mm->exe;
	mm->exe = e;
	mm_unlock(mm);
	mm_exe_unref(old);
}

void *mm_exe_get(struct mm *mm)
{
	void *exe;

	mm_lock(mm);
	exe = mm->exe ? mm->exe->exe : NULL;
	mm_unlock(mm);
	return exe;
}

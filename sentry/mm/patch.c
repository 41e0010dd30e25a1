/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call sites that trapped become jumps. The host's mapping of one page of text is replaced
 * by a rewritten version of it (an overlay), and pages of trampolines are mapped where the jumps
 * land (zones). VMAs and PMAs know nothing of either: what the sentry reads or writes for a guest,
 * and what /proc shows, is the original; only the guest's own loads see the changed bytes. Live
 * code is never stored to. Versions and trampolines are shared by all that map the file
 * (patch_space.c).
 *
 * Whatever the host is told about a range afterwards wins: overlays in it are forgotten by the
 * calls in pma.c. A mapping that needs a zone's place evicts it, after the overlays that jump there
 * were replaced by the originals.
 */
#define LOG_TAG "mm"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/hash.h>
#include <base/log.h>
#include <host/host.h>
#include <host/usercopy.h>

#include "mm/patch_space.h"

#define MAX_OVERLAYS  256 /* each costs two of the host's mappings */
#define MAX_ZONES     128
#define LEFT_SIZE     64
#define SEEN_SIZE     256
#define FORK_OVERLAYS 24
#define RX            (PF_PROT_READ | PF_PROT_EXEC)

struct overlay {
	uaddr_t va, end;
	uint64_t index;                /* of va */
	struct patch_space *space;     /* owned */
	struct patch_version *version; /* owned */
	struct overlay *dead_next;
};

struct zone {
	uaddr_t va, end;
	uint64_t index;            /* of va */
	struct patch_space *space; /* owned */
	bool retired;              /* not mapped any more; a thread may stand in it all the same */
};

struct mm_patches {
	struct overlay *overlay[MAX_OVERLAYS]; /* by va */
	struct zone zone[MAX_ZONES];
	unsigned int nr_overlays, nr_zones;
	struct overlay *dead;     /* the host may map their pages until the next settling */
	struct patch_space *anon; /* owned: for pages that are this address space's own */
	uaddr_t left[LEFT_SIZE];  /* sites that cannot be rewritten here */
	uaddr_t seen[SEEN_SIZE];  /* sites that trapped once: many never do again */
	_Atomic uaddr_t lo, hi;   /* all zones that ever were lie in between */
};

/* For the debug log. */
static struct {
	atomic_uint sites[PATCH_NR_KINDS], overlays, restored, evicted, rolled;
} g_stat;

static void patch_restore_pages(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);

static const struct platform_ops *ops(void)
{
	return g_mm.platform->ops;
}

/* --- tables --- */

/* First overlay that ends above va. */
static unsigned int overlay_at(const struct mm_patches *s, uaddr_t va)
{
	unsigned int lo = 0, hi = s->nr_overlays;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (s->overlay[mid]->end <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct overlay *overlay_find(const struct mm_patches *s, uaddr_t va)
{
	unsigned int i = overlay_at(s, va);

	return i < s->nr_overlays && s->overlay[i]->va <= va ? s->overlay[i] : NULL;
}

static void overlay_insert(struct mm_patches *s, struct overlay *o)
{
	unsigned int i = overlay_at(s, o->va);

	memmove(&s->overlay[i + 1], &s->overlay[i], (s->nr_overlays - i) * sizeof(*s->overlay));
	s->overlay[i] = o;
	s->nr_overlays++;
}

static void overlay_free(struct overlay *o)
{
	patch_version_put(o->version);
	patch_space_put(o->space);
	free(o);
}

static struct zone *zone_find(struct mm_patches *s, uaddr_t va, bool retired)
{
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		if (va >= s->zone[i].va && va < s->zone[i].end && s->zone[i].retired == retired)
			return &s->zone[i];
	}
	return NULL;
}

/* One that overlaps and is mapped: the lowest. */
static struct zone *zone_in(struct mm_patches *s, uaddr_t start, uaddr_t end)
{
	struct zone *found = NULL;

	for (unsigned int i = 0; i < s->nr_zones; i++) {
		struct zone *z = &s->zone[i];

		if (z->end > start && z->va < end && !z->retired && (!found || z->va < found->va))
			found = z;
	}
	return found;
}

bool patch_zone_in(struct mm *mm, uaddr_t addr, uint64_t size, uaddr_t *ret_va)
{
	struct mm_patches *s = mm->patches;
	struct zone *z;

	if (!s || addr >= s->hi || addr + size <= s->lo)
		return false;
	z = zone_in(s, addr, addr + size);
	if (!z)
		return false;
	*ret_va = z->va;
	return true;
}

/* --- what changes around them --- */

static struct overlay *overlay_new(struct patch_space *space, struct patch_version *v, uaddr_t va,
				   uint64_t index, uint64_t nr)
{
	struct overlay *o = malloc(sizeof(*o));

	if (!o)
		return NULL;
	ref_get(&v->ref);
	*o = (struct overlay){ .va = va,
			       .end = va + (nr << PAGE_SHIFT),
			       .index = index,
			       .space = patch_space_get(space),
			       .version = v };
	return o;
}

/* No overlay reaches over va. */
static void overlay_split(struct mm *mm, uaddr_t va) REQUIRES(mm->lock)
{
	struct mm_patches *s = mm->patches;
	struct overlay *o = overlay_find(s, va), *up;
	uint64_t nr;

	if (!o || o->va == va)
		return;
	nr = (va - o->va) >> PAGE_SHIFT;
	up = s->nr_overlays == MAX_OVERLAYS ? NULL :
					      overlay_new(o->space, o->version, va, o->index + nr,
							  (o->end - va) >> PAGE_SHIFT);
	if (!up) {
		/* what cannot be remembered must not stay: the rest becomes the original */
		patch_restore_pages(mm, va, o->end);
		o->end = va;
		return;
	}
	o->end = va;
	overlay_insert(s, up);
}

void patch_forget(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;
	unsigned int from, to;

	if (!s || !s->nr_overlays)
		return;
	from = overlay_at(s, start);
	if (from == s->nr_overlays || s->overlay[from]->va >= end)
		return;
	overlay_split(mm, start);
	overlay_split(mm, end);
	from = overlay_at(s, start);
	for (to = from; to < s->nr_overlays && s->overlay[to]->va < end; to++) {
		s->overlay[to]->dead_next = s->dead;
		s->dead = s->overlay[to];
	}
	memmove(&s->overlay[from], &s->overlay[to], (s->nr_overlays - to) * sizeof(*s->overlay));
	s->nr_overlays -= to - from;
}

static void patch_restore_pages(struct mm *mm, uaddr_t start, uaddr_t end)
{
	if (!mm->as)
		return;
	for (struct pma *p = pma_find_in(mm, start, end); p && p->start < end; p = pma_next(p)) {
		uaddr_t lo = MAX(start, p->start), hi = MIN(end, p->end);
		struct platform_file *pf;

		if (p->hprot == HPROT_NONE)
			continue;
		atomic_fetch_add(&g_stat.restored, 1);
		if (backing_platform_file(p->bf, &pf) < 0 ||
		    ops()->map(mm->as, lo, hi - lo, pf, p->off + (lo - p->start), p->hprot,
			       p->kind == PMA_FILE && !p->writable ? PF_MAP_PRIVATE : 0) < 0)
			mm->broken = true; /* the guest would go on seeing our version */
	}
}

void patch_restore(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;

	if (!s || !s->nr_overlays)
		return;
	for (unsigned int i = overlay_at(s, start); i < s->nr_overlays && s->overlay[i]->va < end;
	     i++)
		patch_restore_pages(mm, MAX(start, s->overlay[i]->va),
				    MIN(end, s->overlay[i]->end));
	patch_forget(mm, start, end);
}

void patch_settled(struct mm *mm)
{
	struct mm_patches *s = mm->patches;
	struct overlay *o;

	if (!s)
		return;
	while ((o = s->dead) != NULL) {
		s->dead = o->dead_next;
		overlay_free(o);
	}
}

/* Do its jumps go into [start, end)? */
static bool overlay_uses(const struct overlay *o, uaddr_t start, uaddr_t end)
{
	for (unsigned int i = 0; i < o->version->nr_zones; i++) {
		const struct patch_run *z = &o->version->zones[i];
		uaddr_t va = o->va + ((z->index - o->index) << PAGE_SHIFT);

		if (va < end && va + (z->nr << PAGE_SHIFT) > start)
			return true;
	}
	return false;
}

static bool zone_is_idle(const struct mm_patches *s, const struct zone *z)
{
	for (unsigned int i = 0; i < s->nr_overlays; i++) {
		if (overlay_uses(s->overlay[i], z->va, z->end))
			return false;
	}
	return true;
}

static void zone_drop(struct mm_patches *s, struct zone *z)
{
	patch_space_put(z->space);
	s->nr_zones--;
	memmove(z, z + 1, (size_t)(&s->zone[s->nr_zones] - z) * sizeof(*z));
}

static bool retired_twice(const struct mm_patches *s, const struct zone *z)
{
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		const struct zone *o = &s->zone[i];

		if (o != z && o->retired && o->space == z->space && o->index == z->index &&
		    o->va == z->va && o->end == z->end)
			return true;
	}
	return false;
}

/* The zone goes, after the overlays that jump into it became the originals. */
static void zone_evict(struct mm *mm, struct zone *z) REQUIRES(mm->lock)
{
	struct mm_patches *s = mm->patches;

	for (unsigned int i = 0; i < s->nr_overlays;) {
		struct overlay *o = s->overlay[i];

		if (overlay_uses(o, z->va, z->end))
			patch_restore(mm, o->va, o->end);
		else
			i++;
	}
	mm_settle(mm);
	if (mm->as && ops()->unmap(mm->as, z->va, z->end - z->va) < 0)
		mm->broken = true;
	atomic_fetch_add(&g_stat.evicted, 1);
	/* another thread may stand in there: it faults, and is rolled back */
	z->retired = atomic_load(&mm->users) > 1;
	if (!z->retired || retired_twice(s, z))
		zone_drop(s, z);
}

void patch_evict(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;
	struct zone *z;

	if (!s || !s->nr_zones || start >= s->hi || end <= s->lo)
		return;
	while ((z = zone_in(s, start, end)) != NULL)
		zone_evict(mm, z);
}

void patch_fini(struct mm *mm)
{
	struct mm_patches *s = STEAL(mm->patches);

	if (!s)
		return;
	for (unsigned int i = 0; i < s->nr_overlays; i++)
		overlay_free(s->overlay[i]);
	while (s->dead) {
		struct overlay *o = s->dead;

		s->dead = o->dead_next;
		overlay_free(o);
	}
	while (s->nr_zones)
		zone_drop(s, &s->zone[s->nr_zones - 1]);
	patch_space_put(s->anon);
	free(s);
}

/* --- planning --- */

struct place {
	struct mm *mm;
	struct patch_space *space;
	struct patch_page *page; /* or NULL */
	uaddr_t va;
	uint64_t index;
};

/* Could the trampolines of these indices be at va and up? */
static bool zone_fits(struct mm *mm, const struct patch_space *space, uaddr_t va, uint64_t index,
		      uint64_t nr) REQUIRES(mm->lock)
{
	uaddr_t end = va + (nr << PAGE_SHIFT), pos = va;
	struct zone *z;
	struct vma *v;

	if (va < mm->min_addr || end <= va || end > mm->max_addr)
		return false;
	while ((z = zone_in(mm->patches, pos, end)) != NULL) {
		if (z->space == space &&
		    z->va - (z->index << PAGE_SHIFT) == va - (index << PAGE_SHIFT)) {
			if (z->end >= end)
				break;
			pos = z->end;
			continue;
		}
		/* left behind by text that is not there any more */
		if (!zone_is_idle(mm->patches, z) || atomic_load(&mm->users) > 1)
			return false;
		zone_evict(mm, z);
	}
	v = vma_find(mm, va);
	return !v ||
	       end <= v->start -
			       ((v->flags & VM_GROWSDOWN) ? MIN(MM_STACK_GUARD_GAP, v->start) : 0);
}

/* Called back by the planner, with the locks of site_get() held. */
static bool place_is_free(void *ctx, int64_t at, size_t size) NO_THREAD_SAFETY;
static bool place_is_free(void *ctx, int64_t at, size_t size)
{
	struct place *pl = ctx;
	int64_t pages = at >> PAGE_SHIFT;
	uint64_t index = pl->index + (uint64_t)pages;
	uaddr_t va = pl->va + ((uint64_t)pages << PAGE_SHIFT);

	return patch_tramp_is_free(patch_tramp_find(pl->space, index),
				   (unsigned int)page_offset((uint64_t)at), (unsigned int)size) &&
	       zone_fits(pl->mm, pl->space, va, index, 1);
}

static bool place_find(void *ctx, int64_t lo, int64_t hi, size_t size, int64_t *ret_at)
{
	struct place *pl = ctx;
	struct mm *mm = pl->mm;
	uaddr_t from = mm->min_addr, to = mm->max_addr, va;
	struct patch_tramp *t;

	for (unsigned int i = 0; i < PATCH_HASH; i++) {
		hlist_for_each_entry(t, &pl->space->tramps[i], hash) {
			int64_t at = (int64_t)(t->index - pl->index) * (int64_t)PAGE_SIZE;
			int room = patch_tramp_room(t, (unsigned int)size);

			if (room < 0 || at < lo || at + (int64_t)PAGE_SIZE > hi ||
			    !place_is_free(pl, at + room, size))
				continue;
			*ret_at = at + room;
			return true;
		}
	}
	if (pl->va > (uint64_t)-lo)
		from = MAX(from, page_up(pl->va - (uint64_t)-lo));
	to = MIN(to, page_down(pl->va + (uint64_t)hi));
	while (vma_gap_top(mm, from, to, PAGE_SIZE, &va)) {
		int64_t at = (int64_t)(va - pl->va);

		if (place_is_free(pl, at, size)) {
			*ret_at = at;
			return true;
		}
		to = va;
	}
	return false;
}

static bool place_may_edit(void *ctx, unsigned int off, unsigned int len)
{
	const struct place *pl = ctx;

	return patch_page_may_edit(pl->page, off, len);
}

/* --- rewriting --- */

static struct mm_patches *patches_get(struct mm *mm) REQUIRES(mm->lock)
{
	if (!mm->patches) {
		struct mm_patches *s = calloc(1, sizeof(*s));

		if (!s)
			return NULL;
		s->lo = UINT64_MAX;
		__atomic_store_n(&mm->patches, s, __ATOMIC_RELEASE);
	}
	return mm->patches;
}

/* Where sites of v's file, or of this address space alone, are known; borrowed. */
static struct patch_space *space_of(struct mm *mm, const struct vma *v, bool common)
	REQUIRES(mm->lock)
{
	struct patch_space **where = &mm->patches->anon;

	if (common) {
		mutex_lock(&v->m->lock);
		where = &v->m->patches;
		if (!*where)
			*where = patch_space_new();
		mutex_unlock(&v->m->lock);
	} else if (!*where) {
		*where = patch_space_new();
	}
	return *where;
}

static uint64_t index_of(const struct vma *v, uaddr_t va, bool common)
{
	return (common ? v->off + (va - v->start) : va) >> PAGE_SHIFT;
}

static int read_page(const struct pma *p, uaddr_t va, uint8_t *buf)
{
	uint64_t size = PAGE_SIZE;
	struct backing_pin *pin;
	size_t left;
	void *win;
	int ret = backing_pin(p->bf, p->off + (va - p->start), &size, &win, &pin);

	if (ret < 0)
		return ret;
	left = size < PAGE_SIZE ? 1 : host_copy(buf, win, PAGE_SIZE);
	backing_unpin(pin);
	return left ? -EFAULT : 0;
}

/* Maps the trampolines of these indices, as far as they are not there. */
static int zone_map(struct mm *mm, struct patch_space *space, uaddr_t va, uint64_t index,
		    uint64_t nr) REQUIRES(mm->lock) REQUIRES(space->lock)
{
	struct mm_patches *s = mm->patches;
	uaddr_t end = va + (nr << PAGE_SHIFT);
	struct platform_file *pf;
	int ret = backing_platform_file(pagefile(), &pf);

	while (va < end && ret == 0) {
		struct zone *z = zone_in(s, va, end);
		uaddr_t stop = z ? z->va : end;
		uint64_t off;

		if (va < stop) {
			if (s->nr_zones == MAX_ZONES)
				return -ENOSPC;
			ret = patch_tramp_off(space, index, &off);
			if (ret == 0)
				ret = ops()->map(mm->as, va, stop - va, pf, off, RX, PF_MAP_FRESH);
			if (ret < 0)
				return ret;
			mm->cost.maps++;
			s->zone[s->nr_zones++] = (struct zone){ .va = va,
								.end = stop,
								.index = index,
								.space = patch_space_get(space) };
			s->lo = MIN(s->lo, va);
			s->hi = MAX(s->hi, stop);
			if (!z)
				break;
			z = zone_in(s, stop, end);
		}
		index += (z->end - va) >> PAGE_SHIFT;
		va = z->end;
	}
	return ret;
}

/* The host shows all of version, where index is at va, if its zones are free here. */
static int overlay_map(struct mm *mm, struct patch_space *space, struct patch_version *version,
		       uaddr_t va, uint64_t index) REQUIRES(mm->lock) REQUIRES(space->lock)
{
	struct mm_patches *s = mm->patches;
	uaddr_t start = va + ((version->index - index) << PAGE_SHIFT);
	uint64_t size = version->nr << PAGE_SHIFT;
	struct platform_file *pf;
	struct overlay *o;
	int ret;

	/* two more if it lands inside another */
	if (s->nr_overlays + 3 > MAX_OVERLAYS)
		return -ENOSPC;
	for (unsigned int i = 0; i < version->nr_zones; i++) {
		const struct patch_run *z = &version->zones[i];

		if (!zone_fits(mm, space, va + ((z->index - index) << PAGE_SHIFT), z->index, z->nr))
			return -EBUSY;
	}
	for (unsigned int i = 0; i < version->nr_zones; i++) {
		const struct patch_run *z = &version->zones[i];

		ret = zone_map(mm, space, va + ((z->index - index) << PAGE_SHIFT), z->index, z->nr);
		if (ret < 0)
			return ret;
	}
	o = overlay_new(space, version, start, version->index, version->nr);
	if (!o)
		return -ENOMEM;
	ret = backing_platform_file(pagefile(), &pf);
	/*
	 * nobody waits for it: a thread that still meets the other version traps, or jumps as
	 * before
	 */
	if (ret == 0)
		ret = ops()->map(mm->as, start, size, pf, version->off, RX, PF_MAP_FRESH);
	if (ret < 0) {
		overlay_free(o);
		return ret;
	}
	mm->cost.maps++;
	patch_forget(mm, start, start + size);
	overlay_insert(s, o);
	atomic_fetch_add(&g_stat.overlays, 1);
	return 0;
}

/*
 * The page of the site at off, where it is known already or planned now; buf gets the page with all
 * its sites rewritten. 0 and *ret_page, -errno.
 */
static int site_get(struct place *pl, const struct pma *p, unsigned int off, uint64_t sysno,
		    uint8_t *buf, struct patch_page **ret_page) REQUIRES(pl->mm->lock)
	REQUIRES(pl->space->lock)
{
	struct patch_plan plan;
	struct patch_ask ask = {
		.page = buf,
		.off = off,
		.sysno = sysno,
		.entry = g_mm.limits.syscall_entry,
		.is_free = place_is_free,
		.find_free = place_find,
		.may_edit = place_may_edit,
		.ctx = pl,
	};
	uint64_t sum;
	int ret;

	ret = read_page(p, pl->va, buf);
	if (ret < 0)
		return ret;
	if (!patch_is_site(buf, off))
		return -ENOENT;
	sum = patch_sum(buf);
	pl->page = patch_page_find(pl->space, pl->index);
	if (pl->page && !patch_page_apply(pl->page, buf))
		patch_page_drop(STEAL(pl->page));
	if (pl->page && patch_page_has(pl->page, off)) {
		*ret_page = pl->page;
		return 0;
	}
	patch_plan(&ask, &plan);
	if (plan.kind == PATCH_LEAVE) {
		atomic_fetch_add(&g_stat.sites[PATCH_LEAVE], 1);
		return -ENOENT;
	}
	ret = patch_space_add(pl->space, pl->index, &plan, sum, buf, ret_page);
	if (ret == 0)
		atomic_fetch_add(&g_stat.sites[plan.kind], 1);
	return ret;
}

static bool may_rewrite(struct mm *mm, const struct vma *v, const struct pma *p, uaddr_t va)
	REQUIRES(mm->lock)
{
	return v && p && p->start <= va && p->hprot == RX &&
	       v->prot == (LX_PROT_READ | LX_PROT_EXEC) && vma_private(v) && !mm->broken &&
	       mm->as && (p->kind != PMA_FILE || !mappable_is_shared_writable(v->m));
}

/*
 * By what is known of the file, or of this address space alone. Rewriting costs as much as ten
 * traps do, so the second trap of a site in an address space is what makes it jump here, and the
 * second one anywhere what makes it known to all that map the file later.
 */
static int rewrite(struct mm *mm, const struct vma *v, const struct pma *p, uaddr_t site,
		   uint64_t sysno, bool common) REQUIRES(mm->lock) NO_THREAD_SAFETY; /* it does not
											see that
											pl.mm is mm
										      */
static int rewrite(struct mm *mm, const struct vma *v, const struct pma *p, uaddr_t site,
		   uint64_t sysno, bool common)
{
	uaddr_t va = page_down(site);
	struct place pl = { .mm = mm, .va = va, .space = space_of(mm, v, common) };
	struct overlay *o = overlay_find(mm->patches, va);
	uaddr_t *seen = &mm->patches->seen[hash_u64(site) % SEEN_SIZE];
	struct patch_version *version;
	uint8_t buf[PAGE_SIZE];
	struct patch_page *page;
	bool often, again;
	int ret = 0;

	if (!pl.space)
		return -ENOMEM;
	/* what was fitted to this address space stays */
	if (common && o && o->space == mm->patches->anon)
		return -EBUSY;
	pl.index = index_of(v, va, common);
	mutex_lock(&pl.space->lock);
	again = *seen == site;
	*seen = site;
	often = patch_seen(pl.space, (pl.index << PAGE_SHIFT) + page_offset(site));
	if (!often && !again)
		goto out;
	ret = site_get(&pl, p, (unsigned int)(site - va), sysno, buf, &page);
	if (ret < 0 || !again || (o && (o->version == page->version || o->version == page->image)))
		goto out;
	version = patch_page_version(page, buf);
	ret = version ? overlay_map(mm, pl.space, version, va, pl.index) : -ENOMEM;
out:
	mutex_unlock(&pl.space->lock);
	return ret;
}

static void patch_site(struct mm *mm, uaddr_t site, uint64_t sysno) REQUIRES(mm->lock)
{
	uaddr_t va = page_down(site);
	struct vma *v = vma_at(mm, va);
	struct pma *p = pma_find(mm, va);
	uaddr_t *left;
	int ret;

	if (!may_rewrite(mm, v, p, va) || !patches_get(mm))
		return;
	left = &mm->patches->left[hash_u64(site) % LEFT_SIZE];
	if (*left == site)
		return;
	ret = rewrite(mm, v, p, site, sysno, p->kind == PMA_FILE);
	/* what all have in common does not fit in here */
	if (ret < 0 && p->kind == PMA_FILE)
		ret = rewrite(mm, v, p, site, sysno, false);
	if (ret < 0)
		*left = site;
}

void mm_patch_site(struct mm *mm, uaddr_t pc, uint64_t sysno)
{
	uaddr_t site = pc - PATCH_INSN_SIZE;

	if (!g_mm.limits.syscall_entry || pc < PAGE_SIZE ||
	    page_offset(site) > PAGE_SIZE - PATCH_INSN_SIZE)
		return;
	mm_lock(mm);
	patch_site(mm, site, sysno);
	mm_unlock(mm);
}

void patch_prepare(struct mm *mm, const struct vma *v, const struct pma *p)
{
	struct patch_version *image;
	struct patch_space *space;
	uint64_t index;

	if (!g_mm.limits.syscall_entry || p->kind != PMA_FILE || p->bf->is_pagefile ||
	    !may_rewrite(mm, v, p, p->start))
		return;
	mutex_lock(&v->m->lock);
	space = v->m->patches;
	mutex_unlock(&v->m->lock);
	index = index_of(v, p->start, true);
	/* a space lives as long as its file, which v holds */
	if (!space || index << PAGE_SHIFT != p->off || !patches_get(mm))
		return;
	mutex_lock(&space->lock);
	image = patch_space_image(space, p->bf, index, (p->end - p->start) >> PAGE_SHIFT);
	if (image)
		(void)overlay_map(mm, space, image, p->start, index);
	mutex_unlock(&space->lock);
}

void patch_fork(struct mm *src, struct mm *dst)
{
	struct mm_patches *s = src->patches;

	if (!s || !s->nr_overlays || !patches_get(dst))
		return;
	for (unsigned int i = 0; i < s->nr_overlays; i++) {
		struct overlay *o = s->overlay[i];
		struct pma *p = pma_find(dst, o->va);

		/* single pages come by traps, if the child lives long enough to need them */
		if (o->version->nr == 1 && s->nr_overlays > FORK_OVERLAYS)
			continue;
		if (!p || p->kind != PMA_FILE || p->start > o->va || p->end < o->end ||
		    p->hprot != RX || o->end - o->va != o->version->nr << PAGE_SHIFT)
			continue;
		mutex_lock(&o->space->lock);
		(void)overlay_map(dst, o->space, o->version, o->va, o->index);
		mutex_unlock(&o->space->lock);
	}
}

bool mm_patch_fixup(struct mm *mm, uaddr_t pc, struct mm_patch_fix *ret_fix)
{
	struct mm_patches *s = __atomic_load_n(&mm->patches, __ATOMIC_ACQUIRE);
	struct patch_tramp *t;
	bool found = false;
	struct zone *z;

	if (likely(!s) || pc < s->lo || pc >= s->hi)
		return false;
	mm_lock(mm);
	z = zone_find(s, pc, false);
	if (!z) {
		const struct vma *v = vma_at(mm, pc);

		/* code of the guest's own may be there by now */
		z = v && (v->prot & LX_PROT_EXEC) ? NULL : zone_find(s, pc, true);
	}
	if (z) {
		uaddr_t base = z->va - (z->index << PAGE_SHIFT);
		unsigned int at = (unsigned int)page_offset(pc);

		mutex_lock(&z->space->lock);
		t = patch_tramp_find(z->space, z->index + ((pc - z->va) >> PAGE_SHIFT));
		for (unsigned int i = 0; t && i < t->nr && !found; i++) {
			const struct patch_tramp_entry *e = &t->entries[i];

			if (at < e->at || at >= e->at + e->size)
				continue;
			/* on the first byte nothing was done yet, behind it the number is loaded */
			*ret_fix = (struct mm_patch_fix){
				.back = base + (uaddr_t)(at == e->at ? e->back : e->site),
				.site = base + (uaddr_t)e->site,
				.loads = e->loads,
				.nr = e->nr,
			};
			found = true;
		}
		mutex_unlock(&z->space->lock);
	}
	mm_unlock(mm);
	if (found)
		atomic_fetch_add(&g_stat.rolled, 1);
	return found;
}

void mm_system_log(void)
{
	if (!g_mm.limits.syscall_entry)
		return;
	log_dbg("sites: %u pun, %u mov, %u island, %u left; %u overlays, %u restored, %u zones evicted, %u rolled back",
		g_stat.sites[PATCH_PUN], g_stat.sites[PATCH_MOV], g_stat.sites[PATCH_ISLAND],
		g_stat.sites[PATCH_LEAVE], g_stat.overlays, g_stat.restored, g_stat.evicted,
		g_stat.rolled);
}

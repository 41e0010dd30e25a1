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

#define MAX_OVERLAYS 256 /* each costs two of the host's mappings */
#define MAX_ZONES    128
#define LEFT_SIZE    64
#define RX           (PF_PROT_READ | PF_PROT_EXEC)

struct overlay {
	uaddr_t va;
	struct patch_space *space; /* owned, and so on */
	struct patch_page *page;
	struct patch_version *version;
	uaddr_t zones[PATCH_ZONES]; /* where its jumps go; 0: none */
	struct overlay *dead_next;
};

struct zone {
	uaddr_t va;
	struct patch_space *space; /* owned */
	struct patch_tramp *tramp; /* lives as long as space */
	bool retired;              /* not mapped any more; a thread may stand in it all the same */
};

struct mm_patches {
	struct overlay *overlay[MAX_OVERLAYS]; /* by va */
	struct zone zone[MAX_ZONES];           /* by va */
	unsigned int nr_overlays, nr_zones;
	struct overlay *dead;     /* the host may map their pages until the next settling */
	struct patch_space *anon; /* owned: for pages that are this address space's own */
	uaddr_t left[LEFT_SIZE];  /* sites that cannot be rewritten here */
	_Atomic uaddr_t lo, hi;   /* all zones that ever were lie in between */
};

/* For the debug log. */
static struct {
	atomic_uint sites[PATCH_NR_KINDS], versions, overlays, restored, evicted, rolled;
} g_stat;

static const struct platform_ops *ops(void)
{
	return g_mm.platform->ops;
}

/* --- tables --- */

/* First overlay at or above va. */
static unsigned int overlay_at(const struct mm_patches *s, uaddr_t va)
{
	unsigned int lo = 0, hi = s->nr_overlays;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (s->overlay[mid]->va < va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct overlay *overlay_find(const struct mm_patches *s, uaddr_t va)
{
	unsigned int i = overlay_at(s, va);

	return i < s->nr_overlays && s->overlay[i]->va == va ? s->overlay[i] : NULL;
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
	patch_page_put(o->page);
	patch_space_put(o->space);
	free(o);
}

static struct zone *zone_find(struct mm_patches *s, uaddr_t va)
{
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		if (s->zone[i].va == va)
			return &s->zone[i];
	}
	return NULL;
}

bool patch_zone_in(struct mm *mm, uaddr_t addr, uint64_t size, uaddr_t *ret_va)
{
	struct mm_patches *s = mm->patches;
	bool found = false;

	if (!s || addr >= s->hi || addr + size <= s->lo)
		return false;
	for (unsigned int i = 0; i < s->nr_zones; i++) {
		uaddr_t va = s->zone[i].va;

		if (va + PAGE_SIZE <= addr || va >= addr + size || s->zone[i].retired)
			continue;
		if (!found || va < *ret_va)
			*ret_va = va;
		found = true;
	}
	return found;
}

/* --- what changes around them --- */

void patch_forget(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;
	unsigned int from, to;

	if (!s || !s->nr_overlays)
		return;
	from = overlay_at(s, start);
	to = overlay_at(s, end);
	if (from == to)
		return;
	for (unsigned int i = from; i < to; i++) {
		s->overlay[i]->dead_next = s->dead;
		s->dead = s->overlay[i];
	}
	memmove(&s->overlay[from], &s->overlay[to], (s->nr_overlays - to) * sizeof(*s->overlay));
	s->nr_overlays -= to - from;
}

void patch_restore(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;

	if (!s || !s->nr_overlays)
		return;
	for (unsigned int i = overlay_at(s, start); i < s->nr_overlays && s->overlay[i]->va < end;
	     i++) {
		uaddr_t va = s->overlay[i]->va;
		struct pma *p = pma_find(mm, va);
		struct platform_file *pf;

		if (!mm->as || !p || p->start > va || p->hprot == HPROT_NONE)
			continue;
		atomic_fetch_add(&g_stat.restored, 1);
		if (backing_platform_file(p->bf, &pf) < 0 ||
		    ops()->map(mm->as, va, PAGE_SIZE, pf, p->off + (va - p->start), p->hprot,
			       p->kind == PMA_FILE && !p->writable ? PF_MAP_PRIVATE : 0) < 0)
			mm->broken = true; /* the guest would go on seeing our version */
	}
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

static bool overlay_uses(const struct overlay *o, uaddr_t zone)
{
	for (unsigned int i = 0; i < PATCH_ZONES; i++) {
		if (o->zones[i] == zone)
			return true;
	}
	return false;
}

static bool zone_is_idle(const struct mm_patches *s, uaddr_t zone)
{
	for (unsigned int i = 0; i < s->nr_overlays; i++) {
		if (overlay_uses(s->overlay[i], zone))
			return false;
	}
	return true;
}

/* Overlays that jump into this zone become the originals. */
static void restore_users(struct mm *mm, uaddr_t zone) REQUIRES(mm->lock)
{
	struct mm_patches *s = mm->patches;

	for (unsigned int i = s->nr_overlays; i-- > 0;) {
		uaddr_t va = s->overlay[i]->va;

		if (overlay_uses(s->overlay[i], zone))
			patch_restore(mm, va, va + PAGE_SIZE);
	}
}

static void zone_drop(struct mm_patches *s, struct zone *z)
{
	patch_space_put(z->space);
	s->nr_zones--;
	memmove(z, z + 1, (size_t)(&s->zone[s->nr_zones] - z) * sizeof(*z));
}

void patch_evict(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct mm_patches *s = mm->patches;
	uaddr_t va;

	if (!s || !s->nr_zones || start >= s->hi || end <= s->lo)
		return;
	while (patch_zone_in(mm, start, end - start, &va)) {
		struct zone *z = zone_find(s, va);

		restore_users(mm, va);
		mm_settle(mm);
		if (mm->as && ops()->unmap(mm->as, va, PAGE_SIZE) < 0)
			mm->broken = true;
		atomic_fetch_add(&g_stat.evicted, 1);
		/* another thread may stand in there: it faults, and is rolled back */
		if (atomic_load(&mm->users) > 1)
			z->retired = true;
		else
			zone_drop(s, z);
	}
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

/* Could the trampolines of this index be at va? */
static bool zone_fits(struct mm *mm, const struct patch_space *space, uaddr_t va, uint64_t index)
	REQUIRES(mm->lock)
{
	struct zone *z = zone_find(mm->patches, va);
	struct vma *v;

	if (z && !z->retired) {
		if (z->space == space && z->tramp->index == index)
			return true;
		/* left behind by text that is not there any more */
		if (!zone_is_idle(mm->patches, va) || atomic_load(&mm->users) > 1)
			return false;
		patch_evict(mm, va, va + PAGE_SIZE);
	}
	if (va < mm->min_addr || va >= mm->max_addr || mm->max_addr - va < PAGE_SIZE)
		return false;
	v = vma_find(mm, va);
	if (!v)
		return true;
	return va + PAGE_SIZE <=
	       v->start - ((v->flags & VM_GROWSDOWN) ? MIN(MM_STACK_GUARD_GAP, v->start) : 0);
}

static bool place_is_free(void *ctx, int64_t at, size_t size)
{
	struct place *pl = ctx;
	int64_t pages = at >> PAGE_SHIFT;
	uint64_t index = pl->index + (uint64_t)pages;
	uaddr_t va = pl->va + ((uint64_t)pages << PAGE_SHIFT);

	return patch_tramp_is_free(patch_tramp_find(pl->space, index),
				   (unsigned int)page_offset((uint64_t)at), (unsigned int)size) &&
	       zone_fits(pl->mm, pl->space, va, index);
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

/* Where the sites of p's pages are known; borrowed. */
static struct patch_space *space_of(struct mm *mm, const struct vma *v, const struct pma *p)
	REQUIRES(mm->lock)
{
	struct patch_space **where = &mm->patches->anon;

	if (p->kind == PMA_FILE) {
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

static uint64_t index_of(const struct vma *v, const struct pma *p, uaddr_t va)
{
	return (p->kind == PMA_FILE ? v->off + (va - v->start) : va) >> PAGE_SHIFT;
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

/* Maps the trampolines of this index, if they are not there. */
static int zone_map(struct mm *mm, struct patch_space *space, uaddr_t va, uint64_t index)
	REQUIRES(mm->lock) REQUIRES(space->lock)
{
	struct mm_patches *s = mm->patches;
	struct zone *z = zone_find(s, va);
	struct platform_file *pf;
	int ret;

	if (z && !z->retired)
		return 0;
	if (z)
		zone_drop(s, z);
	if (s->nr_zones == MAX_ZONES)
		return -ENOSPC;
	z = &s->zone[s->nr_zones];
	*z = (struct zone){ .va = va, .tramp = patch_tramp_find(space, index) };
	if (!z->tramp)
		return -ENOENT;
	ret = backing_platform_file(pagefile(), &pf);
	if (ret == 0)
		ret = ops()->map(mm->as, va, PAGE_SIZE, pf, z->tramp->off, RX, PF_MAP_FRESH);
	if (ret < 0)
		return ret;
	mm->cost.maps++;
	z->space = patch_space_get(space);
	s->nr_zones++;
	s->lo = MIN(s->lo, va);
	s->hi = MAX(s->hi, va + PAGE_SIZE);
	return 0;
}

/* The host shows page's newest version at va from now on, if its zones are free here. */
static int overlay_map(struct mm *mm, struct patch_space *space, struct patch_page *page,
		       uaddr_t va) REQUIRES(mm->lock) REQUIRES(space->lock)
{
	struct mm_patches *s = mm->patches;
	struct platform_file *pf;
	struct overlay *o = overlay_find(s, va);
	int ret;

	if (o && o->version == page->version)
		return 0;
	if (!o && s->nr_overlays == MAX_OVERLAYS)
		return -ENOSPC;
	for (unsigned int i = 0; i < page->nr_zones; i++) {
		if (!zone_fits(mm, space, va + ((page->zones[i] - page->index) << PAGE_SHIFT),
			       page->zones[i]))
			return -EBUSY;
	}
	for (unsigned int i = 0; i < page->nr_zones; i++) {
		ret = zone_map(mm, space, va + ((page->zones[i] - page->index) << PAGE_SHIFT),
			       page->zones[i]);
		if (ret < 0)
			return ret;
	}
	o = malloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	ret = backing_platform_file(pagefile(), &pf);
	/*
	 * nobody waits for it: a thread that still meets the other version traps, or jumps as
	 * before
	 */
	if (ret == 0)
		ret = ops()->map(mm->as, va, PAGE_SIZE, pf, page->version->off, RX, PF_MAP_FRESH);
	if (ret < 0) {
		free(o);
		return ret;
	}
	mm->cost.maps++;
	patch_forget(mm, va, va + PAGE_SIZE);
	ref_get(&page->ref);
	ref_get(&page->version->ref);
	*o = (struct overlay){
		.va = va, .space = patch_space_get(space), .page = page, .version = page->version
	};
	for (unsigned int i = 0; i < page->nr_zones; i++)
		o->zones[i] = va + ((page->zones[i] - page->index) << PAGE_SHIFT);
	overlay_insert(s, o);
	atomic_fetch_add(&g_stat.overlays, 1);
	return 0;
}

/* Page's version of the site at off: known already, or planned now. 0 and *ret_page, -errno. */
static int site_get(struct place *pl, const struct pma *p, unsigned int off, uint64_t sysno,
		    struct patch_page **ret_page) REQUIRES(pl->mm->lock) REQUIRES(pl->space->lock)
{
	uint8_t buf[PAGE_SIZE];
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
	int ret;

	ret = read_page(p, pl->va, buf);
	if (ret < 0)
		return ret;
	if (!patch_is_site(buf, off))
		return -ENOENT;
	pl->page = patch_page_find(pl->space, pl->index);
	if (pl->page) {
		patch_page_apply(pl->page, buf);
		if (!patch_page_matches(pl->page, buf)) {
			patch_page_drop(STEAL(pl->page));
			ret = read_page(p, pl->va, buf);
			if (ret < 0)
				return ret;
		} else if (patch_page_has(pl->page, off)) {
			*ret_page = pl->page;
			return 0;
		}
	}
	patch_plan(&ask, &plan);
	if (plan.kind == PATCH_LEAVE) {
		atomic_fetch_add(&g_stat.sites[PATCH_LEAVE], 1);
		return -ENOENT;
	}
	ret = patch_space_add(pl->space, pl->index, &plan, buf, ret_page);
	if (ret < 0)
		return ret;
	atomic_fetch_add(&g_stat.sites[plan.kind], 1);
	atomic_fetch_add(&g_stat.versions, 1);
	return 0;
}

static bool may_rewrite(struct mm *mm, const struct vma *v, const struct pma *p, uaddr_t va)
	REQUIRES(mm->lock)
{
	return v && p && p->start <= va && p->hprot == RX &&
	       v->prot == (LX_PROT_READ | LX_PROT_EXEC) && vma_private(v) && !mm->broken &&
	       mm->as && (p->kind != PMA_FILE || !mappable_is_shared_writable(v->m));
}

static void patch_site(struct mm *mm, uaddr_t site, uint64_t sysno) REQUIRES(mm->lock)
{
	uaddr_t va = page_down(site);
	struct vma *v = vma_at(mm, va);
	struct pma *p = pma_find(mm, va);
	struct place pl = { .mm = mm, .va = va };
	struct patch_page *page;
	uaddr_t *left;
	int ret;

	if (!may_rewrite(mm, v, p, va) || !patches_get(mm))
		return;
	left = &mm->patches->left[hash_u64(site) % LEFT_SIZE];
	if (*left == site)
		return;
	pl.space = space_of(mm, v, p);
	if (!pl.space)
		return;
	pl.index = index_of(v, p, va);
	mutex_lock(&pl.space->lock);
	ret = site_get(&pl, p, (unsigned int)(site - va), sysno, &page);
	if (ret == 0)
		ret = overlay_map(mm, pl.space, page, va);
	mutex_unlock(&pl.space->lock);
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

bool mm_patch_fixup(struct mm *mm, uaddr_t pc, struct mm_patch_fix *ret_fix)
{
	struct mm_patches *s = __atomic_load_n(&mm->patches, __ATOMIC_ACQUIRE);
	bool found = false;
	struct zone *z;

	if (likely(!s) || pc < s->lo || pc >= s->hi)
		return false;
	mm_lock(mm);
	z = zone_find(s, page_down(pc));
	if (z) {
		uaddr_t base = z->va - (z->tramp->index << PAGE_SHIFT);
		unsigned int at = (unsigned int)page_offset(pc);

		mutex_lock(&z->space->lock);
		for (unsigned int i = 0; i < z->tramp->nr && !found; i++) {
			const struct patch_tramp_entry *e = &z->tramp->entries[i];

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
	log_dbg("sites: %u pun, %u mov, %u island, %u left; %u versions, %u overlays, %u restored, %u zones evicted, %u rolled back",
		g_stat.sites[PATCH_PUN], g_stat.sites[PATCH_MOV], g_stat.sites[PATCH_ISLAND],
		g_stat.sites[PATCH_LEAVE], g_stat.versions, g_stat.overlays, g_stat.restored,
		g_stat.evicted, g_stat.rolled);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See patch_space.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/auto.h>
#include <base/bits.h>
#include <base/compiler.h>
#include <base/hash.h>
#include <host/host.h>
#include <host/usercopy.h>

#include "mm/patch_space.h"

static bool bit(const uint8_t *map, unsigned int n)
{
	return map[n / 8] >> (n % 8) & 1;
}

static bool bits_clear(const uint8_t *map, unsigned int from, unsigned int n)
{
	if (from + n > PAGE_SIZE)
		return false;
	for (unsigned int i = from; i < from + n; i++) {
		if (bit(map, i))
			return false;
	}
	return true;
}

static void bits_set(uint8_t *map, unsigned int from, unsigned int n)
{
	for (unsigned int i = from; i < from + n; i++)
		map[i / 8] |= (uint8_t)(1u << (i % 8));
}

struct patch_space *patch_space_new(void)
{
	struct patch_space *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	ref_init(&s->ref);
	mutex_init(&s->lock, LC_PATCH);
	return s;
}

void patch_version_put(struct patch_version *v)
{
	if (!v || !ref_put(&v->ref))
		return;
	pagefile_free(v->off, v->nr << PAGE_SHIFT);
	free(v);
}

static void page_free(struct patch_page *p)
{
	patch_version_put(p->version);
	free(p->edits);
	free(p->sites);
	free(p);
}

void patch_space_put(struct patch_space *s)
{
	struct patch_group *g;

	if (!s || !ref_put(&s->ref))
		return;
	patch_version_put(s->image);
	for (unsigned int i = 0; i < PATCH_HASH; i++) {
		struct patch_page *p;
		struct patch_tramp *t;
		struct hlist_node *tmp;

		hlist_for_each_entry_safe(p, tmp, &s->pages[i], hash)
			page_free(p);
		hlist_for_each_entry_safe(t, tmp, &s->tramps[i], hash) {
			pagefile_free(t->off, PAGE_SIZE);
			free(t->entries);
			free(t);
		}
	}
	while ((g = s->groups)) {
		s->groups = g->next;
		free(g);
	}
	mutex_fini(&s->lock);
	free(s);
}

static unsigned int slot_of(uint64_t index)
{
	return (unsigned int)(hash_u64(index) % PATCH_HASH);
}

struct patch_page *patch_page_find(struct patch_space *s, uint64_t index)
{
	struct patch_page *p;

	hlist_for_each_entry(p, &s->pages[slot_of(index)], hash) {
		if (p->index == index)
			return p;
	}
	return NULL;
}

struct patch_tramp *patch_tramp_find(struct patch_space *s, uint64_t index)
{
	struct patch_tramp *t;

	hlist_for_each_entry(t, &s->tramps[slot_of(index)], hash) {
		if (t->index == index)
			return t;
	}
	return NULL;
}

bool patch_page_has(const struct patch_page *p, unsigned int off)
{
	for (unsigned int i = 0; i < p->nr_sites; i++) {
		if (p->sites[i] == off)
			return true;
	}
	return false;
}

bool patch_page_may_edit(const struct patch_page *p, unsigned int off, unsigned int len)
{
	return !p || bits_clear(p->pinned, off, len);
}

bool patch_tramp_is_free(const struct patch_tramp *t, unsigned int at, unsigned int size)
{
	return at + size <= PAGE_SIZE && (!t || bits_clear(t->used, at, size));
}

int patch_tramp_room(const struct patch_tramp *t, unsigned int size)
{
	for (unsigned int at = 0; at + size <= PAGE_SIZE; at++) {
		if (bits_clear(t->used, at, size))
			return (int)at;
	}
	return -1;
}

static void apply_edit(const struct patch_edit *e, uint8_t *buf)
{
	memcpy(buf + e->off, e->bytes, e->len);
}

uint64_t patch_sum(const uint8_t *buf)
{
	static const struct hash_key key = { { 0x7061746368, 0x73756d } };

	return hash_bytes(&key, buf, PAGE_SIZE);
}

bool patch_page_apply(const struct patch_page *p, uint8_t *buf)
{
	if (patch_sum(buf) != p->sum)
		return false;
	for (unsigned int i = 0; i < p->nr_edits; i++)
		apply_edit(&p->edits[i], buf);
	return true;
}

void patch_page_drop(struct patch_page *p)
{
	hlist_del(&p->hash);
	page_free(p);
}

bool patch_seen(struct patch_space *s, uint64_t linear)
{
	uint64_t *slot = &s->seen[hash_u64(linear) % PATCH_SEEN];

	if (*slot == linear)
		return true;
	*slot = linear;
	return false;
}

static int grow(void **array, unsigned int nr, size_t size)
{
	void *more;

	if (nr & 7)
		return 0;
	more = realloc(*array, (nr + 8) * size);
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

static struct patch_page *page_make(struct patch_space *s, uint64_t index) REQUIRES(s->lock)
{
	struct patch_page *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->index = index;
	hlist_add_head(&p->hash, &s->pages[slot_of(index)]);
	return p;
}

int patch_tramp_off(struct patch_space *s, uint64_t index, uint64_t *ret_off)
{
	struct patch_group *g = s->groups;

	while (g && g->number != index / PATCH_GROUP)
		g = g->next;
	if (!g) {
		g = malloc(sizeof(*g));
		if (!g)
			return -ENOMEM;
		g->number = index / PATCH_GROUP;
		if (pagefile_reserve(PATCH_GROUP * PAGE_SIZE, PAGE_SIZE, 0, &g->off) < 0) {
			free(g);
			return -ENOMEM;
		}
		g->next = s->groups;
		s->groups = g;
	}
	*ret_off = g->off + index % PATCH_GROUP * PAGE_SIZE;
	return 0;
}

static struct patch_tramp *tramp_make(struct patch_space *s, uint64_t index) REQUIRES(s->lock)
{
	struct patch_tramp *t = calloc(1, sizeof(*t));
	uint8_t traps[PAGE_SIZE];

	if (!t)
		return NULL;
	memset(traps, 0xcc, sizeof(traps));
	if (patch_tramp_off(s, index, &t->off) < 0 || pagefile_commit(t->off, PAGE_SIZE) < 0) {
		free(t);
		return NULL;
	}
	if (pagefile_write(t->off, traps, sizeof(traps)) < 0) {
		pagefile_free(t->off, PAGE_SIZE);
		free(t);
		return NULL;
	}
	t->index = index;
	hlist_add_head(&t->hash, &s->tramps[slot_of(index)]);
	return t;
}

/* The trampoline's bytes into its page: nobody jumps there before a page that does is mapped. */
static int tramp_write(struct patch_tramp *t, uint64_t page, const struct patch_plan *plan)
{
	unsigned int at = (unsigned int)page_offset((uint64_t)plan->tramp);
	int64_t base = (int64_t)(page << PAGE_SHIFT);

	if (grow((void **)&t->entries, t->nr, sizeof(*t->entries)) < 0 ||
	    pagefile_write(t->off + at, plan->code, plan->code_size) < 0)
		return -ENOMEM;
	t->entries[t->nr++] = (struct patch_tramp_entry){ .at = (uint16_t)at,
							  .size = plan->code_size,
							  .back = base + plan->back,
							  .site = base + plan->site,
							  .loads = plan->kind == PATCH_MOV,
							  .nr = plan->nr };
	bits_set(t->used, at, plan->code_size);
	return 0;
}

static int version_new(uint64_t index, uint64_t nr, struct patch_version **ret_v)
{
	struct patch_version *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	ref_init(&v->ref);
	v->index = index;
	v->nr = nr;
	if (pagefile_alloc(nr << PAGE_SHIFT, PAGE_SIZE, PAGEFILE_CACHE, &v->off) < 0) {
		free(v);
		return -ENOMEM;
	}
	*ret_v = v;
	return 0;
}

/* Jumps go into these pages too; runs that are near each other become one. */
static bool add_zone(struct patch_run *zones, unsigned int *nr, const struct patch_run *more,
		     uint64_t near)
{
	for (unsigned int i = 0; i < *nr; i++) {
		struct patch_run *z = &zones[i];
		uint64_t lo = MIN(z->index, more->index);
		uint64_t hi = MAX(z->index + z->nr, more->index + more->nr);

		if (lo / PATCH_GROUP != (hi - 1) / PATCH_GROUP || hi - lo > z->nr + more->nr + near)
			continue;
		z->index = lo;
		z->nr = hi - lo;
		return true;
	}
	if (*nr == PATCH_ZONES)
		return false;
	zones[(*nr)++] = *more;
	return true;
}

struct patch_version *patch_page_version(struct patch_page *p, const uint8_t *buf)
{
	struct patch_version *v;

	if (p->version)
		return p->version;
	if (version_new(p->index, 1, &v) < 0)
		return NULL;
	if (pagefile_write(v->off, buf, PAGE_SIZE) < 0) {
		patch_version_put(v);
		return NULL;
	}
	memcpy(v->zones, p->zones, sizeof(v->zones));
	v->nr_zones = p->nr_zones;
	p->version = v;
	return v;
}

int patch_space_add(struct patch_space *s, uint64_t index, const struct patch_plan *plan,
		    uint64_t sum, uint8_t *buf, struct patch_page **ret_page)
{
	struct patch_run zone = { index + (uint64_t)(plan->tramp >> PAGE_SHIFT), 1 };
	struct patch_page *p = patch_page_find(s, index);
	struct patch_tramp *t = patch_tramp_find(s, zone.index);

	/* code made to have sites costs the sentry's memory, and time to look for room */
	if (s->nr_sites >= PATCH_SITES)
		return -ENOSPC;
	if (!p)
		p = page_make(s, index);
	if (!t)
		t = tramp_make(s, zone.index);
	if (!p || !t || grow((void **)&p->sites, p->nr_sites, sizeof(*p->sites)) < 0)
		goto nomem;
	p->sum = sum;
	for (unsigned int i = 0; i < plan->nr_edits; i++) {
		if (grow((void **)&p->edits, p->nr_edits + i, sizeof(*p->edits)) < 0)
			goto nomem;
		p->edits[p->nr_edits + i] = plan->edit[i];
	}
	if (!add_zone(p->zones, &p->nr_zones, &zone, 0) || tramp_write(t, index, plan) < 0)
		goto nomem;
	p->nr_edits += plan->nr_edits;
	for (unsigned int i = 0; i < plan->nr_edits; i++) {
		apply_edit(&plan->edit[i], buf);
		bits_set(p->pinned, plan->edit[i].off, plan->edit[i].len);
	}
	bits_set(p->pinned, plan->pin_off, plan->pin_len);
	p->sites[p->nr_sites++] = plan->site;
	p->image = NULL;
	patch_version_put(STEAL(p->version));
	s->nr_sites++;
	*ret_page = p;
	return 0;
nomem:
	if (p && !p->nr_sites)
		patch_page_drop(p);
	return -ENOMEM;
}

/*
 * --- images -------------------------------------------------------------------------------------
 */

#define IMAGE_SITES 4    /* fewer are not worth it */
#define IMAGE_PAGES 1024 /* at most */
#define IMAGE_NEAR  128  /* trampoline pages this far apart are mapped as one */
#define IMAGE_SETTLE                                                                               \
	200000000ll /* ns: a file that changed later than this ago may yet change unseen */
#define COPY_PAGES 16

static uint64_t file_stamp(const struct host_stat *st)
{
	uint64_t words[] = { (uint64_t)st->ctime_s, st->ctime_ns, (uint64_t)st->mtime_s,
			     st->mtime_ns,          st->size,     st->ino };
	uint64_t h = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		h = hash_u64(h ^ words[i]);
	return h;
}

static int by_index(const void *a, const void *b)
{
	const struct patch_page *const *p = a, *const *q = b;

	return (*p)->index < (*q)->index ? -1 : (*p)->index > (*q)->index;
}

/* The pages in [index, index + nr), in order; as many as one image can have, if not all. */
static struct patch_page **pages_in(struct patch_space *s, uint64_t index, uint64_t nr,
				    unsigned int *ret_nr) REQUIRES(s->lock)
{
	struct patch_page **list = calloc(s->nr_sites, sizeof(*list)), *p;
	unsigned int n = 0, best = 0, best_n = 0;

	if (!list)
		return NULL;
	for (unsigned int i = 0; i < PATCH_HASH; i++) {
		hlist_for_each_entry(p, &s->pages[i], hash) {
			if (p->index >= index && p->index < index + nr && n < s->nr_sites)
				list[n++] = p;
		}
	}
	qsort(list, n, sizeof(*list), by_index);
	for (unsigned int from = 0, to = 0; from < n; from++) {
		while (to < n && list[to]->index - list[from]->index < IMAGE_PAGES)
			to++;
		if (to - from > best_n) {
			best = from;
			best_n = to - from;
		}
	}
	memmove(list, list + best, best_n * sizeof(*list));
	*ret_nr = best_n;
	return list;
}

/* One page of the image: rewritten, unless it is not what it was, or its jumps go too far apart. */
static void image_page(struct patch_version *v, struct patch_page *p, uint8_t *buf)
{
	struct patch_version was = *v;

	for (unsigned int i = 0; i < p->nr_zones; i++) {
		if (!add_zone(v->zones, &v->nr_zones, &p->zones[i], IMAGE_NEAR))
			goto leave;
	}
	if (!patch_page_apply(p, buf))
		goto leave;
	p->image = v;
	return;
leave:
	memcpy(v->zones, was.zones, sizeof(v->zones));
	v->nr_zones = was.nr_zones;
}

static int image_fill(struct patch_version *v, struct backing_file *bf, struct patch_page **list,
		      unsigned int n)
{
	auto_free uint8_t *buf = malloc(COPY_PAGES * PAGE_SIZE);
	unsigned int next = 0;

	if (!buf)
		return -ENOMEM;
	for (uint64_t at = 0; at < v->nr; at += COPY_PAGES) {
		uint64_t nr = MIN(v->nr - at, (uint64_t)COPY_PAGES);
		ssize_t got =
			host_pread(bf->fd, buf, nr << PAGE_SHIFT, (v->index + at) << PAGE_SHIFT);

		if (got < 0)
			return (int)got;
		memset(buf + got, 0, (nr << PAGE_SHIFT) - (size_t)got);
		for (; next < n && list[next]->index < v->index + at + nr; next++)
			image_page(v, list[next],
				   buf + ((list[next]->index - v->index - at) << PAGE_SHIFT));
		if (pagefile_write(v->off + (at << PAGE_SHIFT), buf, nr << PAGE_SHIFT) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void image_drop(struct patch_space *s) REQUIRES(s->lock)
{
	struct patch_page *p;

	for (unsigned int i = 0; i < PATCH_HASH; i++) {
		hlist_for_each_entry(p, &s->pages[i], hash)
			p->image = NULL;
	}
	patch_version_put(STEAL(s->image));
}

static void image_make(struct patch_space *s, struct backing_file *bf, uint64_t index, uint64_t nr)
	REQUIRES(s->lock)
{
	auto_free struct patch_page **list = NULL;
	struct patch_version *v;
	unsigned int n;

	list = pages_in(s, index, nr, &n);
	if (!list || n == 0 ||
	    version_new(list[0]->index, list[n - 1]->index - list[0]->index + 1, &v) < 0)
		return;
	image_drop(s);
	s->image = v;
	if (image_fill(v, bf, list, n) < 0)
		image_drop(s);
}

/*
 * Is a new image worth what copying costs? It is if it has many more sites, or if many address
 * spaces had to do without the others; each time more of them have to.
 */
static bool image_is_old(struct patch_space *s) REQUIRES(s->lock)
{
	if (s->nr_sites == s->image_sites)
		return false;
	return s->nr_sites >= 2 * s->image_sites ||
	       ++s->image_lacks >= 4u << MIN(s->image_makes, 12u);
}

struct patch_version *patch_space_image(struct patch_space *s, struct backing_file *bf,
					uint64_t index, uint64_t nr)
{
	struct host_stat st;
	uint64_t stamp;

	if (s->nr_sites < IMAGE_SITES || bf->is_pagefile || host_fstat(bf->fd, &st) < 0)
		return NULL;
	stamp = file_stamp(&st);
	if (s->image_stamp != stamp) {
		image_drop(s);
		s->image_sites = 0;
	}
	if (image_is_old(s)) {
		if ((int64_t)host_clock_ns(HOST_CLOCK_REALTIME) -
			    (st.ctime_s * 1000000000 + st.ctime_ns) <
		    IMAGE_SETTLE)
			return NULL;
		image_make(s, bf, index, nr);
		s->image_sites = s->nr_sites;
		s->image_lacks = 0;
		s->image_makes++;
		s->image_stamp = stamp;
	}
	if (!s->image || s->image->index < index || s->image->index + s->image->nr > index + nr)
		return NULL;
	return s->image;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* See patch_space.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/hash.h>
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
	pagefile_free(v->off, PAGE_SIZE);
	free(v);
}

void patch_page_put(struct patch_page *p)
{
	if (!p || !ref_put(&p->ref))
		return;
	patch_version_put(p->version);
	free(p->edits);
	free(p->sites);
	free(p);
}

void patch_space_put(struct patch_space *s)
{
	if (!s || !ref_put(&s->ref))
		return;
	for (unsigned int i = 0; i < PATCH_HASH; i++) {
		struct patch_page *p;
		struct patch_tramp *t;
		struct hlist_node *tmp;

		hlist_for_each_entry_safe(p, tmp, &s->pages[i], hash)
			patch_page_put(p);
		hlist_for_each_entry_safe(t, tmp, &s->tramps[i], hash) {
			pagefile_free(t->off, PAGE_SIZE);
			free(t->entries);
			free(t);
		}
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

void patch_page_apply(const struct patch_page *p, uint8_t *buf)
{
	for (unsigned int i = 0; i < p->nr_edits; i++)
		apply_edit(&p->edits[i], buf);
}

bool patch_page_matches(const struct patch_page *p, const uint8_t *buf)
{
	uint64_t size = PAGE_SIZE;
	void *win;

	return pagefile_window(p->version->off, &size, &win) == 0 && size == PAGE_SIZE &&
	       memcmp(win, buf, PAGE_SIZE) == 0;
}

void patch_page_drop(struct patch_page *p)
{
	hlist_del(&p->hash);
	patch_page_put(p);
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
	ref_init(&p->ref);
	p->index = index;
	hlist_add_head(&p->hash, &s->pages[slot_of(index)]);
	return p;
}

static struct patch_tramp *tramp_make(struct patch_space *s, uint64_t index) REQUIRES(s->lock)
{
	struct patch_tramp *t = calloc(1, sizeof(*t));
	uint8_t traps[PAGE_SIZE];

	if (!t)
		return NULL;
	memset(traps, 0xcc, sizeof(traps));
	if (pagefile_alloc(PAGE_SIZE, PAGE_SIZE, PAGEFILE_CACHE, &t->off) < 0) {
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

static int version_make(const uint8_t *buf, struct patch_version **ret_v)
{
	struct patch_version *v = malloc(sizeof(*v));

	if (!v)
		return -ENOMEM;
	ref_init(&v->ref);
	if (pagefile_alloc(PAGE_SIZE, PAGE_SIZE, PAGEFILE_CACHE, &v->off) < 0) {
		free(v);
		return -ENOMEM;
	}
	if (pagefile_write(v->off, buf, PAGE_SIZE) < 0) {
		patch_version_put(v);
		return -ENOMEM;
	}
	*ret_v = v;
	return 0;
}

static bool has_zone(const struct patch_page *p, uint64_t zone)
{
	for (unsigned int i = 0; i < p->nr_zones; i++) {
		if (p->zones[i] == zone)
			return true;
	}
	return false;
}

int patch_space_add(struct patch_space *s, uint64_t index, const struct patch_plan *plan, uint8_t *buf,
		    struct patch_page **ret_page)
{
	uint64_t zone = index + (uint64_t)(plan->tramp >> PAGE_SHIFT);
	struct patch_page *p = patch_page_find(s, index);
	struct patch_tramp *t = patch_tramp_find(s, zone);
	struct patch_version *v;

	if (!p)
		p = page_make(s, index);
	if (!t)
		t = tramp_make(s, zone);
	if (!p || !t || grow((void **)&p->sites, p->nr_sites, sizeof(*p->sites)) < 0 ||
	    (!has_zone(p, zone) && p->nr_zones == PATCH_ZONES))
		goto nomem;
	for (unsigned int i = 0; i < plan->nr_edits; i++) {
		if (grow((void **)&p->edits, p->nr_edits, sizeof(*p->edits)) < 0)
			goto nomem;
		p->edits[p->nr_edits++] = plan->edit[i];
		apply_edit(&plan->edit[i], buf);
		bits_set(p->pinned, plan->edit[i].off, plan->edit[i].len);
	}
	if (tramp_write(t, index, plan) < 0 || version_make(buf, &v) < 0)
		goto undo;
	bits_set(p->pinned, plan->pin_off, plan->pin_len);
	if (!has_zone(p, zone))
		p->zones[p->nr_zones++] = zone;
	p->sites[p->nr_sites++] = plan->site;
	patch_version_put(p->version);
	p->version = v;
	*ret_page = p;
	return 0;
undo:
	p->nr_edits -= plan->nr_edits;
nomem:
	/* a page without a version is of no use to anybody */
	if (p && !p->version)
		patch_page_drop(p);
	return -ENOMEM;
}

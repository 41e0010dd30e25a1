/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the system call sites of one file (or of the anonymous memory of one address
 * space): rewritten versions of its pages, and pages of trampolines, both in the memory file and
 * shared by every address space that maps them. Positions are "linear": a page's index is its
 * offset in the file, and a trampoline's index is where it would be if the file were that long; so
 * one mapping of the file has one place for each. Only patch.c and patch_space.c include this.
 *
 * Locking: space.lock (LC_PATCH), inside mm->lock. A page's sites, edits and zones only ever grow,
 * a version's bytes never change once somebody may have mapped it, and neither do a trampoline's.
 */
#pragma once

#include <base/list.h>

#include "mm/mm_int.h"
#include "mm/patch_plan.h"

#define PATCH_HASH  64
#define PATCH_SEEN  512  /* sites remembered as having trapped once */
#define PATCH_SITES 8192 /* in one space, counting those that went with their pages */
#define PATCH_ZONES 12   /* runs of trampoline pages that one version may need */
#define PATCH_GROUP                                                                                \
	1024 /* trampoline pages whose indices lie next to each other lie so in the memory file */

struct patch_run {
	uint64_t index, nr; /* pages */
};

/* Rewritten pages in the memory file: one page, or an image of all that a file's text needs. */
struct patch_version {
	struct ref ref;
	uint64_t off, index, nr; /* of nr pages from index */
	struct patch_run zones[PATCH_ZONES];
	unsigned int nr_zones;
};

struct patch_page {
	struct hlist_node hash;
	uint64_t index, sum;               /* sum: of the page as the file has it */
	struct patch_version *version;     /* of this page alone, if one was wanted; owned */
	const struct patch_version *image; /* that has all of this page's sites; only compared */
	struct patch_edit *edits;
	unsigned int nr_edits;
	uint16_t *sites; /* offsets of those that are rewritten */
	unsigned int nr_sites;
	struct patch_run zones[PATCH_ZONES]; /* where its jumps go */
	unsigned int nr_zones;
	uint8_t pinned[PAGE_SIZE / 8]; /* bytes that no more plan may change */
};

struct patch_tramp_entry {
	uint16_t at, size;
	int64_t back, site; /* linear addresses: see struct patch_plan */
	bool loads;
	uint64_t nr;
};

struct patch_tramp {
	struct hlist_node hash;
	uint64_t index, off; /* off: in the memory file */
	struct patch_tramp_entry *entries;
	unsigned int nr;
	uint8_t used[PAGE_SIZE / 8];
};

struct patch_group {
	uint64_t number, off; /* indices number * PATCH_GROUP and up; off is reserved */
	struct patch_group *next;
};

struct patch_space {
	struct ref ref;
	struct mutex lock; /* LC_PATCH */
	struct hlist_head pages[PATCH_HASH], tramps[PATCH_HASH];
	struct patch_group *groups;
	unsigned int nr_sites;
	uint64_t seen[PATCH_SEEN]; /* linear addresses of sites that trapped, by hash */
	/* the image, and what it was made of */
	struct patch_version *image; /* owned */
	unsigned int image_sites, image_lacks, image_makes;
	uint64_t image_stamp; /* of the file, when it was copied */
};

struct patch_space *patch_space_new(void); /* NULL: no memory */
static inline struct patch_space *patch_space_get(struct patch_space *s)
{
	ref_get(&s->ref);
	return s;
}
void patch_version_put(struct patch_version *v);

struct patch_page *patch_page_find(struct patch_space *s, uint64_t index) REQUIRES(s->lock);
struct patch_tramp *patch_tramp_find(struct patch_space *s, uint64_t index) REQUIRES(s->lock);
/* Where the trampoline page of this index is, or would be, in the memory file; -ENOMEM. */
int patch_tramp_off(struct patch_space *s, uint64_t index, uint64_t *ret_off) REQUIRES(s->lock);
bool patch_page_has(const struct patch_page *p, unsigned int off);
/* Of a page's bytes. */
uint64_t patch_sum(const uint8_t *buf);
/* May these bytes still be changed? page may be NULL. */
bool patch_page_may_edit(const struct patch_page *p, unsigned int off, unsigned int len);
/* Are these bytes of a trampoline page free? t may be NULL. */
bool patch_tramp_is_free(const struct patch_tramp *t, unsigned int at, unsigned int size);
/* First place of size bytes in t, or -1. */
int patch_tramp_room(const struct patch_tramp *t, unsigned int size);
/*
 * buf holds the page as the file has it now: is it what p's plans were made for? Then they are
 * made.
 */
bool patch_page_apply(const struct patch_page *p, uint8_t *buf);
/* Of no use any more: the file has changed. */
void patch_page_drop(struct patch_page *p);
/*
 * The page's version with all its sites, borrowed; buf: as patch_page_apply has left it. NULL: no
 * memory.
 */
struct patch_version *patch_page_version(struct patch_page *p, const uint8_t *buf);
/* Has this site trapped before? It has from now on. */
bool patch_seen(struct patch_space *s, uint64_t linear) REQUIRES(s->lock);
/*
 * Adds a plan to the page of this index, which is made if need be. buf: the page with all earlier
 * changes; gets this one too. sum: of the original. 0 and *ret_page (borrowed), -ENOMEM.
 */
int patch_space_add(struct patch_space *s, uint64_t index, const struct patch_plan *plan,
		    uint64_t sum, uint8_t *buf, struct patch_page **ret_page) REQUIRES(s->lock);
/*
 * The image of the text [index, index + nr) of the file bf (which is not the memory file), whose
 * offset is its linear one: made if it pays, dropped if the file has changed. NULL: there is none.
 */
struct patch_version *patch_space_image(struct patch_space *s, struct backing_file *bf,
					uint64_t index, uint64_t nr) REQUIRES(s->lock);

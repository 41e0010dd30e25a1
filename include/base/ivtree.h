/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of intervals [start, last], both ends included, that finds all those meeting a given one
 * in order of their start. Intervals may overlap and repeat.
 *
 *   for (n = iv_iter_first(&root, lo, hi); n; n = iv_iter_next(n, lo, hi))
 */
#pragma once

#include <stdint.h>

#include "base/rbtree.h"

struct iv_node {
	struct rb_node rb;
	uint64_t start, last;  /* const while in a tree */
	uint64_t subtree_last; /* greatest last at or below this node */
};

struct iv_root {
	struct rb_root rb;
};

/* clang-format off */
#define IV_ROOT { RB_ROOT }
/* clang-format on */
#define iv_entry(ptr, type, member) container_of(ptr, type, member)

static inline struct iv_node *iv_of_(struct rb_node *n)
{
	return n ? rb_entry(n, struct iv_node, rb) : NULL;
}

__maybe_unused static void iv_augment_(struct rb_node *rb)
{
	struct iv_node *n = iv_of_(rb);
	uint64_t last = n->last;

	for (int side = 0; side < 2; side++) {
		struct iv_node *c = iv_of_(rb->child[side]);

		if (c && c->subtree_last > last)
			last = c->subtree_last;
	}
	n->subtree_last = last;
}

/* n->start and n->last are set by the caller. Of equal starts the later insert sorts last. */
static inline void iv_insert(struct iv_node *n, struct iv_root *root)
{
	struct rb_node **link = &root->rb.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[n->start >= iv_of_(parent)->start];
	}
	rb_link_node(&n->rb, parent, link);
	rb_insert_color_aug(&n->rb, &root->rb, iv_augment_);
}

static inline void iv_remove(struct iv_node *n, struct iv_root *root)
{
	rb_erase_aug(&n->rb, &root->rb, iv_augment_);
}

/* The first by start, below rb inclusive, that meets [start, last]; NULL if none. */
static inline struct iv_node *iv_search_(struct rb_node *rb, uint64_t start, uint64_t last)
{
	while (rb) {
		struct iv_node *n = iv_of_(rb), *left = iv_of_(rb->rb_left);

		if (left && left->subtree_last >= start) {
			rb = rb->rb_left; /* whoever reaches start there begins before n */
			continue;
		}
		if (n->start > last)
			return NULL;
		if (n->last >= start)
			return n;
		rb = rb->rb_right;
	}
	return NULL;
}

static inline struct iv_node *iv_iter_first(const struct iv_root *root, uint64_t start,
					    uint64_t last)
{
	return iv_search_(root->rb.rb_node, start, last);
}

/* The next after n, which meets [start, last] too. */
static inline struct iv_node *iv_iter_next(struct iv_node *n, uint64_t start, uint64_t last)
{
	struct rb_node *rb = &n->rb, *from;
	struct iv_node *right = iv_of_(rb->rb_right);

	if (right && right->subtree_last >= start)
		return iv_search_(rb->rb_right, start, last);
	for (;;) {
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (from == rb->rb_right);
		n = iv_of_(rb);
		if (n->start > last)
			return NULL;
		if (n->last >= start)
			return n;
		right = iv_of_(rb->rb_right);
		if (right && right->subtree_last >= start)
			return iv_search_(rb->rb_right, start, last);
	}
}

static inline struct iv_node *iv_first(const struct iv_root *root)
{
	return iv_of_(rb_first(&root->rb));
}

static inline struct iv_node *iv_last(const struct iv_root *root)
{
	return iv_of_(rb_last(&root->rb));
}

static inline struct iv_node *iv_next(struct iv_node *n)
{
	return iv_of_(rb_next(&n->rb));
}

static inline struct iv_node *iv_prev(struct iv_node *n)
{
	return iv_of_(rb_prev(&n->rb));
}

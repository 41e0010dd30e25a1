/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Red-black trees embedded in the objects they order. The caller walks down to the place of a new
 * node, hangs it there with rb_link_node() and calls rb_insert_color(). Trees that keep a summary
 * of each subtree in its root (ivtree.h) use the _aug forms, whose callback recomputes the summary
 * of one node from its children.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct rb_node {
	uintptr_t parent_black; /* parent, and 1 if black */
	union {
		struct {
			struct rb_node *rb_left, *rb_right;
		};
		struct rb_node *child[2];
	};
};

struct rb_root {
	struct rb_node *rb_node;
};

/* clang-format off */
#define RB_ROOT { NULL }
/* clang-format on */
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)                                                           \
	({                                                                                         \
		struct rb_node *rbn_ = (ptr);                                                      \
		rbn_ ? rb_entry(rbn_, type, member) : NULL;                                        \
	})
#define RB_EMPTY_ROOT(root) (!(root)->rb_node)
/* A node marked as being in no tree. */
#define RB_CLEAR_NODE(n) ((n)->parent_black = (uintptr_t)(n))
#define RB_EMPTY_NODE(n) ((n)->parent_black == (uintptr_t)(n))

typedef void (*rb_augment_fn)(struct rb_node *n);

static inline struct rb_node *rb_parent(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_black & ~(uintptr_t)1);
}

static inline bool rb_red_(const struct rb_node *n)
{
	return n && !(n->parent_black & 1);
}

static inline void rb_set_parent_(struct rb_node *n, struct rb_node *parent)
{
	n->parent_black = (uintptr_t)parent | (n->parent_black & 1);
}

static inline void rb_set_black_(struct rb_node *n, bool black)
{
	n->parent_black = (n->parent_black & ~(uintptr_t)1) | black;
}

/* Hangs new (may be NULL) where old is; new's own parent pointer is the caller's business. */
static inline void rb_hang_(struct rb_node *old, struct rb_node *new, struct rb_node *parent,
			    struct rb_root *root)
{
	if (!parent)
		root->rb_node = new;
	else
		parent->child[parent->rb_right == old] = new;
}

/* Moves x down to the given side (0 left, 1 right); its child of the other side takes its place. */
static inline void rb_rotate_(struct rb_node *x, int side, struct rb_root *root, rb_augment_fn aug)
{
	struct rb_node *y = x->child[!side], *parent = rb_parent(x);

	x->child[!side] = y->child[side];
	if (y->child[side])
		rb_set_parent_(y->child[side], x);
	rb_hang_(x, y, parent, root);
	rb_set_parent_(y, parent);
	y->child[side] = x;
	rb_set_parent_(x, y);
	if (aug) {
		aug(x);
		aug(y);
	}
}

/* Makes n a red leaf at *link, whose owner is parent (NULL for the root's own link). */
static inline void rb_link_node(struct rb_node *n, struct rb_node *parent, struct rb_node **link)
{
	n->parent_black = (uintptr_t)parent;
	n->rb_left = NULL;
	n->rb_right = NULL;
	*link = n;
}

/* Recomputes the summaries from n up to the root. */
static inline void rb_augment_up(struct rb_node *n, rb_augment_fn aug)
{
	for (; n; n = rb_parent(n))
		aug(n);
}

__maybe_unused static void rb_insert_color_aug(struct rb_node *n, struct rb_root *root,
					       rb_augment_fn aug)
{
	struct rb_node *parent, *gp, *uncle;

	if (aug)
		rb_augment_up(n, aug);
	while ((parent = rb_parent(n)) != NULL && rb_red_(parent)) {
		int side;

		gp = rb_parent(parent); /* exists: the root is black */
		side = parent == gp->rb_right;
		uncle = gp->child[!side];
		if (rb_red_(uncle)) {
			rb_set_black_(parent, true);
			rb_set_black_(uncle, true);
			rb_set_black_(gp, false);
			n = gp;
			continue;
		}
		if (n == parent->child[!side]) {
			rb_rotate_(parent, side, root, aug);
			n = parent;
			parent = rb_parent(n);
		}
		rb_set_black_(parent, true);
		rb_set_black_(gp, false);
		rb_rotate_(gp, !side, root, aug);
	}
	rb_set_black_(root->rb_node, true);
}

/* n (may be NULL) under parent carries one black too few on its side. */
__maybe_unused static void rb_erase_fix_(struct rb_node *n, struct rb_node *parent,
					 struct rb_root *root, rb_augment_fn aug)
{
	while (n != root->rb_node && !rb_red_(n)) {
		int side = parent->rb_right == n;
		struct rb_node *s = parent->child[!side];

		if (rb_red_(s)) {
			rb_set_black_(s, true);
			rb_set_black_(parent, false);
			rb_rotate_(parent, side, root, aug);
			s = parent->child[!side];
		}
		if (!rb_red_(s->rb_left) && !rb_red_(s->rb_right)) {
			rb_set_black_(s, false);
			n = parent;
			parent = rb_parent(n);
			continue;
		}
		if (!rb_red_(s->child[!side])) {
			rb_set_black_(s->child[side], true);
			rb_set_black_(s, false);
			rb_rotate_(s, !side, root, aug);
			s = parent->child[!side];
		}
		rb_set_black_(s, !rb_red_(parent));
		rb_set_black_(parent, true);
		rb_set_black_(s->child[!side], true);
		rb_rotate_(parent, side, root, aug);
		return;
	}
	if (n)
		rb_set_black_(n, true);
}

__maybe_unused static void rb_erase_aug(struct rb_node *n, struct rb_root *root, rb_augment_fn aug)
{
	struct rb_node *child, *parent = rb_parent(n);
	bool lost_black;

	if (n->rb_left && n->rb_right) {
		struct rb_node *next = n->rb_right;

		while (next->rb_left)
			next = next->rb_left;
		child = next->rb_right;
		lost_black = !rb_red_(next);
		rb_hang_(n, next, parent, root);
		if (rb_parent(next) == n) {
			parent = next;
		} else {
			parent = rb_parent(next);
			parent->rb_left = child;
			if (child)
				rb_set_parent_(child, parent);
			next->rb_right = n->rb_right;
			rb_set_parent_(n->rb_right, next);
		}
		next->rb_left = n->rb_left;
		rb_set_parent_(n->rb_left, next);
		next->parent_black = n->parent_black;
	} else {
		child = n->rb_left ? n->rb_left : n->rb_right;
		lost_black = !rb_red_(n);
		rb_hang_(n, child, parent, root);
		if (child)
			rb_set_parent_(child, parent);
	}
	if (aug)
		rb_augment_up(parent, aug);
	if (lost_black)
		rb_erase_fix_(child, parent, root, aug);
}

/* Rebalances after rb_link_node(). */
static inline void rb_insert_color(struct rb_node *n, struct rb_root *root)
{
	rb_insert_color_aug(n, root, NULL);
}

static inline void rb_erase(struct rb_node *n, struct rb_root *root)
{
	rb_erase_aug(n, root, NULL);
}

static inline struct rb_node *rb_end_(const struct rb_root *root, int side)
{
	struct rb_node *n = root->rb_node;

	while (n && n->child[side])
		n = n->child[side];
	return n;
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	return rb_end_(root, 0);
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	return rb_end_(root, 1);
}

static inline struct rb_node *rb_step_(const struct rb_node *n, int side)
{
	const struct rb_node *parent;

	if (n->child[side]) {
		n = n->child[side];
		while (n->child[!side])
			n = n->child[!side];
		return (struct rb_node *)(uintptr_t)n;
	}
	while ((parent = rb_parent(n)) != NULL && n == parent->child[side])
		n = parent;
	return (struct rb_node *)(uintptr_t)parent;
}

static inline struct rb_node *rb_next(const struct rb_node *n)
{
	return rb_step_(n, 1);
}

static inline struct rb_node *rb_prev(const struct rb_node *n)
{
	return rb_step_(n, 0);
}

/* Puts new at the place of old, which is in the tree; their keys must sort alike. */
static inline void rb_replace_node(struct rb_node *old, struct rb_node *new, struct rb_root *root)
{
	rb_hang_(old, new, rb_parent(old), root);
	*new = *old;
	if (new->rb_left)
		rb_set_parent_(new->rb_left, new);
	if (new->rb_right)
		rb_set_parent_(new->rb_right, new);
}

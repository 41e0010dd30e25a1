/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/rbtree.h: random inserts and erases keep the tree ordered and balanced. */
#include "base/rbtree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/bits.h"

struct item {
	int key;
	bool in;
	struct rb_node rb;
};

static void insert(struct rb_root *root, struct item *it)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < rb_entry(parent, struct item, rb)->key ? &parent->rb_left :
									  &parent->rb_right;
	}
	rb_link_node(&it->rb, parent, link);
	rb_insert_color(&it->rb, root);
	it->in = true;
}

/* Checks colours and parents below n; the number of black nodes on each way down. */
static int black_height(struct rb_node *n, struct rb_node *parent)
{
	int l, r;

	if (!n)
		return 1;
	assert_ptr_equal(rb_parent(n), parent);
	if (rb_red_(n)) {
		assert_false(rb_red_(n->rb_left));
		assert_false(rb_red_(n->rb_right));
	}
	l = black_height(n->rb_left, n);
	r = black_height(n->rb_right, n);
	assert_int_equal(l, r);
	return l + !rb_red_(n);
}

static void check(struct rb_root *root, int nr)
{
	int seen = 0, last = -1;

	assert_false(rb_red_(root->rb_node));
	black_height(root->rb_node, NULL);
	for (struct rb_node *n = rb_first(root); n; n = rb_next(n), seen++) {
		assert_true(rb_entry(n, struct item, rb)->key >= last);
		last = rb_entry(n, struct item, rb)->key;
	}
	assert_int_equal(seen, nr);
	for (struct rb_node *n = rb_last(root); n; n = rb_prev(n))
		seen--;
	assert_int_equal(seen, 0);
}

static void random_changes_keep_the_tree_balanced(void **state)
{
	static struct item it[300];
	struct rb_root root = RB_ROOT;
	int nr = 0;

	srand(1);
	for (int round = 0; round < 6000; round++) {
		struct item *p = &it[rand() % (int)ARRAY_SIZE(it)];

		if (p->in) {
			rb_erase(&p->rb, &root);
			p->in = false;
			nr--;
		} else {
			p->key = rand() % 100;
			insert(&root, p);
			nr++;
		}
		if (round % 16 == 0)
			check(&root, nr);
	}
	for (size_t i = 0; i < ARRAY_SIZE(it); i++) {
		if (it[i].in)
			rb_erase(&it[i].rb, &root);
	}
	assert_true(RB_EMPTY_ROOT(&root));
	assert_null(rb_first(&root));
}

static void a_replaced_node_keeps_the_shape(void **state)
{
	struct item it[7], other;
	struct rb_root root = RB_ROOT;

	for (int i = 0; i < 7; i++) {
		it[i].key = i;
		insert(&root, &it[i]);
	}
	for (int i = 0; i < 7; i++) {
		other.key = i;
		rb_replace_node(&it[i].rb, &other.rb, &root);
		check(&root, 7);
		rb_replace_node(&other.rb, &it[i].rb, &root);
		check(&root, 7);
	}
}

static void a_cleared_node_says_so(void **state)
{
	struct item it = { .key = 1 };

	RB_CLEAR_NODE(&it.rb);
	assert_true(RB_EMPTY_NODE(&it.rb));
	assert_null(rb_entry_safe((struct rb_node *)NULL, struct item, rb));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_keep_the_tree_balanced),
		cmocka_unit_test(a_replaced_node_keeps_the_shape),
		cmocka_unit_test(a_cleared_node_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/list.h */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

struct item {
	int v;
	struct list_head link;
	struct hlist_node hash;
};

static int digits(struct list_head *head)
{
	struct item *it;
	int sum = 0;

	list_for_each_entry(it, head, link)
		sum = sum * 10 + it->v;
	return sum;
}

static void entries_keep_the_order_they_were_added_in(void **state)
{
	struct item a = { .v = 1 }, b = { .v = 2 }, c = { .v = 3 };
	LIST_HEAD(l);

	assert_true(list_empty(&l));
	list_add_tail(&b.link, &l);
	list_add_tail(&c.link, &l);
	list_add(&a.link, &l);
	assert_int_equal(digits(&l), 123);
	assert_int_equal(list_count(&l), 3);
	list_move_tail(&a.link, &l);
	assert_int_equal(digits(&l), 231);
	list_move(&c.link, &l);
	assert_int_equal(digits(&l), 321);
	assert_int_equal(list_last_entry(&l, struct item, link)->v, 1);
}

static void a_deleted_entry_is_on_no_list(void **state)
{
	struct item a = { .v = 1 }, b = { .v = 2 };
	LIST_HEAD(l);

	list_add_tail(&a.link, &l);
	list_add_tail(&b.link, &l);
	list_del_init(&a.link);
	assert_true(list_empty(&a.link));
	assert_true(list_is_singular(&l));
	list_del_init(&a.link);
	assert_int_equal(digits(&l), 2);
	list_del(&b.link);
	assert_true(list_empty(&l));
	assert_null(list_first_entry_or_null(&l, struct item, link));
}

static void the_safe_walk_allows_deletion(void **state)
{
	struct item it[5], *p, *tmp;
	LIST_HEAD(l);

	for (int i = 0; i < 5; i++) {
		it[i].v = i + 1;
		list_add_tail(&it[i].link, &l);
	}
	list_for_each_entry_safe(p, tmp, &l, link) {
		if (p->v % 2)
			list_del(&p->link);
	}
	assert_int_equal(digits(&l), 24);
}

static void splicing_empties_the_source(void **state)
{
	struct item a = { .v = 1 }, b = { .v = 2 }, c = { .v = 3 }, d = { .v = 4 };
	LIST_HEAD(l);
	LIST_HEAD(m);

	list_add_tail(&c.link, &l);
	list_add_tail(&a.link, &m);
	list_add_tail(&b.link, &m);
	list_splice_init(&m, &l);
	assert_true(list_empty(&m));
	assert_int_equal(digits(&l), 123);
	list_add_tail(&d.link, &m);
	list_splice_tail_init(&m, &l);
	list_splice_tail_init(&m, &l);
	assert_int_equal(digits(&l), 1234);
}

static void a_replaced_entry_gives_its_place(void **state)
{
	struct item a = { .v = 1 }, b = { .v = 2 }, c = { .v = 3 };
	LIST_HEAD(l);

	list_add_tail(&a.link, &l);
	list_add_tail(&b.link, &l);
	list_replace_init(&a.link, &c.link);
	assert_int_equal(digits(&l), 32);
	assert_true(list_empty(&a.link));
}

static void hash_lists_forget_deleted_nodes(void **state)
{
	struct item a = { .v = 1 }, b = { .v = 2 }, *p;
	struct hlist_head h = HLIST_HEAD_INIT;
	struct hlist_node *tmp;
	int sum = 0;

	hlist_add_head(&a.hash, &h);
	hlist_add_head(&b.hash, &h);
	hlist_for_each_entry(p, &h, hash)
		sum = sum * 10 + p->v;
	assert_int_equal(sum, 21);
	hlist_del_init(&b.hash);
	hlist_del_init(&b.hash);
	assert_true(hlist_unhashed(&b.hash));
	assert_false(hlist_empty(&h));
	hlist_for_each_entry_safe(p, tmp, &h, hash)
		hlist_del(&p->hash);
	assert_true(hlist_empty(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_keep_the_order_they_were_added_in),
		cmocka_unit_test(a_deleted_entry_is_on_no_list),
		cmocka_unit_test(the_safe_walk_allows_deletion),
		cmocka_unit_test(splicing_empties_the_source),
		cmocka_unit_test(a_replaced_entry_gives_its_place),
		cmocka_unit_test(hash_lists_forget_deleted_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/ivtree.h against a plain array. */
#include "base/ivtree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/bits.h"

struct item {
	bool in;
	struct iv_node iv;
};

static void random_queries_find_what_an_array_finds(void **state)
{
	static struct item it[120];
	struct iv_root root = IV_ROOT;

	srand(7);
	for (int round = 0; round < 4000; round++) {
		struct item *p = &it[rand() % (int)ARRAY_SIZE(it)];
		uint64_t lo = (uint64_t)(rand() % 1000), hi = lo + (uint64_t)(rand() % 60);
		uint64_t before = 0;
		struct iv_node *n;
		int want = 0, got = 0;

		if (p->in) {
			iv_remove(&p->iv, &root);
		} else {
			p->iv.start = (uint64_t)(rand() % 1000);
			p->iv.last = p->iv.start + (uint64_t)(rand() % 80);
			iv_insert(&p->iv, &root);
		}
		p->in = !p->in;
		for (size_t i = 0; i < ARRAY_SIZE(it); i++)
			want += it[i].in && it[i].iv.start <= hi && it[i].iv.last >= lo;
		for (n = iv_iter_first(&root, lo, hi); n; n = iv_iter_next(n, lo, hi)) {
			assert_true(n->start <= hi && n->last >= lo && n->start >= before);
			before = n->start;
			got++;
		}
		assert_int_equal(got, want);
	}
}

static void both_ends_belong_to_an_interval(void **state)
{
	struct iv_node a = { .start = 0, .last = 9 }, b = { .start = 10, .last = UINT64_MAX };
	struct iv_root root = IV_ROOT;

	iv_insert(&a, &root);
	iv_insert(&b, &root);
	assert_ptr_equal(iv_iter_first(&root, 9, 9), &a);
	assert_ptr_equal(iv_iter_first(&root, 10, 10), &b);
	assert_ptr_equal(iv_iter_first(&root, UINT64_MAX, UINT64_MAX), &b);
	assert_null(iv_iter_next(&a, 9, 9));
	assert_ptr_equal(iv_next(&a), &b);
	assert_ptr_equal(iv_prev(&b), &a);
	assert_ptr_equal(iv_first(&root), &a);
	assert_ptr_equal(iv_last(&root), &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_queries_find_what_an_array_finds),
		cmocka_unit_test(both_ends_belong_to_an_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

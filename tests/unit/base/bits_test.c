/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/bits.h and hash.h */
#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/hash.h"

static void rounding_keeps_or_reports_the_top(void **state)
{
	uint64_t v = 5;

	assert_int_equal(page_down(0x1fff), 0x1000);
	assert_int_equal(page_up(0x1001), 0x2000);
	assert_int_equal(page_up(0x1000), 0x1000);
	assert_int_equal(page_offset(0x1234), 0x234);
	assert_true(page_aligned(0x3000));
	assert_false(round_up_ok(UINT64_MAX - 5, PAGE_SIZE, &v));
	assert_int_equal(v, 5);
	assert_true(round_up_ok(1, PAGE_SIZE, &v));
	assert_int_equal(v, PAGE_SIZE);
	assert_int_equal(MIN(3, 2), 2);
	assert_int_equal(CLAMP(9, 1, 4), 4);
}

static void bit_searches_count_from_one(void **state)
{
	assert_int_equal(ffs64(0), 0);
	assert_int_equal(ffs64(8), 4);
	assert_int_equal(fls64(0), 0);
	assert_int_equal(fls64(UINT64_MAX), 64);
	assert_int_equal(ilog2_up(1), 0);
	assert_int_equal(ilog2_up(5), 3);
	assert_true(is_pow2(64) && !is_pow2(0) && !is_pow2(65));
}

static void bitmaps_find_the_next_bit(void **state)
{
	DECLARE_BITMAP(map, 130) = { 0 };

	assert_int_equal(bitmap_next_set(map, 130, 0), 130);
	assert_int_equal(bitmap_next_clear(map, 130, 0), 0);
	bitmap_fill(map, 60, 70, true);
	assert_int_equal(bitmap_next_set(map, 130, 0), 60);
	assert_int_equal(bitmap_next_clear(map, 130, 60), 130);
	bitmap_clear(map, 128);
	assert_int_equal(bitmap_next_clear(map, 130, 61), 128);
	assert_true(bitmap_test(map, 129));
	assert_false(bitmap_test(map, 128));
}

static void hashes_depend_on_key_and_length(void **state)
{
	struct hash_key a = { { 1, 2 } }, b = { { 1, 3 } };

	assert_int_equal(hash_str(&a, "name"), hash_bytes(&a, "name", 4));
	assert_int_not_equal(hash_str(&a, "name"), hash_str(&b, "name"));
	assert_int_not_equal(hash_bytes(&a, "a\0", 2), hash_bytes(&a, "a", 1));
	assert_int_not_equal(hash_str(&a, "12345678"), hash_str(&a, "123456789"));
	assert_true(hash_to_bits(hash_u64(77), 4) < 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounding_keeps_or_reports_the_top),
		cmocka_unit_test(bit_searches_count_from_one),
		cmocka_unit_test(bitmaps_find_the_next_bit),
		cmocka_unit_test(hashes_depend_on_key_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

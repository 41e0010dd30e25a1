/* SPDX-License-Identifier: Apache-2.0 */
#include "testmap.h"
static void populate(void **state)
{
	struct mm *mm = test_mm_new();
	int64_t a = test_anon(mm, 0, 8 * PAGE_SIZE, 3, LX_MAP_PRIVATE | LX_MAP_POPULATE);
	assert_int_equal(mm_range_resident(mm, a, a + 8 * PAGE_SIZE, NULL), 8 * PAGE_SIZE);
	mm_user_put(mm);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(populate, test_mm_setup, test_mm_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

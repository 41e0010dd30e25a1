/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: rising, not reused soon, wanted ones, running out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/pid.h"

static void numbers_rise_and_wrap(void **state)
{
	struct pid *a, *b;
	int first;

	assert_int_equal(pid_alloc(0, &a), 0);
	first = a->nr;
	pid_put(a);
	assert_int_equal(pid_alloc(0, &b), 0);
	assert_int_equal(b->nr, first + 1);
	for (int i = 0; i < PID_MAX_DEFAULT; i++) {
		assert_int_equal(pid_alloc(0, &a), 0);
		assert_true(a->nr != b->nr);
		assert_true(i < 100 || a->nr > 0);
		pid_put(a);
	}
	pid_put(b);
}

static void wanted_numbers(void **state)
{
	struct pid *a, *b;

	assert_int_equal(pid_alloc(4242, &a), 0);
	assert_int_equal(a->nr, 4242);
	assert_int_equal(pid_alloc(4242, &b), -EEXIST);
	assert_int_equal(pid_alloc(PID_MAX_DEFAULT, &b), -EINVAL);
	pid_get(a);
	pid_put(a);
	assert_int_equal(pid_alloc(4242, &b), -EEXIST);
	pid_put(a);
	assert_int_equal(pid_alloc(4242, &b), 0);
	pid_put(b);
}

static void numbers_run_out(void **state)
{
	static struct pid *all[PID_MAX_DEFAULT];
	int n = 0, ret;

	while ((ret = pid_alloc(0, &all[n])) == 0)
		n++;
	assert_int_equal(ret, -EAGAIN);
	assert_true(n > PID_MAX_DEFAULT - 400);
	assert_null(pid_find_task(all[5]->nr));
	while (n > 0)
		pid_put(all[--n]);
	assert_int_equal(pid_alloc(0, &all[0]), 0);
	pid_put(all[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_rise_and_wrap),
		cmocka_unit_test(wanted_numbers),
		cmocka_unit_test(numbers_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

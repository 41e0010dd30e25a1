/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: rising, not reused soon, wanted ones, running out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/pid.h"

static struct pid_ns *g_ns;

static int fresh(void **state)
{
	return pid_ns_new(&g_ns);
}

static int drop(void **state)
{
	pid_ns_put(g_ns);
	return 0;
}

/* Each namespace has all of the numbers; one lives as long as a number of it. */
static void namespaces_know_nothing_of_each_other(void **state)
{
	struct pid_ns *other;
	struct pid *a, *b;

	assert_int_equal(pid_ns_new(&other), 0);
	assert_int_equal(pid_alloc(g_ns, 0, &a), 0);
	assert_int_equal(pid_alloc(other, 0, &b), 0);
	assert_int_equal(a->nr, 1);
	assert_int_equal(b->nr, 1);
	pid_put(b);
	assert_int_equal(pid_alloc(other, 1, &b), 0);
	pid_ns_put(other);
	pid_put(b);
	pid_put(a);
}

static void numbers_rise_and_wrap(void **state)
{
	struct pid *a, *b;
	int first;

	assert_int_equal(pid_alloc(g_ns, 0, &a), 0);
	first = a->nr;
	pid_put(a);
	assert_int_equal(pid_alloc(g_ns, 0, &b), 0);
	assert_int_equal(b->nr, first + 1);
	for (int i = 0; i < PID_MAX_DEFAULT; i++) {
		assert_int_equal(pid_alloc(g_ns, 0, &a), 0);
		assert_true(a->nr != b->nr);
		assert_true(i < 100 || a->nr > 0);
		pid_put(a);
	}
	pid_put(b);
}

static void wanted_numbers(void **state)
{
	struct pid *a, *b;

	assert_int_equal(pid_alloc(g_ns, 4242, &a), 0);
	assert_int_equal(a->nr, 4242);
	assert_int_equal(pid_alloc(g_ns, 4242, &b), -EEXIST);
	assert_int_equal(pid_alloc(g_ns, PID_MAX_DEFAULT, &b), -EINVAL);
	pid_get(a);
	pid_put(a);
	assert_int_equal(pid_alloc(g_ns, 4242, &b), -EEXIST);
	pid_put(a);
	assert_int_equal(pid_alloc(g_ns, 4242, &b), 0);
	pid_put(b);
}

static void numbers_run_out(void **state)
{
	static struct pid *all[PID_MAX_DEFAULT];
	int n = 0, ret;

	while ((ret = pid_alloc(g_ns, 0, &all[n])) == 0)
		n++;
	assert_int_equal(ret, -EAGAIN);
	assert_true(n > PID_MAX_DEFAULT - 400);
	assert_null(pid_ns_find_task(g_ns, all[5]->nr));
	while (n > 0)
		pid_put(all[--n]);
	assert_int_equal(pid_alloc(g_ns, 0, &all[0]), 0);
	pid_put(all[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(namespaces_know_nothing_of_each_other, fresh, drop),
		cmocka_unit_test_setup_teardown(numbers_rise_and_wrap, fresh, drop),
		cmocka_unit_test_setup_teardown(wanted_numbers, fresh, drop),
		cmocka_unit_test_setup_teardown(numbers_run_out, fresh, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The timer service: order, periods, re-arming, freeing while a function runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <host/host.h>

#include "time/clock.h"
#include "time/timer.h"

static _Atomic int g_calls, g_order;

static void count(struct ktimer *kt, void *arg)
{
	atomic_fetch_add(&g_calls, 1);
}

static void note_order(struct ktimer *kt, void *arg)
{
	atomic_store((_Atomic int *)arg, atomic_fetch_add(&g_order, 1) + 1);
}

static void wait_calls(int n)
{
	for (int i = 0; i < 5000 && atomic_load(&g_calls) < n; i++)
		host_sleep_until(host_now_ns() + 1000000);
}

static void a_timer_fires_once(void **state)
{
	struct ktimer *kt;

	atomic_store(&g_calls, 0);
	assert_int_equal(ktimer_new(count, NULL, &kt), 0);
	ktimer_set(kt, deadline_in(1000000), 0);
	wait_calls(1);
	host_sleep_until(host_now_ns() + 5000000);
	assert_int_equal(atomic_load(&g_calls), 1);
	ktimer_set(kt, deadline_in(10000000), 0);
	ktimer_set(kt, 0, 0);
	host_sleep_until(host_now_ns() + 20000000);
	assert_int_equal(atomic_load(&g_calls), 1);
	ktimer_free(kt);
}

static void a_period_repeats_until_it_is_disarmed(void **state)
{
	struct ktimer *kt;

	atomic_store(&g_calls, 0);
	assert_int_equal(ktimer_new(count, NULL, &kt), 0);
	ktimer_set(kt, deadline_in(1000000), 1000000);
	wait_calls(5);
	assert_true(atomic_load(&g_calls) >= 5);
	ktimer_free(kt);
	atomic_store(&g_calls, 0);
	host_sleep_until(host_now_ns() + 5000000);
	assert_int_equal(atomic_load(&g_calls), 0);
}

static void the_earlier_deadline_comes_first(void **state)
{
	struct ktimer *kt[8];
	_Atomic int at[8] = { 0 };
	int64_t base = deadline_in(20000000);

	atomic_store(&g_order, 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(ktimer_new(note_order, &at[i], &kt[i]), 0);
	for (int i = 0; i < 8; i++)
		ktimer_set(kt[i], base + (i * 5 % 8) * 1000000, 0);
	for (int i = 0; i < 5000 && atomic_load(&g_order) < 8; i++)
		host_sleep_until(host_now_ns() + 1000000);
	for (int i = 0; i < 8; i++)
		assert_int_equal(atomic_load(&at[i]), i * 5 % 8 + 1);
	for (int i = 0; i < 8; i++)
		ktimer_free(kt[i]);
}

static _Atomic int g_inside, g_left;

static void slow(struct ktimer *kt, void *arg)
{
	atomic_store(&g_inside, 1);
	host_sleep_until(host_now_ns() + 20000000);
	ktimer_set(kt, deadline_in(1), 0); /* in vain: it is being freed */
	atomic_store(&g_left, 1);
}

static void freeing_waits_for_the_function(void **state)
{
	struct ktimer *kt;

	assert_int_equal(ktimer_new(slow, NULL, &kt), 0);
	ktimer_set(kt, 1, 0);
	while (!atomic_load(&g_inside))
		host_sleep_until(host_now_ns() + 100000);
	ktimer_free(kt);
	assert_int_equal(atomic_load(&g_left), 1);
	ktimer_free(NULL);
}

static void conversions_do_not_overflow(void **state)
{
	struct lx_timespec ts = { .tv_sec = INT64_MAX, .tv_nsec = 999999999 };

	assert_true(timespec_valid(&ts));
	assert_true(timespec_to_ns(&ts) == TIME_NEVER);
	assert_true(deadline_in(TIME_NEVER) == TIME_NEVER);
	assert_true(clock_to_monotonic(LX_CLOCK_REALTIME, TIME_NEVER) == TIME_NEVER);
	assert_int_equal(clock_to_monotonic(LX_CLOCK_REALTIME, 5), 0);
	ts.tv_nsec = 1000000000;
	assert_false(timespec_valid(&ts));
	ts = ns_to_timespec(1500000001);
	assert_int_equal(ts.tv_sec, 1);
	assert_int_equal(ts.tv_nsec, 500000001);
	assert_int_equal(time_left(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once),
		cmocka_unit_test(a_period_repeats_until_it_is_disarmed),
		cmocka_unit_test(the_earlier_deadline_comes_first),
		cmocka_unit_test(freeing_waits_for_the_function),
		cmocka_unit_test(conversions_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

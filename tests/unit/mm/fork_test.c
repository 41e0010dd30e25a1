/* SPDX-License-Identifier: Apache-2.0 */
/* Copy-on-write: who copies, how much, and that nothing is copied in vain. */
#include "testmap.h"

#define RW  (LX_PROT_READ | LX_PROT_WRITE)
#define P   PAGE_SIZE
#define A   0x20000000ull
#define FIX (LX_MAP_PRIVATE | LX_MAP_FIXED)

static struct mm *test_fork(struct mm *mm, uaddr_t sp)
{
	struct mm *c = NULL;

	assert_int_equal(mm_fork(mm, NULL, sp, &c), 0);
	mm_user_get(c);
	mm_put(c);
	return c;
}

static void fill(struct mm *mm, uaddr_t at, unsigned int pages, uint32_t val)
{
	for (unsigned int i = 0; i < pages; i++)
		assert_int_equal(cpu_write(mm, at + i * P, &(uint32_t){ val + i }, 4, GA_WRITE), 0);
}

static void check(struct mm *mm, uaddr_t at, unsigned int pages, uint32_t val)
{
	for (unsigned int i = 0; i < pages; i++) {
		uint32_t v = 0;

		assert_int_equal(cpu_read(mm, at + i * P, &v, 4, GA_READ), 0);
		assert_int_equal(v, val + i);
	}
}

static void each_side_sees_its_own_writes(void **state)
{
	struct mm *p = test_mm_new(), *c;

	assert_int_equal(test_anon(p, A, 32 * P, RW, FIX), A);
	fill(p, A, 32, 100);
	c = test_fork(p, 0);
	fill(c, A, 8, 200);
	fill(p, A + 16 * P, 8, 300);
	check(p, A, 16, 100);
	check(p, A + 16 * P, 8, 300);
	check(c, A, 8, 200);
	check(c, A + 8 * P, 24, 108);
	mm_user_put(p);
	check(c, A, 8, 200);
	check(c, A + 16 * P, 16, 116);
	mm_user_put(c);
	assert_int_equal(mm_system_usage(), 0);
}

static void nothing_is_copied_when_the_other_side_is_gone(void **state)
{
	struct mm *p = test_mm_new(), *c;
	struct fake_counts before, after;
	uint64_t usage;

	assert_int_equal(test_anon(p, A, 256 * P, RW, FIX), A);
	fill(p, A, 256, 1);
	usage = mm_system_usage();
	c = test_fork(p, 0);
	mm_user_put(c);
	fake_counts(mm_aspace(p), &before);
	fill(p, A, 256, 1000);
	fake_counts(mm_aspace(p), &after);
	assert_int_equal(mm_system_usage(), usage);
	assert_int_equal(after.map, before.map);
	assert_int_equal(after.protect, before.protect + 1);
	assert_int_equal(fake_nr_maps(mm_aspace(p)), 1);
	mm_user_put(p);
}

static void holes_are_not_filled_by_copies(void **state)
{
	struct mm *p = test_mm_new(), *c;
	uint64_t usage;

	assert_int_equal(test_anon(p, A, 1024 * P, RW, FIX), A);
	fill(p, A + 512 * P, 1, 1);
	c = test_fork(p, 0);
	usage = mm_system_usage();
	fill(c, A, 1, 5);
	assert_int_equal(mm_system_usage(), usage + P);
	mm_user_put(c);
	mm_user_put(p);
}

static void sequential_breaks_grow_and_end_as_one_mapping(void **state)
{
	struct mm *p = test_mm_new(), *c;
	struct fake_counts before, after;

	assert_int_equal(test_anon(p, A, 4096 * P, RW, FIX), A);
	fill(p, A, 4096, 1);
	c = test_fork(p, 0);
	fake_counts(mm_aspace(c), &before);
	fill(c, A, 4096, 7);
	fake_counts(mm_aspace(c), &after);
	/* 4 KiB, 16, 64, 256, 1024, then 2 MiB each */
	assert_in_range(after.map - before.map, 8, 14);
	assert_int_equal(fake_nr_maps(mm_aspace(c)), 1);
	check(c, A, 4096, 7);
	check(p, A, 4096, 1);
	mm_user_put(c);
	mm_user_put(p);
}

static void breaks_in_any_order_end_as_one_mapping(void **state)
{
	struct mm *p = test_mm_new(), *c;

	assert_int_equal(test_anon(p, A, 512 * P, RW, FIX), A);
	fill(p, A, 512, 1);
	c = test_fork(p, 0);
	for (unsigned int i = 0; i < 512; i++)
		fill(c, A + i * 199 % 512 * P, 1, 5000 + i);
	assert_int_equal(fake_nr_maps(mm_aspace(c)), 1);
	check(p, A, 512, 1);
	mm_user_put(c);
	mm_user_put(p);
}

static void the_hot_stack_page_is_copied_at_once(void **state)
{
	struct mm *p = test_mm_new(), *c;
	struct fake_counts before, after;

	assert_int_equal(test_anon(p, A, 64 * P, RW, FIX), A);
	fill(p, A, 64, 1);
	c = test_fork(p, A + 40 * P + 100);
	assert_false(fake_faults(mm_aspace(c), A + 40 * P, GA_WRITE));
	assert_true(fake_faults(mm_aspace(c), A + 50 * P, GA_WRITE));
	assert_false(fake_faults(mm_aspace(p), A + 40 * P, GA_WRITE));
	assert_true(fake_faults(mm_aspace(p), A + 50 * P, GA_WRITE));
	fake_counts(mm_aspace(p), &before);
	fill(p, A + 40 * P, 1, 77);
	fake_counts(mm_aspace(p), &after);
	assert_int_equal(before.map, after.map);
	check(c, A, 64, 1);
	mm_user_put(c);
	mm_user_put(p);
}

static void chains_of_forks_keep_every_version(void **state)
{
	struct mm *m[12];

	m[0] = test_mm_new();
	assert_int_equal(test_anon(m[0], A, 64 * P, RW, FIX), A);
	fill(m[0], A, 64, 0);
	for (unsigned int i = 1; i < 12; i++) {
		m[i] = test_fork(m[i - 1], A + i * P);
		fill(m[i], A + i * P, 4, 1000 * i);
	}
	for (unsigned int i = 1; i < 12; i++) {
		check(m[i], A + i * P, 4, 1000 * i);
		check(m[i], A + (i + 4) * P, 64 - i - 4, i + 4);
		check(m[i], A, 1, 0);
	}
	for (unsigned int i = 0; i < 12; i++) {
		unsigned int k = i * 7 % 12;

		check(m[k], A + k * P, 1, 1000 * k);
		mm_user_put(m[k]);
	}
	assert_int_equal(mm_system_usage(), 0);
}

static void the_sentry_breaks_before_it_writes(void **state)
{
	struct mm *p = test_mm_new(), *c;
	struct uio_pin pin;
	struct uio_seg seg;
	struct uio u;
	uint32_t v = 9;

	assert_int_equal(test_anon(p, A, 8 * P, RW, FIX), A);
	fill(p, A, 8, 1);
	c = test_fork(p, 0);
	assert_int_equal(mm_copyout(c, A, &v, 4), 0);
	uio_init_user1(&u, c, &seg, A + P, 2 * P);
	assert_int_equal(uio_pin(&u, 2 * P, true, &pin), 2 * P);
	for (unsigned int i = 0; i < pin.nr; i++)
		memset(pin.iov[i].base, 0, pin.iov[i].len);
	uio_unpin(&pin);
	check(p, A, 8, 1);
	check(c, A, 1, 9);
	check(c, A + P, 1, 0);
	assert_int_equal(mm_cmpxchg32(c, A + 4 * P, 5, 6, &v), 0);
	assert_int_equal(v, 5);
	check(c, A + 4 * P, 1, 6);
	check(p, A + 4 * P, 1, 5);
	mm_user_put(c);
	mm_user_put(p);
}

static void shared_memory_stays_shared(void **state)
{
	struct mm *p = test_mm_new(), *c;
	struct mm_futex_key a, b;

	assert_int_equal(test_anon(p, A, 4 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED), A);
	assert_int_equal(test_anon(p, A + 8 * P, 4 * P, RW, FIX), A + 8 * P);
	c = test_fork(p, 0);
	fill(c, A, 4, 5);
	check(p, A, 4, 5);
	assert_int_equal(mm_futex_key(p, A + P, false, &a), 0);
	assert_int_equal(mm_futex_key(c, A + P, false, &b), 0);
	assert_true(a.obj == b.obj && a.off == b.off);
	assert_int_equal(mm_futex_key(p, A + 8 * P, false, &a), 0);
	assert_int_equal(mm_futex_key(c, A + 8 * P, false, &b), 0);
	assert_true(a.obj != b.obj);
	assert_int_equal(mm_futex_key(p, A + 8 * P + 2, false, &a), -EINVAL);
	assert_int_equal(mm_futex_key(p, A + 20 * P, false, &a), -EFAULT);
	mm_user_put(p);
	check(c, A, 4, 5);
	mm_user_put(c);
	assert_int_equal(mm_system_usage(), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, test_mm_setup, test_mm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_side_sees_its_own_writes),
		T(nothing_is_copied_when_the_other_side_is_gone),
		T(holes_are_not_filled_by_copies),
		T(sequential_breaks_grow_and_end_as_one_mapping),
		T(breaks_in_any_order_end_as_one_mapping),
		T(the_hot_stack_page_is_copied_at_once),
		T(chains_of_forks_keep_every_version),
		T(the_sentry_breaks_before_it_writes),
		T(shared_memory_stays_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* VMAs: splitting and merging, places, limits, stacks, and what all that costs at the host. */
#include "testmap.h"

#define RW  (LX_PROT_READ | LX_PROT_WRITE)
#define P   PAGE_SIZE
#define A   0x20000000ull
#define FIX (LX_MAP_PRIVATE | LX_MAP_FIXED)

static unsigned int nr_vmas(struct mm *mm)
{
	struct mm_stats st;

	mm_stats_get(mm, &st);
	return st.nr_vmas;
}

static void neighbours_become_one_mapping_at_the_host(void **state)
{
	struct mm *mm = test_mm_new();
	struct fake_counts c;
	int64_t at = 0;

	/* top-down, as mmap without a hint goes */
	for (int i = 0; i < 100; i++) {
		int64_t a = test_anon(mm, 0, 4 * P, RW, LX_MAP_PRIVATE);

		assert_true(a > 0);
		if (at)
			assert_int_equal(a, at - (int64_t)(4 * P));
		at = a;
	}
	assert_int_equal(nr_vmas(mm), 1);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	fake_counts(mm_aspace(mm), &c);
	assert_int_equal(c.map, 100);
	assert_int_equal(c.unmap + c.protect + c.sync, 0);
	mm_user_put(mm);
}

static void the_heap_grows_as_one_mapping(void **state)
{
	struct mm *mm = test_mm_new();

	mm_set_brk_start(mm, A);
	for (int i = 1; i <= 50; i++)
		assert_int_equal(mm_brk(mm, A + i * 33 * P, NULL), A + i * 33 * P);
	assert_int_equal(nr_vmas(mm), 1);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	assert_int_equal(mm_brk(mm, A - 1, NULL), A + 50 * 33 * P);
	assert_int_equal(mm_brk(mm, A, NULL), A);
	assert_int_equal(nr_vmas(mm), 0);
	mm_user_put(mm);
}

static void memory_reserved_without_access_becomes_one_mapping(void **state)
{
	struct mm *mm = test_mm_new();

	assert_int_equal(test_anon(mm, A, 64 * P, LX_PROT_NONE, FIX), A);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 0);
	for (int i = 0; i < 64; i += 4)
		assert_int_equal(mm_mprotect(mm, A + i * P, 4 * P, RW, NULL), 0);
	assert_int_equal(nr_vmas(mm), 1);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	mm_user_put(mm);
}

static void mprotect_splits_and_merges_back(void **state)
{
	struct mm *mm = test_mm_new();
	struct mm_vma_info info;
	uint32_t v = 7;

	assert_int_equal(test_anon(mm, A, 10 * P, RW, FIX), A);
	assert_int_equal(cpu_write(mm, A + 4 * P, &v, 4, GA_WRITE), 0);
	assert_int_equal(mm_mprotect(mm, A + 3 * P, 3 * P, LX_PROT_READ, NULL), 0);
	assert_int_equal(nr_vmas(mm), 3);
	assert_int_equal(mm_vma_next(mm, A + 4 * P, &info), 0);
	assert_int_equal(info.start, A + 3 * P);
	assert_int_equal(info.end, A + 6 * P);
	assert_int_equal(info.prot, LX_PROT_READ);
	mm_vma_info_fini(&info);
	assert_int_equal(cpu_write(mm, A + 4 * P, &v, 4, GA_WRITE), -EACCES);
	assert_int_equal(cpu_write(mm, A + 4 * P, &v, 4, GA_UNKNOWN), -EACCES);
	assert_int_equal(mm_copyout(mm, A + 4 * P, &v, 4), -EFAULT);
	assert_int_equal(mm_mprotect(mm, A + 3 * P, 3 * P, RW, NULL), 0);
	assert_int_equal(nr_vmas(mm), 1);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	v = 0;
	assert_int_equal(cpu_read(mm, A + 4 * P, &v, 4, GA_READ), 0);
	assert_int_equal(v, 7);
	mm_user_put(mm);
}

static void places_are_found_top_down_around_what_is_there(void **state)
{
	struct mm *mm = test_mm_new();
	int64_t a = test_anon(mm, 0, 10 * P, RW, LX_MAP_PRIVATE);

	assert_int_equal(mm_munmap(mm, a + 4 * P, 2 * P), 0);
	assert_int_equal(test_anon(mm, 0, 3 * P, RW, LX_MAP_PRIVATE), a - 3 * P);
	assert_int_equal(test_anon(mm, 0, 2 * P, LX_PROT_READ, LX_MAP_PRIVATE), a + 4 * P);
	assert_int_equal(test_anon(mm, a, P, RW, LX_MAP_PRIVATE), a - 4 * P);
	assert_int_equal(test_anon(mm, A + 5, P, RW, LX_MAP_PRIVATE), A);
	assert_int_equal(test_anon(mm, A, P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED_NOREPLACE), -EEXIST);
	assert_int_equal(test_anon(mm, 0, 1ull << 50, RW, LX_MAP_PRIVATE), -ENOMEM);
	assert_int_equal(test_anon(mm, 0, UINT64_MAX, RW, LX_MAP_PRIVATE), -ENOMEM);
	assert_int_equal(test_anon(mm, 0, 0, RW, LX_MAP_PRIVATE), -EINVAL);
	mm_user_put(mm);
}

static void many_places_in_a_full_address_space(void **state)
{
	struct mm *mm = test_mm_new();
	int64_t a[200];

	/* holes of growing size; each is found again by a request of its size */
	for (int i = 0; i < 200; i++) {
		a[i] = test_anon(mm, 0, (i + 1) * P, RW, LX_MAP_PRIVATE);
		assert_true(test_anon(mm, 0, P, LX_PROT_READ, LX_MAP_PRIVATE) > 0);
	}
	for (int i = 0; i < 200; i++)
		assert_int_equal(mm_munmap(mm, a[i], (i + 1) * P), 0);
	for (int i = 199; i >= 0; i--)
		assert_int_equal(test_anon(mm, 0, (i + 1) * P, RW, LX_MAP_PRIVATE), a[i]);
	mm_user_put(mm);
}

static void limits_are_kept(void **state)
{
	struct mm_limits lim = { .as = 100 * P, .data = 50 * P, .stack = 8 << 20, .memlock = 4 * P };
	struct mm_mmap_req req = { .size = 60 * P,
				   .prot = RW,
				   .flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS };
	struct mm *mm = test_mm_new();
	int64_t a;

	assert_int_equal(mm_mmap(mm, &req, &lim), -ENOMEM); /* data */
	req.size = 40 * P;
	a = mm_mmap(mm, &req, &lim);
	assert_true(a > 0);
	req.prot = LX_PROT_READ;
	req.size = 61 * P;
	assert_int_equal(mm_mmap(mm, &req, &lim), -ENOMEM); /* as */
	req.size = 60 * P;
	assert_true(mm_mmap(mm, &req, &lim) > 0);
	assert_int_equal(mm_mremap(mm, a, 40 * P, 41 * P, LX_MREMAP_MAYMOVE, 0, &lim), -ENOMEM);
	assert_int_equal(mm_mlock(mm, a, 5 * P, 0, &lim), -ENOMEM);
	assert_int_equal(mm_mlock(mm, a, 4 * P, 0, &lim), 0);
	assert_int_equal(mm_mlock(mm, a + P, 4 * P, 0, &lim), -ENOMEM);
	assert_int_equal(mm_munlock(mm, a, P), 0);
	assert_int_equal(mm_mlock(mm, a + 4 * P, P, 0, &lim), 0);
	lim.memlock = 0;
	assert_int_equal(mm_mlock(mm, a, P, 0, &lim), -EPERM);
	mm_user_put(mm);
}

static void stacks_grow_to_their_limit_and_keep_a_gap(void **state)
{
	struct mm_limits lim = {
		.as = UINT64_MAX, .data = UINT64_MAX, .stack = 4 << 20, .memlock = 0
	};
	struct mm_mmap_req req = { .addr = A,
				   .size = 4 * P,
				   .prot = RW,
				   .grows_down = true,
				   .flags = FIX | LX_MAP_ANONYMOUS };
	struct mm *mm = test_mm_new();
	uaddr_t top = A + 4 * P;

	assert_int_equal(mm_mmap(mm, &req, &lim), A);
	assert_int_equal(mm_fault(mm, A - 1, GA_WRITE, &lim), 0);
	assert_int_equal(mm_fault(mm, top - (4 << 20), GA_WRITE, &lim), 0);
	assert_int_equal(mm_fault(mm, top - (4 << 20) - 1, GA_WRITE, &lim), -EFAULT);
	assert_int_equal(nr_vmas(mm), 1);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	/* a neighbour at the distance of the gap */
	lim.stack = 64 << 20;
	assert_int_equal(test_anon(mm, A - (16 << 20), P, RW, FIX), A - (16 << 20));
	assert_int_equal(mm_fault(mm, A - (16 << 20) + P + (1 << 20), GA_WRITE, &lim), 0);
	assert_int_equal(mm_fault(mm, A - (16 << 20) + (1 << 20), GA_WRITE, &lim), -EFAULT);
	/* the sentry's own accesses grow it too */
	assert_int_equal(mm_munmap(mm, A - (16 << 20), P), 0);
	assert_int_equal(mm_zero(mm, A - (17 << 20), 8), 0);
	mm_user_put(mm);
}

static void a_refused_map_is_asked_for_again_by_the_fault(void **state)
{
	struct mm *mm = test_mm_new();
	uint32_t v = 5;

	fake_fail_maps(mm_aspace(mm), 0, 1, -ENOMEM);
	assert_int_equal(test_anon(mm, A, 4 * P, RW, FIX), A);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 0);
	assert_int_equal(cpu_write(mm, A, &v, 4, GA_WRITE), 0);
	assert_int_equal(fake_nr_maps(mm_aspace(mm)), 1);
	mm_user_put(mm);
}

static void a_host_that_is_full_is_no_end_of_the_sentry(void **state)
{
	struct mm *mm = test_mm_new();
	uint32_t v = 5;

	fake_set_max_maps(mm_aspace(mm), 8);
	for (int i = 0; i < 40; i++)
		assert_int_equal(test_anon(mm, A + 4 * i * P, 2 * P, i & 1 ? RW : LX_PROT_READ,
					   FIX),
				 A + 4 * i * P);
	assert_int_equal(cpu_write(mm, A + 4 * P, &v, 4, GA_WRITE), 0);
	assert_int_equal(mm_fault(mm, A + 4 * 39 * P, GA_WRITE, NULL), -ENOMEM);
	/* a hole that the host cannot make: the address space is given up, not its neighbours */
	assert_int_equal(test_anon(mm, A, 12 * P, RW, FIX), A);
	(void)mm_munmap(mm, A + P, P);
	(void)mm_munmap(mm, A + 3 * P, P);
	mm_user_put(mm);
	assert_int_equal(mm_system_usage(), 0);
}

static void populated_pages_are_there(void **state)
{
	struct mm *mm = test_mm_new();
	int64_t a = test_anon(mm, 0, 8 * P, RW, LX_MAP_PRIVATE | LX_MAP_POPULATE);
	uint64_t priv;

	assert_int_equal(mm_range_resident(mm, a, a + 8 * P, &priv), 8 * P);
	assert_int_equal(priv, 8 * P);
	assert_int_equal(mm_madvise(mm, a + P, 2 * P, LX_MADV_DONTNEED), 0);
	assert_int_equal(mm_range_resident(mm, a, a + 8 * P, NULL), 6 * P);
	assert_int_equal(mm_system_usage(), 6 * P);
	mm_user_put(mm);
	assert_int_equal(mm_system_usage(), 0);
}

static void the_last_user_gives_all_memory_back(void **state)
{
	struct mm *mm = test_mm_new();
	int64_t a = test_anon(mm, 0, 64 * P, RW, LX_MAP_PRIVATE | LX_MAP_POPULATE);
	char c;

	mm_get(mm);
	mm_user_put(mm);
	assert_int_equal(mm_system_usage(), 0);
	assert_int_equal(mm_copyin(mm, &c, a, 1), -EFAULT);
	assert_int_equal(mm_fault(mm, a, GA_READ, NULL), -EFAULT);
	mm_put(mm);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, test_mm_setup, test_mm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(neighbours_become_one_mapping_at_the_host),
		T(the_heap_grows_as_one_mapping),
		T(memory_reserved_without_access_becomes_one_mapping),
		T(mprotect_splits_and_merges_back),
		T(places_are_found_top_down_around_what_is_there),
		T(many_places_in_a_full_address_space),
		T(limits_are_kept),
		T(stacks_grow_to_their_limit_and_keep_a_gap),
		T(a_refused_map_is_asked_for_again_by_the_fault),
		T(a_host_that_is_full_is_no_end_of_the_sentry),
		T(populated_pages_are_there),
		T(the_last_user_gives_all_memory_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

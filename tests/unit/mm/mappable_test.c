/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files: that private mappings never write, what truncation takes away, copies over holes.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "testmap.h"

#define RW (LX_PROT_READ | LX_PROT_WRITE)
#define P  PAGE_SIZE
#define A  0x20000000ull

static void fill_file(struct test_file *f, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		test_file_write(f, i * P, &(uint32_t){ 100 + i }, 4);
}

static uint32_t file_word(struct test_file *f, unsigned int page)
{
	uint32_t v;

	test_file_read(f, page * P, &v, 4);
	return v;
}

static void private_mappings_are_never_writable_at_the_host(void **state)
{
	for (int donated = 0; donated < 2; donated++) {
		struct test_file *f = test_file_new(512 * P, donated);
		struct mm *mm = test_mm_new();
		struct fake_map map;
		uint32_t v = 5;

		fill_file(f, 512);
		/* too big to be copied when it is made */
		assert_int_equal(
			test_map_file(mm, f, A, 512 * P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED, 0), A);
		assert_true(fake_map_find(mm_aspace(mm), A, &map));
		assert_int_equal(map.prot, PF_PROT_READ);
		assert_int_equal(cpu_write(mm, A + 7 * P, &v, 4, GA_WRITE), 0);
		assert_int_equal(file_word(f, 7), 107);
		assert_int_equal(mm_copyout(mm, A + 300 * P, &v, 4), 0);
		assert_int_equal(file_word(f, 300), 400);
		assert_true(fake_map_find(mm_aspace(mm), A + 100 * P, &map));
		assert_int_equal(map.prot, PF_PROT_READ);
		assert_int_equal(cpu_read(mm, A + 8 * P, &v, 4, GA_READ), 0);
		assert_int_equal(v, 108);
		mm_user_put(mm);
		mappable_put(&f->m);
		assert_int_equal(mm_system_usage(), 0);
	}
}

static void small_private_data_is_copied_when_it_is_mapped(void **state)
{
	struct test_file *f = test_file_new(4 * P, true);
	struct mm *mm = test_mm_new();

	fill_file(f, 4);
	assert_int_equal(test_map_file(mm, f, A, 4 * P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED, 0), A);
	assert_false(fake_faults(mm_aspace(mm), A, GA_WRITE));
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void shared_mappings_write_the_file(void **state)
{
	for (int donated = 0; donated < 2; donated++) {
		struct test_file *f = test_file_new(8 * P, donated);
		struct mm *mm = test_mm_new();
		uint32_t v = 5;

		assert_int_equal(
			test_map_file(mm, f, A, 8 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED, 0), A);
		assert_int_equal(cpu_write(mm, A + P, &v, 4, GA_WRITE), 0);
		assert_int_equal(file_word(f, 1), 5);
		v = 6;
		assert_int_equal(mm_copyout(mm, A + 2 * P, &v, 4), 0);
		assert_int_equal(file_word(f, 2), 6);
		mm_user_put(mm);
		mappable_put(&f->m);
	}
}

static void invalidation_takes_pages_from_everybody(void **state)
{
	for (int donated = 0; donated < 2; donated++) {
		struct test_file *f = test_file_new(512 * P, donated);
		struct mm *a = test_mm_new(), *b = test_mm_new();
		uint64_t size = f->size;
		uint32_t v = 5;

		fill_file(f, 512);
		assert_int_equal(
			test_map_file(a, f, A, 512 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED, 0), A);
		assert_int_equal(
			test_map_file(b, f, A, 512 * P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED, 0), A);
		assert_int_equal(cpu_write(b, A + 200 * P, &v, 4, GA_WRITE), 0);
		assert_int_equal(cpu_write(b, A + 3 * P, &v, 4, GA_WRITE), 0);
		/* cut to 100 pages: the file's answer first, then the mappings */
		f->size = 100 * P;
		mappable_invalidate(&f->m, 100 * P, UINT64_MAX, true);
		assert_int_equal(cpu_read(a, A + 99 * P, &v, 4, GA_READ), 0);
		assert_int_equal(v, 199);
		assert_int_equal(cpu_read(a, A + 100 * P, &v, 4, GA_READ), -ENXIO);
		assert_int_equal(cpu_read(b, A + 200 * P, &v, 4, GA_READ), -ENXIO);
		assert_int_equal(mm_copyin(a, &v, A + 300 * P, 4), -EFAULT);
		assert_int_equal(mm_copyout(b, A + 200 * P, &v, 4), -EFAULT);
		assert_int_equal(cpu_read(b, A + 3 * P, &v, 4, GA_READ), 0);
		assert_int_equal(v, 5);
		/* and back; a changed backing keeps private copies */
		f->size = size;
		assert_int_equal(cpu_read(a, A + 300 * P, &v, 4, GA_READ), 0);
		mappable_invalidate(&f->m, 0, UINT64_MAX, false);
		assert_int_equal(cpu_read(b, A + 3 * P, &v, 4, GA_READ), 0);
		assert_int_equal(v, 5);
		mm_user_put(a);
		mm_user_put(b);
		mappable_put(&f->m);
		assert_int_equal(mm_system_usage(), 0);
	}
}

static void a_file_cut_behind_our_back_is_efault(void **state)
{
	struct test_file *f = test_file_new(8 * P, true);
	struct mm *mm = test_mm_new();
	char buf[3 * P];
	struct uio_seg seg;
	struct uio u;

	fill_file(f, 8);
	assert_int_equal(test_map_file(mm, f, A, 8 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED, 0), A);
	assert_int_equal(mm_copyin(mm, buf, A + 4 * P, sizeof(buf)), 0);
	assert_int_equal(host_ftruncate(backing_file_fd(f->bf), 5 * P), 0);
	assert_int_equal(mm_copyin(mm, buf, A + 4 * P, sizeof(buf)), -EFAULT);
	assert_int_equal(mm_read(mm, buf, A + 4 * P, sizeof(buf), false), P);
	uio_init_user1(&u, mm, &seg, A + 4 * P + 8, sizeof(buf));
	assert_int_equal(uio_read(&u, buf, sizeof(buf)), P - 8);
	assert_int_equal(uio_left(&u), sizeof(buf) - (P - 8));
	assert_int_equal(mm_load32(mm, A + 6 * P, &(uint32_t){ 0 }), -EFAULT);
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void copies_stop_at_holes(void **state)
{
	struct mm *mm = test_mm_new();
	char buf[4 * P];
	struct uio_seg segs[3] = { { A + P, P }, { A + 3 * P, 2 * P }, { A, 10 } };
	struct uio_pin pin;
	struct uio u;

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(test_anon(mm, A, 4 * P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED), A);
	assert_int_equal(mm_munmap(mm, A + 2 * P, P), 0);
	assert_int_equal(mm_copyout(mm, A, buf, 4 * P), -EFAULT);
	assert_int_equal(mm_write(mm, A + 10, buf, 4 * P, false), 2 * P - 10);
	assert_int_equal(mm_write(mm, A + 2 * P, buf, 10, false), -EFAULT);
	assert_int_equal(mm_copyin_str(mm, buf, A + 10, 100), -ENAMETOOLONG);
	assert_int_equal(mm_copyin_str(mm, buf, A + 2 * P - 50, 100), -EFAULT);
	assert_int_equal(mm_zero(mm, A + 2 * P - 1, 1), 0);
	assert_int_equal(mm_copyin_str(mm, buf, A + 2 * P - 50, 100), 49);
	assert_int_equal(mm_copyin(mm, buf, UINT64_MAX - 3, 8), -EFAULT);
	assert_int_equal(mm_copyin(mm, buf, mm_max_addr(mm) - 4, 8), -EFAULT);
	uio_init_user(&u, mm, segs, 3);
	assert_int_equal(uio_left(&u), 3 * P + 10);
	assert_int_equal(uio_write(&u, buf, 4 * P), 2 * P);
	assert_int_equal(uio_left(&u), P + 10);
	assert_int_equal(uio_write(&u, buf, 1), -EFAULT);
	uio_advance(&u, P);
	assert_int_equal(uio_write(&u, buf, 100), 10);
	assert_int_equal(uio_left(&u), 0);
	uio_init_user(&u, mm, segs, 3);
	assert_int_equal(uio_pin(&u, 3 * P, true, &pin), 2 * P);
	uio_unpin(&pin);
	mm_user_put(mm);
}

static void a_debugger_may_write_what_is_read_only(void **state)
{
	struct test_file *f = test_file_new(4 * P, true);
	struct mm *mm = test_mm_new();
	uint32_t v = 1;

	fill_file(f, 4);
	assert_int_equal(test_map_file(mm, f, A, P, LX_PROT_READ | LX_PROT_EXEC,
				       LX_MAP_PRIVATE | LX_MAP_FIXED, 0),
			 A);
	assert_int_equal(test_map_file(mm, f, A + P, P, LX_PROT_READ, LX_MAP_SHARED | LX_MAP_FIXED,
				       P),
			 A + P);
	assert_int_equal(test_anon(mm, A + 2 * P, P, LX_PROT_NONE, LX_MAP_PRIVATE | LX_MAP_FIXED),
			 A + 2 * P);
	assert_int_equal(mm_write(mm, A, &v, 4, false), -EFAULT);
	assert_int_equal(mm_write(mm, A, &v, 4, true), 4);
	assert_int_equal(file_word(f, 0), 100);
	assert_int_equal(cpu_read(mm, A, &v, 4, GA_READ), 0);
	assert_int_equal(v, 1);
	assert_int_equal(cpu_write(mm, A, &v, 4, GA_WRITE), -EACCES);
	assert_int_equal(mm_write(mm, A + P, &v, 4, true), -EFAULT);
	assert_int_equal(mm_read(mm, &v, A + 2 * P, 4, false), -EFAULT);
	assert_int_equal(mm_read(mm, &v, A + 2 * P, 4, true), 4);
	mm_user_put(mm);
	mappable_put(&f->m);
}

/* --- everything at once --- */

struct storm {
	struct mm *mm;
	struct test_file *f;
	atomic_bool stop;
	atomic_ulong copies;
};

static void *copier(void *arg)
{
	struct storm *s = arg;
	char buf[3 * P];

	while (!atomic_load(&s->stop)) {
		struct uio_pin pin;
		struct uio_seg seg;
		struct uio u;

		(void)mm_read(s->mm, buf, A + 100, sizeof(buf), false);
		(void)mm_write(s->mm, A + 5 * P - 7, buf, sizeof(buf), false);
		uio_init_user1(&u, s->mm, &seg, A, 16 * P);
		if (uio_pin(&u, 16 * P, true, &pin) > 0)
			uio_unpin(&pin);
		atomic_fetch_add(&s->copies, 1);
	}
	return NULL;
}

static void *mapper(void *arg)
{
	struct storm *s = arg;

	while (!atomic_load(&s->stop)) {
		(void)test_anon(s->mm, A, 8 * P, RW, LX_MAP_PRIVATE | LX_MAP_FIXED);
		(void)mm_munmap(s->mm, A + 2 * P, 3 * P);
		(void)test_map_file(s->mm, s->f, A + 4 * P, 8 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED,
				    0);
		(void)mm_madvise(s->mm, A, 4 * P, LX_MADV_DONTNEED);
		mappable_invalidate(&s->f->m, P, 2 * P, true);
	}
	return NULL;
}

static void *forker(void *arg)
{
	struct storm *s = arg;

	while (!atomic_load(&s->stop)) {
		struct mm *c = NULL;

		if (mm_fork(s->mm, NULL, A, &c) == 0) {
			(void)mm_zero(c, A, 2 * P);
			mm_put(c);
		}
	}
	return NULL;
}

static void copies_survive_unmapping_truncation_and_fork(void **state)
{
	struct storm s = { .mm = test_mm_new(), .f = test_file_new(8 * P, true) };
	void *(*const fns[])(void *) = { copier, copier, mapper, forker };
	pthread_t th[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&th[i], NULL, fns[i], &s), 0);
	while (atomic_load(&s.copies) < 3000)
		(void)host_sleep_until(host_now_ns() + 1000000);
	atomic_store(&s.stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	mm_user_put(s.mm);
	mappable_put(&s.f->m);
	assert_int_equal(mm_system_usage(), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, test_mm_setup, test_mm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(private_mappings_are_never_writable_at_the_host),
		T(small_private_data_is_copied_when_it_is_mapped),
		T(shared_mappings_write_the_file),
		T(invalidation_takes_pages_from_everybody),
		T(a_file_cut_behind_our_back_is_efault),
		T(copies_stop_at_holes),
		T(a_debugger_may_write_what_is_read_only),
		T(copies_survive_unmapping_truncation_and_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

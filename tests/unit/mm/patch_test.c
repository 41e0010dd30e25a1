/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewritten call sites in address spaces: what guests run, what the sentry reads, what takes it
 * back.
 */
#include "testmap.h"

#include "mm/mm_int.h"

#define RX    (LX_PROT_READ | LX_PROT_EXEC)
#define RW    (LX_PROT_READ | LX_PROT_WRITE)
#define P     PAGE_SIZE
#define A     0x20000000ull
#define SITE  (A + P + 0x100) /* in the second page of the mapping */
#define PC    (SITE + 2)
#define ZONE  (page_down(SITE + 5 + 0x013d4800))
#define ENTRY 0x7ffff0003000ull
#define FIX   (LX_MAP_PRIVATE | LX_MAP_FIXED)

static const uint8_t call[8] = { 0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff };

static int setup(void **state)
{
	int ret = test_mm_setup(state);

	g_mm.limits.syscall_entry = ENTRY;
	return ret;
}

static struct test_file *text_new(bool donated)
{
	struct test_file *f = test_file_new(8 * P, donated);

	test_file_write(f, P + 0x100, call, sizeof(call));
	test_file_write(f, P + 0x200, call, sizeof(call));
	return f;
}

static uint8_t guest_byte(struct mm *mm, uaddr_t va)
{
	uint8_t b = 0xee;

	assert_int_equal(cpu_read(mm, va, &b, 1, GA_READ), 0);
	return b;
}

static bool rewritten(struct mm *mm, uaddr_t site)
{
	uint8_t seen[2];

	/* whatever the guest sees, the sentry sees the file */
	assert_int_equal(mm_copyin(mm, seen, site, 2), 0);
	assert_memory_equal(seen, call, 2);
	return guest_byte(mm, site) == 0xe9;
}

/* A site is rewritten when it traps for the second time. */
static void patch(struct mm *mm, uaddr_t pc)
{
	mm_patch_site(mm, pc, 39);
	mm_patch_site(mm, pc, 39);
}

static struct mm *map_text(struct test_file *f)
{
	struct mm *mm = test_mm_new();

	assert_int_equal(test_map_file(mm, f, A, 8 * P, RX, FIX, 0), A);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	return mm;
}

static unsigned int nr_vmas(struct mm *mm)
{
	struct mm_stats st;

	mm_stats_get(mm, &st);
	return st.nr_vmas;
}

static void the_page_and_its_zone(bool donated)
{
	struct test_file *f = text_new(donated);
	struct mm *mm = map_text(f), *other;
	struct fake_map a, b, z;
	struct mm_patch_fix fix;
	int32_t disp;
	uint8_t byte;

	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(nr_vmas(mm), 1);
	assert_true(fake_map_find(mm_aspace(mm), ZONE, &z));
	assert_int_equal(z.end - z.start, P);
	assert_int_equal(z.prot, PF_PROT_READ | PF_PROT_EXEC);
	/* the jump lands in the trampoline, which knows the way back */
	assert_int_equal(cpu_read(mm, SITE + 1, &disp, 4, GA_READ), 0);
	assert_int_equal(guest_byte(mm, SITE + 5 + (uint64_t)disp), 0x48);
	assert_true(mm_patch_fixup(mm, SITE + 5 + (uint64_t)disp, &fix));
	assert_int_equal(fix.back, SITE);
	assert_true(mm_patch_fixup(mm, SITE + 5 + (uint64_t)disp + 7, &fix));
	assert_int_equal(fix.site, SITE);
	assert_false(fix.loads);
	assert_false(mm_patch_fixup(mm, SITE, &fix));
	/* not the guest's */
	assert_int_equal(mm_copyin(mm, &byte, ZONE, 1), -EFAULT);
	/* a second address space gets the same pages; the second site another version */
	other = map_text(f);
	patch(other, PC);
	assert_true(rewritten(other, SITE));
	assert_true(fake_map_find(mm_aspace(mm), SITE, &a) &&
		    fake_map_find(mm_aspace(other), SITE, &b));
	assert_int_equal(a.off, b.off);
	patch(mm, PC + 0x100);
	assert_true(rewritten(mm, SITE) && rewritten(mm, SITE + 0x100));
	assert_true(rewritten(other, SITE) && !rewritten(other, SITE + 0x100));
	patch(other, PC + 0x100);
	assert_true(rewritten(other, SITE + 0x100));
	/* nothing there that calls */
	patch(mm, A + 0x10);
	assert_true(!fake_map_find(mm_aspace(mm), A, &a) || a.end >= A + P);
	mm_user_put(other);
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void a_page_and_its_zone(void **state)
{
	the_page_and_its_zone(false);
	the_page_and_its_zone(true);
}

static void mappings_that_need_the_zone(void **state)
{
	struct test_file *f = text_new(true);
	struct mm *mm = map_text(f);
	struct mm_patch_fix fix;

	patch(mm, PC);
	assert_int_equal(test_anon(mm, ZONE, P, RW, FIX), ZONE);
	assert_false(rewritten(mm, SITE));
	assert_int_equal(guest_byte(mm, ZONE), 0);
	assert_false(mm_patch_fixup(mm, ZONE + 0x80, &fix));
	/* while it is there nothing is rewritten; afterwards, at another trap */
	patch(mm, PC + 0x100);
	assert_false(rewritten(mm, SITE + 0x100));
	assert_int_equal(mm_munmap(mm, ZONE, P), 0);
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	/* the heap grows over it; a hint */
	mm_set_brk_start(mm, ZONE - 4 * P);
	assert_int_equal(mm_brk(mm, ZONE + 4 * P, NULL), ZONE + 4 * P);
	assert_false(rewritten(mm, SITE));
	assert_int_equal(mm_brk(mm, ZONE - 4 * P, NULL), ZONE - 4 * P);
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(test_anon(mm, ZONE, P, RW, LX_MAP_PRIVATE), ZONE);
	assert_false(rewritten(mm, SITE));
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void changes_of_the_text(void **state)
{
	struct test_file *f = text_new(true);
	struct mm *mm = map_text(f), *child;
	uaddr_t to = A + 0x100000;
	uint8_t b = 0x90;

	/* made writable and written to */
	patch(mm, PC);
	assert_int_equal(mm_mprotect(mm, A + P, P, RW, NULL), 0);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	assert_int_equal(cpu_write(mm, SITE + 0x80, &b, 1, GA_WRITE), 0);
	assert_int_equal(guest_byte(mm, SITE + 0x80), 0x90);
	assert_int_equal(mm_mprotect(mm, A + P, P, RX, NULL), 0);
	assert_false(rewritten(mm, SITE));
	/* now it is this process' own page, and rewritten as such */
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(guest_byte(mm, SITE + 0x80), 0x90);
	b = 0x91;
	assert_int_equal(mm_write(mm, SITE + 0x80, &b, 1, true), 1); /* a debugger */
	assert_int_equal(guest_byte(mm, SITE + 0x80), 0x91);
	assert_false(rewritten(mm, SITE));
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(guest_byte(mm, SITE + 0x80), 0x91);
	/* moved */
	assert_int_equal(mm_mremap(mm, A + P, P, P, LX_MREMAP_MAYMOVE | LX_MREMAP_FIXED, to, NULL),
			 to);
	assert_int_equal(guest_byte(mm, to + 0x100), 0x0f);
	patch(mm, to + 0x102);
	assert_true(rewritten(mm, to + 0x100));
	/* a child has the originals */
	assert_int_equal(mm_fork(mm, NULL, 0, &child), 0);
	mm_user_get(child);
	mm_put(child);
	assert_false(rewritten(child, to + 0x100));
	assert_true(rewritten(mm, to + 0x100));
	patch(child, to + 0x102);
	assert_true(rewritten(child, to + 0x100));
	/* taken away */
	assert_int_equal(mm_munmap(mm, to, P), 0);
	assert_true(fake_faults(mm_aspace(mm), to + 0x100, GA_READ));
	mm_user_put(child);
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void changes_of_the_file(void **state)
{
	struct test_file *f = text_new(true);
	struct mm *mm = map_text(f), *other;
	uint8_t b = 0x77;

	patch(mm, PC);
	test_file_write(f, P + 0x180, &b, 1);
	other = map_text(f);
	patch(other, PC);
	assert_true(rewritten(other, SITE));
	assert_int_equal(guest_byte(other, SITE + 0x80), 0x77);
	/* its end */
	mappable_invalidate(&f->m, 0, UINT64_MAX, true);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	mm_user_put(other);
	mm_user_put(mm);
	mappable_put(&f->m);
}

static void what_is_left_alone(void **state)
{
	struct test_file *f = text_new(false);
	struct mm *mm = test_mm_new();

	/* writable and executable */
	assert_int_equal(test_map_file(mm, f, A, 8 * P, RX | RW, FIX, 0), A);
	patch(mm, PC);
	assert_false(rewritten(mm, SITE));
	/* shared: somebody may write it elsewhere */
	assert_int_equal(test_map_file(mm, f, A, 8 * P, RX, LX_MAP_SHARED | LX_MAP_FIXED, 0), A);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	patch(mm, PC);
	assert_false(rewritten(mm, SITE));
	/* private, but mapped shared and writable as well */
	assert_int_equal(test_map_file(mm, f, A + 64 * P, 8 * P, RW, LX_MAP_SHARED | LX_MAP_FIXED,
				       0),
			 A + 64 * P);
	assert_int_equal(test_map_file(mm, f, A, 8 * P, RX, FIX, 0), A);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	patch(mm, PC);
	assert_false(rewritten(mm, SITE));
	/* where nothing is */
	patch(mm, 0x123456789000);
	patch(mm, 1);
	patch(mm, UINT64_MAX);
	mm_user_put(mm);
	mappable_put(&f->m);
}

/* Anonymous text: this address space's own. */
static void anonymous_text(void **state)
{
	struct mm *mm = test_mm_new();
	uint8_t b = 0x33;

	assert_int_equal(test_anon(mm, A, 8 * P, RW, FIX), A);
	assert_int_equal(cpu_write(mm, SITE, call, sizeof(call), GA_WRITE), 0);
	assert_int_equal(mm_mprotect(mm, A, 8 * P, RX, NULL), 0);
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(mm_mprotect(mm, A, 8 * P, RW, NULL), 0);
	assert_int_equal(cpu_write(mm, SITE + 1, &b, 1, GA_WRITE), 0);
	assert_int_equal(guest_byte(mm, SITE), 0x0f);
	assert_int_equal(guest_byte(mm, SITE + 1), 0x33);
	assert_int_equal(cpu_write(mm, SITE, call, sizeof(call), GA_WRITE), 0);
	assert_int_equal(mm_mprotect(mm, A, 8 * P, RX, NULL), 0);
	patch(mm, PC);
	assert_true(rewritten(mm, SITE));
	assert_int_equal(mm_madvise(mm, A, 8 * P, LX_MADV_DONTNEED), 0);
	assert_int_equal(guest_byte(mm, SITE), 0);
	mm_user_put(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_and_its_zone),
		cmocka_unit_test(mappings_that_need_the_zone),
		cmocka_unit_test(changes_of_the_text),
		cmocka_unit_test(changes_of_the_file),
		cmocka_unit_test(what_is_left_alone),
		cmocka_unit_test(anonymous_text),
	};

	return cmocka_run_group_tests(tests, setup, test_mm_teardown);
}

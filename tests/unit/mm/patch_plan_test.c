/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans for rewriting x86-64 call instructions: which is chosen, where it lands, what it leaves
 * alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mm/patch_plan.h"

#define ENTRY 0x7ffff0002345ull

struct world {
	uint8_t page[4096];
	int64_t free_lo, free_hi;   /* trampolines may be in here ... */
	int64_t taken_lo, taken_hi; /* ... but not in here */
	unsigned int pinned_lo, pinned_hi;
	uint64_t sysno;
};

static bool is_free(void *ctx, int64_t at, size_t size)
{
	struct world *w = ctx;

	return at >= w->free_lo && at + (int64_t)size <= w->free_hi &&
	       (at + (int64_t)size <= w->taken_lo || at >= w->taken_hi);
}

static bool find_free(void *ctx, int64_t lo, int64_t hi, size_t size, int64_t *ret_at)
{
	struct world *w = ctx;

	if (w->free_lo < lo || w->free_lo + (int64_t)size > w->free_hi || w->free_lo >= hi)
		return false;
	*ret_at = w->free_lo;
	return true;
}

static bool may_edit(void *ctx, unsigned int off, unsigned int len)
{
	struct world *w = ctx;

	return off + len <= w->pinned_lo || off >= w->pinned_hi;
}

static struct patch_plan plan_at(struct world *w, unsigned int off)
{
	struct patch_ask ask = { .page = w->page,
				 .off = off,
				 .sysno = w->sysno,
				 .entry = ENTRY,
				 .is_free = is_free,
				 .find_free = find_free,
				 .may_edit = may_edit,
				 .ctx = w };
	struct patch_plan plan;

	patch_plan(&ask, &plan);
	return plan;
}

static struct world world(void)
{
	struct world w = { .free_lo = INT64_MIN / 2, .free_hi = INT64_MAX / 2, .sysno = 39 };

	memset(w.page, 0x90, sizeof(w.page));
	return w;
}

static void put(struct world *w, unsigned int off, const char *bytes, size_t n)
{
	memcpy(w->page + off, bytes, n);
}
#define PUT(w, off, s) put(w, off, s, sizeof(s) - 1)

static int32_t get32(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Where the jump in the edited page goes. */
static int64_t target(const struct world *w, const struct patch_plan *plan, unsigned int n)
{
	uint8_t page[4096];

	memcpy(page, w->page, sizeof(page));
	for (unsigned int i = 0; i < plan->nr_edits; i++)
		memcpy(page + plan->edit[i].off, plan->edit[i].bytes, plan->edit[i].len);
	assert_int_equal(page[plan->edit[n].off], 0xe9);
	return (int64_t)plan->edit[n].off + 5 + get32(page + plan->edit[n].off + 1);
}

/* The trampoline's end: lea site + 2, movabs entry, jmp. */
static void check_tail(const struct patch_plan *plan, unsigned int lead)
{
	const uint8_t *p = plan->code + lead;
	uint64_t entry;

	assert_int_equal(plan->code_size, lead + 20);
	assert_memory_equal(p, "\x48\x8d\x0d", 3);
	assert_int_equal(plan->tramp + lead + 7 + get32(p + 3), plan->site + 2);
	assert_memory_equal(p + 7, "\x49\xbb", 2);
	memcpy(&entry, p + 9, 8);
	assert_int_equal(entry, ENTRY);
	assert_memory_equal(p + 17, "\x41\xff\xe3", 3);
}

static void pun_lands_in_its_window(void **state)
{
	struct world w = world();
	struct patch_plan p;

	PUT(&w, 100, "\x0f\x05\x48\x3d\x01\xf0\xff\xff"); /* cmp $-4095, %rax */
	p = plan_at(&w, 100);
	assert_int_equal(p.kind, PATCH_PUN);
	assert_int_equal(p.nr_edits, 1);
	assert_int_equal(p.edit[0].len, 2);
	assert_int_equal(p.tramp, target(&w, &p, 0));
	assert_int_equal(p.tramp & ~0xff, (105 + 0x013d4800) & ~0xff);
	assert_int_equal(p.pin_off, 100);
	assert_int_equal(p.pin_len, 5);
	check_tail(&p, 0);
	/* what is taken is walked around */
	w.taken_lo = p.tramp;
	w.taken_hi = p.tramp + 50;
	p = plan_at(&w, 100);
	assert_int_equal(p.kind, PATCH_PUN);
	assert_int_equal(p.tramp, w.taken_hi);
	assert_int_equal(p.tramp, target(&w, &p, 0));
	check_tail(&p, 0);
	/* all of the window is: left */
	w.taken_lo = 0;
	w.taken_hi = 0x02000000;
	assert_int_equal(plan_at(&w, 100).kind, PATCH_LEAVE);
}

static void pun_backwards(void **state)
{
	struct world w = world();
	struct patch_plan p;

	PUT(&w, 64, "\x0f\x05\xc3\xcc\xf0");
	p = plan_at(&w, 64);
	assert_int_equal(p.kind, PATCH_PUN);
	assert_true(p.tramp < 0);
	assert_int_equal(p.tramp, target(&w, &p, 0));
	check_tail(&p, 0);
	/* below the lowest address a guest can map */
	w.free_lo = -0x1000;
	assert_int_equal(plan_at(&w, 64).kind, PATCH_LEAVE);
}

static void page_ends(void **state)
{
	struct world w = world();

	PUT(&w, 4094, "\x0f\x05");
	assert_true(patch_is_site(w.page, 4094));
	assert_int_equal(plan_at(&w, 4094).kind, PATCH_LEAVE);
	PUT(&w, 4092, "\x0f\x05\x48\x3d");
	assert_int_equal(plan_at(&w, 4092).kind, PATCH_LEAVE);
	PUT(&w, 4091, "\x0f\x05\x48\x3d\x01");
	assert_int_equal(plan_at(&w, 4091).kind, PATCH_PUN);
	w.page[4095] = 0x0f;
	assert_false(patch_is_site(w.page, 4095));
	/* the mov's form needs nothing of the next page */
	w.free_lo = 0x10000;
	PUT(&w, 4089, "\xb8\x27\x00\x00\x00\x0f\x05");
	assert_int_equal(plan_at(&w, 4094).kind, PATCH_MOV);
	/* nor of the one before */
	memset(w.page, 0x90, sizeof(w.page));
	w.free_hi = 0x10000;
	PUT(&w, 0, "\x00\x00\x00\x0f\x05\x48\x3d\x01");
	assert_int_equal(plan_at(&w, 3).kind, PATCH_LEAVE);
}

static void mov_when_the_window_is_taken(void **state)
{
	struct world w = world();
	struct patch_plan p;

	w.free_hi = 0x100000;
	w.free_lo = 0x80000;
	PUT(&w, 200, "\xb8\x27\x00\x00\x00\x0f\x05\x48\x3d\x01\xf0\xff\xff");
	p = plan_at(&w, 205);
	assert_int_equal(p.kind, PATCH_MOV);
	assert_int_equal(p.edit[0].off, 200);
	assert_int_equal(p.edit[0].len, 5); /* the call itself stays */
	assert_int_equal(p.back, 200);
	assert_int_equal(p.tramp, target(&w, &p, 0));
	assert_memory_equal(p.code, "\xb8\x27\x00\x00\x00", 5);
	check_tail(&p, 5);
	PUT(&w, 300, "\x48\xc7\xc0\x27\x00\x00\x00\x0f\x05\x48\x3d\x01\xf0\xff\xff");
	p = plan_at(&w, 307);
	assert_int_equal(p.kind, PATCH_MOV);
	assert_int_equal(p.edit[0].off, 300);
	check_tail(&p, 7);
	/* another number than the one that trapped: these bytes are no such mov */
	w.sysno = 40;
	assert_int_equal(plan_at(&w, 205).kind, PATCH_LEAVE);
	assert_int_equal(plan_at(&w, 307).kind, PATCH_LEAVE);
	/* a mov to r8d */
	w.sysno = 39;
	w.page[199] = 0x41;
	assert_int_equal(plan_at(&w, 205).kind, PATCH_LEAVE);
	/* bytes that another plan depends on */
	w.page[199] = 0x90;
	w.pinned_lo = 202;
	w.pinned_hi = 203;
	assert_int_equal(plan_at(&w, 205).kind, PATCH_LEAVE);
}

static void xor_before_read(void **state)
{
	struct world w = world();
	struct patch_plan p;

	w.taken_hi = 0x02000000;
	w.sysno = 0;
	PUT(&w, 100, "\x31\xc0\x0f\x05\x48\x3d\x01\xf0\xff\xff");
	p = plan_at(&w, 102);
	assert_int_equal(p.kind, PATCH_MOV);
	assert_int_equal(p.edit[0].off, 100);
	assert_int_equal(p.edit[0].len, 2); /* the call itself stays */
	assert_int_equal(p.back, 100);
	assert_int_equal(p.tramp, target(&w, &p, 0));
	assert_memory_equal(p.code, "\x31\xc0", 2);
	check_tail(&p, 2);
	w.sysno = 1;
	assert_int_equal(plan_at(&w, 102).kind, PATCH_LEAVE);
	w.sysno = 0;
	w.page[99] = 0x45;
	assert_int_equal(plan_at(&w, 102).kind, PATCH_LEAVE);
}

static void island_in_padding(void **state)
{
	struct world w = world();
	struct patch_plan p;

	w.free_hi = 0x100000;
	w.free_lo = 0x80000;
	PUT(&w, 100, "\x0f\x05\x48\x3d\x01\xf0\xff\xff");
	assert_int_equal(plan_at(&w, 100).kind, PATCH_LEAVE);
	PUT(&w, 182, "\xc3\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc"); /* to 192 */
	p = plan_at(&w, 100);
	assert_int_equal(p.kind, PATCH_ISLAND);
	assert_int_equal(p.nr_edits, 2);
	assert_int_equal(p.edit[0].bytes[0], 0xeb);
	assert_int_equal(102 + (int8_t)p.edit[0].bytes[1], p.edit[1].off);
	assert_true(p.edit[1].off > 182 && p.edit[1].off + 5 <= 192);
	assert_int_equal(p.tramp, target(&w, &p, 1));
	check_tail(&p, 0);
	/* too short; not where a function could follow; out of reach */
	PUT(&w, 182, "\xc3\xc3\xc3\xc3\xc3\xcc\xcc\xcc\xcc\xcc");
	assert_int_equal(plan_at(&w, 100).kind, PATCH_LEAVE);
	PUT(&w, 182, "\xc3\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xc3");
	assert_int_equal(plan_at(&w, 100).kind, PATCH_LEAVE);
	PUT(&w, 182, "\xc3\x90\x90\x90\x90\x90\x90\x90\x90\xc3");
	PUT(&w, 310, "\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc");
	assert_int_equal(plan_at(&w, 100).kind, PATCH_LEAVE);
}

static void not_a_site(void **state)
{
	struct world w = world();

	PUT(&w, 10, "\x0f\x34\x48\x3d\x01"); /* sysenter */
	assert_int_equal(plan_at(&w, 10).kind, PATCH_LEAVE);
	PUT(&w, 20, "\xcd\x80\x48\x3d\x01");
	assert_int_equal(plan_at(&w, 20).kind, PATCH_LEAVE);
}

/* Whatever the bytes: a plan's jump goes to its trampoline, and touches only what it pins. */
static void random_pages(void **state)
{
	uint64_t x = 88172645463325252ull;
	unsigned int made = 0;

	for (unsigned int round = 0; round < 200; round++) {
		struct world w = world();

		for (unsigned int i = 0; i < sizeof(w.page); i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			w.page[i] = (x & 0x700) ? (uint8_t)x : 0xcc;
		}
		if (round & 1) {
			w.free_lo = -0x40000000;
			w.free_hi = 0x40000000;
		}
		for (unsigned int off = 0; off < 4094; off += 37) {
			struct patch_plan p;

			PUT(&w, off, "\x0f\x05");
			p = plan_at(&w, off);
			if (p.kind == PATCH_LEAVE)
				continue;
			made++;
			assert_int_equal(target(&w, &p, p.nr_edits - 1), p.tramp);
			assert_true(is_free(&w, p.tramp, p.code_size));
			assert_true(p.edit[0].off >= p.pin_off);
			assert_true(p.edit[0].off + p.edit[0].len <= p.pin_off + p.pin_len);
			assert_true(p.pin_off + p.pin_len <= 4096);
		}
	}
	assert_true(made > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pun_lands_in_its_window),
		cmocka_unit_test(pun_backwards),
		cmocka_unit_test(page_ends),
		cmocka_unit_test(mov_when_the_window_is_taken),
		cmocka_unit_test(xor_before_read),
		cmocka_unit_test(island_in_padding),
		cmocka_unit_test(not_a_site),
		cmocka_unit_test(random_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

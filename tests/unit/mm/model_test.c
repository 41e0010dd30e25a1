/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares mm with a model that is an array of pages: thousands of random calls on a few address
 * spaces that fork from each other, seen both by the guest's CPU (through what the platform was
 * told to map) and by copyin and copyout.
 */
#include "testmap.h"

#define NR_PAGES  96
#define NR_PROCS  4
#define NR_OBJS   64
#define OBJ_PAGES 48
#define BASE      0x10000000ull
#define RW        (LX_PROT_READ | LX_PROT_WRITE)

enum kind { NONE, PRIVATE, PRIVATE_FILE, SHARED };

struct obj {                 /* the pages of a shared object */
	struct test_file *f; /* NULL: anonymous */
	uint32_t val[NR_PAGES], version[NR_PAGES];
};

struct page {
	enum kind kind;
	int prot;
	uint32_t val;     /* PRIVATE */
	struct obj *obj;  /* SHARED, PRIVATE_FILE (not written yet) */
	unsigned int idx; /* in obj */
	uint32_t version; /* PRIVATE_FILE: of the file's page when it was mapped */
};

struct proc {
	struct mm *mm;
	struct page pages[NR_PAGES];
};

static struct proc g_procs[NR_PROCS];
static struct obj *g_objs[NR_OBJS];
static unsigned int g_nr_objs;
static uint64_t g_rng;

static uint32_t rnd(uint32_t n)
{
	g_rng = g_rng * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(g_rng >> 33) % n;
}

static int rnd_prot(void)
{
	static const int prots[] = { RW,           RW,           RW,
				     LX_PROT_READ, LX_PROT_NONE, RW | LX_PROT_EXEC,
				     LX_PROT_READ };

	return prots[rnd(ARRAY_SIZE(prots))];
}

static uaddr_t va(unsigned int page)
{
	return BASE + page * PAGE_SIZE;
}

static void range(unsigned int *ret_at, unsigned int *ret_nr)
{
	*ret_at = rnd(NR_PAGES);
	*ret_nr = 1 + rnd(rnd(4) ? 6 : NR_PAGES);
	if (*ret_at + *ret_nr > NR_PAGES)
		*ret_nr = NR_PAGES - *ret_at;
}

static struct obj *obj_new(struct test_file *f)
{
	struct obj *o = calloc(1, sizeof(*o));

	assert_true(g_nr_objs < NR_OBJS);
	o->f = f;
	g_objs[g_nr_objs++] = o;
	return o;
}

static uint32_t page_val(const struct page *p)
{
	return p->kind == PRIVATE ? p->val : p->obj->val[p->idx];
}

/* --- operations --- */

static void op_mmap_anon(struct proc *pr)
{
	unsigned int at, nr;
	int prot = rnd_prot(), shared = g_nr_objs < NR_OBJS - 1 && rnd(5) == 0;
	struct obj *o = NULL;

	range(&at, &nr);
	assert_int_equal(test_anon(pr->mm, va(at), nr * PAGE_SIZE, prot,
				   LX_MAP_FIXED | (shared ? LX_MAP_SHARED : LX_MAP_PRIVATE)),
			 va(at));
	if (shared)
		o = obj_new(NULL);
	for (unsigned int i = 0; i < nr; i++)
		pr->pages[at + i] = (struct page){
			.kind = shared ? SHARED : PRIVATE, .prot = prot, .obj = o, .idx = i
		};
}

static void op_mmap_file(struct proc *pr)
{
	unsigned int at, nr, off = rnd(8);
	int prot = rnd_prot();
	bool shared = rnd(2);
	struct obj *o = g_objs[rnd(2)];

	range(&at, &nr);
	nr = MIN(nr, OBJ_PAGES - off);
	assert_int_equal(test_map_file(pr->mm, o->f, va(at), nr * PAGE_SIZE, prot,
				       LX_MAP_FIXED | (shared ? LX_MAP_SHARED : LX_MAP_PRIVATE),
				       off * PAGE_SIZE),
			 va(at));
	for (unsigned int i = 0; i < nr; i++)
		pr->pages[at + i] = (struct page){ .kind = shared ? SHARED : PRIVATE_FILE,
						   .prot = prot,
						   .obj = o,
						   .idx = off + i,
						   .version = o->version[off + i] };
}

static void op_munmap(struct proc *pr)
{
	unsigned int at, nr;

	range(&at, &nr);
	assert_int_equal(mm_munmap(pr->mm, va(at), nr * PAGE_SIZE), 0);
	memset(&pr->pages[at], 0, nr * sizeof(struct page));
}

static void op_mprotect(struct proc *pr)
{
	unsigned int at, nr, i;
	int prot = rnd_prot(), ret;

	range(&at, &nr);
	ret = mm_mprotect(pr->mm, va(at), nr * PAGE_SIZE, prot, NULL);
	for (i = 0; i < nr && pr->pages[at + i].kind != NONE; i++)
		pr->pages[at + i].prot = prot;
	assert_int_equal(ret, i == nr ? 0 : -ENOMEM);
}

static void op_dontneed(struct proc *pr)
{
	unsigned int at, nr;
	int want = 0;

	range(&at, &nr);
	for (unsigned int i = at; i < at + nr; i++) {
		struct page *p = &pr->pages[i];

		if (p->kind == NONE)
			want = -ENOMEM;
		if (p->kind != PRIVATE)
			continue;
		p->val = 0;
		if (p->obj) {
			p->kind = PRIVATE_FILE;
			p->version = p->obj->version[p->idx];
		}
	}
	assert_int_equal(mm_madvise(pr->mm, va(at), nr * PAGE_SIZE, LX_MADV_DONTNEED), want);
}

/* One mapping, by the model: neighbours that mm may have kept apart or merged are both fine to move
 * one page of. */
static void op_mremap(struct proc *pr)
{
	unsigned int from = rnd(NR_PAGES), to = rnd(NR_PAGES);
	int64_t ret;

	if (from == to)
		return;
	ret = mm_mremap(pr->mm, va(from), PAGE_SIZE, PAGE_SIZE, LX_MREMAP_MAYMOVE | LX_MREMAP_FIXED,
			va(to), NULL);
	if (pr->pages[from].kind == NONE) {
		assert_int_equal(ret, -EFAULT); /* and what is at the new place stays */
		return;
	}
	assert_int_equal(ret, va(to));
	pr->pages[to] = pr->pages[from];
	memset(&pr->pages[from], 0, sizeof(struct page));
}

static void op_fork(struct proc *pr)
{
	struct proc *c = &g_procs[rnd(NR_PROCS)];

	if (c == pr)
		return;
	if (c->mm)
		mm_user_put(c->mm);
	assert_int_equal(mm_fork(pr->mm, NULL, va(rnd(NR_PAGES)), &c->mm), 0);
	mm_user_get(c->mm);
	mm_put(c->mm);
	memcpy(c->pages, pr->pages, sizeof(c->pages));
}

static void op_write(struct proc *pr)
{
	unsigned int at = rnd(NR_PAGES), by = rnd(3);
	struct page *p = &pr->pages[at];
	uint32_t val = rnd(1u << 30);
	int ret, want = p->kind == NONE ? -EFAULT : p->prot & LX_PROT_WRITE ? 0 : -EACCES;

	if (by == 0)
		ret = cpu_write(pr->mm, va(at), &val, 4, GA_WRITE);
	else if (by == 1)
		ret = cpu_write(pr->mm, va(at), &val, 4, GA_UNKNOWN);
	else
		ret = mm_copyout(pr->mm, va(at), &val, 4);
	assert_int_equal(ret, by == 2 && want ? -EFAULT : want);
	if (want)
		return;
	if (p->kind == SHARED) {
		p->obj->val[p->idx] = val;
		p->obj->version[p->idx]++;
	} else {
		p->kind = PRIVATE;
		p->val = val;
	}
}

static void check_page(struct proc *pr, unsigned int at, unsigned int by)
{
	struct page *p = &pr->pages[at];
	int ret, want = p->kind == NONE ? -EFAULT : p->prot ? 0 : -EACCES;
	uint32_t val = 0xdeadbeef;

	if (by == 0)
		ret = cpu_read(pr->mm, va(at), &val, 4, GA_READ);
	else if (by == 1)
		ret = cpu_read(pr->mm, va(at), &val, 4, GA_UNKNOWN);
	else
		ret = mm_copyin(pr->mm, &val, va(at), 4);
	assert_int_equal(ret, by == 2 && want ? -EFAULT : want);
	if (want || (p->kind == PRIVATE_FILE && p->version != p->obj->version[p->idx]))
		return;
	if (val != page_val(p))
		fail_msg("page %u by %u: %#x, not %#x", at, by, val, page_val(p));
}

static void run(uint64_t seed, unsigned int steps)
{
	static void (*const ops[])(struct proc * pr) = {
		op_mmap_anon, op_mmap_file, op_munmap, op_mprotect, op_mprotect,
		op_dontneed,  op_mremap,    op_fork,   op_write,    op_write,
		op_write,     op_write,     op_write,  op_write,
	};

	g_rng = seed;
	g_nr_objs = 0;
	for (int d = 0; d < 2; d++) {
		struct obj *o = obj_new(test_file_new(OBJ_PAGES * PAGE_SIZE, d));

		for (unsigned int i = 0; i < OBJ_PAGES; i++) {
			o->val[i] = rnd(1u << 30);
			test_file_write(o->f, i * PAGE_SIZE, &o->val[i], 4);
		}
	}
	memset(g_procs, 0, sizeof(g_procs));
	g_procs[0].mm = test_mm_new();
	for (unsigned int s = 0; s < steps; s++) {
		struct proc *pr = &g_procs[rnd(NR_PROCS)];

		if (!pr->mm)
			continue;
		ops[rnd(ARRAY_SIZE(ops))](pr);
		check_page(pr, rnd(NR_PAGES), rnd(3));
		if (s % 64 == 0) {
			for (unsigned int i = 0; i < NR_PAGES; i++)
				check_page(pr, i, rnd(3));
		}
	}
	for (unsigned int i = 0; i < NR_PROCS; i++) {
		if (g_procs[i].mm)
			mm_user_put(g_procs[i].mm);
	}
	for (unsigned int i = 0; i < g_nr_objs; i++) {
		if (g_objs[i]->f)
			mappable_put(&g_objs[i]->f->m);
		free(g_objs[i]);
	}
	/* nothing mapped, nothing kept */
	assert_int_equal(mm_system_usage(), 0);
}

static void random_calls_agree_with_an_array_of_pages(void **state)
{
	const char *only = getenv("MM_MODEL_SEED");

	if (only) {
		run(strtoull(only, NULL, 0), 20000);
		return;
	}
	for (uint64_t seed = 1; seed <= 30; seed++) {
		print_message("seed %llu\n", (unsigned long long)seed);
		run(seed, 1500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_calls_agree_with_an_array_of_pages,
						test_mm_setup, test_mm_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

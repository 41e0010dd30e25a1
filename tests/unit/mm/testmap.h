/* SPDX-License-Identifier: Apache-2.0 */
/* A file in memory that can be mapped, and a guest's CPU, for the tests of mm. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <abi/linux/mman.h>
#include <base/bits.h>
#include <host/host.h>
#include <host/usercopy.h>
#include <platform/fake.h>

#include "mm/mm.h"

/* --- a file: pages in the memory file, or a host file of its own ("donated") --- */
struct test_file {
	struct ref ref;
	struct mappable m;
	bool donated;
	struct backing_file *bf; /* donated */
	uint64_t base, size;     /* base: in the memory file */
};

static inline struct test_file *test_file_of(struct mappable *m)
{
	return container_of(m, struct test_file, m);
}

static inline void test_file_get(struct mappable *m)
{
	ref_get(&test_file_of(m)->ref);
}

static inline void test_file_put(struct mappable *m)
{
	struct test_file *f = test_file_of(m);

	if (!ref_put(&f->ref))
		return;
	if (f->donated)
		backing_file_put(f->bf);
	else
		pagefile_free(f->base, f->size);
	mappable_fini(m);
	free(f);
}

static inline int test_file_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
				      struct backing *ret_b)
{
	struct test_file *f = test_file_of(m);
	uint64_t end = page_up(f->size);

	if (off >= end)
		return -ENXIO;
	size = MIN(size, end - off);
	if (!f->donated)
		return pagefile_backing(f->base + off, size, ret_b);
	*ret_b = (struct backing){
		.file = backing_file_get(f->bf), .off = off, .size = size, .writable = true
	};
	return 0;
}

static inline void test_file_id(struct mappable *m, struct mappable_id *ret_id)
{
	*ret_id = (struct mappable_id){ 0 };
}

static inline int test_file_name(struct mappable *m, char *buf, size_t size)
{
	return -ENAMETOOLONG;
}

static const struct mappable_ops test_file_ops = {
	.get = test_file_get,
	.put = test_file_put,
	.translate = test_file_translate,
	.id = test_file_id,
	.name = test_file_name,
};

static inline struct test_file *test_file_new(uint64_t size, bool donated)
{
	struct test_file *f = calloc(1, sizeof(*f));

	ref_init(&f->ref);
	mappable_init(&f->m, &test_file_ops);
	f->size = size;
	f->donated = donated;
	if (donated) {
		int fd = host_memfd_create("test", 0);

		assert_true(fd >= 0);
		assert_int_equal(host_ftruncate(fd, size), 0);
		assert_int_equal(backing_file_new_fd(fd, true, &f->bf), 0);
	} else {
		assert_int_equal(pagefile_alloc(size, PAGE_SIZE, PAGEFILE_SHMEM, &f->base), 0);
	}
	return f;
}

static inline void test_file_write(struct test_file *f, uint64_t off, const void *src, size_t n)
{
	if (f->donated)
		assert_int_equal(host_pwrite(backing_file_fd(f->bf), src, n, off), n);
	else
		assert_int_equal(pagefile_write(f->base + off, src, n), 0);
}

static inline void test_file_read(struct test_file *f, uint64_t off, void *dst, size_t n)
{
	if (f->donated)
		assert_int_equal(host_pread(backing_file_fd(f->bf), dst, n, off), n);
	else
		assert_int_equal(pagefile_read(f->base + off, dst, n), 0);
}

/* --- a CPU: 0, or what the last fault said --- */
static inline int cpu_write(struct mm *mm, uaddr_t va, const void *src, size_t n,
			    enum guest_access kind)
{
	size_t done = 0;

	for (int tries = 0; tries < 64; tries++) {
		uaddr_t fault;
		bool bus = false;
		int ret;

		done += fake_write(mm_aspace(mm), va + done, (const char *)src + done, n - done,
				   &fault, &bus);
		if (done == n)
			return 0;
		if (bus)
			return -ENXIO;
		ret = mm_fault(mm, fault, kind, NULL);
		if (ret < 0)
			return ret;
	}
	fail_msg("the fault at %#llx does not go away", (unsigned long long)va);
	return -EIO;
}

static inline int cpu_read(struct mm *mm, uaddr_t va, void *dst, size_t n, enum guest_access kind)
{
	size_t done = 0;

	for (int tries = 0; tries < 64; tries++) {
		uaddr_t fault;
		bool bus = false;
		int ret;

		done += fake_read(mm_aspace(mm), va + done, (char *)dst + done, n - done, &fault,
				  &bus);
		if (done == n)
			return 0;
		if (bus)
			return -ENXIO;
		ret = mm_fault(mm, fault, kind, NULL);
		if (ret < 0)
			return ret;
	}
	fail_msg("the fault at %#llx does not go away", (unsigned long long)va);
	return -EIO;
}

static struct platform *g_test_platform;

static inline int test_mm_setup(void **state)
{
	if (fake_platform_new(&g_test_platform) < 0)
		return -1;
	return mm_system_init(g_test_platform);
}

static inline int test_mm_teardown(void **state)
{
	size_t left = fake_nr_aspaces(g_test_platform);

	mm_system_fini();
	left += fake_nr_files(g_test_platform);
	g_test_platform->ops->close(g_test_platform);
	g_test_platform = NULL;
	return left ? -1 : 0;
}

static inline struct mm *test_mm_new(void)
{
	struct mm *mm = NULL;

	/* cmocka has put its own handlers in place since the set-up */
	assert_int_equal(host_usercopy_init(), 0);
	assert_int_equal(mm_new(1234, &mm), 0);
	mm_user_get(mm);
	mm_put(mm);
	return mm;
}

static inline int64_t test_anon(struct mm *mm, uaddr_t addr, uint64_t size, int prot, int flags)
{
	struct mm_mmap_req req = {
		.addr = addr,
		.size = size,
		.prot = prot,
		.flags = flags | LX_MAP_ANONYMOUS,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC,
	};

	return mm_mmap(mm, &req, NULL);
}

static inline int64_t test_map_file(struct mm *mm, struct test_file *f, uaddr_t addr, uint64_t size,
				    int prot, int flags, uint64_t off)
{
	struct mm_mmap_req req = {
		.addr = addr,
		.size = size,
		.prot = prot,
		.flags = flags,
		.off = off,
		.mappable = &f->m,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC,
	};

	return mm_mmap(mm, &req, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that meet a hole or the end of a truncated file. */
#include "host/usercopy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "host/host.h"

#define NR_PAGES 4
static unsigned char *g_map; /* two pages of a file, two pages past its end */

static int setup(void **state)
{
	void *p;
	int fd = host_memfd_create("usercopy", 0);

	assert_true(fd >= 0);
	assert_int_equal(host_ftruncate(fd, 2 * PAGE_SIZE), 0);
	assert_int_equal(host_mmap(NULL, NR_PAGES * PAGE_SIZE, HOST_PROT_READ | HOST_PROT_WRITE,
				   HOST_MAP_SHARED, fd, 0, &p),
			 0);
	assert_int_equal(host_close(fd), 0);
	g_map = p;
	return 0;
}

static void a_copy_stops_at_the_exact_byte(void **state)
{
	unsigned char buf[600], *edge = g_map + 2 * PAGE_SIZE;

	assert_int_equal(host_usercopy_init(), 0);
	memset(g_map, 7, 2 * PAGE_SIZE);
	for (size_t n = 0; n < sizeof(buf); n++) {
		size_t over = n < 37 ? n : 37;

		memset(buf, 0, sizeof(buf));
		assert_int_equal(host_copy(buf, edge - n + over, n), over);
		for (size_t i = 0; i < sizeof(buf); i++)
			assert_int_equal(buf[i], i < n - over ? 7 : 0);
		assert_int_equal(host_copy(edge - n + over, buf, n), over);
		assert_int_equal(host_copy(buf, edge - n, n), 0);
		memset(g_map, 7, 2 * PAGE_SIZE);
		assert_int_equal(host_clear(edge - n + over, n), over);
		memset(g_map, 7, 2 * PAGE_SIZE);
	}
}

static void unmapped_memory_is_a_fault_too(void **state)
{
	char c[256];

	assert_int_equal(host_usercopy_init(), 0);
	assert_int_equal(host_copy(c, (void *)8, 200), 200);
	assert_int_equal(host_copy((void *)8, c, 200), 200);
	assert_int_equal(host_copy(c, (void *)8, 1), 1);
}

static void atomics_work_or_fault(void **state)
{
	uint32_t *w = (uint32_t *)g_map, *bad = (uint32_t *)(g_map + 2 * PAGE_SIZE), v = 99;
	uint64_t q = 99;

	assert_int_equal(host_usercopy_init(), 0);
	assert_int_equal(host_store32(w, 5), 0);
	assert_int_equal(host_load32(w, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(host_cmpxchg32(w, 4, 9, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(*w, 5);
	assert_int_equal(host_cmpxchg32(w, 5, 9, &v), 0);
	assert_int_equal(*w, 9);
	assert_int_equal(host_xchg32(w, 12, &v), 0);
	assert_int_equal(v, 9);
	assert_int_equal(host_fetch_op32(w, HOST_FETCH_ANDN, 4, &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(*w, 8);
	assert_int_equal(host_fetch_op32(w, HOST_FETCH_ADD, 2, &v), 0);
	assert_int_equal(*w, 10);
	assert_int_equal(host_fetch_op32(w, HOST_FETCH_XOR, 3, &v), 0);
	assert_int_equal(*w, 9);
	v = 1;
	assert_int_equal(host_load32(bad, &v), -EFAULT);
	assert_int_equal(host_store32(bad, 1), -EFAULT);
	assert_int_equal(host_cmpxchg32(bad, 0, 1, &v), -EFAULT);
	assert_int_equal(host_xchg32(bad, 0, &v), -EFAULT);
	assert_int_equal(host_fetch_op32(bad, HOST_FETCH_SET, 1, &v), -EFAULT);
	assert_int_equal(v, 1);
	assert_int_equal(host_load64((uint64_t *)bad, &q), -EFAULT);
	assert_int_equal(host_store64((uint64_t *)bad, 1), -EFAULT);
	assert_int_equal(q, 99);
	assert_int_equal(host_store64((uint64_t *)w, 77), 0);
	assert_int_equal(host_load64((uint64_t *)w, &q), 0);
	assert_int_equal(q, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_stops_at_the_exact_byte),
		cmocka_unit_test(unmapped_memory_is_a_fault_too),
		cmocka_unit_test(atomics_work_or_fault),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

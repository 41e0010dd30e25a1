/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers, the one computed part of the ABI; the rest of the suite is checked while it is
 * built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysmacros.h>

#include <abi/linux/stat.h>
#include <cmocka.h>

static void device_numbers_are_libcs(void **state)
{
	static const unsigned int nr[] = { 0, 1, 5, 136, 255, 256, 4095, 4096, 65536, 1u << 20 };

	for (unsigned int i = 0; i < 10; i++) {
		for (unsigned int j = 0; j < 10; j++) {
			uint64_t dev = makedev(nr[i], nr[j]);

			assert_int_equal(lx_makedev(nr[i], nr[j]), dev);
			assert_int_equal(lx_major(dev), nr[i]);
			assert_int_equal(lx_minor(dev), nr[j]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(device_numbers_are_libcs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

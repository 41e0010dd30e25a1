/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables: lowest free number, replacement, growth, ranges, close on exec. */
#include "ktest.h"

static int g_released;

static void count_release(struct file *f)
{
	g_released++;
}

static const struct file_ops ops = { .name = "[test]", .release = count_release };
static struct cred *g_cred;

static struct file *new_file(void)
{
	struct file *f;

	assert_int_equal(file_new_anon(&ops, NULL, 0, g_cred, "[test]", &f), 0);
	return f;
}

static int setup(void **state)
{
	kt_setup(state);
	return cred_new_root(&g_cred);
}

static void the_lowest_number_is_given(void **state)
{
	struct file *f = new_file();
	struct fdtable *fds;

	g_released = 0;
	assert_int_equal(fdtable_new(&fds), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(fd_install(fds, f, 0), i);
	assert_int_equal(fd_close(fds, 50), 0);
	assert_int_equal(fd_close(fds, 50), -EBADF);
	assert_int_equal(fd_close(fds, 7), 0);
	assert_int_equal(fd_install(fds, f, 0), 7);
	assert_int_equal(fd_install_min(fds, 20, f, 0), 50);
	assert_int_equal(fd_install_min(fds, 500, f, 0), 500);
	assert_int_equal(fd_install(fds, f, 0), 200);
	assert_int_equal(fd_install_min(fds, -1, f, 0), -EINVAL);
	assert_null(fd_get(fds, 501));
	assert_null(fd_get(fds, -1));
	fdtable_put(fds);
	assert_int_equal(g_released, 0);
	file_put(f);
	assert_int_equal(g_released, 1);
}

static void replacing_closes_the_old(void **state)
{
	struct file *a = new_file(), *b = new_file(), *got;
	struct fdtable *fds, *copy;

	g_released = 0;
	assert_int_equal(fdtable_new(&fds), 0);
	assert_int_equal(fd_install(fds, a, LX_FD_CLOEXEC_FLAG), 0);
	file_put(a);
	assert_int_equal(fd_install_at(fds, 0, b, 0), 0);
	assert_int_equal(g_released, 1);
	assert_int_equal(fd_get_flags(fds, 0), 0);
	got = fd_get(fds, 0);
	assert_ptr_equal(got, b);
	file_put(got);
	assert_int_equal(fdtable_copy(fds, &copy), 0);
	fdtable_put(fds);
	assert_int_equal(g_released, 1);
	file_put(b);
	fdtable_put(copy);
	assert_int_equal(g_released, 2);
}

static void ranges_and_exec_close(void **state)
{
	struct fdtable *fds;
	struct file *f = new_file(), *got;
	int flags;

	assert_int_equal(fdtable_new(&fds), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(fd_install(fds, f, i % 3 ? 0 : LX_FD_CLOEXEC_FLAG), i);
	fd_close_on_exec(fds);
	assert_int_equal(fd_get_flags(fds, 0), -EBADF);
	assert_int_equal(fd_get_flags(fds, 1), 0);
	assert_int_equal(fd_close_range(fds, 10, 5, false), -EINVAL);
	assert_int_equal(fd_close_range(fds, 10, UINT32_MAX, true), 0);
	assert_int_equal(fd_get_flags(fds, 11), LX_FD_CLOEXEC_FLAG);
	assert_int_equal(fd_close_range(fds, 2, 50, false), 0);
	assert_int_equal(fd_next(fds, 2, &got, &flags), 52);
	file_put(got);
	assert_int_equal(fd_close_range(fds, 0, UINT32_MAX, false), 0);
	assert_int_equal(fd_next(fds, 0, &got, &flags), -1);
	assert_int_equal(fd_install(fds, f, 0), 0);
	fdtable_put(fds);
	file_put(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_number_is_given),
		cmocka_unit_test(replacing_closes_the_old),
		cmocka_unit_test(ranges_and_exec_close),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

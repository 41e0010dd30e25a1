/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of an execve: where they may lie, how many and how long they may be, what scripts do to
 * them. */
#include "../mm/testmap.h"

#include "loader/loader_int.h"

#define RW    (LX_PROT_READ | LX_PROT_WRITE)
#define A     0x20000000ull
#define STACK (8ull << 20)

static void put(struct mm *mm, uaddr_t at, const void *p, size_t n)
{
	assert_int_equal(mm_copyout(mm, at, p, n), 0);
}

static const char *string(const struct loader_args *a, unsigned int n)
{
	const char *s = a->buf;

	while (n--)
		s += strlen(s) + 1;
	return s;
}

static void vectors_are_copied_in_order(void **state)
{
	struct mm *mm = test_mm_new();
	uint64_t vec[] = { A + 100, A + 200, 0, A + 300, 0 };
	struct loader_args a;

	assert_int_equal(test_anon(mm, A, 16 * PAGE_SIZE, RW, LX_MAP_PRIVATE | LX_MAP_FIXED), A);
	put(mm, A, vec, sizeof(vec));
	put(mm, A + 100, "first", 6);
	put(mm, A + 200, "", 1);
	put(mm, A + 300, "X=1", 4);
	assert_int_equal(loader_args_from_guest(mm, A, A + 24, STACK, &a), 0);
	assert_int_equal(a.argc, 2);
	assert_int_equal(a.envc, 1);
	assert_string_equal(string(&a, 0), "first");
	assert_string_equal(string(&a, 1), "");
	assert_string_equal(loader_args_env(&a), "X=1");
	loader_args_fini(&a);
	/* at the very end of what is mapped */
	put(mm, A + 16 * PAGE_SIZE - 16, (uint64_t[]){ A + 16 * PAGE_SIZE - 20, 0 }, 16);
	put(mm, A + 16 * PAGE_SIZE - 20, "end", 4);
	assert_int_equal(loader_args_from_guest(mm, A + 16 * PAGE_SIZE - 16, 0, STACK, &a), 0);
	assert_string_equal(string(&a, 0), "end");
	assert_int_equal(a.envc, 0);
	loader_args_fini(&a);
	assert_int_equal(loader_args_from_guest(mm, 0, 0, STACK, &a), 0);
	assert_int_equal(a.argc, 1);
	assert_string_equal(string(&a, 0), "");
	loader_args_fini(&a);
	mm_user_put(mm);
}

static void bad_pointers_are_efault(void **state)
{
	struct mm *mm = test_mm_new();
	struct loader_args a;

	assert_int_equal(test_anon(mm, A, PAGE_SIZE, RW, LX_MAP_PRIVATE | LX_MAP_FIXED), A);
	assert_int_equal(loader_args_from_guest(mm, 8, 0, STACK, &a), -EFAULT);
	assert_int_equal(loader_args_from_guest(mm, 0, UINT64_MAX - 3, STACK, &a), -EFAULT);
	put(mm, A, (uint64_t[]){ 8, 0 }, 16);
	assert_int_equal(loader_args_from_guest(mm, A, 0, STACK, &a), -EFAULT);
	/* no end: of the vector, of a string */
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		put(mm, A + 8 * i, &(uint64_t){ A }, 8);
	put(mm, A, "a", 2);
	assert_int_equal(loader_args_from_guest(mm, A + 8, 0, STACK, &a), -EFAULT);
	put(mm, A + PAGE_SIZE - 8, "xxxxxxxx", 8);
	put(mm, A, (uint64_t[]){ A + PAGE_SIZE - 8, 0 }, 16);
	assert_int_equal(loader_args_from_guest(mm, A, 0, STACK, &a), -EFAULT);
	mm_user_put(mm);
}

static void limits_are_those_of_linux(void **state)
{
	struct mm *mm = test_mm_new();
	const uint64_t len = 131071;
	uint64_t vec[64] = { 0 };
	struct loader_args a;
	char *big = malloc(len + 2);

	assert_int_equal(test_anon(mm, A, 1 << 20, RW, LX_MAP_PRIVATE | LX_MAP_FIXED), A);
	memset(big, 'x', len + 1);
	big[len] = '\0';
	put(mm, A + 4096, big, len + 1);
	vec[0] = A + 4096;
	put(mm, A, vec, sizeof(vec));
	assert_int_equal(loader_args_from_guest(mm, A, 0, STACK, &a), 0);
	assert_int_equal(a.len, len + 1);
	loader_args_fini(&a);
	put(mm, A + 4096 + len, "yz", 3); /* two longer */
	assert_int_equal(loader_args_from_guest(mm, A, 0, STACK, &a), -E2BIG);
	put(mm, A + 4096 + len, "", 1);
	for (int i = 0; i < 15; i++)
		vec[i] = A + 4096;
	put(mm, A, vec, sizeof(vec));
	assert_int_equal(loader_args_from_guest(mm, A, 0, STACK, &a), 0);
	loader_args_fini(&a);
	assert_int_equal(loader_args_from_guest(mm, A, A, STACK, &a), -E2BIG);
	/* never below 128 KiB, never above 6 MiB */
	assert_int_equal(loader_args_from_guest(mm, A, 0, 4096, &a), -E2BIG);
	vec[1] = 0;
	put(mm, A, vec, sizeof(vec));
	put(mm, A + 4096 + 100000, "", 1);
	assert_int_equal(loader_args_from_guest(mm, A, 0, 4096, &a), 0);
	loader_args_fini(&a);
	free(big);
	mm_user_put(mm);
}

static void a_script_takes_the_place_of_the_first(void **state)
{
	char *argv[] = { (char *)"old", (char *)"one", NULL }, *envp[] = { (char *)"E=1", NULL };
	const char *by[] = { "/bin/interp", "-x", "./script" };
	struct loader_args a;

	assert_int_equal(loader_args_from_kernel(argv, envp, STACK, &a), 0);
	assert_int_equal(loader_args_replace_first(&a, by, 3), 0);
	assert_int_equal(a.argc, 4);
	assert_string_equal(string(&a, 0), "/bin/interp");
	assert_string_equal(string(&a, 1), "-x");
	assert_string_equal(string(&a, 2), "./script");
	assert_string_equal(string(&a, 3), "one");
	assert_string_equal(loader_args_env(&a), "E=1");
	loader_args_fini(&a);
}

static void parse(const char *line, const char *interp, const char *arg)
{
	struct script s;
	int ret = script_parse(line, strlen(line), &s);

	if (!interp) {
		assert_int_equal(ret, -ENOEXEC);
		return;
	}
	assert_int_equal(ret, 0);
	assert_string_equal(s.interp, interp);
	if (arg)
		assert_string_equal(s.arg, arg);
	else
		assert_null(s.arg);
}

static void script_lines_are_cut_as_linux_cuts_them(void **state)
{
	char line[400];
	struct script s;

	parse("#!/bin/sh\necho", "/bin/sh", NULL);
	parse("#! /bin/sh -e  -x \t\n", "/bin/sh", "-e  -x");
	parse("#!/bin/sh", "/bin/sh", NULL);
	parse("#!\n", NULL, NULL);
	parse("#! \t \n", NULL, NULL);
	parse("#!", NULL, NULL);
	memset(line, 'a', sizeof(line));
	memcpy(line, "#!/x ", 5);
	assert_int_equal(script_parse(line, 256, &s), 0);
	assert_string_equal(s.interp, "/x");
	assert_int_equal(strlen(s.arg), 250);
	memcpy(line, "#!/xx", 5);
	assert_int_equal(script_parse(line, 256, &s), -ENOEXEC);
	assert_int_equal(script_parse(line, 400, &s), -ENOEXEC);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, test_mm_setup, test_mm_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(vectors_are_copied_in_order),
		T(bad_pointers_are_efault),
		T(limits_are_those_of_linux),
		cmocka_unit_test(a_script_takes_the_place_of_the_first),
		cmocka_unit_test(script_lines_are_cut_as_linux_cuts_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

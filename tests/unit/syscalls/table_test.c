/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.def against <asm/unistd.h> of the machine this is built for, lookups, and the printed
 * forms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <asm/unistd.h>
#include <cmocka.h>

#include "syscalls/arch.h"
#include "syscalls/table.h"

/* A macro that exists prints as its number, one that does not as its own name. */
#define STR_(x)                      #x
#define STR(x)                       STR_(x)
#define NA                           SYSCALL_NR_NONE
#define SYSCALL(x86, arm64, nm, ...) { #nm, ARCH_NR(x86, arm64), STR(__NR_##nm) },
#define PARTIAL                      SYSCALL
#define MISSING                      SYSCALL
#define ABSENT                       SYSCALL
#define DENIED                       SYSCALL

static const struct {
	const char *name;
	int nr;
	const char *host;
} rows[] = {
#include "syscalls/table.def"
};

#define NR_HOST_HEADERS_MAY_LACK(nr) ((nr) > 450 || (nr) == 335)

static void every_number_is_the_hosts(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].host[0] == '_') {
			if (rows[i].nr >= 0 && !NR_HOST_HEADERS_MAY_LACK(rows[i].nr))
				fail_msg("%s: %d, unknown to the host", rows[i].name, rows[i].nr);
		} else if (atoi(rows[i].host) != rows[i].nr) {
			fail_msg("%s: %d, host %s", rows[i].name, rows[i].nr, rows[i].host);
		}
	}
}

static void the_newest_numbers_are_the_same_everywhere(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct syscall_row *row = syscall_lookup_name(rows[i].name);

		assert_non_null(row);
		if (row->nr_x86_64 >= 424)
			assert_int_equal(row->nr_x86_64, row->nr_aarch64);
	}
	for (int nr = 424; nr <= 466; nr++)
		assert_non_null(syscall_lookup(nr));
}

static void lookup_finds_each_row_by_its_number(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct syscall_row *row;

		if (rows[i].nr < 0)
			continue;
		row = syscall_lookup(rows[i].nr);
		assert_non_null(row);
		assert_string_equal(row->name, rows[i].name);
		assert_int_equal(syscall_row_nr(row), rows[i].nr);
	}
}

static void unknown_numbers_have_no_row(void **state)
{
	static const uint64_t none[] = {
		400, 467, 511, 512, 513, 0x40000000, 0x40000001, UINT32_MAX, UINT64_MAX, 1ull << 32
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(syscall_lookup(none[i]));
	assert_null(syscall_lookup_name("no_such_call"));
}

static void arity_is_counted_from_the_kinds(void **state)
{
	assert_int_equal(syscall_lookup_name("getpid")->nr_args, 0);
	assert_int_equal(syscall_lookup_name("read")->nr_args, 3);
	assert_int_equal(syscall_lookup_name("mmap")->nr_args, 6);
	assert_int_equal(syscall_lookup_name("mmap")->args[2], ARG_PROT);
}

static int handler_matches_support(const struct syscall_row *row, void *arg)
{
	if (row->support == SUPPORT_FULL || row->support == SUPPORT_PARTIAL) {
		assert_non_null(row->handler);
		assert_int_equal(row->err, 0);
	} else {
		assert_null(row->handler);
		assert_int_not_equal(row->err, 0);
	}
	if (row->support != SUPPORT_FULL)
		assert_non_null(row->note);
	assert_true((row->support == SUPPORT_DENIED) == (row->cap >= 0));
	return 0;
}

static void rows_have_a_handler_or_an_errno(void **state)
{
	assert_int_equal(syscall_table_foreach(handler_matches_support, NULL), 0);
}

static void printed_forms_have_a_line_per_row(void **state)
{
	static const enum syscall_table_format formats[] = { SYSCALL_TABLE_TEXT, SYSCALL_TABLE_JSON,
							     SYSCALL_TABLE_CSV };

	for (size_t i = 0; i < 3; i++) {
		size_t size, lines = 0;
		char *text = NULL;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		assert_int_equal(syscall_table_print(f, formats[i]), 0);
		fclose(f);
		for (size_t j = 0; j < size; j++)
			lines += text[j] == '\n';
		assert_in_range(lines, sizeof(rows) / sizeof(rows[0]) + 1,
				sizeof(rows) / sizeof(rows[0]) + 4);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_the_hosts),
		cmocka_unit_test(the_newest_numbers_are_the_same_everywhere),
		cmocka_unit_test(lookup_finds_each_row_by_its_number),
		cmocka_unit_test(unknown_numbers_have_no_row),
		cmocka_unit_test(arity_is_counted_from_the_kinds),
		cmocka_unit_test(rows_have_a_handler_or_an_errno),
		cmocka_unit_test(printed_forms_have_a_line_per_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

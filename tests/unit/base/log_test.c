/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/log.h: escaping, levels, one line per call. */
#define LOG_TAG "test"
#include "base/log.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void guest_strings_become_printable(void **state)
{
	char buf[64];

	assert_string_equal(log_escape(buf, sizeof(buf), "a\n\"\\\t\x01\xff", 7),
			    "a\\n\\\"\\\\\\t\\x01\\xff");
	assert_string_equal(log_escape(buf, sizeof(buf), "a\0b", 3), "a\\x00b");
	assert_string_equal(log_escape(buf, sizeof(buf), "", 0), "");
}

static void long_strings_end_in_dots(void **state)
{
	char buf[8];

	assert_string_equal(log_escape(buf, sizeof(buf), "1234567", 7), "1234567");
	assert_string_equal(log_escape(buf, sizeof(buf), "12345678", 8), "1234...");
	assert_string_equal(log_escape(buf, sizeof(buf), "123\x01\x02", 5), "123...");
	assert_string_equal(log_escape(buf, 1, "123", 3), "");
	for (size_t size = 1; size < 8; size++) {
		memset(buf, '#', sizeof(buf));
		log_escape(buf, size, "\x01\x02\x03", 3);
		assert_true(strlen(buf) < size);
		assert_int_equal(buf[size], '#');
	}
}

static int pipe_out[2];

static size_t logged(char *buf, size_t size)
{
	ssize_t nr = read(pipe_out[0], buf, size - 1);

	assert_true(nr >= 0);
	buf[nr] = '\0';
	return (size_t)nr;
}

static void a_line_carries_level_tag_and_text(void **state)
{
	char buf[512];

	log_warn("hello %d", 7);
	logged(buf, sizeof(buf));
	assert_int_equal(buf[0], 'W');
	assert_non_null(strstr(buf, " husk test: hello 7\n"));
}

static void json_lines_quote_what_json_forbids(void **state)
{
	char buf[512];

	log_set_json(true);
	log_err("say \"hi\"\n\x80");
	log_set_json(false);
	logged(buf, sizeof(buf));
	assert_non_null(strstr(buf, "\"msg\":\"say \\\"hi\\\"\\u000a\\u0080\"}\n"));
	assert_int_equal(buf[0], '{');
}

static void levels_above_the_set_one_are_silent(void **state)
{
	char buf[512];

	log_set_level(LOG_LEVEL_ERR);
	log_warn("no");
	log_err("yes");
	log_set_level(LOG_LEVEL_WARN);
	logged(buf, sizeof(buf));
	assert_null(strstr(buf, "no\n"));
	assert_non_null(strstr(buf, "yes\n"));
}

static void a_busy_site_is_cut_off(void **state)
{
	char buf[8192];
	int lines = 0;

	for (int i = 0; i < 50; i++)
		log_ratelimited(LOG_LEVEL_ERR, "x");
	logged(buf, sizeof(buf));
	for (char *p = buf; (p = strchr(p, '\n')); p++)
		lines++;
	assert_true(lines >= 10 && lines < 40);
}

static void a_huge_line_is_cut(void **state)
{
	char big[5000], buf[8192];

	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_err("%s", big);
	assert_true(logged(buf, sizeof(buf)) < sizeof(big));
}

static int to_pipe(void **state)
{
	if (pipe(pipe_out) != 0)
		return -1;
	log_set_fd(pipe_out[1]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest_strings_become_printable),
		cmocka_unit_test(long_strings_end_in_dots),
		cmocka_unit_test(a_line_carries_level_tag_and_text),
		cmocka_unit_test(json_lines_quote_what_json_forbids),
		cmocka_unit_test(levels_above_the_set_one_are_silent),
		cmocka_unit_test(a_busy_site_is_cut_off),
		cmocka_unit_test(a_huge_line_is_cut),
	};

	return cmocka_run_group_tests(tests, to_pipe, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The line discipline by itself: bytes in, lines and echo out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <abi/linux/poll.h>

#include "fs/devpts/tty.h"

static struct tty *g_tty;
static struct tty_after g_after;

static int setup(void **state)
{
	memset(&g_after, 0, sizeof(g_after));
	return tty_new(0, &g_tty);
}

static int teardown(void **state)
{
	tty_put(g_tty);
	return 0;
}

static void type(const char *s)
{
	for (; *s; s++)
		ldisc_input_locked(g_tty, (uint8_t)*s, &g_after);
}

static void assert_line(const char *want)
{
	uint8_t buf[TTY_IN_SIZE];
	size_t n = ldisc_read_locked(g_tty, buf, sizeof(buf));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, n);
}

static void assert_screen(const char *want)
{
	size_t n = g_tty->out_head - g_tty->out_tail;

	assert_int_equal(n, strlen(want));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(g_tty->out[(g_tty->out_tail + i) & (TTY_OUT_SIZE - 1)],
				 (uint8_t)want[i]);
	g_tty->out_tail = g_tty->out_head;
}

static void a_line_is_readable_only_when_it_ends(void **state)
{
	bool eof;

	type("ab");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), 0);
	type("\r");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), 3);
	assert_false(eof);
	assert_line("ab\n");
	assert_screen("ab\r\n");
}

static void erase_takes_whole_utf8_characters(void **state)
{
	g_tty->tio.c_iflag |= LX_IUTF8;
	type("a\303\251\177");
	assert_screen("a\303\251\b \b");
	type("\n");
	assert_line("a\n");
}

static void erasing_a_tab_goes_back_to_its_column(void **state)
{
	type("ab\t\177");
	assert_screen("ab\t\b \b\b \b\b \b\b \b\b \b\b \b");
}

static void end_of_file_comes_after_what_was_typed(void **state)
{
	bool eof;

	type("x\004\004");
	assert_line("x");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), 1);
	assert_true(eof);
	assert_line("");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), 0);
}

static void a_line_too_long_keeps_room_for_its_end(void **state)
{
	char *big = malloc(TTY_IN_SIZE * 2);
	bool eof;

	memset(big, 'x', TTY_IN_SIZE * 2 - 1);
	big[TTY_IN_SIZE * 2 - 1] = 0;
	type(big);
	type("\n");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), TTY_IN_SIZE);
	free(big);
}

static void signal_keys_flush_and_are_not_read(void **state)
{
	bool eof;

	type("half\003");
	assert_int_equal(g_tty->in_head, g_tty->in_tail);
	assert_screen("^C");
	assert_int_equal(ldisc_readable_locked(g_tty, &eof), 0);
}

static void stopped_output_takes_nothing(void **state)
{
	type("\023");
	assert_int_equal(ldisc_output_locked(g_tty, (const uint8_t *)"x", 1, &g_after), 0);
	type("\021");
	assert_true(g_after.wake_slave & LX_POLLOUT);
	assert_int_equal(ldisc_output_locked(g_tty, (const uint8_t *)"x", 1, &g_after), 1);
}

static void output_never_overruns_its_queue(void **state)
{
	uint8_t nl[4096];
	size_t total = 0, n;

	memset(nl, '\n', sizeof(nl));
	while ((n = ldisc_output_locked(g_tty, nl, sizeof(nl), &g_after)) > 0)
		total += n;
	assert_in_range(g_tty->out_head - g_tty->out_tail, TTY_OUT_SIZE - 16, TTY_OUT_SIZE);
	assert_int_equal((g_tty->out_head - g_tty->out_tail), total * 2);
}

static void random_bytes_and_modes_keep_the_queues_in_bounds(void **state)
{
	struct lx_termios2 old;
	uint8_t buf[64];

	srand(1);
	for (int i = 0; i < 300000; i++) {
		switch (rand() % 16) {
		case 0:
			old = g_tty->tio;
			g_tty->tio.c_lflag ^= 1u << rand() % 16;
			g_tty->tio.c_iflag ^= 1u << rand() % 15;
			ldisc_termios_changed_locked(g_tty, &old, &g_after);
			break;
		case 1:
			ldisc_read_locked(g_tty, buf, (size_t)(rand() % 64));
			break;
		case 2:
			g_tty->out_tail = g_tty->out_head;
			break;
		default:
			if (ldisc_can_take_locked(g_tty))
				ldisc_input_locked(g_tty, (uint8_t)rand(), &g_after);
		}
		assert_in_range(g_tty->in_head - g_tty->in_tail, 0, TTY_IN_SIZE);
		assert_in_range(g_tty->in_head - g_tty->in_canon, 0, TTY_IN_SIZE);
		assert_in_range(g_tty->out_head - g_tty->out_tail, 0, TTY_OUT_SIZE);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_line_is_readable_only_when_it_ends),
		T(erase_takes_whole_utf8_characters),
		T(erasing_a_tab_goes_back_to_its_column),
		T(end_of_file_comes_after_what_was_typed),
		T(a_line_too_long_keeps_room_for_its_end),
		T(signal_keys_flush_and_are_not_read),
		T(stopped_output_takes_nothing),
		T(output_never_overruns_its_queue),
		T(random_bytes_and_modes_keep_the_queues_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

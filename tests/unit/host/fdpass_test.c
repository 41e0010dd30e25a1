/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors in messages: counted, bounded, never leaked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "host/host.h"

static int lowest_free(void)
{
	int fd = host_dup(0);

	assert_true(fd >= 0);
	host_close(fd);
	return fd;
}

static void descriptors_arrive(void **state)
{
	int s[2], fds[2] = { 0, 1 }, got[4];
	unsigned int nr = 4;
	char buf[8] = "";

	assert_int_equal(host_socketpair(HOST_SOCK_SEQPACKET, s), 0);
	assert_int_equal(host_send(s[0], "hello", 6, fds, 2, 0), 6);
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), got, &nr, 0), 6);
	assert_string_equal(buf, "hello");
	assert_int_equal(nr, 2);
	host_close(got[0]);
	host_close(got[1]);
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), NULL, NULL, HOST_MSG_DONTWAIT), -EAGAIN);
	host_close(s[0]);
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), NULL, NULL, 0), 0);
	host_close(s[1]);
}

static void too_many_are_refused_and_closed(void **state)
{
	int s[2], fds[3] = { 0, 0, 0 }, got[1], before;
	unsigned int nr = 1;
	char buf[8];

	assert_int_equal(host_socketpair(HOST_SOCK_SEQPACKET, s), 0);
	before = lowest_free();
	assert_int_equal(host_send(s[0], "x", 1, fds, 3, 0), 1);
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), got, &nr, 0), -EMSGSIZE);
	assert_int_equal(host_send(s[0], "x", 1, fds, 3, 0), 1);
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), NULL, NULL, 0), -EMSGSIZE);
	assert_int_equal(host_send(s[0], "123456789", 9, fds, 1, 0), 9);
	nr = 1;
	assert_int_equal(host_recv(s[1], buf, sizeof(buf), got, &nr, 0), -EMSGSIZE);
	assert_int_equal(lowest_free(), before);
	host_close(s[0]);
	host_close(s[1]);
}

static void close_except_keeps_what_is_listed(void **state)
{
	int a = host_dup(0), b, c, top = a + 40;
	int keep[2];

	assert_int_equal(host_fdtable_grow((unsigned int)top), 0);
	b = host_dup(0);
	c = host_dup(0);
	keep[0] = b;
	keep[1] = c + 1000;
	assert_int_equal(host_close_except((unsigned int)a, keep, 2), 0);
	assert_int_equal(host_getfl(a), -EBADF);
	assert_int_equal(host_getfl(c), -EBADF);
	assert_true(host_getfl(b) >= 0);
	host_close(b);
}

static void add_one(void *arg)
{
	__atomic_fetch_add((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static void threads_start_and_end(void **state)
{
	struct host_thread *th[8], *d;
	int n = 0;

	for (int i = 0; i < 8; i++)
		assert_int_equal(host_thread_start("unit", HOST_STACK_TASK, add_one, &n, &th[i]),
				 0);
	for (int i = 0; i < 8; i++)
		host_thread_join(th[i]);
	assert_int_equal(n, 8);
	assert_int_equal(host_thread_start("unit", HOST_STACK_TASK, add_one, &n, &d), 0);
	host_thread_detach(d);
	while (__atomic_load_n(&n, __ATOMIC_SEQ_CST) != 9)
		host_sched_yield();
}

static void a_futex_times_out(void **state)
{
	uint32_t w = 3;

	assert_int_equal(host_futex_wait(&w, 2, HOST_NO_DEADLINE), -EAGAIN);
	assert_int_equal(host_futex_wait(&w, 3, host_now_ns() + 1000000), -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_arrive),
		cmocka_unit_test(too_many_are_refused_and_closed),
		cmocka_unit_test(close_except_keeps_what_is_listed),
		cmocka_unit_test(threads_start_and_end),
		cmocka_unit_test(a_futex_times_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

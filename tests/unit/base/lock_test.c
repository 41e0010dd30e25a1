/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/lock.h: the order is enforced, and the locks lock. */
#include "base/lock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct mutex outer = MUTEX_INIT(1), inner = MUTEX_INIT(2), inner2 = MUTEX_INIT(2);
static struct rwlock rw = RWLOCK_INIT(3);

/* True if fn aborts; it runs in a child. */
static bool aborts(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		dup2(null, STDERR_FILENO);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

NO_THREAD_SAFETY static void in_order(void)
{
	mutex_lock(&outer);
	mutex_lock(&inner);
	rwlock_rdlock(&rw);
	mutex_unlock(&outer); /* any order of release */
	rwlock_unlock(&rw);
	mutex_unlock(&inner);
}

NO_THREAD_SAFETY static void against_the_order(void)
{
	mutex_lock(&inner);
	mutex_lock(&outer);
}

NO_THREAD_SAFETY static void against_the_order_of_a_rwlock(void)
{
	rwlock_rdlock(&rw);
	mutex_lock(&outer);
}

NO_THREAD_SAFETY static void same_class(void)
{
	mutex_lock(&inner);
	mutex_lock(&inner2);
}

NO_THREAD_SAFETY static void same_class_nested(void)
{
	mutex_lock(&inner);
	mutex_lock_nested(&inner2);
	mutex_unlock(&inner2);
	mutex_unlock(&inner);
}

NO_THREAD_SAFETY static void twice(void)
{
	mutex_lock(&inner);
	mutex_lock_nested(&inner);
}

NO_THREAD_SAFETY static void not_held(void)
{
	mutex_unlock(&inner);
}

NO_THREAD_SAFETY static void trying_against_the_order(void)
{
	mutex_lock(&inner);
	if (!mutex_trylock(&outer))
		abort();
	mutex_unlock(&outer);
	mutex_unlock(&inner);
}

static void a_lock_above_one_held_aborts(void **state)
{
#ifdef NDEBUG
	skip();
#endif
	assert_false(aborts(in_order));
	assert_true(aborts(against_the_order));
	assert_true(aborts(against_the_order_of_a_rwlock));
	assert_true(aborts(same_class));
	assert_false(aborts(same_class_nested));
	assert_true(aborts(twice));
	assert_true(aborts(not_held));
	assert_false(aborts(trying_against_the_order));
}

static struct mutex m = MUTEX_INIT(1);
static struct cond c;
static int count; /* GUARDED_BY(m) */

static void *adder(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		mutex_lock(&m);
		count++;
		mutex_unlock(&m);
	}
	mutex_lock(&m);
	cond_signal(&c);
	mutex_unlock(&m);
	return NULL;
}

static void waiters_see_what_was_done_under_the_lock(void **state)
{
	pthread_t th[2];

	cond_init(&c);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&th[i], NULL, adder, NULL), 0);
	mutex_lock(&m);
	assert_true(lockcheck_held(&m));
	while (count < 20000)
		cond_wait(&c, &m);
	mutex_unlock(&m);
	for (int i = 0; i < 2; i++)
		pthread_join(th[i], NULL);
	cond_fini(&c);
}

static void a_wait_ends_at_its_deadline(void **state)
{
	struct timespec ts;

	cond_init(&c);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	mutex_lock(&m);
	assert_int_equal(
		cond_wait_until(&c, &m,
				(uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec + 1000000),
		-ETIMEDOUT);
	mutex_unlock(&m);
	cond_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_above_one_held_aborts),
		cmocka_unit_test(waiters_see_what_was_done_under_the_lock),
		cmocka_unit_test(a_wait_ends_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

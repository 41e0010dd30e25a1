/* SPDX-License-Identifier: Apache-2.0 */
/* include/base/ref.h and auto.h */
#include "base/ref.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"

struct thing {
	struct ref ref;
};

static int freed;

static void thing_put(struct thing *t)
{
	if (ref_put(&t->ref)) {
		freed++;
		free(t);
	}
}
DEFINE_AUTO_PUT(thing)

static struct thing *thing_new(void)
{
	struct thing *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	ref_init(&t->ref);
	return t;
}

static struct thing *made_and_kept(void)
{
	auto_put(thing) struct thing *t = thing_new();

	return STEAL(t);
}

static void the_last_put_frees(void **state)
{
	struct thing *t = thing_new();

	freed = 0;
	ref_get(&t->ref);
	assert_int_equal(ref_read(&t->ref), 2);
	thing_put(t);
	assert_int_equal(freed, 0);
	assert_true(ref_get_unless_zero(&t->ref));
	thing_put(t);
	thing_put(t);
	assert_int_equal(freed, 1);
}

static void a_dead_object_gives_no_reference(void **state)
{
	struct ref r = REF_INIT;

	assert_true(ref_put(&r));
	assert_false(ref_get_unless_zero(&r));
}

static void a_saturated_count_never_frees(void **state)
{
	struct ref r = REF_INIT;

	atomic_store(&r.nr, REF_SATURATED);
	ref_get(&r);
	for (int i = 0; i < 10; i++)
		assert_false(ref_put(&r));
	assert_true(ref_get_unless_zero(&r));
	assert_int_equal(ref_read(&r), REF_SATURATED);
}

static void an_auto_local_is_put_unless_stolen(void **state)
{
	struct thing *t;

	freed = 0;
	{
		auto_put(thing) struct thing *gone = thing_new();
		auto_put(thing) struct thing *none = NULL;

		assert_non_null(gone);
		assert_null(none);
	}
	assert_int_equal(freed, 1);
	t = made_and_kept();
	assert_int_equal(freed, 1);
	thing_put(t);
}

static void an_auto_descriptor_is_closed_unless_stolen(void **state)
{
	int seen, kept;

	{
		auto_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		auto_close int none = -1;
		auto_close int other = dup(fd);

		assert_true(fd >= 0 && other >= 0 && none == -1);
		seen = fd;
		kept = STEAL_FD(other);
	}
	assert_int_equal(fcntl(seen, F_GETFD), -1);
	assert_int_not_equal(fcntl(kept, F_GETFD), -1);
	close(kept);
}

static void *get_and_put(void *arg)
{
	struct thing *t = arg;

	for (int i = 0; i < 20000; i++) {
		ref_get(&t->ref);
		thing_put(t);
	}
	thing_put(t);
	return NULL;
}

static void threads_free_it_once(void **state)
{
	struct thing *t = thing_new();
	pthread_t th[4];

	freed = 0;
	for (int i = 0; i < 4; i++) {
		ref_get(&t->ref);
		assert_int_equal(pthread_create(&th[i], NULL, get_and_put, t), 0);
	}
	thing_put(t);
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	assert_int_equal(freed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_put_frees),
		cmocka_unit_test(a_dead_object_gives_no_reference),
		cmocka_unit_test(a_saturated_count_never_frees),
		cmocka_unit_test(an_auto_local_is_put_unless_stolen),
		cmocka_unit_test(an_auto_descriptor_is_closed_unless_stolen),
		cmocka_unit_test(threads_free_it_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

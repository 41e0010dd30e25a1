/* SPDX-License-Identifier: Apache-2.0 */
/* Futexes among tasks: hand-over under contention, lost wakes, dead owners. */
#include <abi/linux/futex.h>

#include "kernel/futex.h"
#include "ktest.h"

#define WORDS 0x100000ull
#define LOCK  WORDS
#define COUNT (WORDS + 4)
#define LEFT  (WORDS + 8)
#define NR    6
#define LOOPS 150

static int map_words(struct task *t)
{
	struct mm_mmap_req rq = {
		.addr = WORDS,
		.size = 4096,
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE,
		.flags = LX_MAP_SHARED | LX_MAP_ANONYMOUS | LX_MAP_FIXED,
	};

	return mm_mmap(t->mm, &rq, NULL) == (int64_t)WORDS ? 0 : -1;
}

static uint32_t load(struct task *t, uaddr_t a)
{
	uint32_t v = 0;

	mm_load32(t->mm, a, &v);
	return v;
}

static int done(struct task *t)
{
	uint32_t old;

	mm_atomic_op32(t->mm, LEFT, LX_FUTEX_OP_ADD, (uint32_t)-1, &old);
	futex_wake(t, LEFT, true, 1000, ~0u);
	task_exit_request(t, 0);
	return KT_DONE;
}

/* The classic three-state lock. */
static int mutex_worker(struct task *t)
{
	struct futex_word w = { .addr = LOCK, .val = 2, .is_private = true };
	uint32_t prev;

	for (int i = 0; i < LOOPS; i++) {
		mm_cmpxchg32(t->mm, LOCK, 0, 1, &prev);
		while (prev != 0) {
			mm_atomic_op32(t->mm, LOCK, LX_FUTEX_OP_SET, 2, &prev);
			if (prev == 0)
				break;
			futex_wait(t, &w, ~0u, TASK_NO_DEADLINE);
		}
		copyout(t, COUNT, &(uint32_t){ load(t, COUNT) + 1 }, 4);
		mm_atomic_op32(t->mm, LOCK, LX_FUTEX_OP_SET, 0, &prev);
		if (prev == 2)
			futex_wake(t, LOCK, true, 1, ~0u);
	}
	return done(t);
}

static int pi_worker(struct task *t)
{
	for (int i = 0; i < LOOPS; i++) {
		CHECK(futex_lock_pi(t, LOCK, true, TASK_NO_DEADLINE, false) == 0);
		CHECK((load(t, LOCK) & LX_FUTEX_TID_MASK) == (uint32_t)t->tid);
		copyout(t, COUNT, &(uint32_t){ load(t, COUNT) + 1 }, 4);
		CHECK(futex_unlock_pi(t, LOCK, true) == 0);
	}
	return done(t);
}

static int run_workers(struct task *t, kt_program worker)
{
	uint32_t left;

	CHECK(map_words(t) == 0);
	copyout(t, LEFT, &(uint32_t){ NR }, 4);
	for (int i = 0; i < NR; i++)
		CHECK(kt_thread(t, worker) > 0);
	while ((left = load(t, LEFT)) != 0) {
		struct futex_word w = { .addr = LEFT, .val = left, .is_private = true };

		futex_wait(t, &w, ~0u, TASK_NO_DEADLINE);
	}
	CHECK(load(t, COUNT) == NR * LOOPS);
	return 0;
}

static int mutexes(struct task *t)
{
	return run_workers(t, mutex_worker);
}

static int pi_locks(struct task *t)
{
	CHECK(run_workers(t, pi_worker) == 0);
	CHECK(load(t, LOCK) == 0);
	return 0;
}

static void no_wake_is_lost_under_contention(void **state)
{
	assert_int_equal(kt_exec(mutexes), 0);
}

static void pi_locks_are_handed_over(void **state)
{
	assert_int_equal(kt_exec(pi_locks), 0);
}

static int dies_with_the_lock(struct task *t)
{
	CHECK(futex_lock_pi(t, LOCK, true, TASK_NO_DEADLINE, false) == 0);
	copyout(t, LEFT, &(uint32_t){ 0 }, 4);
	futex_wake(t, LEFT, true, 1, ~0u);
	task_block(t, (int64_t)host_now_ns() + 30000000);
	task_exit_request(t, 0);
	return KT_DONE;
}

static int waits_for_the_dead(struct task *t)
{
	struct futex_word w = { .addr = LEFT, .val = 1, .is_private = true };

	CHECK(map_words(t) == 0);
	copyout(t, LEFT, &(uint32_t){ 1 }, 4);
	CHECK(kt_thread(t, dies_with_the_lock) > 0);
	while (load(t, LEFT) != 0)
		futex_wait(t, &w, ~0u, TASK_NO_DEADLINE);
	CHECK(futex_lock_pi(t, LOCK, true, TASK_NO_DEADLINE, false) == 0);
	CHECK(load(t, LOCK) & LX_FUTEX_OWNER_DIED);
	CHECK(futex_unlock_pi(t, LOCK, true) == 0);
	/* an owner that does not exist */
	copyout(t, LOCK, &(uint32_t){ 30000 }, 4);
	CHECK(futex_lock_pi(t, LOCK, true, TASK_NO_DEADLINE, false) == -ESRCH);
	CHECK(futex_unlock_pi(t, LOCK, true) == -EPERM);
	return 0;
}

static void a_dead_owners_lock_goes_on(void **state)
{
	assert_int_equal(kt_exec(waits_for_the_dead), 0);
}

static int errors(struct task *t)
{
	struct futex_word w = { .addr = WORDS + 1, .is_private = true };
	int64_t past = 1;

	CHECK(map_words(t) == 0);
	CHECK(futex_wait(t, &w, ~0u, past) == -EINVAL);
	w.addr = 0x40000000;
	CHECK(futex_wait(t, &w, ~0u, past) == -EFAULT);
	w.addr = WORDS;
	w.val = 5;
	CHECK(futex_wait(t, &w, ~0u, past) == -EAGAIN);
	w.val = 0;
	CHECK(futex_wait(t, &w, ~0u, past) == -ETIMEDOUT);
	CHECK(futex_wait(t, &w, 0, past) == -EINVAL);
	CHECK(futex_wake(t, WORDS, true, 1, ~0u) == 0);
	return 0;
}

static void errors_are_those_of_the_man_page(void **state)
{
	assert_int_equal(kt_exec(errors), 0);
}

static int robust(struct task *t)
{
	/* a list that points at itself for ever, and garbage: bounded */
	struct lx_robust_list_head head = { .list = WORDS + 64,
					    .futex_offset = 8,
					    .list_op_pending = 1 };
	uint64_t self = WORDS + 64;

	CHECK(map_words(t) == 0);
	copyout(t, WORDS + 64, &self, sizeof(self));
	copyout(t, WORDS + 72, &(uint32_t){ (uint32_t)t->tid | LX_FUTEX_WAITERS }, 4);
	copyout(t, WORDS + 128, &head, sizeof(head));
	t->robust_list = WORDS + 128;
	futex_exit(t);
	CHECK(load(t, WORDS + 72) == (LX_FUTEX_OWNER_DIED | LX_FUTEX_WAITERS));
	t->robust_list = 0x50;
	futex_exit(t);
	return 0;
}

static void robust_lists_are_bounded(void **state)
{
	assert_int_equal(kt_exec(robust), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_is_lost_under_contention),
		cmocka_unit_test(pi_locks_are_handed_over),
		cmocka_unit_test(a_dead_owners_lock_goes_on),
		cmocka_unit_test(errors_are_those_of_the_man_page),
		cmocka_unit_test(robust_lists_are_bounded),
	};

	return cmocka_run_group_tests(tests, kt_setup, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futex wakes that find nobody and waits whose value is gone, raced against real sleepers: none
 * sleeps for ever, and counts come out right. Clocks as system calls agree with the vDSO's.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "lib/show.h"

#define ROUNDS 3000

static atomic_uint turn, sem, moved;

static long futex(atomic_uint *w, int op, unsigned int val)
{
	return syscall(SYS_futex, w, op, val, NULL, NULL, 0);
}

static void *ping(void *arg)
{
	unsigned int mine = arg ? 1 : 0;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned int v;

		while (((v = atomic_load(&turn)) & 1) != mine)
			futex(&turn, FUTEX_WAIT_PRIVATE, v);
		atomic_fetch_add(&turn, 1);
		futex(&turn, FUTEX_WAKE_PRIVATE, 1);
	}
	return NULL;
}

/* A semaphore without a count of sleepers: every post wakes, most find nobody. */
static void *poster(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&sem, 1);
		futex(&sem, FUTEX_WAKE_PRIVATE, 1);
	}
	return arg;
}

static void *taker(void *arg)
{
	for (int i = 0; i < ROUNDS;) {
		unsigned int v = atomic_load(&sem);

		if (v == 0)
			futex(&sem, FUTEX_WAIT_PRIVATE, 0);
		else if (atomic_compare_exchange_strong(&sem, &v, v - 1))
			i++;
	}
	return arg;
}

static void *sleeper(void *arg)
{
	while (atomic_load(&moved) == 0)
		futex(&moved, FUTEX_WAIT_PRIVATE, 0);
	return arg;
}

static void two(void *(*a)(void *), void *(*b)(void *))
{
	pthread_t t1, t2;

	pthread_create(&t1, NULL, a, NULL);
	pthread_create(&t2, NULL, b, (void *)1);
	pthread_join(t1, NULL);
	pthread_join(t2, NULL);
}

/* Sleepers that a requeue moved are found at their new place. */
static void requeued(void)
{
	static atomic_uint target;
	pthread_t th[3];
	long n = 0;

	for (int i = 0; i < 3; i++)
		pthread_create(&th[i], NULL, sleeper, NULL);
	while (n < 3) {
		n += syscall(SYS_futex, &moved, FUTEX_CMP_REQUEUE_PRIVATE, 0, 3, &target, 0);
		usleep(1000);
	}
	SHOW(n);
	SHOW(futex(&moved, FUTEX_WAKE_PRIVATE, 10));
	atomic_store(&moved, 1);
	SHOW(futex(&target, FUTEX_WAKE_PRIVATE, 1));
	SHOW(futex(&target, FUTEX_WAKE_PRIVATE, 10));
	SHOW(futex(&target, FUTEX_WAKE_PRIVATE, 10));
	for (int i = 0; i < 3; i++)
		pthread_join(th[i], NULL);
}

static void errors(void)
{
	static unsigned int w = 5;

	SHOW(syscall(SYS_futex, &w, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, &w, FUTEX_WAIT_BITSET_PRIVATE, 4, NULL, NULL, 1));
	SHOW(syscall(SYS_futex, &w, FUTEX_WAIT_BITSET_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, &w, FUTEX_WAKE_BITSET_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, &w, FUTEX_WAKE_BITSET_PRIVATE, 4, NULL, NULL, 1));
	SHOW(syscall(SYS_futex, (char *)&w + 1, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, (char *)&w + 1, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, 8, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, 8, FUTEX_WAKE_PRIVATE, 4, NULL, NULL, 0));
	SHOW(syscall(SYS_futex, -4L, FUTEX_WAKE_PRIVATE, 4, NULL, NULL, 0));
}

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000ll + ts->tv_nsec;
}

static void clocks(void)
{
	static const int ids[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
				   CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec a, b, c;
	struct timeval tv;
	unsigned int cpu = 99, node = 99;
	bool good = true;
	time_t t;

	for (int round = 0; round < 200; round++) {
		for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			clock_gettime(ids[i], &a);
			good = good && syscall(SYS_clock_gettime, ids[i], &b) == 0;
			clock_gettime(ids[i], &c);
			good = good && ns(&a) <= ns(&b) && ns(&b) <= ns(&c) &&
			       b.tv_nsec < 1000000000;
		}
		clock_gettime(CLOCK_REALTIME, &a);
		good = good && syscall(SYS_gettimeofday, &tv, NULL) == 0;
#ifdef SYS_time
		t = syscall(SYS_time, NULL);
#else
		t = time(NULL);
#endif
		good = good && tv.tv_sec >= a.tv_sec && t + 1 >= tv.tv_sec && tv.tv_usec < 1000000;
		good = good && syscall(SYS_getcpu, &cpu, NULL, NULL) == 0 &&
		       (long)cpu < sysconf(_SC_NPROCESSORS_CONF);
	}
	SHOW(good);
	SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
	SHOW(node);
	SHOW(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &a));
	SHOW(syscall(SYS_clock_gettime, 99, &a));
	SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8));
	SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, -8L));
	SHOW(syscall(SYS_gettimeofday, 8, NULL));
	SHOW(syscall(SYS_getcpu, 8, NULL, NULL));
	SHOW(syscall(SYS_getcpu, NULL, NULL, NULL));
}

int main(void)
{
	two(ping, ping);
	SHOW(atomic_load(&turn));
	two(poster, taker);
	SHOW(atomic_load(&sem));
	requeued();
	errors();
	clocks();
	return 0;
}

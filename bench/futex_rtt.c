/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads hand a word to each other with futex wait and wake. */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static atomic_uint word; /* even: main's turn, odd: the other's */
static atomic_bool done;

static void pass_on(unsigned int mine)
{
	unsigned int v;

	while (((v = atomic_load(&word)) & 1) != mine) {
		if (atomic_load(&done))
			return;
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, v, NULL, NULL, 0);
	}
	atomic_fetch_add(&word, 1);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *other(void *arg)
{
	while (!atomic_load(&done))
		pass_on(1);
	return arg;
}

static void op(long n)
{
	unsigned int v;

	while (n--)
		pass_on(0);
	while ((v = atomic_load(&word)) & 1)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, v, NULL, NULL, 0);
}

int main(void)
{
	pthread_t th;

	must(pthread_create(&th, NULL, other, NULL) == 0, "pthread_create");
	measure("futex_round_trip", op);
	atomic_store(&done, true);
	atomic_fetch_add(&word, 1);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(th, NULL);
	return 0;
}

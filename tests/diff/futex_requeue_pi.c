/* SPDX-License-Identifier: Apache-2.0 */
/* FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI by hand. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static unsigned int g_cond, g_lock;
static int g_held;

static long fx(void *a, int op, unsigned int v, const void *to, void *a2, unsigned int v3)
{
	return syscall(SYS_futex, a, op | FUTEX_PRIVATE_FLAG, v, to, a2, v3);
}

static void *waiter(void *arg)
{
	long ret = fx(&g_cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &g_lock, 0);

	NEED(ret == 0);
	NEED((g_lock & FUTEX_TID_MASK) == (unsigned int)syscall(SYS_gettid));
	g_held++;
	NEED(fx(&g_lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
	return NULL;
}

int main(void)
{
	struct timespec past = { 1, 0 };
	pthread_t t[3];

	SHOW(fx(&g_cond, FUTEX_WAIT_REQUEUE_PI, 5, NULL, &g_lock, 0));
	SHOW(fx(&g_cond, FUTEX_WAIT_REQUEUE_PI, 0, &past, &g_lock, 0));
	SHOW(fx(&g_cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &g_lock, 5));
	SHOW(fx(&g_cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &g_cond, 0));
	SHOW(fx(&g_cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)5, &g_lock, 0));
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, waiter, NULL);
	until_threads_asleep(3);
	SHOW(fx(&g_cond, FUTEX_WAKE, 1, NULL, NULL, 0));
	SHOW(fx(&g_cond, FUTEX_CMP_REQUEUE, 1, (void *)1, &g_lock, 0));
	SHOW(fx(&g_lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &g_lock, 0));
	SHOW(g_held);
	SHOW(fx(&g_lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	SHOW(g_held);
	return 0;
}

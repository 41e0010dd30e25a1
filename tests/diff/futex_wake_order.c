/* SPDX-License-Identifier: Apache-2.0 */
/* Wakes, bitsets and requeues among threads: how many, in which order. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

#define N 6

static unsigned int g_a, g_b;
static int g_woken[N], g_order;
static unsigned int g_mask[N];

static long fx(void *a, int op, unsigned int v, const void *to, void *a2, unsigned int v3)
{
	return syscall(SYS_futex, a, op | FUTEX_PRIVATE_FLAG, v, to, a2, v3);
}

static void *waiter(void *arg)
{
	int i = (int)(long)arg;

	NEED(fx(&g_a, FUTEX_WAIT_BITSET, 0, NULL, NULL, g_mask[i]) == 0);
	g_woken[i] = __atomic_add_fetch(&g_order, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static pthread_t g_t[N];

static void start(void)
{
	g_order = 0;
	memset(g_woken, 0, sizeof(g_woken));
	for (int i = 0; i < N; i++) {
		pthread_create(&g_t[i], NULL, waiter, (void *)(long)i);
		until_threads_asleep(i + 1);
	}
}

static void settle(int want)
{
	for (int i = 0; i < 2000 && __atomic_load_n(&g_order, __ATOMIC_SEQ_CST) < want; i++)
		usleep(1000);
}

static void show_woken(void)
{
	printf("woken:");
	for (int i = 0; i < N; i++)
		printf(" %d", g_woken[i]);
	printf("\n");
}

static void finish(void)
{
	for (int i = 0; i < N; i++)
		pthread_join(g_t[i], NULL);
}

int main(void)
{
	for (int i = 0; i < N; i++)
		g_mask[i] = ~0u;
	start();
	SHOW(fx(&g_a, FUTEX_WAKE, 1, NULL, NULL, 0));
	settle(1);
	SHOW(fx(&g_a, FUTEX_WAKE, 1, NULL, NULL, 0));
	settle(2);
	show_woken();
	SHOW(fx(&g_a, FUTEX_WAKE, 100, NULL, NULL, 0));
	finish();

	for (int i = 0; i < N; i++)
		g_mask[i] = 1u << (i % 3);
	start();
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET, 100, NULL, NULL, 8));
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET, 1, NULL, NULL, 2));
	settle(1);
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET, 100, NULL, NULL, 2 | 4));
	settle(4);
	SHOW(g_woken[1] == 1 && g_woken[4] > 1 && g_woken[2] && g_woken[5] && !g_woken[0] &&
	     !g_woken[3]);
	SHOW(fx(&g_a, FUTEX_WAKE, 100, NULL, NULL, 0));
	finish();

	for (int i = 0; i < N; i++)
		g_mask[i] = ~0u;
	start();
	SHOW(fx(&g_a, FUTEX_CMP_REQUEUE, 1, (void *)2, &g_b, 0));
	settle(1);
	show_woken();
	SHOW(fx(&g_b, FUTEX_WAKE, 1, NULL, NULL, 0));
	settle(2);
	show_woken();
	SHOW(fx(&g_a, FUTEX_REQUEUE, 0, (void *)100, &g_b, 0));
	SHOW(fx(&g_a, FUTEX_WAKE, 100, NULL, NULL, 0));
	SHOW(fx(&g_b, FUTEX_WAKE, 100, NULL, NULL, 0));
	finish();

	start();
	SHOW(fx(&g_b, FUTEX_WAKE_OP, 1, (void *)2, &g_a,
		FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 0)));
	SHOW(g_a);
	settle(2);
	SHOW(g_woken[0] + g_woken[1]);
	SHOW(fx(&g_a, FUTEX_WAKE_OP, 3, (void *)9, &g_b,
		FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 1)));
	settle(5);
	SHOW(fx(&g_a, FUTEX_WAKE, 100, NULL, NULL, 0));
	finish();
	return 0;
}

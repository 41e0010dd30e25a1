/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads: barriers, condition variables, thread-local data, cancellation, detached ones. */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/show.h"

#define N 40

static pthread_barrier_t g_bar;
static pthread_mutex_t g_m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_c = PTHREAD_COND_INITIALIZER;
static int g_turn, g_sum;
static __thread int g_mine;
static pthread_key_t g_key;
static int g_destroyed;

static void destroy(void *p)
{
	__atomic_add_fetch(&g_destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *worker(void *arg)
{
	int i = (int)(long)arg;

	pthread_setspecific(g_key, &g_mine);
	g_mine = i;
	pthread_barrier_wait(&g_bar);
	pthread_mutex_lock(&g_m);
	while (g_turn != i)
		pthread_cond_wait(&g_c, &g_m);
	g_turn++;
	g_sum = g_sum * 3 % 1009 + g_mine;
	pthread_cond_broadcast(&g_c);
	pthread_mutex_unlock(&g_m);
	return (void *)(long)(g_mine * 2);
}

static void *sleeper(void *arg)
{
	for (;;)
		sleep(100);
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	long total = 0;
	void *r;

	pthread_key_create(&g_key, destroy);
	pthread_barrier_init(&g_bar, NULL, N);
	for (long i = 0; i < N; i++)
		NEED(pthread_create(&t[i], NULL, worker, (void *)i) == 0);
	for (int i = 0; i < N; i++) {
		NEED(pthread_join(t[i], &r) == 0);
		total += (long)r;
	}
	SHOW(total);
	SHOW(g_sum);
	SHOW(g_turn);
	SHOW(g_destroyed);
	pthread_create(&t[0], NULL, sleeper, NULL);
	SHOW_ERR(pthread_cancel(t[0]));
	SHOW_ERR(pthread_join(t[0], &r));
	SHOW(r == PTHREAD_CANCELED);
	SHOW(syscall(SYS_tgkill, getpid(), 999999, 0));
	SHOW(syscall(SYS_tgkill, 0, 1, 0));
	SHOW(syscall(SYS_tkill, -1, 0));
	return 0;
}

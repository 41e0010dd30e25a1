/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Priority-inheriting futexes: hand-over, errors, timeouts, dead owners, condition variables over
 * them.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static unsigned int g_w;
static int g_count;

static long fx(void *a, int op, unsigned int v, const void *to, void *a2, unsigned int v3)
{
	return syscall(SYS_futex, a, op | FUTEX_PRIVATE_FLAG, v, to, a2, v3);
}

static int g_held;

static void *locker(void *arg)
{
	for (int i = 0; i < 300; i++) {
		NEED(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
		NEED((g_w & FUTEX_TID_MASK) == (unsigned int)syscall(SYS_gettid));
		g_count++;
		NEED(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
	}
	return NULL;
}

/* The main thread may sleep for nothing but the lock from here on. */
static void await_holder(void)
{
	while (!__atomic_load_n(&g_held, __ATOMIC_SEQ_CST))
		sched_yield();
}

static void *die_with_it(void *arg)
{
	NEED(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
	__atomic_store_n(&g_held, 1, __ATOMIC_SEQ_CST);
	until_asleep(getpid());
	syscall(SYS_exit, 0);
	return NULL;
}

static void *hold(void *arg)
{
	NEED(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
	__atomic_store_n(&g_held, 1, __ATOMIC_SEQ_CST);
	until_asleep(getpid());
	NEED(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
	return NULL;
}

static pthread_mutex_t g_m;
static pthread_cond_t g_c = PTHREAD_COND_INITIALIZER;
static int g_go;

static void *cond_waiter(void *arg)
{
	pthread_mutex_lock(&g_m);
	while (!g_go)
		pthread_cond_wait(&g_c, &g_m);
	g_count++;
	pthread_mutex_unlock(&g_m);
	return NULL;
}

int main(void)
{
	struct timespec ts;
	pthread_mutexattr_t at;
	pthread_t t[4];
	unsigned int me = (unsigned int)syscall(SYS_gettid);

	SHOW(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(g_w == me);
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(g_w);
	g_w = 0x3ffffff0;
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == -1);
	g_w = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, locker, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	SHOW(g_count);
	SHOW(g_w);
	g_held = 0;
	pthread_create(&t[0], NULL, hold, NULL);
	await_holder();
	clock_gettime(CLOCK_REALTIME, &ts);
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, &ts, NULL, 0));
	SHOW(fx(&g_w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	pthread_join(t[0], NULL);
	g_w = 0;
	g_held = 0;
	pthread_create(&t[0], NULL, die_with_it, NULL);
	await_holder();
	SHOW(fx(&g_w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW((g_w & FUTEX_TID_MASK) == me);
	SHOW(!!(g_w & FUTEX_OWNER_DIED));
	SHOW(fx(&g_w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));

	pthread_mutexattr_init(&at);
	pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&g_m, &at);
	g_count = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, cond_waiter, NULL);
	usleep(50000);
	pthread_mutex_lock(&g_m);
	g_go = 1;
	pthread_cond_broadcast(&g_c);
	pthread_mutex_unlock(&g_m);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	SHOW(g_count);
	return 0;
}

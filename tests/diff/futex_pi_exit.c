/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that let go of a priority-inheriting lock and end at once, while others come for it: an
 * end is not the end of an owner, whatever those who came too late believed.
 */
#include <linux/futex.h>
#include <pthread.h>

#include "lib/show.h"

#define THREADS 6
#define ROUNDS  60

static pthread_mutex_t g_m;
static int g_count;

static void *once(void *arg)
{
	for (int i = 0; i < 3; i++) {
		NEED(pthread_mutex_lock(&g_m) == 0);
		g_count++;
		NEED(pthread_mutex_unlock(&g_m) == 0);
	}
	return NULL;
}

int main(void)
{
	pthread_mutexattr_t at;
	pthread_t t[THREADS];

	pthread_mutexattr_init(&at);
	pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&g_m, &at);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < THREADS; i++)
			NEED(pthread_create(&t[i], NULL, once, NULL) == 0);
		for (int i = 0; i < THREADS; i++)
			NEED(pthread_join(t[i], NULL) == 0);
	}
	SHOW(g_count);
	SHOW(g_m.__data.__lock & FUTEX_OWNER_DIED);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pthread_create + pthread_join. */
#include <pthread.h>

#include "bench.h"

static void *nothing(void *arg)
{
	return arg;
}

static void op(long n)
{
	while (n--) {
		pthread_t th;

		must(pthread_create(&th, NULL, nothing, NULL) == 0, "pthread_create");
		pthread_join(th, NULL);
	}
}

int main(void)
{
	return measure("thread_create_join", op);
}

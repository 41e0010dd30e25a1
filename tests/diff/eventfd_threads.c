/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking read waits for a write of another thread, a blocking write for a read. */
#include <pthread.h>
#include <sys/eventfd.h>

#include "lib/show.h"

static int fd;

static void *writer(void *arg)
{
	usleep(20000);
	return (void *)(long)(write(fd, &(uint64_t){ 42 }, 8) == 8);
}

static void *reader(void *arg)
{
	uint64_t v;

	usleep(20000);
	return (void *)(long)(read(fd, &v, 8) == 8);
}

int main(void)
{
	pthread_t th;
	uint64_t v = 0;
	void *ret;

	fd = eventfd(0, 0);
	NEED(pthread_create(&th, NULL, writer, NULL) == 0);
	SHOW(read(fd, &v, 8));
	SHOW(v);
	pthread_join(th, &ret);
	SHOW((long)ret);
	SHOW(write(fd, &(uint64_t){ UINT64_MAX - 1 }, 8));
	NEED(pthread_create(&th, NULL, reader, NULL) == 0);
	SHOW(write(fd, &(uint64_t){ 7 }, 8));
	pthread_join(th, &ret);
	SHOW((long)ret);
	SHOW(read(fd, &v, 8));
	SHOW(v);
	return 0;
}

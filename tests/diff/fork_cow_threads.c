/* SPDX-License-Identifier: Apache-2.0 */
/* Threads write all the time while others fork: every child sees one consistent pair of counters
 * per thread. */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/show.h"

#define PG 4096

/* each thread bumps a, then b on another page: b <= a <= b + 1 at any moment */
struct pair {
	atomic_ulong a;
	char pad[PG - sizeof(unsigned long)];
	atomic_ulong b;
	char pad2[PG - sizeof(unsigned long)];
};

static struct pair *pairs;
static atomic_bool stop;

static void *bump(void *arg)
{
	struct pair *p = arg;

	while (!atomic_load(&stop)) {
		atomic_fetch_add(&p->a, 1);
		atomic_fetch_add(&p->b, 1);
	}
	return NULL;
}

int main(void)
{
	pthread_t th[3];
	int bad = 0, st;

	pairs = mmap(NULL, 3 * sizeof(*pairs), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&th[i], NULL, bump, &pairs[i]);
	for (int round = 0; round < 30; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			int ret = 0;

			for (int i = 0; i < 3; i++) {
				unsigned long a = atomic_load(&pairs[i].a),
					      b = atomic_load(&pairs[i].b);

				/* not one page older than the other by more than a step */
				if (b > a || a > b + 1)
					ret = 1;
				/* nobody writes here any more */
				usleep(1000);
				if (a != atomic_load(&pairs[i].a) || b != atomic_load(&pairs[i].b))
					ret = 2;
			}
			_exit(ret);
		}
		NEED(waitpid(pid, &st, 0) == pid);
		bad += st != 0;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(th[i], NULL);
		bad += atomic_load(&pairs[i].a) != atomic_load(&pairs[i].b);
	}
	SHOW(bad);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that all use a call site for the first time, again and again at other places. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "lib/show.h"
#include "lib/sites.h"

#ifdef __x86_64__

#define THREADS 6
#define PAGES   120
#define CALLS   40

static void *sites[PAGES][2];
static atomic_int at, bad, done;
static pthread_barrier_t gate;

static void *worker(void *arg)
{
	long ppid = getppid();

	for (int i = 0; i < PAGES; i++) {
		pthread_barrier_wait(&gate);
		for (int n = 0; n < CALLS; n++) {
			site_fn pun = (site_fn)sites[i][0], mov = (site_fn)sites[i][1];

			if (pun(SYS_getppid, 0, 0, 0) != ppid)
				atomic_fetch_add(&bad, 1);
			if (mov(0, 0, 0, 0) != ppid)
				atomic_fetch_add(&bad, 1);
			if (pun(SYS_lseek, -1, 0, 0) != -EBADF)
				atomic_fetch_add(&bad, 1);
			atomic_fetch_add(&done, 3);
		}
	}
	return NULL;
}

/* Text that comes and goes while others use theirs. */
static void *mapper(void *arg)
{
	while (atomic_load(&at) == 0) {
		void *p = site_page(NULL, site_pun, sizeof(site_pun));

		if (!p || ((site_fn)p)(SYS_lseek, -1, 0, 0) != -EBADF ||
		    ((site_fn)p)(SYS_lseek, -1, 0, 0) != -EBADF)
			atomic_fetch_add(&bad, 1);
		munmap((char *)p - 256, 4096);
	}
	return NULL;
}

int main(void)
{
	pthread_t th[THREADS], m;

	for (int i = 0; i < PAGES; i++) {
		sites[i][0] = site_page(NULL, site_pun, sizeof(site_pun));
		sites[i][1] = site_page(NULL, site_mov, sizeof(site_mov));
		if (!sites[i][0] || !sites[i][1])
			return 1;
	}
	pthread_barrier_init(&gate, NULL, THREADS);
	pthread_create(&m, NULL, mapper, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&th[i], NULL, worker, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(th[i], NULL);
	atomic_store(&at, 1);
	pthread_join(m, NULL);
	SHOW(done);
	SHOW(bad);
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif

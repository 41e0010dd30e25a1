/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that map, write, move, discard, unmap and fork all at once; each checks what it alone has
 * written. */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/show.h"

#define PG     4096
#define ROUNDS 400
#define RW     (PROT_READ | PROT_WRITE)

static atomic_int bad;

static void check(int ok)
{
	if (!ok)
		atomic_fetch_add(&bad, 1);
}

static void check_fork(unsigned char *p, unsigned char v)
{
	pid_t pid = fork();
	int st;

	if (pid == 0) {
		int wrong = p[0] != v;

		p[0] = v + 1;
		_exit(wrong | (p[0] != (unsigned char)(v + 1)));
	}
	check(pid > 0 && waitpid(pid, &st, 0) == pid && st == 0);
	check(p[0] == v);
	p[0] = v + 3;
	check(p[0] == (unsigned char)(v + 3));
}

static void *storm(void *arg)
{
	unsigned int s = (unsigned int)(long)arg * 77 + 1;
	int fds[2];

	check(pipe(fds) == 0);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = (1 + rand_r(&s) % 64) * PG;
		unsigned char *p = mmap(NULL, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), v = s | 1;

		check(p != MAP_FAILED);
		for (size_t i = 0; i < n; i += PG) {
			check(p[i] == 0);
			p[i] = v;
		}
		if (rand_r(&s) % 3 == 0) {
			check(mprotect(p, PG, PROT_READ) == 0);
			check(p[0] == v);
			check(mprotect(p, PG, RW) == 0);
		}
		if (rand_r(&s) % 3 == 0) {
			p = mremap(p, n, 2 * n, MREMAP_MAYMOVE);
			check(p != MAP_FAILED && p[n - PG] == v && p[n] == 0);
			n *= 2;
		}
		if (rand_r(&s) % 4 == 0) {
			char page[PG];

			memset(page, 7, PG);
			check(write(fds[1], page, PG) == PG && read(fds[0], p, PG) == PG &&
			      p[100] == 7);
			p[0] = v;
		}
		if (rand_r(&s) % 8 == 0) {
			check(madvise(p, n, MADV_DONTNEED) == 0);
			for (size_t i = 0; i < n; i += PG)
				check(p[i] == 0);
			p[0] = v;
		}
		if (rand_r(&s) % 16 == 0)
			check_fork(p, v);
		check(munmap(p, n) == 0);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

int main(void)
{
	pthread_t th[4];

	for (long i = 0; i < 4; i++)
		pthread_create(&th[i], NULL, storm, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	SHOW(atomic_load(&bad));
	return 0;
}

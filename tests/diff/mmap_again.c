/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is mapped, filled, unmapped and mapped again is zero each time, whoever did it. */
#include <pthread.h>
#include <sys/wait.h>

#include "lib/show.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static bool is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* Rounds in which all of it was zero and what was written stayed there. */
static int rounds(size_t size, int n, unsigned char fill)
{
	int good = 0;

	for (int i = 0; i < n; i++) {
		unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, ANON, -1, 0);

		if (p == MAP_FAILED)
			break;
		if (is_zero(p, size)) {
			memset(p, fill, size);
			good += p[0] == fill && p[size - 1] == fill;
		}
		munmap(p, size);
	}
	return good;
}

static void *filler(void *arg)
{
	return (void *)(long)rounds((size_t)arg, 50, 0x77);
}

int main(void)
{
	static const size_t sizes[] = { 4096, 65536, 69632, 1 << 20, 2 << 20, 3 << 20 };
	unsigned char *a, *b;
	pthread_t th[2];
	void *ret;
	pid_t pid;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		SHOW(rounds(sizes[i], 20, 0xff));

	/* a piece of a larger one, and one that was moved and grown */
	a = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, ANON, -1, 0);
	memset(a, 1, 1 << 20);
	SHOW(munmap(a + 65536, 131072));
	b = mmap(NULL, 131072, PROT_READ | PROT_WRITE, ANON, -1, 0);
	SHOW(is_zero(b, 131072));
	memset(b, 2, 131072);
	b = mremap(b, 131072, 1 << 20, MREMAP_MAYMOVE);
	SHOW(b[131071]);
	SHOW(is_zero(b + 131072, (1 << 20) - 131072));
	SHOW(a[0] + a[65535] + a[(1 << 20) - 1]);
	munmap(b, 1 << 20);
	munmap(a, 1 << 20);

	/* only readable for now */
	SHOW(rounds(65536, 3, 9));
	a = mmap(NULL, 65536, PROT_READ, ANON, -1, 0);
	SHOW(is_zero(a, 65536));
	munmap(a, 65536);

	/* unmapped by the child, still the parent's; then the other way round */
	a = mmap(NULL, 262144, PROT_READ | PROT_WRITE, ANON, -1, 0);
	memset(a, 5, 262144);
	pid = fork();
	if (pid == 0) {
		munmap(a, 262144);
		_exit(rounds(262144, 10, 6));
	}
	SHOW(waitpid(pid, NULL, 0) == pid);
	SHOW(a[0] + a[262143]);
	pid = fork();
	if (pid == 0) {
		usleep(20000);
		_exit(a[0] + a[262143]);
	}
	munmap(a, 262144);
	SHOW(rounds(262144, 10, 7));
	{
		int status;

		SHOW(waitpid(pid, &status, 0) == pid);
		SHOW(status >> 8);
	}

	for (int i = 0; i < 2; i++)
		pthread_create(&th[i], NULL, filler, (void *)(size_t)(262144 << i));
	for (int i = 0; i < 2; i++) {
		pthread_join(th[i], &ret);
		SHOW((long)ret);
	}
	return 0;
}

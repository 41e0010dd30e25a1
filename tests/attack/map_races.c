/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that touch pages while others map, unmap, protect and move them; a file truncated while
 * the kernel copies from and to its mapping. Faults are the guest's own; what was unmapped is gone.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>

#include "attack.h"

#define PAGES 64
#define PAGE  4096ul

static char *area;
static volatile int stop;
static __thread sigjmp_buf back;

static void on_fault(int sig)
{
	siglongjmp(back, 1);
}

static void *toucher(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		if (sigsetjmp(back, 1) == 0) {
			volatile char *p = area + (rand_r(&seed) % PAGES) * PAGE;

			if (seed & 64)
				*p = (char)seed;
			else
				(void)*p;
		}
	}
	return NULL;
}

static void *mapper(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	while (!stop) {
		unsigned int first = rand_r(&seed) % PAGES, nr = 1 + rand_r(&seed) % 8;
		char *p = area + first * PAGE;
		size_t size = (first + nr > PAGES ? PAGES - first : nr) * PAGE;

		switch (rand_r(&seed) % 5) {
		case 0:
			munmap(p, size);
			break;
		case 1:
			mprotect(p, size, PROT_READ);
			break;
		case 2:
			mprotect(p, size, PROT_READ | PROT_WRITE);
			break;
		case 3:
			madvise(p, size, MADV_DONTNEED);
			break;
		default:
			mmap(p, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
	}
	return NULL;
}

static void race(void *arg)
{
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	pthread_t t[5];

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	for (uintptr_t i = 0; i < 5; i++)
		pthread_create(&t[i], NULL, i < 3 ? toucher : mapper, (void *)(i + 1));
	usleep(1500000);
	stop = 1;
	for (int i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
}

static int file_fd;
static char *file_map;

static void *truncater(void *arg)
{
	while (!stop) {
		if (ftruncate(file_fd, 0) < 0 || ftruncate(file_fd, PAGES * PAGE) < 0)
			_exit(4);
	}
	return NULL;
}

static void *copier(void *arg)
{
	int fd[2];

	if (pipe(fd) < 0)
		_exit(5);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	while (!stop) {
		ssize_t n = write(fd[1], file_map, 8 * PAGE);

		if (n < 0 && errno != EFAULT && errno != EAGAIN)
			_exit(6);
		n = read(fd[0], file_map + 16 * PAGE, 8 * PAGE);
		if (n < 0 && errno != EFAULT && errno != EAGAIN)
			_exit(7);
		/* through the page cache of the same file */
		n = pread(file_fd, file_map + 4 * PAGE, 4 * PAGE, 2 * PAGE);
		if (n < 0 && errno != EFAULT)
			_exit(8);
	}
	return NULL;
}

static void truncate_race(void *arg)
{
	pthread_t t[3];

	file_fd = open(arg, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (file_fd < 0 || ftruncate(file_fd, PAGES * PAGE) < 0)
		_exit(2);
	file_map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file_fd, 0);
	if (file_map == MAP_FAILED)
		_exit(3);
	pthread_create(&t[0], NULL, truncater, NULL);
	pthread_create(&t[1], NULL, copier, NULL);
	pthread_create(&t[2], NULL, copier, NULL);
	usleep(1000000);
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	unlink(arg);
}

int main(void)
{
	struct victim v;
	int status;

	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	victim_start(&v);
	status = attempt(race, NULL, 20);
	if (status != 0)
		DIE("map race: status %#x", status);
	victim_check(&v);
	status = attempt(truncate_race, "/tmp/attack_truncated", 20);
	if (status != 0)
		DIE("truncate race on /tmp: status %#x", status);
	victim_check(&v);
	status = attempt(truncate_race, "/dev/shm/attack_truncated", 20);
	if (status != 0 && status != 2 << 8)
		DIE("truncate race on /dev/shm: status %#x", status);
	victim_end(&v);
	return 0;
}

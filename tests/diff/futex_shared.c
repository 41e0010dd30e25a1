/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes between processes: shared anonymous memory, a mapped file, fork; private ones do not
 * meet.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static long fx(void *a, int op, unsigned int v, const void *to)
{
	return syscall(SYS_futex, a, op, v, to, NULL, 0);
}

static void go(const char *name, unsigned int *parent, unsigned int *child, int flags)
{
	struct timespec ts = { 1, 0 };
	int status;
	pid_t pid;
	long n;

	*parent = 0;
	pid = fork();
	if (pid == 0)
		_exit(fx(child, FUTEX_WAIT | flags, 0, &ts) == 0 ? 0 : errno);
	until_asleep(pid);
	n = fx(parent, FUTEX_WAKE | flags, 1, NULL);
	printf("%s: woke %ld\n", name, n);
	waitpid(pid, &status, 0);
	printf("%s: child %s\n", name, errno_name(WEXITSTATUS(status)));
}

int main(void)
{
	unsigned int *anon, *f1, *f2, priv = 0;
	int fd = open("file", O_RDWR | O_CREAT, 0600);

	ftruncate(fd, 4096);
	anon = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	f1 = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	f2 = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	go("shared anonymous", anon, anon, 0);
	go("file", f1, f1, 0);
	go("file, two mappings", f1, f2, 0);
	go("other word", f1, f2 + 1, 0);
	go("shared memory, private futex", anon, anon, FUTEX_PRIVATE_FLAG);
	go("private memory", &priv, &priv, 0);
	return 0;
}

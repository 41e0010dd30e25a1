/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system call with arguments that make no sense, many times, in children of their own. They
 * may fail and they may die; the parent must be able to go on, and says "held" then. Argument: the
 * seed.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_CALLS 470
#define ROUNDS   40

static bool left_out(int nr)
{
	/* rounds of fork are a fork bomb: see floods.c */
	static const int out[] = {
		SYS_exit, SYS_exit_group, SYS_clone, SYS_clone3,
#ifdef SYS_fork /* not on every architecture */
		SYS_fork, SYS_vfork,
#endif
	};

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++) {
		if (nr == out[i])
			return true;
	}
	return false;
}

/* Calls that could reach the parent on purpose aim at a process that does not exist. */
static bool names_process(int nr)
{
	static const int out[] = { SYS_kill,
				   SYS_tkill,
				   SYS_tgkill,
				   SYS_rt_sigqueueinfo,
				   SYS_rt_tgsigqueueinfo,
				   SYS_prlimit64,
				   SYS_pidfd_open,
				   SYS_process_vm_writev,
				   SYS_ptrace };

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++) {
		if (nr == out[i])
			return true;
	}
	return false;
}

static void child(int nr, unsigned int seed)
{
	static char page[4096];
	long odd[] = { 0, -1, 8,   0x7fffffffffff, 1L << 62,   -4096,       4096,     1,
		       2, 3,  100, 0x1000,         (long)page, (long)child, 1L << 40, 0x7fffffff };
	int null = open("/dev/null", O_RDWR);

	/* no descriptor that somebody else looks at */
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	srand(seed * 1000 + (unsigned int)nr);
	alarm(2);
	for (int i = 0; i < ROUNDS; i++) {
		long a[6];

		for (int j = 0; j < 6; j++)
			a[j] = odd[rand() % (int)(sizeof(odd) / sizeof(*odd))];
		if (names_process(nr))
			a[0] = 999999;
		syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 1 ? (unsigned int)atoi(argv[1]) : 1;
	int st, fd;
	char c;

	printf("seed %u\n", seed);
	fflush(stdout);
	for (int nr = 0; nr < NR_CALLS; nr++) {
		pid_t p;

		if (left_out(nr))
			continue;
		p = fork();
		if (p == 0)
			child(nr, seed);
		if (p < 0 || waitpid(p, &st, 0) != p) {
			printf("lost after call %d\n", nr - 1);
			return 1;
		}
	}
	fd = open("/proc/self/exe", O_RDONLY);
	if (fd < 0 || read(fd, &c, 1) != 1 || c != 0x7f)
		return 1;
	printf("held\n");
	return 0;
}

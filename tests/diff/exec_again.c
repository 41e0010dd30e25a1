/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that execs itself over and over, and leaves as much behind as it can: mappings,
 * alternate stack, signal mask (which stays), floating point state, a heap. The next program finds
 * a clean state.
 */
#include <fenv.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/show.h"

#define TIMES 6
#define PLACE ((void *)0x10000000000ul)

static unsigned char fresh[1 << 20];

static bool is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static void look(int n)
{
	void *p = mmap(PLACE, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	sigset_t set;
	stack_t ss;

	printf("program %d\n", n);
	SHOW(p == PLACE);
	SHOW(is_zero(p, 4096));
	SHOW(is_zero(fresh, sizeof(fresh)));
	sigaltstack(NULL, &ss);
	SHOW(ss.ss_flags == SS_DISABLE);
	sigprocmask(SIG_BLOCK, NULL, &set);
	SHOW(sigismember(&set, SIGUSR2));
	SHOW(fegetround() == FE_TONEAREST);
	SHOW(fetestexcept(FE_ALL_EXCEPT));
	fflush(stdout);
}

static void leave(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	volatile double x = 1, y = 0;
	sigset_t set;

	memset(fresh, 0x55, sizeof(fresh));
	memset(PLACE, 0x66, 4096);
	for (int i = 1; i < 200; i++)
		mmap((char *)PLACE + i * 8192, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	sigaltstack(&ss, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fesetround(FE_UPWARD);
	x = x / y;
	memset(malloc(3 << 20), 0x77, 3 << 20);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, status;
	char next[16];
	pid_t pid;

	look(n);
	if (n == TIMES)
		return 0;
	leave();
	snprintf(next, sizeof(next), "%d", n + 1);
	/* now itself, now a child that shares nothing, now one that borrows its memory */
	if (n % 3 == 0) {
		execl("/proc/self/exe", argv[0], next, (char *)NULL);
		return 1;
	}
	pid = n % 3 == 1 ? fork() : vfork();
	if (pid == 0) {
		execl("/proc/self/exe", argv[0], next, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	SHOW(status);
	SHOW(fegetround() == FE_UPWARD);
	SHOW(fresh[0] + fresh[sizeof(fresh) - 1]);
	return 0;
}

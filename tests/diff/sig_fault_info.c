/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: signal, code and address of each kind; the program goes on behind siglongjmp. */
#include <fcntl.h>
#include <setjmp.h>

#include "lib/show.h"

static sigjmp_buf back;
static char *base;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	long off = (char *)si->si_addr - base;

	if (off >= 0 && off < 1 << 20)
		printf("SIG%s code %d at base + %ld\n", sigabbrev_np(sig), si->si_code, off);
	else
		printf("SIG%s code %d\n", sigabbrev_np(sig), si->si_code);
	siglongjmp(back, 1);
}

#define TRY(expr)                                                                                  \
	do {                                                                                       \
		printf("%s: ", #expr);                                                             \
		if (sigsetjmp(back, 1) == 0) {                                                     \
			expr;                                                                      \
			printf("fine\n");                                                          \
		}                                                                                  \
	} while (0)

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile char *p, *f;
	int fd;

	for (int i = 0; i < 5; i++)
		sigaction((int[]){ SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP }[i], &sa, NULL);
	base = mmap(NULL, 16 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(base != MAP_FAILED);
	p = base;
	TRY(p[5] = 1);
	TRY((void)p[4096 + 7]);
	NEED(mprotect(base, 4096, PROT_READ) == 0);
	TRY((void)p[5]);
	TRY(p[5] = 1);
	NEED(munmap(base + 8192, 4096) == 0);
	TRY(p[8192 + 1] = 1);
	TRY(*(volatile char *)8 = 1);
	TRY((void)*(volatile char *)0x8000000000000000);
	TRY(((void (*)(void))(uintptr_t)base)());
	fd = open("f", O_RDWR | O_CREAT, 0600);
	NEED(ftruncate(fd, 5000) == 0);
	f = mmap(base + 4 * 4096, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	NEED(f != MAP_FAILED);
	TRY(f[4999] = 1);
	TRY(f[8191] = 1);
	TRY(f[8192] = 1);
	NEED(ftruncate(fd, 100) == 0);
	TRY((void)f[4096]);
	TRY((void)f[99]);
	TRY(__builtin_trap());
	return 0;
}

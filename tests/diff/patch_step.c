/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that single-steps itself over calls: each instruction is one step, each call is made
 * once.
 */
#include <sys/syscall.h>
#include <ucontext.h>

#include "lib/show.h"
#include "lib/sites.h"

#ifdef __x86_64__

static char *lo, *hi;
static int steps[64], nr, outside;

static void on_trap(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	char *pc = (char *)uc->uc_mcontext.gregs[REG_RIP];

	if (pc < lo || pc >= hi)
		outside++;
	else if (nr < 64)
		steps[nr++] = (int)(pc - lo);
}

static long stepped(site_fn fn, long a, long b)
{
	long ret;

	__asm__ volatile("sub $128,%%rsp; pushfq; orq $0x100,(%%rsp); popfq\n\t"
			 "call *%[fn]\n\t"
			 "pushfq; andq $~0x100,(%%rsp); popfq; add $128,%%rsp"
			 : "=a"(ret), "+D"(a), "+S"(b)
			 : [fn] "r"(fn)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return ret;
}

static void show_steps(const char *what, void *p, size_t size, long a, long b, long want)
{
	for (int round = 0; round < 4; round++) {
		long ret;

		lo = p;
		hi = lo + size;
		nr = 0;
		outside = 0;
		ret = stepped((site_fn)p, a, b);
		printf("%s: %s, outside %d, at", what, ret == want ? "right" : "wrong", outside);
		for (int i = 0; i < nr; i++)
			printf(" %d", steps[i]);
		printf("\n");
		for (int i = 0; i < 3; i++)
			((site_fn)p)(a, b, 0, 0);
	}
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	void *pun = site_page(NULL, site_pun, sizeof(site_pun));
	void *mov = site_page(NULL, site_mov, sizeof(site_mov));

	sigaction(SIGTRAP, &sa, NULL);
	show_steps("pun", pun, sizeof(site_pun), SYS_lseek, -1, -EBADF);
	show_steps("pun, answered", pun, sizeof(site_pun), SYS_getppid, 0, getppid());
	show_steps("mov", mov, sizeof(site_mov), 0, 0, getppid());
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif

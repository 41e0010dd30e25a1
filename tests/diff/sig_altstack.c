/* SPDX-License-Identifier: Apache-2.0 */
/* sigaltstack(2): handlers run on it, SS_ONSTACK, overflow of the main stack survived, errors. */
#include <setjmp.h>
#include <sys/resource.h>

#include "lib/show.h"

static char stack[65536];
static sigjmp_buf back;

static void handler(int sig)
{
	char here;
	stack_t ss;

	SHOW(&here >= stack && &here < stack + sizeof(stack));
	SHOW(sigaltstack(NULL, &ss));
	SHOW(ss.ss_flags);
	SHOW(sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL));
	if (sig == SIGSEGV)
		siglongjmp(back, 1);
}

static int recurse(volatile char *p)
{
	volatile char buf[4096];

	buf[0] = p ? p[0] : 1;
	return buf[0] + recurse(buf) + buf[1];
}

static void overflow(void)
{
	struct rlimit r = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_STACK, &r);
	if (sigsetjmp(back, 1) == 0)
		recurse(NULL);
	printf("survived\n");
	signal(SIGSEGV, SIG_DFL);
	recurse(NULL);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;

	SHOW(sigaltstack(NULL, &old));
	SHOW(old.ss_flags);
	SHOW(sigaltstack(&ss, NULL));
	SHOW(sigaltstack(NULL, &old));
	SHOW(old.ss_flags);
	SHOW(old.ss_sp == stack && old.ss_size == sizeof(stack));
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	raise(SIGUSR1);
	show_child("overflow", overflow);
	ss.ss_size = 100;
	SHOW(sigaltstack(&ss, NULL));
	ss.ss_flags = 64;
	SHOW(sigaltstack(&ss, NULL));
	SHOW(sigaltstack((stack_t *)8, NULL));
	SHOW(sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL));
	SHOW(sigaltstack(NULL, &old));
	SHOW(old.ss_flags);
	return 0;
}

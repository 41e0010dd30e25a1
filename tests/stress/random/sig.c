/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls on signals, all sent by the process to itself. */
#include "random.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int sigs[] = { SIGUSR1, SIGUSR2, SIGCHLD, SIGURG, SIGWINCH, 34, 35, 36, 64 };

static volatile sig_atomic_t g_nr[65], g_order;

static void on_signal(int sig)
{
	g_nr[sig]++;
	g_order = g_order * 7 % 10007 + sig;
}

static void on_siginfo(int sig, siginfo_t *si, void *uc)
{
	on_signal(sig);
	g_order = g_order * 3 + si->si_value.sival_int + si->si_code;
}

void sig_start(void)
{
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signal(sigs[i], SIG_IGN);
}

static void show_handled(void)
{
	printf("  handled");
	for (int sig = 1; sig < 65; sig++) {
		if (g_nr[sig])
			printf(" %d:%d", sig, (int)g_nr[sig]);
	}
	printf(" order %d\n", (int)g_order);
}

static void rnd_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		if (once_in(3))
			sigaddset(set, sigs[i]);
	}
}

static void show_set(const sigset_t *set)
{
	printf("  {");
	for (int sig = 1; sig < 65; sig++) {
		if (sigismember(set, sig) == 1)
			printf(" %d", sig);
	}
	printf(" }\n");
}

static void op_sigaction(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;
	int sig = once_in(20) ? (int)rnd(70) : PICK(sigs);

	if (sig == SIGSEGV || sig == SIGBUS || sig == SIGALRM || sig == SIGPIPE)
		sig = SIGKILL;
	switch (rnd(4)) {
	case 0:
		sa.sa_handler = SIG_IGN;
		break;
	case 1:
		sa.sa_sigaction = on_siginfo;
		sa.sa_flags = SA_SIGINFO;
		break;
	default:
		break;
	}
	sa.sa_flags |= (int)FLAGS(SA_RESTART, SA_NODEFER, SA_ONSTACK, SA_RESETHAND);
	if (sa.sa_flags & (int)SA_RESETHAND)
		sa.sa_handler = SIG_IGN; /* the default action would end the sequence */
	rnd_set(&sa.sa_mask);
	call("(%d, %#x)", sig, (unsigned int)sa.sa_flags);
	if (result(sigaction(sig, &sa, &old)) == 0) {
		printf("  old %#x %s", (unsigned int)old.sa_flags & ~0x04000000u,
		       old.sa_handler == SIG_IGN ? "ignored" :
		       old.sa_handler == SIG_DFL ? "default" :
						   "handled");
		show_set(&old.sa_mask);
	}
}

static void op_sigprocmask(void)
{
	static const int hows[] = { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK, 77 };
	int how = PICK(hows);
	sigset_t set, old;

	rnd_set(&set);
	call("(%d)", how);
	if (result(sigprocmask(how, &set, &old)) == 0)
		show_set(&old);
	show_handled();
}

static void op_kill(void)
{
	int sig = once_in(15) ? 0 : once_in(20) ? 65 + (int)rnd(3) : PICK(sigs);

	call("(self, %d)", sig);
	result(once_in(2) ? kill(getpid(), sig) : raise(sig));
	show_handled();
}

static void op_sigqueue(void)
{
	union sigval v = { .sival_int = (int)rnd(1000) };
	int sig = PICK(sigs);

	call("(%d, %d)", sig, v.sival_int);
	result(sigqueue(getpid(), sig, v));
	show_handled();
}

static void op_sigpending(void)
{
	sigset_t set;

	call("()");
	if (result(sigpending(&set)) == 0)
		show_set(&set);
}

static void op_sigtimedwait(void)
{
	struct timespec zero = { 0, once_in(20) ? -1 : 0 };
	siginfo_t si;
	sigset_t set;

	rnd_set(&set);
	memset(&si, 0, sizeof(si));
	call("()");
	if (result(sigtimedwait(&set, &si, &zero)) > 0)
		printf("  code %d value %d\n", si.si_code,
		       si.si_code == SI_QUEUE ? si.si_value.sival_int : 0);
}

static void op_sigaltstack(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = once_in(5) ? 100 : sizeof(stack) }, old;

	ss.ss_flags = once_in(5) ? SS_DISABLE : once_in(15) ? 77 : 0;
	call("(%zu, %d)", ss.ss_size, ss.ss_flags);
	if (result(sigaltstack(&ss, &old)) == 0)
		printf("  old %zu %d\n", old.ss_flags & SS_DISABLE ? 0 : old.ss_size, old.ss_flags);
}

/* clang-format off */
const struct op sig_ops[] = {
	{ "sigaction", op_sigaction, 8 }, { "sigprocmask", op_sigprocmask, 6 }, { "kill", op_kill, 10 },
	{ "sigqueue", op_sigqueue, 8 }, { "sigpending", op_sigpending, 3 }, { "sigtimedwait", op_sigtimedwait, 4 },
	{ "sigaltstack", op_sigaltstack, 2 },
	{ NULL, NULL, 0 },
};
/* clang-format on */

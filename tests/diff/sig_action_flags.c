/* SPDX-License-Identifier: Apache-2.0 */
/* sigaction(2): masks while a handler runs, SA_NODEFER, SA_RESETHAND, what cannot be changed. */
#include "lib/show.h"

static volatile sig_atomic_t depth, runs;

static void nested(int sig)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("depth %d in %d, usr1 %d usr2 %d\n", depth, sig, sigismember(&now, SIGUSR1),
	       sigismember(&now, SIGUSR2));
	depth++;
	if (runs++ < 3)
		raise(SIGUSR1);
	depth--;
}

static void reset_then_die(void)
{
	struct sigaction sa = { .sa_handler = nested, .sa_flags = (int)SA_RESETHAND };

	runs = 5;
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &sa);
	SHOW(sa.sa_handler == SIG_DFL);
	raise(SIGUSR2);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = nested }, old;

	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGUSR2);
	SHOW(sigaction(SIGUSR1, &sa, &old));
	SHOW(old.sa_handler == SIG_DFL);
	raise(SIGUSR1);
	runs = 0;
	sa.sa_flags = SA_NODEFER;
	sigemptyset(&sa.sa_mask);
	SHOW(sigaction(SIGUSR1, &sa, &old));
	show_sigset("old mask", &old.sa_mask);
	raise(SIGUSR1);
	show_child("resethand", reset_then_die);
	SHOW(sigaction(SIGKILL, &sa, NULL));
	SHOW(sigaction(SIGSTOP, &sa, NULL));
	SHOW(sigaction(SIGKILL, NULL, &old));
	SHOW(sigaction(0, &sa, NULL));
	SHOW(sigaction(65, &sa, NULL));
	SHOW(sigaction(32, &sa, NULL));
	SHOW(kill(getpid(), 65));
	SHOW(kill(getpid(), -1));
	SHOW(kill(getpid(), 0));
	SHOW(kill(999999, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocked signals: pending once for standard ones, queued for real-time ones, lowest number first.
 */
#include <pthread.h>

#include "lib/show.h"

static void handler(int sig, siginfo_t *si, void *uc)
{
	printf("got %d code %d value %d\n", sig, si->si_code,
	       si->si_code == SI_QUEUE ? si->si_value.sival_int : -1);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigset_t set, old, pending;

	sigfillset(&sa.sa_mask);
	sigemptyset(&set);
	for (int i = 0; i < 4; i++) {
		sigaction((int[]){ SIGUSR1, SIGUSR2, 35, 36 }[i], &sa, NULL);
		sigaddset(&set, (int[]){ SIGUSR1, SIGUSR2, 35, 36 }[i]);
	}
	SHOW(sigprocmask(SIG_BLOCK, &set, &old));
	SHOW(sigqueue(getpid(), 36, (union sigval){ .sival_int = 1 }));
	SHOW(sigqueue(getpid(), 35, (union sigval){ .sival_int = 2 }));
	SHOW(sigqueue(getpid(), 36, (union sigval){ .sival_int = 3 }));
	SHOW(kill(getpid(), SIGUSR2));
	SHOW(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 4 }));
	SHOW(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 5 }));
	SHOW(sigpending(&pending));
	show_sigset("pending", &pending);
	SHOW(sigprocmask(SIG_SETMASK, &old, NULL));
	SHOW(sigpending(&pending));
	show_sigset("pending", &pending);
	sigfillset(&set);
	SHOW(sigprocmask(SIG_SETMASK, &set, NULL));
	SHOW(sigprocmask(SIG_BLOCK, NULL, &old));
	SHOW(sigismember(&old, SIGKILL));
	SHOW(sigismember(&old, SIGSTOP));
	SHOW(sigismember(&old, SIGTERM));
	SHOW(sigprocmask(99, &set, NULL));
	SHOW(sigprocmask(99, NULL, NULL));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sigwaitinfo(2), sigtimedwait(2), sigsuspend(2), pause(2), sigwait(3). */
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static void handler(int sig)
{
	printf("handler %d\n", sig);
}

static void signal_parent_later(int sig)
{
	if (fork() == 0) {
		until_asleep(getppid());
		kill(getppid(), sig);
		_exit(0);
	}
}

int main(void)
{
	sigset_t set, empty;
	siginfo_t si;
	int sig;

	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, 37);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	signal(SIGCHLD, SIG_IGN);
	sigqueue(getpid(), 37, (union sigval){ .sival_int = 11 });
	raise(SIGUSR1);
	SHOW(sigwaitinfo(&set, &si));
	SHOW(sigwaitinfo(&set, &si));
	SHOW(si.si_value.sival_int);
	SHOW(sigtimedwait(&set, &si, &(struct timespec){ 0, 1000000 }));
	SHOW(sigtimedwait(&set, &si, &(struct timespec){ 0, -1 }));
	signal_parent_later(SIGUSR1);
	SHOW(sigwaitinfo(&set, NULL));
	signal_parent_later(SIGUSR2);
	SHOW(sigwaitinfo(&set, NULL));
	raise(SIGUSR1);
	SHOW(sigsuspend(&empty));
	sigprocmask(SIG_BLOCK, NULL, &empty);
	SHOW(sigismember(&empty, SIGUSR1));
	signal_parent_later(SIGUSR2);
	SHOW(pause());
	raise(37);
	SHOW_ERR(sigwait(&set, &sig));
	SHOW(sig);
	return 0;
}

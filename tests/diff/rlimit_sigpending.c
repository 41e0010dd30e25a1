/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_SIGPENDING: sigqueue fails, kill does not; real-time order and values. */
#include <sys/resource.h>

#include "lib/show.h"

static void run(void)
{
	struct rlimit lim = { 3, 3 };
	struct timespec zero = { 0 };
	union sigval v;
	sigset_t set;
	siginfo_t si;
	int n = 0, sig;

	/* a user nobody else runs as: the count is per user */
	if (getuid() == 0)
		NEED(setuid(54321) == 0);
	SHOW(setrlimit(RLIMIT_SIGPENDING, &lim));
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (v.sival_int = 0; v.sival_int < 5; v.sival_int++)
		SHOW(sigqueue(getpid(), SIGRTMIN + 1, v));
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(kill(getpid(), SIGRTMIN + 2));
	while ((sig = sigtimedwait(&set, &si, &zero)) > 0) {
		printf("%d: signal %d code %d value %d\n", n++,
		       sig >= SIGRTMIN ? sig - SIGRTMIN + 1000 : sig, si.si_code,
		       si.si_code == SI_QUEUE ? si.si_value.sival_int : -1);
	}
	SHOW(sigqueue(getpid(), SIGRTMIN + 1, v));
	SHOW(sigqueue(getpid(), 65, v));
	SHOW(sigqueue(getpid(), 0, v));
	SHOW(sigqueue(999999, 0, v));
}

int main(void)
{
	show_child("limited", run);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_NPROC counts processes and threads of a user; root is exempt. */
#include <pthread.h>
#include <sys/resource.h>

#include "lib/show.h"

static void *idle(void *arg)
{
	pause();
	return NULL;
}

static void run(void)
{
	struct rlimit lim = { 3, 3 };
	pthread_t t;
	pid_t a, b;

	if (getuid() == 0)
		NEED(setuid(54322) == 0);
	SHOW(setrlimit(RLIMIT_NPROC, &lim));
	a = fork();
	if (a == 0) {
		pause();
		_exit(0);
	}
	SHOW(a > 0);
	SHOW_ERR(pthread_create(&t, NULL, idle, NULL));
	SHOW_ERR(pthread_create(&t, NULL, idle, NULL));
	SHOW(fork());
	kill(a, SIGKILL);
	SHOW(waitpid(a, NULL, 0) == a);
	b = fork();
	if (b == 0)
		_exit(0);
	SHOW(b > 0);
	SHOW(waitpid(b, NULL, 0) == b);
}

int main(void)
{
	show_child("limited", run);
	return 0;
}

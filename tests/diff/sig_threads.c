/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals and threads: to a process whoever does not block it, to a thread that thread; masks are
 * per thread.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/show.h"

static __thread int me;
static volatile sig_atomic_t ran_in;
static pthread_barrier_t bar;

static void handler(int sig)
{
	ran_in = me;
}

static void *thread(void *arg)
{
	sigset_t set;

	me = 2;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_barrier_wait(&bar);
	pthread_barrier_wait(&bar);
	return (void *)(long)syscall(SYS_gettid);
}

static int await(int who)
{
	for (int i = 0; i < 2000 && ran_in != who; i++)
		usleep(1000);
	return ran_in;
}

int main(void)
{
	sigset_t set, pending;
	pthread_t th;

	me = 1;
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_barrier_init(&bar, NULL, 2);
	NEED(pthread_create(&th, NULL, thread, NULL) == 0);
	pthread_barrier_wait(&bar);
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(await(2));
	ran_in = 0;
	SHOW_ERR(pthread_kill(th, SIGUSR2));
	SHOW(await(2));
	ran_in = 0;
	SHOW(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	usleep(20000);
	SHOW(ran_in);
	SHOW(sigpending(&pending));
	show_sigset("pending", &pending);
	pthread_barrier_wait(&bar);
	pthread_join(th, NULL);
	SHOW(kill(getpid(), SIGUSR2));
	SHOW(sigpending(&pending));
	show_sigset("pending", &pending);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	SHOW(ran_in);
	SHOW(syscall(SYS_tgkill, getpid(), 999999, SIGUSR1));
	SHOW(syscall(SYS_tgkill, -1, getpid(), SIGUSR1));
	SHOW(syscall(SYS_tkill, getpid(), 0));
	return 0;
}

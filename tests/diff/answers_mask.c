/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rt_sigprocmask as often as it goes, against signals from elsewhere: none arrives while blocked,
 * each arrives when unblocked, to a thread that lets it through.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static volatile sig_atomic_t taken, blocked_now, taken_while_blocked;
static atomic_int ready, stop;

static void on_signal(int sig)
{
	taken++;
	if (blocked_now)
		taken_while_blocked++;
}

static void mask(int how, int sig)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	sigprocmask(how, &s, NULL);
}

/* A child sends one signal after another, each when the one before was seen. */
static void from_a_process(void)
{
	int back[2], status;
	pid_t me = getpid(), kid;
	char c = 0;

	pipe(back);
	taken = taken_while_blocked = 0;
	signal(SIGUSR1, on_signal);
	kid = fork();
	if (kid == 0) {
		for (int i = 0; i < 200; i++) {
			kill(me, SIGUSR1);
			read(back[0], &c, 1);
		}
		_exit(0);
	}
	for (int seen = 0; seen < 200;) {
		mask(SIG_BLOCK, SIGUSR1);
		blocked_now = 1;
		for (int i = 0; i < 20; i++)
			mask(SIG_BLOCK, SIGUSR2);
		blocked_now = 0;
		mask(SIG_UNBLOCK, SIGUSR1);
		while (seen < taken) {
			seen++;
			write(back[1], &c, 1);
		}
	}
	waitpid(kid, &status, 0);
	SHOW(taken);
	SHOW(taken_while_blocked);
	SHOW(status);
}

static void *blocker(void *arg)
{
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&stop)) {
		mask(SIG_BLOCK, SIGUSR1);
		mask(SIG_UNBLOCK, SIGUSR1);
	}
	mask(SIG_BLOCK, SIGUSR1);
	return arg;
}

/* Two threads block and unblock all the time: a signal for the process is always taken by someone.
 */
static void by_some_thread(void)
{
	pthread_t th[2];

	taken = 0;
	atomic_store(&stop, 0);
	atomic_store(&ready, 0);
	mask(SIG_BLOCK, SIGUSR1);
	for (int i = 0; i < 2; i++)
		pthread_create(&th[i], NULL, blocker, NULL);
	while (atomic_load(&ready) < 2)
		;
	for (int i = 1; i <= 100; i++) {
		kill(getpid(), SIGUSR1);
		while (taken < i)
			usleep(50);
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(th[i], NULL);
	SHOW(taken);
	mask(SIG_UNBLOCK, SIGUSR1);
}

/* What one thread blocked is seen by who asks for it: itself, and a signal it sends. */
static void values(void)
{
	sigset_t s, old;
	uint64_t raw;

	sigfillset(&s);
	SHOW(sigprocmask(SIG_SETMASK, &s, NULL));
	raw = 0;
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &raw, 8));
	printf("%#llx\n", (unsigned long long)raw & 0x7fffffff);
	raise(SIGUSR2);
	sigpending(&old);
	SHOW(sigismember(&old, SIGUSR2));
	signal(SIGUSR2, on_signal);
	taken = 0;
	sigemptyset(&s);
	SHOW(sigprocmask(SIG_SETMASK, &s, &old));
	SHOW(taken);
	SHOW(sigismember(&old, SIGTERM));
	SHOW(syscall(SYS_rt_sigprocmask, 7, &raw, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, 7, NULL, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &raw, NULL, 4));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void *)8, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void *)-8, 8));
	raw = 1 << (SIGUSR1 - 1);
	/* the mask changes even if the old one cannot be stored */
	SHOW(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &raw, (void *)8, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &raw, 8));
	printf("%#llx\n", (unsigned long long)raw);
	raw = 0;
	SHOW(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &raw, NULL, 8));
	/* a child and a thread of it start with the mask of who made them */
	mask(SIG_BLOCK, SIGHUP);
	if (fork() == 0) {
		syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &raw, 8);
		_exit((int)raw & 0x7f);
	} else {
		int status;

		wait(&status);
		SHOW(WEXITSTATUS(status));
	}
	mask(SIG_UNBLOCK, SIGHUP);
}

/* A timer's signal while the mask moves. */
static void ticking(void)
{
	struct itimerval it = { { 0, 500 }, { 0, 500 } };

	signal(SIGALRM, on_signal);
	taken = taken_while_blocked = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	while (taken < 50) {
		mask(SIG_BLOCK, SIGALRM);
		blocked_now = 1;
		getppid();
		blocked_now = 0;
		mask(SIG_UNBLOCK, SIGALRM);
	}
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	SHOW(taken >= 50);
	SHOW(taken_while_blocked);
}

int main(void)
{
	values();
	from_a_process();
	by_some_thread();
	ticking();
	return 0;
}

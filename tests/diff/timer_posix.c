/* SPDX-License-Identifier: Apache-2.0 */
/* timer_create and friends: clocks, notification kinds, values, overruns, errors, fork and exec. */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/show.h"

static volatile int g_hits, g_code, g_val, g_over;

static void handler(int sig, siginfo_t *si, void *uc)
{
	g_hits++;
	g_code = si->si_code;
	g_val = si->si_value.sival_int;
	g_over = si->si_overrun;
}

static long create(int clock, struct sigevent *ev, int *id)
{
	return syscall(SYS_timer_create, clock, ev, id);
}

static long settime(int id, int flags, long ns, long ins, struct itimerspec *old)
{
	struct itimerspec is = { { 0, ins }, { ns / 1000000000, ns % 1000000000 } };

	return syscall(SYS_timer_settime, id, flags, &is, old);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { 0 };
	struct itimerspec is;
	sigset_t set;
	siginfo_t si;
	int id, id2, status;
	pid_t pid;

	if (argc > 1) {
		SHOW(syscall(SYS_timer_gettime, atoi(argv[1]), &is));
		return 0;
	}
	for (int c = 0; c < 13; c++) {
		ev.sigev_notify = SIGEV_NONE;
		if (c == 8 || c == 9)
			continue; /* depends on hardware */
		printf("clock %d: %s\n", c, create(c, &ev, &id) ? errno_name(errno) : "ok");
	}
	SHOW(create(99, NULL, &id));
	ev.sigev_notify = 9;
	SHOW(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 65;
	SHOW(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_signo = 0;
	SHOW(create(CLOCK_MONOTONIC, &ev, &id));
	ev.sigev_notify = SIGEV_SIGNAL | SIGEV_THREAD_ID;
	ev.sigev_signo = SIGUSR1;
	ev._sigev_un._tid = 1 << 21;
	SHOW(create(CLOCK_MONOTONIC, &ev, &id));
	SHOW(create(CLOCK_MONOTONIC, (void *)8, &id));
	SHOW(create(CLOCK_MONOTONIC, NULL, (void *)8));
	SHOW(settime(777, 0, 1, 0, NULL));
	SHOW(syscall(SYS_timer_gettime, 777, &is));
	SHOW(syscall(SYS_timer_getoverrun, 777));
	SHOW(syscall(SYS_timer_delete, 777));

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	SHOW(create(CLOCK_MONOTONIC, NULL, &id));
	SHOW(syscall(SYS_timer_settime, id, 0, NULL, NULL));
	SHOW(settime(id, 0, 999999999, 1000000000, NULL));
	SHOW(settime(id, 0, 5000000, 0, &is));
	SHOW(is.it_value.tv_nsec);
	while (!g_hits)
		usleep(1000);
	SHOW(g_code == SI_TIMER);
	SHOW(g_val == id);
	syscall(SYS_timer_gettime, id, &is);
	SHOW(is.it_value.tv_sec + is.it_value.tv_nsec);
	/* blocked: one signal, the rest are overruns */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = SIGUSR1;
	ev.sigev_value.sival_int = 1234;
	SHOW(create(CLOCK_REALTIME, &ev, &id2));
	SHOW(settime(id2, 0, 1000000, 1000000, NULL));
	usleep(50000);
	SHOW(sigtimedwait(&set, &si, &(struct timespec){ 1, 0 }));
	SHOW(si.si_code == SI_TIMER);
	SHOW(si.si_value.sival_int);
	SHOW(si.si_overrun >= 20);
	SHOW(syscall(SYS_timer_getoverrun, id2) == si.si_overrun);
	SHOW(settime(id2, 0, 0, 0, &is));
	SHOW(is.it_interval.tv_nsec);
	SHOW(is.it_value.tv_nsec > 0);
	SHOW(sigtimedwait(&set, &si, &(struct timespec){ 0, 20000000 }) == SIGUSR1 ||
	     errno == EAGAIN);
	/* absolute and long ago */
	SHOW(settime(id2, TIMER_ABSTIME, 1000, 0, NULL));
	SHOW(sigwaitinfo(&set, &si));
	/* a timer of this thread's */
	ev.sigev_notify = SIGEV_SIGNAL | SIGEV_THREAD_ID;
	ev._sigev_un._tid = (int)syscall(SYS_gettid);
	SHOW(create(CLOCK_MONOTONIC, &ev, &id2));
	SHOW(settime(id2, 0, 1000000, 0, NULL));
	SHOW(sigwaitinfo(&set, &si));
	/* CPU time */
	ev.sigev_notify = SIGEV_SIGNAL;
	SHOW(create(CLOCK_PROCESS_CPUTIME_ID, &ev, &id2));
	SHOW(settime(id2, 0, 10000000, 0, NULL));
	for (sigset_t p; sigpending(&p) == 0 && !sigismember(&p, SIGUSR1);)
		;
	SHOW(sigwaitinfo(&set, &si));
	/* SIGEV_NONE only counts */
	ev.sigev_notify = SIGEV_NONE;
	SHOW(create(CLOCK_MONOTONIC, &ev, &id2));
	SHOW(settime(id2, 0, 1000000, 0, NULL));
	usleep(5000);
	SHOW(syscall(SYS_timer_gettime, id2, &is));
	SHOW(is.it_value.tv_nsec);
	/* a child has no timers, nor has the next program */
	pid = fork();
	if (pid == 0)
		_exit(syscall(SYS_timer_gettime, id, &is) == -1 ? errno : 0);
	waitpid(pid, &status, 0);
	printf("in a child: %s\n", errno_name(WEXITSTATUS(status)));
	pid = fork();
	if (pid == 0) {
		char text[20];

		create(CLOCK_MONOTONIC, NULL, &id);
		snprintf(text, sizeof(text), "%d", id);
		execl(argv[0], argv[0], text, NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	SHOW(syscall(SYS_timer_delete, id));
	SHOW(syscall(SYS_timer_delete, id));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nanosleep, clock_nanosleep: errors, remaining time after a signal, absolute sleeps, stop and
 * continue.
 */
#include <sys/syscall.h>
#include <time.h>

#include "lib/show.h"

static volatile int g_hits;

static void handler(int sig)
{
	g_hits++;
}

static long cns(clockid_t c, int flags, const struct timespec *ts, struct timespec *rem)
{
	return syscall(SYS_clock_nanosleep, c, flags, ts, rem);
}

static pid_t poke_after(int ms)
{
	pid_t me = getpid(), pid = fork();

	if (pid == 0) {
		usleep((unsigned int)ms * 1000);
		kill(me, SIGUSR1);
		_exit(0);
	}
	return pid;
}

int main(void)
{
	struct timespec ts = { 0, 1000000 }, rem = { 7, 7 }, now;
	int status;
	pid_t pid;

	SHOW(syscall(SYS_nanosleep, &ts, &rem));
	SHOW(rem.tv_sec);
	ts.tv_nsec = 1000000000;
	SHOW(syscall(SYS_nanosleep, &ts, NULL));
	ts = (struct timespec){ -1, 0 };
	SHOW(syscall(SYS_nanosleep, &ts, NULL));
	SHOW(syscall(SYS_nanosleep, (void *)8, NULL));
	ts = (struct timespec){ 0, 1000 };
	for (int c = 0; c < 13; c++) {
		/* nobody uses CPU time meanwhile; alarm clocks need hardware */
		if (c == 2 || c == 8 || c == 9)
			continue;
		printf("clock %d: %s\n", c, cns(c, 0, &ts, NULL) ? errno_name(errno) : "ok");
	}
	SHOW(cns(99, 0, &ts, NULL));
	SHOW(cns(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
	SHOW(cns(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL));
	signal(SIGUSR1, handler);
	pid = poke_after(40);
	ts = (struct timespec){ 10, 0 };
	SHOW(syscall(SYS_nanosleep, &ts, &rem));
	SHOW(rem.tv_sec == 9);
	SHOW(g_hits);
	waitpid(pid, &status, 0);
	pid = poke_after(40);
	SHOW(syscall(SYS_nanosleep, &ts, (void *)8));
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_sec += 10;
	pid = poke_after(40);
	rem.tv_sec = 77;
	SHOW(cns(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, &rem));
	SHOW(rem.tv_sec);
	waitpid(pid, &status, 0);
	/* a handler with SA_RESTART does not restart a sleep, a stop does */
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = handler, .sa_flags = SA_RESTART },
		  NULL);
	pid = poke_after(40);
	SHOW(cns(CLOCK_MONOTONIC, 0, &ts, &rem));
	waitpid(pid, &status, 0);
	pid = fork();
	if (pid == 0) {
		struct timespec a, b;

		clock_gettime(CLOCK_MONOTONIC, &a);
		ts = (struct timespec){ 0, 200000000 };
		if (syscall(SYS_nanosleep, &ts, &rem))
			_exit(1);
		clock_gettime(CLOCK_MONOTONIC, &b);
		_exit((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 199 ? 0 :
												2);
	}
	usleep(50000);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	show_status("stopped meanwhile", status);
	return 0;
}

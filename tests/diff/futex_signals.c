/* SPDX-License-Identifier: Apache-2.0 */
/* Futex sleeps and signals: EINTR, SA_RESTART, stop and continue in the middle of a timed wait. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

static unsigned int *g_w;
static volatile int g_hits;

static void handler(int sig)
{
	g_hits++;
}

static long wait_for(const struct timespec *ts)
{
	return syscall(SYS_futex, g_w, FUTEX_WAIT, 0, ts, NULL, 0);
}

int main(void)
{
	struct timespec one = { 1, 0 }, half = { 0, 250000000 };
	struct sigaction sa = { .sa_handler = handler };
	pid_t me = getpid(), pid;
	int status;

	g_w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int restart = 0; restart < 2; restart++) {
		sa.sa_flags = restart ? SA_RESTART : 0;
		sigaction(SIGUSR1, &sa, NULL);
		pid = fork();
		if (pid == 0) {
			until_asleep(me);
			kill(me, SIGUSR1);
			until_asleep(me);
			*g_w = 1;
			while (syscall(SYS_futex, g_w, FUTEX_WAKE, 1, NULL, NULL, 0) == 0 &&
			       kill(me, 0) == 0 && !g_w[1])
				usleep(1000);
			_exit(0);
		}
		*g_w = 0;
		g_w[1] = 0;
		SHOW(wait_for(NULL));
		SHOW(g_hits);
		g_w[1] = 1;
		waitpid(pid, &status, 0);
		*g_w = 0;
		pid = fork();
		if (pid == 0) {
			until_asleep(me);
			kill(me, SIGUSR1);
			_exit(0);
		}
		SHOW(wait_for(&one));
		waitpid(pid, &status, 0);
	}
	pid = fork();
	if (pid == 0)
		_exit(wait_for(&half) == -1 && errno == ETIMEDOUT ? 0 : 1);
	usleep(50000);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	usleep(20000);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	show_status("stopped meanwhile", status);
	return 0;
}

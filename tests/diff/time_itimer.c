/* SPDX-License-Identifier: Apache-2.0 */
/* setitimer, getitimer, alarm: old values, periods, the three kinds, errors. */
#include <sys/syscall.h>
#include <sys/time.h>

#include "lib/show.h"

static volatile int g_hits[65];

static void handler(int sig)
{
	g_hits[sig]++;
}

static int set(int which, long s, long us, long is, long ius, struct itimerval *old)
{
	struct itimerval it = { { is, ius }, { s, us } };

	return setitimer(which, &it, old);
}

int main(void)
{
	struct itimerval it;

	signal(SIGALRM, handler);
	signal(SIGVTALRM, handler);
	signal(SIGPROF, handler);
	SHOW(getitimer(ITIMER_REAL, &it));
	SHOW(it.it_value.tv_sec + it.it_value.tv_usec);
	SHOW(getitimer(3, &it));
	SHOW(setitimer(3, &it, NULL));
	SHOW(getitimer(ITIMER_REAL, (void *)8));
	SHOW(setitimer(ITIMER_REAL, (void *)8, NULL));
	SHOW(set(ITIMER_REAL, 0, 1000000, 0, 0, NULL));
	SHOW(set(ITIMER_REAL, -1, 0, 0, 0, NULL));
	SHOW(set(ITIMER_REAL, 0, -1, 0, 0, NULL));
	SHOW(set(ITIMER_REAL, 0, 0, 0, 2000000, NULL));
	SHOW(set(ITIMER_REAL, 100, 0, 7, 5, NULL));
	SHOW(set(ITIMER_REAL, 0, 0, 3, 0, &it));
	SHOW(it.it_value.tv_sec >= 99);
	SHOW(it.it_interval.tv_sec);
	SHOW(it.it_interval.tv_usec);
	getitimer(ITIMER_REAL, &it);
	SHOW(it.it_value.tv_sec + it.it_value.tv_usec);
	SHOW(alarm(50));
	SHOW(alarm(20));
	SHOW(alarm(0));
	SHOW(alarm(0));
	SHOW(set(ITIMER_REAL, 0, 300, 0, 0, NULL));
	while (!g_hits[SIGALRM])
		usleep(1000);
	SHOW(g_hits[SIGALRM]);
	SHOW(set(ITIMER_REAL, 0, 5000, 0, 5000, NULL));
	while (g_hits[SIGALRM] < 5)
		pause();
	getitimer(ITIMER_REAL, &it);
	SHOW(it.it_interval.tv_usec);
	SHOW(set(ITIMER_REAL, 0, 0, 0, 0, NULL));
	SHOW(set(ITIMER_VIRTUAL, 0, 10000, 0, 10000, NULL));
	while (g_hits[SIGVTALRM] < 2)
		;
	SHOW(set(ITIMER_VIRTUAL, 0, 0, 0, 0, NULL));
	SHOW(set(ITIMER_PROF, 0, 10000, 0, 0, NULL));
	while (g_hits[SIGPROF] < 1)
		getppid();
	getitimer(ITIMER_PROF, &it);
	SHOW(it.it_value.tv_sec + it.it_value.tv_usec);
	SHOW(syscall(SYS_setitimer, ITIMER_REAL, NULL, NULL));
	return 0;
}

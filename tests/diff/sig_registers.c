/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handler at any moment leaves the interrupted computation alone: integer and floating-point
 * state.
 */
#include <sys/time.h>

#include "lib/show.h"

static volatile sig_atomic_t ticks;

static void handler(int sig)
{
	volatile double d = 1.0;

	for (int i = 1; i < 50; i++)
		d = d * 1.0001 + i;
	ticks++;
}

int main(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct itimerval it = { { 0, 1000 }, { 0, 1000 } };
	double sum = 0, x = 1.5;
	uint64_t h = 1;

	sigaction(SIGALRM, &sa, NULL);
	SHOW(setitimer(ITIMER_REAL, &it, NULL));
	for (int i = 0; i < 20000000; i++) {
		h = h * 6364136223846793005u + 1442695040888963407u;
		x = x * 0.999999 + 0.000001 * (double)(h >> 60);
		sum += x;
	}
	it.it_value.tv_usec = it.it_interval.tv_usec = 0;
	SHOW(setitimer(ITIMER_REAL, &it, NULL));
	printf("%llx %.10f %.10f\n", (unsigned long long)h, x, sum);
	SHOW(ticks > 0);
	return 0;
}

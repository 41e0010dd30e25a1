/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks: which exist, how they relate, resolution, errors, CPU clocks of processes and threads. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

#include "lib/show.h"

static long long ns(clockid_t c)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, c, &ts))
		return -errno;
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void burn(void)
{
	long long t = ns(CLOCK_THREAD_CPUTIME_ID);

	while (ns(CLOCK_THREAD_CPUTIME_ID) - t < 20000000)
		;
}

static void *thread(void *arg)
{
	clockid_t c;

	burn();
	SHOW_ERR(pthread_getcpuclockid(pthread_self(), &c));
	SHOW(ns(c) >= 20000000);
	return NULL;
}

int main(void)
{
	static const int ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 16, 99 };
	struct timespec ts, res;
	struct timeval tv;
	struct tms tms;
	struct timex tx = { 0 };
	clockid_t c;
	long long a, b;
	pthread_t t;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		int r = (int)syscall(SYS_clock_gettime, ids[i], &ts), e = errno;
		int r2 = (int)syscall(SYS_clock_getres, ids[i], &res), e2 = errno;

		printf("clock %d: %s, %s\n", ids[i], r ? errno_name(e) : "ok",
		       r2 ? errno_name(e2) : "ok");
	}
	SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8));
	SHOW(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
	a = ns(CLOCK_MONOTONIC);
	b = ns(CLOCK_MONOTONIC);
	SHOW(b >= a);
	SHOW(ns(CLOCK_BOOTTIME) >= a);
	SHOW(llabs(ns(CLOCK_REALTIME) - ns(CLOCK_REALTIME_COARSE)) < 1000000000);
	SHOW(llabs(ns(CLOCK_MONOTONIC) - ns(CLOCK_MONOTONIC_COARSE)) < 1000000000);
	gettimeofday(&tv, NULL);
	SHOW(llabs(tv.tv_sec * 1000000000ll - ns(CLOCK_REALTIME)) < 3000000000ll);
	SHOW(llabs(time(NULL) - tv.tv_sec) <= 1);
	SHOW(llabs(ns(CLOCK_TAI) - ns(CLOCK_REALTIME)) < 100000000000ll);
	burn();
	SHOW(ns(CLOCK_PROCESS_CPUTIME_ID) >= ns(CLOCK_THREAD_CPUTIME_ID));
	SHOW(ns(CLOCK_THREAD_CPUTIME_ID) >= 20000000);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	SHOW(ns(CLOCK_PROCESS_CPUTIME_ID) >= 40000000);
	SHOW_ERR(clock_getcpuclockid(0, &c));
	SHOW(ns(c) > 0);
	SHOW_ERR(clock_getcpuclockid(getppid(), &c));
	SHOW_ERR(clock_getcpuclockid(999999, &c));
	SHOW(ns((clockid_t)(~999999u << 3 | 2)));
	SHOW(ns((clockid_t)(~999999u << 3 | 6)));
	SHOW(ns((clockid_t)(~0u << 3 | 3)) < 0);
	SHOW(syscall(SYS_clock_getres, (clockid_t)(~0u << 3 | 2), &res));
	SHOW(res.tv_nsec);
	SHOW(times(&tms) > 0);
	SHOW(tms.tms_utime + tms.tms_stime >= 3);
	SHOW(tms.tms_cutime);
	SHOW(syscall(SYS_times, (void *)8));
	SHOW(syscall(SYS_gettimeofday, (void *)8, NULL));
	ts = (struct timespec){ 0, 1000000000 };
	SHOW(clock_settime(CLOCK_MONOTONIC, &ts));
	SHOW(clock_settime(CLOCK_REALTIME, &ts));
	SHOW(clock_settime(99, &ts));
	SHOW(clock_settime(CLOCK_REALTIME, (void *)8));
	SHOW(adjtimex(&tx) >= 0);
	SHOW(tx.tick);
	SHOW(clock_adjtime(CLOCK_MONOTONIC, &tx));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* getrusage and times: own time, that of waited-for children, not of others; errors. */
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

#include "lib/show.h"

static long long us(const struct rusage *r)
{
	return (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000ll + r->ru_utime.tv_usec +
	       r->ru_stime.tv_usec;
}

static void burn(void)
{
	struct timespec ts;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	} while (ts.tv_sec == 0 && ts.tv_nsec < 60000000);
}

int main(void)
{
	struct rusage r;
	struct tms tms;
	pid_t pid;

	SHOW(getrusage(RUSAGE_SELF, &r));
	SHOW(getrusage(7, &r));
	SHOW(getrusage(RUSAGE_SELF, (void *)8));
	SHOW(getrusage(RUSAGE_CHILDREN, &r));
	SHOW(us(&r));
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			burn();
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	usleep(1000);
	getrusage(RUSAGE_CHILDREN, &r);
	SHOW(us(&r));
	waitpid(pid, NULL, 0);
	getrusage(RUSAGE_CHILDREN, &r);
	SHOW(us(&r) >= 50000);
	SHOW(r.ru_maxrss > 0);
	times(&tms);
	SHOW(tms.tms_cutime + tms.tms_cstime >= 4);
	getrusage(RUSAGE_SELF, &r);
	SHOW(us(&r) < 2000000);
	burn();
	getrusage(RUSAGE_SELF, &r);
	SHOW(us(&r) >= 50000);
	getrusage(RUSAGE_THREAD, &r);
	SHOW(us(&r) >= 50000);
	SHOW(r.ru_minflt > 0);
	return 0;
}

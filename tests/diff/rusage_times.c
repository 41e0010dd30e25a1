/* SPDX-License-Identifier: Apache-2.0 */
/* getrusage(2) and times(2): who may be asked about, and that CPU time goes where it belongs. */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <time.h>

#include "lib/show.h"

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static void burn(double s)
{
	struct rusage ru;
	volatile unsigned long x = 0;

	do {
		for (int i = 0; i < 1000000; i++)
			x += (unsigned long)i;
		getrusage(RUSAGE_SELF, &ru);
	} while (seconds(&ru.ru_utime) + seconds(&ru.ru_stime) < s);
}

int main(void)
{
	struct rusage self, children, thread;
	struct tms tms;
	pid_t pid;

	SHOW(getrusage(RUSAGE_CHILDREN, &children));
	SHOW(seconds(&children.ru_utime) == 0);
	pid = fork();
	if (pid == 0) {
		burn(0.1);
		_exit(0);
	}
	NEED(waitpid(pid, NULL, 0) == pid);
	SHOW(getrusage(RUSAGE_CHILDREN, &children));
	SHOW(seconds(&children.ru_utime) + seconds(&children.ru_stime) >= 0.1);
	burn(0.05);
	SHOW(getrusage(RUSAGE_SELF, &self));
	SHOW(getrusage(RUSAGE_THREAD, &thread));
	SHOW(seconds(&self.ru_utime) + seconds(&self.ru_stime) >= 0.05);
	SHOW(seconds(&thread.ru_utime) + seconds(&thread.ru_stime) >= 0.04);
	SHOW(self.ru_maxrss > 0);
	SHOW(self.ru_ixrss + self.ru_idrss + self.ru_isrss + self.ru_nswap + self.ru_msgsnd);
	SHOW(getrusage(2, &self));
	SHOW(getrusage(-2, &self));
	SHOW(syscall(SYS_getrusage, RUSAGE_SELF, 8L));

	SHOW_OK(times(&tms));
	SHOW(tms.tms_utime + tms.tms_stime >= 4);
	SHOW(tms.tms_cutime + tms.tms_cstime >= 9);
	SHOW_OK(syscall(SYS_times, NULL));
	SHOW(syscall(SYS_times, 8L));
	return 0;
}

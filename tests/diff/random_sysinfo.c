/* SPDX-License-Identifier: Apache-2.0 */
/* getrandom(2), sysinfo(2), syslog(2). */
#include <math.h>
#include <sys/klog.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "lib/caps.h"

/* the first number in it */
static double file_number(const char *path)
{
	FILE *f = fopen(path, "r");
	double v = -1;

	if (f) {
		(void)!fscanf(f, "%lf", &v);
		fclose(f);
	}
	return v;
}

int main(void)
{
	static unsigned char buf[100000], zero[100000];
	struct sysinfo si;
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(munmap(page + 4096, 4096) == 0);
	SHOW(getrandom(buf, 16, 0));
	SHOW(memcmp(buf, zero, 16) != 0);
	SHOW(getrandom(buf, sizeof(buf), 0));
	SHOW(memcmp(buf + sizeof(buf) - 64, zero, 64) != 0);
	SHOW(getrandom(buf, 256, GRND_RANDOM));
	SHOW(getrandom(buf, 16, GRND_NONBLOCK));
	SHOW(getrandom(buf, 16, GRND_INSECURE));
	SHOW(getrandom(buf, 16, GRND_INSECURE | GRND_RANDOM));
	SHOW(getrandom(buf, 16, 8));
	SHOW(getrandom(buf, 0, 0));
	SHOW(syscall(SYS_getrandom, 8L, 16, 0));
	SHOW(syscall(SYS_getrandom, NULL, 0, 0));
	SHOW(syscall(SYS_getrandom, page + 4096 - 16, 16, 0));

	SHOW(sysinfo(&si));
	SHOW(si.uptime > 0);
	SHOW(fabs((double)si.uptime - file_number("/proc/uptime")) < 3);
	SHOW(fabs((double)si.loads[0] / 65536 - file_number("/proc/loadavg")) < 1);
	SHOW(si.totalram > 0);
	SHOW(si.freeram <= si.totalram);
	SHOW(si.procs > 0);
	SHOW(si.mem_unit);
	SHOW(syscall(SYS_sysinfo, 8L));

	SHOW(klogctl(11, NULL, 0));
	SHOW(klogctl(-1, NULL, 0));
	SHOW(klogctl(2, NULL, 10));
	SHOW(klogctl(2, (char *)buf, -1));
	SHOW(klogctl(2, (char *)buf, 0));
	SHOW(klogctl(8, NULL, 0));
	SHOW(klogctl(8, NULL, 9));
	SHOW(klogctl(10, NULL, 0) > 0);
	caps_start();
	SHOW(klogctl(2, (char *)buf, 10));
	SHOW(klogctl(3, (char *)buf, 10));
	SHOW(klogctl(10, NULL, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mlock, mlock2, mlockall and munlock: ranges, limits, and the count in /proc. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/show.h"

#define PG   4096
#define KB   1024
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long locked_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmLck: %ld", &kb);
	if (f)
		fclose(f);
	return kb;
}

static void limited(void)
{
	struct rlimit rl = { 64 * KB, 64 * KB };
	char *p = mmap(NULL, 128 * KB, RW, ANON, -1, 0);

	NEED(setrlimit(RLIMIT_MEMLOCK, &rl) == 0);
	NEED(setgid(65534) == 0 && setuid(65534) == 0);
	SHOW(mlock(p, 32 * KB));
	SHOW(mlock(p, 64 * KB)); /* half of it is locked already */
	SHOW(mlock(p + 64 * KB, PG));
	SHOW(munlock(p, PG));
	SHOW(mlock(p + 64 * KB, PG));
	SHOWP(mmap(NULL, 64 * KB, RW, ANON | MAP_LOCKED, -1, 0));
	SHOW(mlockall(MCL_CURRENT));
	SHOW(munlockall());
	SHOW(mlockall(MCL_FUTURE));
	SHOWP(mmap(NULL, 128 * KB, RW, ANON, -1, 0));
	rl.rlim_cur = rl.rlim_max = 0;
	NEED(setrlimit(RLIMIT_MEMLOCK, &rl) == 0);
	SHOW(mlock(p, PG));
	SHOW(mlockall(MCL_FUTURE));
	SHOWP(mmap(NULL, PG, RW, ANON | MAP_LOCKED, -1, 0));
}

int main(void)
{
	char *p = mmap(NULL, 16 * PG, RW, ANON, -1, 0);

	SHOW(locked_kb());
	SHOW(mlock(p + 10, PG)); /* two pages */
	SHOW(locked_kb());
	SHOW(mlock(p, 4 * PG));
	SHOW(locked_kb());
	SHOW(munlock(p + PG, PG));
	SHOW(locked_kb());
	SHOW(syscall(SYS_mlock2, p, PG, 1));
	SHOW(syscall(SYS_mlock2, p, PG, 2));
	SHOW(mlock(p, 0));
	SHOW(mlock(p, -1ul));
	munmap(p + 8 * PG, PG);
	SHOW(mlock(p + 6 * PG, 4 * PG));
	SHOW(munlock(p + 6 * PG, 4 * PG));
	SHOW(munlock(p + 8 * PG, PG));
	SHOW(mlockall(0));
	SHOW(mlockall(8));
	SHOW(mlockall(4));
	SHOW(munlockall());
	SHOW(locked_kb());
	if (geteuid() == 0)
		show_child("limited", limited);
	return 0;
}

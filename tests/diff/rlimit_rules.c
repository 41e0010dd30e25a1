/* SPDX-License-Identifier: Apache-2.0 */
/* getrlimit, setrlimit, prlimit: ranges, rights, inheritance. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/caps.h"

static void show_limit(const char *name, int res)
{
	struct rlimit l;

	NEED(getrlimit(res, &l) == 0);
	printf("  %s %lld %lld\n", name, (long long)l.rlim_cur, (long long)l.rlim_max);
}

static long prlimit_raw(pid_t pid, unsigned int res, const void *new, void *old)
{
	return syscall(SYS_prlimit64, pid, res, new, old);
}

static void unprivileged(void)
{
	struct rlimit up = { 100, 400 }, down = { 50, 150 }, again = { 60, 150 };

	NEED(syscall(SYS_setresuid, 1000, 1000, 1000) == 0);
	SHOW(setrlimit(RLIMIT_NOFILE, &up));
	SHOW(setrlimit(RLIMIT_NOFILE, &down));
	show_limit("nofile", RLIMIT_NOFILE);
	SHOW(setrlimit(RLIMIT_NOFILE, &again));
	SHOW(prlimit_raw(getppid(), RLIMIT_NOFILE, NULL, &up));
	SHOW(prlimit_raw(1, RLIMIT_NOFILE, NULL, &up));
	SHOW(prlimit_raw(getpid(), RLIMIT_NOFILE, &down, &up));
	printf("  old %lld %lld\n", (long long)up.rlim_cur, (long long)up.rlim_max);
}

static void descriptors_run_out(void)
{
	struct rlimit l = { 5, 5 };

	SHOW(setrlimit(RLIMIT_NOFILE, &l));
	SHOW(dup(0));
	SHOW(dup(0));
	SHOW(dup(0));
	SHOW(dup2(0, 5));
	SHOW(dup2(0, 4));
}

int main(void)
{
	struct rlimit l = { 200, 300 }, bad = { 2, 1 }, huge = { 10, 1 << 21 }, old;
	struct rlimit inf = { RLIM_INFINITY, RLIM_INFINITY };

	NEED(getuid() == 0);
	caps_start();
	SHOW(setrlimit(RLIMIT_NOFILE, &l));
	show_limit("nofile", RLIMIT_NOFILE);
	SHOW(setrlimit(RLIMIT_NOFILE, &bad));
	SHOW(setrlimit(RLIMIT_NOFILE, &huge));
	SHOW(setrlimit(RLIMIT_NOFILE, &inf));
	SHOW(syscall(SYS_setrlimit, 16, &l));
	SHOW(syscall(SYS_getrlimit, 16, &l));
	SHOW(syscall(SYS_getrlimit, -1, &l));
	SHOW(syscall(SYS_getrlimit, RLIMIT_CPU, 8L));
	SHOW(syscall(SYS_setrlimit, RLIMIT_CPU, 8L));
	SHOW(prlimit_raw(0, RLIMIT_CORE, &l, &old));
	show_limit("core", RLIMIT_CORE);
	SHOW(prlimit_raw(0, RLIMIT_CORE, NULL, NULL));
	SHOW(prlimit_raw(0, RLIMIT_CORE, (void *)8L, NULL));
	SHOW(prlimit_raw(0, RLIMIT_CORE, NULL, (void *)8L));
	SHOW(prlimit_raw(999999999, RLIMIT_CORE, NULL, &old));
	SHOW(prlimit_raw(0, 99, NULL, &old));
	show_child("unprivileged", unprivileged);
	show_child("descriptors", descriptors_run_out);
	show_limit("nofile", RLIMIT_NOFILE);
	return 0;
}

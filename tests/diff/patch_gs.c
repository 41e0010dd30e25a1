/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that use GS themselves: their calls work, their memory is not written, their base stays.
 */
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "lib/show.h"

#ifdef __x86_64__
#include <asm/prctl.h>

static unsigned long area[4096];

static unsigned long get_gs(void)
{
	unsigned long v;

	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static void set_gs(unsigned long v)
{
	__asm__ volatile("wrgsbase %0" ::"r"(v));
}

static int calls(void)
{
	pid_t ppid = getppid();
	int bad = 0;

	for (int i = 0; i < 20; i++) {
		bad += getppid() != ppid;
		bad += syscall(SYS_getppid) != ppid;
		bad += lseek(-1, 0, SEEK_SET) != -1;
	}
	return bad;
}

static bool clean(void)
{
	for (unsigned int i = 0; i < 4096; i++) {
		if (area[i] != 0x5a5a5a5a5a5a5a5aul)
			return false;
	}
	return true;
}

static void try_base(unsigned long base, const char *what)
{
	set_gs(base);
	printf("%s: %d bad, base %s, memory %s\n", what, calls(),
	       get_gs() == base ? "kept" : "lost", clean() ? "clean" : "written");
}

static void *thread(void *arg)
{
	SHOW(calls());
	SHOW(get_gs() == 0 || calls() == 0);
	return NULL;
}

int main(void)
{
	unsigned long v = 1;
	pthread_t th;
	int status;
	pid_t pid;

	if (!(getauxval(AT_HWCAP2) & 2))
		return 77;
	memset(area, 0x5a, sizeof(area));
	SHOW(calls());
	try_base((unsigned long)area, "own memory");
	try_base((unsigned long)(area + 2048), "own memory, middle");
	try_base(8, "null");
	try_base(0x10000, "unmapped");
	try_base((unsigned long)main, "text");
	try_base((unsigned long)&v, "stack");
	set_gs((unsigned long)area);
	pthread_create(&th, NULL, thread, NULL);
	pthread_join(th, NULL);
	pid = fork();
	if (pid == 0) {
		SHOW(get_gs() == (unsigned long)area);
		SHOW(calls());
		_exit(clean() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	SHOW(status);
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_GS, &v));
	SHOW(v == (unsigned long)area);
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, 0));
	SHOW(calls());
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_GS, &v));
	SHOW(v);
	SHOW(clean());
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The vDSO and the system calls tell the same time; the image is an ELF file with the known names.
 */
#include <dlfcn.h>
#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "lib/show.h"

static long long ns(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000ll + ts->tv_nsec;
}

static const char *const names[] = {
#if defined(__x86_64__)
	"__vdso_clock_gettime", "__vdso_clock_getres", "__vdso_gettimeofday",
	"__vdso_time",          "__vdso_getcpu",
#else
	"__kernel_clock_gettime",
	"__kernel_clock_getres",
	"__kernel_gettimeofday",
	"__kernel_rt_sigreturn",
#endif
};

static void symbols(void)
{
	const char *base = (char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *eh = (void *)base;
	const Elf64_Phdr *ph = (void *)(base + eh->e_phoff);
	const Elf64_Sym *sym = NULL;
	const unsigned int *hash = NULL;
	const char *str = NULL;

	SHOW(eh->e_type);
	for (int i = 0; i < eh->e_phnum; i++) {
		const Elf64_Dyn *d = (void *)(base + ph[i].p_vaddr);

		if (ph[i].p_type != PT_DYNAMIC)
			continue;
		for (; d->d_tag != DT_NULL; d++) {
			if (d->d_tag == DT_SYMTAB)
				sym = (void *)(base + d->d_un.d_ptr);
			else if (d->d_tag == DT_STRTAB)
				str = base + d->d_un.d_ptr;
			else if (d->d_tag == DT_HASH)
				hash = (void *)(base + d->d_un.d_ptr);
			else if (d->d_tag == DT_SONAME)
				printf("soname %s\n",
				       str ? str + d->d_un.d_val : "before the string table");
		}
	}
	/* old images may lack DT_HASH: the dynamic linker does without */
	for (unsigned int n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		void *h = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);

		printf("%s: %s\n", names[n], h && dlsym(h, names[n]) ? "there" : "missing");
	}
	SHOW(sym != NULL && (hash != NULL || str != NULL));
}

static void clock_agrees(const char *name, clockid_t id)
{
	int bad = 0;

	for (int i = 0; i < 2000; i++) {
		struct timespec a, b, c;

		if (clock_gettime(id, &a) || syscall(SYS_clock_gettime, id, &b) ||
		    clock_gettime(id, &c))
			bad++;
		/* real time may be stepped, but not in the middle of this */
		bad += ns(&a) > ns(&b) || ns(&b) > ns(&c);
	}
	printf("%s: %d out of order\n", name, bad);
}

int main(void)
{
	struct timespec ts, res, res2;
	struct timeval tv;
	time_t t1, t2;
	unsigned int cpu = -1u, node = -1u;

	symbols();
	clock_agrees("realtime", CLOCK_REALTIME);
	clock_agrees("monotonic", CLOCK_MONOTONIC);
	clock_agrees("raw", CLOCK_MONOTONIC_RAW);
	clock_agrees("boottime", CLOCK_BOOTTIME);
	clock_agrees("tai", CLOCK_TAI);
	clock_agrees("process", CLOCK_PROCESS_CPUTIME_ID);
	clock_agrees("thread", CLOCK_THREAD_CPUTIME_ID);
	SHOW(clock_gettime(CLOCK_REALTIME, &ts));
	SHOW(gettimeofday(&tv, NULL));
	SHOW(tv.tv_sec - ts.tv_sec <= 1);
	t1 = time(&t2);
	SHOW(t1 == t2);
	SHOW(t1 - ts.tv_sec <= 1);
	SHOW(clock_getres(CLOCK_MONOTONIC, &res));
	SHOW(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &res2));
	SHOW(ns(&res) == ns(&res2));
	SHOW(clock_getres(CLOCK_MONOTONIC_COARSE, &res) ||
	     syscall(SYS_clock_getres, CLOCK_MONOTONIC_COARSE, &res2));
	SHOW(ns(&res) == ns(&res2));
	SHOW(clock_gettime(1000, &ts));
	SHOW(syscall(SYS_clock_gettime, 1000, &ts));
	SHOW(clock_getres(1000, NULL));
	SHOW(getcpu(&cpu, &node));
	SHOW(cpu < (unsigned int)sysconf(_SC_NPROCESSORS_CONF));
	SHOW(node);
	SHOW(sched_getcpu() >= 0);
	return 0;
}

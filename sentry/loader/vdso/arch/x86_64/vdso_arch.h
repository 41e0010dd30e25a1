/* SPDX-License-Identifier: Apache-2.0 */
/* System calls and exported names of the x86-64 vDSO (vdso(7)). */
#pragma once

#define VDSO_NR_CLOCK_GETTIME 228
#define VDSO_NR_CLOCK_GETRES  229
#define VDSO_NR_GETTIMEOFDAY  96
#define VDSO_NR_TIME          201
#define VDSO_NR_GETCPU        309

static inline long vdso_syscall2(long nr, long a, long b)
{
	register long r_c __asm__("rdx") = 0; /* getcpu's third */
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "r"(r_c)
			 : "rcx", "r11", "memory");
	return ret;
}

#define VDSO_EXPORT(name, fn)                                                                      \
	extern __typeof__(fn) __vdso_##name __attribute__((alias(#fn), visibility("default")));    \
	extern __typeof__(fn) name __attribute__((weak, alias(#fn), visibility("default")));
#define VDSO_EXPORTS                                                                               \
	VDSO_EXPORT(clock_gettime, vdso_clock_gettime)                                             \
	VDSO_EXPORT(clock_getres, vdso_clock_getres)                                               \
	VDSO_EXPORT(gettimeofday, vdso_gettimeofday)                                               \
	VDSO_EXPORT(time, vdso_time)                                                               \
	VDSO_EXPORT(getcpu, vdso_getcpu)

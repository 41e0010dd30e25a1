/* SPDX-License-Identifier: Apache-2.0 */
/* System calls and exported names of the arm64 vDSO (vdso(7)). */
#pragma once

#define VDSO_NR_CLOCK_GETTIME 113
#define VDSO_NR_CLOCK_GETRES  114
#define VDSO_NR_GETTIMEOFDAY  169

static inline long vdso_syscall2(long nr, long a, long b)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return x0;
}

#define VDSO_EXPORTS                                                                               \
	extern __typeof__(vdso_clock_gettime) __kernel_clock_gettime                               \
		__attribute__((visibility("default"), alias("vdso_clock_gettime")));               \
	extern __typeof__(vdso_clock_getres) __kernel_clock_getres                                 \
		__attribute__((visibility("default"), alias("vdso_clock_getres")));                \
	extern __typeof__(vdso_gettimeofday) __kernel_gettimeofday                                 \
		__attribute__((visibility("default"), alias("vdso_gettimeofday")));

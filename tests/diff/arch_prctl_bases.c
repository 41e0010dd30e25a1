/* SPDX-License-Identifier: Apache-2.0 */
/* arch_prctl(2): segment bases. */
#include <sys/syscall.h>

#include "lib/show.h"

#ifdef __x86_64__
#include <asm/prctl.h>

int main(void)
{
	static unsigned long word = 4711;
	unsigned long fs = 0, gs = 1, v;

	SHOW(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	SHOW(fs == (unsigned long)__builtin_thread_pointer());
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	SHOW(gs);
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	SHOW(gs == (unsigned long)&word);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	SHOW(v);
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_FS, fs));
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000));
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, -1L));
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x7ffffffff000));
	SHOW(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x7fffffffe000));
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_GS, 8L));
	SHOW(syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0));
	SHOW(syscall(SYS_arch_prctl, 0x9999, 0));
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif

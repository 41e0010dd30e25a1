/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers nobody has: past the end, negative, of other ABIs; and the upper half of the number
 * register. */
#include <sys/syscall.h>

#include "lib/show.h"

#ifdef __x86_64__
static long raw(unsigned long nr)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr) : "rcx", "r11", "memory");
	return ret;
}
#else
static long raw(unsigned long nr)
{
	register unsigned long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = 0;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
	return x0;
}
#endif

int main(void)
{
	SHOW(syscall(500));
	SHOW(syscall(1023));
	SHOW(syscall(4096));
	SHOW(syscall(1000000));
	SHOW(syscall(-5));
	SHOW(syscall(0x40000000 + SYS_getppid));
	SHOW(syscall(0x40000000 + 512));
	SHOW(raw(SYS_getuid | 1ul << 32) == (long)getuid());
	SHOW(raw(0x7fffffff));
	SHOW(raw(~0ul));
	return 0;
}

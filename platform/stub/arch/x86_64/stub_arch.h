/* SPDX-License-Identifier: Apache-2.0 */
/* The stub's place in a 47-bit user address space. */
#pragma once

#define STUB_BASE       0x7ffff0000000
#define STUB_TOP        0x7ffffffff000 /* the host's own limit */
#define STUB_ARCH_AUDIT 0xc000003e

/* Sentry side, start of the zygote: leaves this stack for good. */
#define STUB_ENTER(entry, sp, arg0, arg1, arg2)                                                    \
	__asm__ volatile("mov %1, %%rsp\n\txor %%ebp, %%ebp\n\tjmp *%0"                            \
			 :                                                                         \
			 : "r"(entry), "r"(sp), "D"(arg0), "S"(arg1), "d"(arg2)                    \
			 : "memory")

#define STUB_THREAD_POINTER()                                                                      \
	({                                                                                         \
		char *tp_;                                                                         \
		__asm__("mov %%fs:0, %0" : "=r"(tp_));                                             \
		tp_;                                                                               \
	})

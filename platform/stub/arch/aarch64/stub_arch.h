/* SPDX-License-Identifier: Apache-2.0 */
/* The stub's place in a 48-bit user address space. */
#pragma once

#define STUB_BASE       0xfffff0000000
#define STUB_TOP        0x1000000000000
#define STUB_ARCH_AUDIT 0xc00000b7

/* Sentry side, start of the zygote: leaves this stack for good. */
#define STUB_ENTER(entry, stack, arg0, arg1, arg2)                                                 \
	do {                                                                                       \
		register uint64_t x0_ __asm__("x0") = (arg0);                                      \
		register uint64_t x1_ __asm__("x1") = (arg1);                                      \
		register uint64_t x2_ __asm__("x2") = (arg2);                                      \
		__asm__ volatile("mov sp, %1\n\tmov x29, xzr\n\tmov x30, xzr\n\tbr %0"             \
				 :                                                                 \
				 : "r"(entry), "r"(stack), "r"(x0_), "r"(x1_), "r"(x2_)            \
				 : "memory");                                                      \
	} while (0)

#define STUB_THREAD_POINTER()                                                                      \
	({                                                                                         \
		char *tp_;                                                                         \
		__asm__("mrs %0, tpidr_el0" : "=r"(tp_));                                          \
		tp_;                                                                               \
	})

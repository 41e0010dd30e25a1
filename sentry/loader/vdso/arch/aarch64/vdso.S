/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where signal handlers return to. Unwinders know the frame by this very sequence; the nop before it keeps a search of
 * pc - 1 inside.
 */
	.text
	.balign 16
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	mov x8, #139
	svc #0
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
	.section .note.GNU-stack, "", %progbits

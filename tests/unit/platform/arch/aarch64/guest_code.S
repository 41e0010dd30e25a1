/* SPDX-License-Identifier: Apache-2.0 */
/* Guests of a few instructions each, copied to where a test wants them. */
	.macro	GUEST name
	.globl	guest_\name, guest_\name\()_end
	.balign	16
guest_\name:
	.endm
	.macro	ENDGUEST name
guest_\name\()_end:
	.endm

	.section .rodata
GUEST calls
1:	mov	x8, #172
	svc	#0
	b	1b
ENDGUEST calls

GUEST store
	str	x1, [x0]
	mov	x8, #172
	svc	#0
	udf	#0
ENDGUEST store

GUEST load
	ldr	x1, [x0]
	mov	x8, #172
	svc	#0
	udf	#0
ENDGUEST load

GUEST spin
	mov	x2, #0
1:	add	x2, x2, #1
	b	1b
ENDGUEST spin

GUEST storm
1:	str	x2, [x0]
	add	x2, x2, #1
	b	1b
ENDGUEST storm

GUEST illegal
	udf	#0
ENDGUEST illegal

GUEST breakpoint
	brk	#0
ENDGUEST breakpoint

GUEST nops
	nop
	nop
	mov	x8, #172
	svc	#0
ENDGUEST nops

GUEST raw_call
	svc	#0
	udf	#0
ENDGUEST raw_call

	.section .note.GNU-stack, "", %progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* The version note by which C libraries know what kernel the vDSO belongs to. */
	.section .note, "a", %note
	.balign 4
	.long 6, 4, 0
	.asciz "Linux"
	.balign 4
	.long 0x60000
	.section .note.GNU-stack, "", %progbits

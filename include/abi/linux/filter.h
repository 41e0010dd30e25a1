/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF, as seccomp filters and SO_ATTACH_FILTER use it.
 */
#pragma once

#include <stdint.h>

#define LX_BPF_LD		0x0
#define LX_BPF_LDX		0x1
#define LX_BPF_ST		0x2
#define LX_BPF_STX		0x3
#define LX_BPF_ALU		0x4
#define LX_BPF_JMP		0x5
#define LX_BPF_RET		0x6
#define LX_BPF_MISC		0x7
#define LX_BPF_W		0x0
#define LX_BPF_H		0x8
#define LX_BPF_B		0x10
#define LX_BPF_IMM		0x0
#define LX_BPF_ABS		0x20
#define LX_BPF_IND		0x40
#define LX_BPF_MEM		0x60
#define LX_BPF_LEN		0x80
#define LX_BPF_MSH		0xa0
#define LX_BPF_ADD		0x0
#define LX_BPF_SUB		0x10
#define LX_BPF_MUL		0x20
#define LX_BPF_DIV		0x30
#define LX_BPF_OR		0x40
#define LX_BPF_AND		0x50
#define LX_BPF_LSH		0x60
#define LX_BPF_RSH		0x70
#define LX_BPF_NEG		0x80
#define LX_BPF_MOD		0x90
#define LX_BPF_XOR		0xa0
#define LX_BPF_JA		0x0
#define LX_BPF_JEQ		0x10
#define LX_BPF_JGT		0x20
#define LX_BPF_JGE		0x30
#define LX_BPF_JSET		0x40
#define LX_BPF_K		0x0
#define LX_BPF_X		0x8
#define LX_BPF_A		0x10
#define LX_BPF_TAX		0x0
#define LX_BPF_TXA		0x80
#define LX_BPF_MAXINSNS		4096
#define LX_BPF_MEMWORDS		16
#define LX_BPF_CLASS(code)	((code) & 0x07)
#define LX_BPF_SIZE(code)	((code) & 0x18)
#define LX_BPF_MODE(code)	((code) & 0xe0)
#define LX_BPF_OP(code)		((code) & 0xf0)
#define LX_BPF_SRC(code)	((code) & 0x08)
#define LX_BPF_RVAL(code)	((code) & 0x18)
#define LX_BPF_MISCOP(code)	((code) & 0xf8)

struct lx_sock_filter {
	uint16_t code;
	uint8_t jt;
	uint8_t jf;
	uint32_t k;
};

struct lx_sock_fprog {
	uint16_t len;
	uint16_t pad0[3];
	uint64_t filter;
};

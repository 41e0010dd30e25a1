/* SPDX-License-Identifier: Apache-2.0 */
/* Checker, interpreter and assembler for seccomp programs. See include/host/bpf.h. */
#include "host/bpf.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>

#include "base/compiler.h"

BUILD_ASSERT(sizeof(struct bpf_insn) == sizeof(struct sock_filter));
BUILD_ASSERT(sizeof(struct bpf_seccomp_data) == 64);

/* --- checker --------------------------------------------------------------------------------- */

static bool insn_ok(const struct bpf_insn *i, size_t left)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct bpf_seccomp_data) && i->k % 4 == 0;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
		return true;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_JMP | BPF_JA:
		return i->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return i->jt < left && i->jf < left;
	default:
		return false;
	}
}

/* The kernel also refuses loads from scratch words not stored on every path: ours start as 0. */
int bpf_check(const struct bpf_insn *prog, size_t nr)
{
	if (nr == 0 || nr > BPF_MAX_INSNS)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (!insn_ok(&prog[i], nr - i - 1))
			return -EINVAL;
	}
	return BPF_CLASS(prog[nr - 1].code) == BPF_RET ? 0 : -EINVAL;
}

/* --- interpreter ----------------------------------------------------------------------------- */

static uint32_t alu(uint16_t op, uint32_t a, uint32_t v)
{
	switch (op) {
	case BPF_ADD:
		return a + v;
	case BPF_SUB:
		return a - v;
	case BPF_MUL:
		return a * v;
	case BPF_DIV:
		return v ? a / v : 0;
	case BPF_AND:
		return a & v;
	case BPF_OR:
		return a | v;
	case BPF_XOR:
		return a ^ v;
	case BPF_LSH:
		return a << (v & 31); /* as the kernel, which runs it as its own bytecode */
	case BPF_RSH:
		return a >> (v & 31);
	default:
		return -a; /* BPF_NEG */
	}
}

static bool jump(uint16_t op, uint32_t a, uint32_t v)
{
	switch (op) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGE:
		return a >= v;
	case BPF_JGT:
		return a > v;
	default:
		return a & v; /* BPF_JSET */
	}
}

uint32_t bpf_run(const struct bpf_insn *prog, size_t nr, const struct bpf_seccomp_data *data)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < nr; pc++) {
		const struct bpf_insn *i = &prog[pc];
		uint32_t v = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_ABS)
				memcpy(&a, (const char *)data + i->k, sizeof(a));
			else if (BPF_MODE(i->code) == BPF_MEM)
				a = mem[i->k];
			else
				a = BPF_MODE(i->code) == BPF_IMM ? i->k : sizeof(*data);
			break;
		case BPF_LDX:
			if (BPF_MODE(i->code) == BPF_MEM)
				x = mem[i->k];
			else
				x = BPF_MODE(i->code) == BPF_IMM ? i->k : sizeof(*data);
			break;
		case BPF_ST:
			mem[i->k] = a;
			break;
		case BPF_STX:
			mem[i->k] = x;
			break;
		case BPF_ALU:
			/* division by an X of 0 ends the program with 0, as in the kernel */
			if (BPF_OP(i->code) == BPF_DIV && v == 0)
				return 0;
			a = alu(BPF_OP(i->code), a, v);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += jump(BPF_OP(i->code), a, v) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
		}
	}
	return BPF_SECCOMP_KILL_PROCESS;
}

/* --- assembler ------------------------------------------------------------------------------- */

#define FIX_TRUE ((size_t)1 << 31)

#define OFF_NR    0
#define OFF_ARCH  4
#define OFF_IP_LO 8
#define OFF_IP_HI 12
#define ARG_LO(n) (16 + 8 * (n))
#define ARG_HI(n) (20 + 8 * (n))

static size_t emit(struct bpf_asm *a, uint16_t code, uint32_t k)
{
	if (a->nr >= a->room) {
		a->failed = true;
		return 0;
	}
	a->insn[a->nr] = (struct bpf_insn){ .code = code, .k = k };
	return a->nr++;
}

static void load(struct bpf_asm *a, uint32_t off)
{
	emit(a, BPF_LD | BPF_W | BPF_ABS, off);
}

/* Both branches go on with the next instruction until they are pointed elsewhere. */
static size_t test(struct bpf_asm *a, uint16_t op, uint32_t k)
{
	return emit(a, BPF_JMP | op | BPF_K, k);
}

static void point(struct bpf_asm *a, size_t insn, bool on_true, size_t target)
{
	size_t dist = target - insn - 1;

	if (dist > UINT8_MAX || a->failed) {
		a->failed = true;
		return;
	}
	if (on_true)
		a->insn[insn].jt = (uint8_t)dist;
	else
		a->insn[insn].jf = (uint8_t)dist;
}

static void kill_if(struct bpf_asm *a, size_t insn, bool outcome)
{
	if (a->nr_fix >= ARRAY_SIZE(a->fix)) {
		a->failed = true;
		return;
	}
	a->fix[a->nr_fix++] = insn | (outcome ? FIX_TRUE : 0);
}

void bpf_asm_init(struct bpf_asm *a, struct bpf_insn *room, size_t nr)
{
	*a = (struct bpf_asm){ .insn = room, .room = nr, .rule = SIZE_MAX };
}

void bpf_asm_ret(struct bpf_asm *a, uint32_t action)
{
	emit(a, BPF_RET | BPF_K, action);
}

void bpf_asm_arch(struct bpf_asm *a, uint32_t arch, uint32_t action)
{
	size_t t;

	load(a, OFF_ARCH);
	t = test(a, BPF_JEQ, arch);
	bpf_asm_ret(a, action);
	point(a, t, true, t + 2);
}

size_t bpf_asm_ip(struct bpf_asm *a, uint64_t start, uint32_t size)
{
	size_t hi, lo, top, skip;

	load(a, OFF_IP_HI);
	hi = test(a, BPF_JEQ, (uint32_t)(start >> 32));
	load(a, OFF_IP_LO);
	lo = test(a, BPF_JGT, (uint32_t)start);
	top = test(a, BPF_JGT, (uint32_t)start + size);
	/* the body may be long: one unconditional jump over it */
	skip = emit(a, BPF_JMP | BPF_JA, 0);
	point(a, hi, false, skip);
	point(a, lo, false, skip);
	point(a, top, true, skip);
	point(a, top, false, skip + 1);
	return skip;
}

void bpf_asm_ip_end(struct bpf_asm *a, size_t mark)
{
	if (!a->failed)
		a->insn[mark].k = (uint32_t)(a->nr - mark - 1);
}

void bpf_asm_call(struct bpf_asm *a, uint32_t nr)
{
	load(a, OFF_NR);
	a->rule = test(a, BPF_JEQ, nr);
	a->nr_fix = 0;
}

void bpf_asm_eq32(struct bpf_asm *a, unsigned int arg, uint32_t v)
{
	load(a, ARG_LO(arg));
	kill_if(a, test(a, BPF_JEQ, v), false);
}

void bpf_asm_eq(struct bpf_asm *a, unsigned int arg, uint64_t v)
{
	load(a, ARG_HI(arg));
	kill_if(a, test(a, BPF_JEQ, (uint32_t)(v >> 32)), false);
	bpf_asm_eq32(a, arg, (uint32_t)v);
}

void bpf_asm_below(struct bpf_asm *a, unsigned int arg, uint64_t limit)
{
	uint32_t hi = (uint32_t)(limit >> 32);
	size_t less, equal;

	load(a, ARG_HI(arg));
	kill_if(a, test(a, BPF_JGT, hi), true);
	equal = test(a, BPF_JEQ, hi);
	load(a, ARG_LO(arg));
	less = test(a, BPF_JGE, (uint32_t)limit);
	kill_if(a, less, true);
	point(a, equal, false, a->nr);
}

void bpf_asm_range32(struct bpf_asm *a, unsigned int arg, uint32_t min, uint32_t max)
{
	load(a, ARG_LO(arg));
	if (min > 0)
		kill_if(a, test(a, BPF_JGE, min), false);
	kill_if(a, test(a, BPF_JGT, max), true);
}

void bpf_asm_range32_unless(struct bpf_asm *a, unsigned int arg, uint32_t min, uint32_t max,
			    unsigned int other, uint32_t bits)
{
	size_t has;

	load(a, ARG_LO(other));
	has = test(a, BPF_JSET, bits);
	bpf_asm_range32(a, arg, min, max);
	point(a, has, true, a->nr);
}

void bpf_asm_masked(struct bpf_asm *a, unsigned int arg, uint32_t ignore, uint32_t v)
{
	load(a, ARG_HI(arg));
	kill_if(a, test(a, BPF_JEQ, 0), false);
	load(a, ARG_LO(arg));
	emit(a, BPF_ALU | BPF_AND | BPF_K, ~ignore);
	kill_if(a, test(a, BPF_JEQ, v), false);
}

void bpf_asm_oneof32(struct bpf_asm *a, unsigned int arg, const uint32_t *v, unsigned int nr)
{
	size_t first;

	load(a, ARG_LO(arg));
	first = a->nr;
	for (unsigned int i = 0; i < nr; i++)
		test(a, BPF_JEQ, v[i]);
	if (a->failed)
		return;
	for (unsigned int i = 0; i < nr; i++)
		point(a, first + i, true, a->nr);
	kill_if(a, a->nr - 1, false);
}

void bpf_asm_allow(struct bpf_asm *a)
{
	bpf_asm_ret(a, BPF_SECCOMP_ALLOW);
	for (size_t i = 0; i < a->nr_fix; i++)
		point(a, a->fix[i] & ~FIX_TRUE, a->fix[i] & FIX_TRUE, a->nr);
	if (a->nr_fix)
		bpf_asm_ret(a, BPF_SECCOMP_KILL_PROCESS);
	point(a, a->rule, false, a->nr);
	a->rule = SIZE_MAX;
	a->nr_fix = 0;
}

int bpf_asm_done(struct bpf_asm *a)
{
	return a->failed || a->rule != SIZE_MAX ? -E2BIG : (int)a->nr;
}

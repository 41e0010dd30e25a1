/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 registers, in the order of the kernel's user_regs_struct so that ptrace copies once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	uint64_t rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* system call number of the trap, -1 outside of one */
	uint64_t rip, cs, eflags, rsp, ss;
	uint64_t fs_base, gs_base;
	uint64_t ds, es, fs, gs;
};

#define REGS_SYSCALL_INSN_SIZE 2

#define X86_EFLAGS_CF    0x1ull
#define X86_EFLAGS_FIXED 0x2ull
#define X86_EFLAGS_TF    0x100ull
#define X86_EFLAGS_IF    0x200ull
#define X86_EFLAGS_DF    0x400ull
#define X86_EFLAGS_RF    0x10000ull
/* CF PF AF ZF SF TF DF OF RF AC: what sigreturn and ptrace let a user change */
#define X86_EFLAGS_USER 0x50dd5ull
#define X86_USER_CS     0x33ull
#define X86_USER_SS     0x2bull

static inline uint64_t regs_pc(const struct regs *r)
{
	return r->rip;
}

static inline uint64_t regs_sp(const struct regs *r)
{
	return r->rsp;
}

static inline uint64_t regs_sysno(const struct regs *r)
{
	return r->orig_rax;
}

static inline uint64_t regs_arg(const struct regs *r, unsigned int n)
{
	switch (n) {
	case 0:
		return r->rdi;
	case 1:
		return r->rsi;
	case 2:
		return r->rdx;
	case 3:
		return r->r10;
	case 4:
		return r->r8;
	default:
		return r->r9;
	}
}

static inline void regs_set_arg(struct regs *r, unsigned int n, uint64_t v)
{
	switch (n) {
	case 0:
		r->rdi = v;
		break;
	case 1:
		r->rsi = v;
		break;
	case 2:
		r->rdx = v;
		break;
	case 3:
		r->r10 = v;
		break;
	case 4:
		r->r8 = v;
		break;
	default:
		r->r9 = v;
		break;
	}
}

static inline uint64_t regs_ret(const struct regs *r)
{
	return r->rax;
}

static inline uint64_t regs_tls(const struct regs *r)
{
	return r->fs_base;
}

static inline void regs_set_pc(struct regs *r, uint64_t v)
{
	r->rip = v;
}

static inline void regs_set_sp(struct regs *r, uint64_t v)
{
	r->rsp = v;
}

static inline void regs_set_ret(struct regs *r, uint64_t v)
{
	r->rax = v;
}

static inline void regs_set_tls(struct regs *r, uint64_t v)
{
	r->fs_base = v;
}

static inline void regs_set_sysno(struct regs *r, uint64_t nr)
{
	r->orig_rax = nr;
	r->rax = nr;
}

/* Only rax was overwritten by the result: the arguments are still in place. */
static inline void regs_syscall_restart(struct regs *r)
{
	r->rax = r->orig_rax;
	r->rip -= REGS_SYSCALL_INSN_SIZE;
}

static inline void regs_init_user(struct regs *r, uint64_t pc, uint64_t sp)
{
	memset(r, 0, sizeof(*r));
	r->orig_rax = (uint64_t)-1;
	r->rip = pc;
	r->rsp = sp;
	r->eflags = X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	r->cs = X86_USER_CS;
	r->ss = X86_USER_SS;
}

static inline void regs_sanitize(struct regs *r)
{
	r->eflags = (r->eflags & X86_EFLAGS_USER) | X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	r->cs = X86_USER_CS;
	r->ss = X86_USER_SS;
	r->ds = r->es = r->fs = r->gs = 0;
}

/* User half of the canonical addresses for what the kernel loads into segment bases and rip. */
static inline bool regs_valid(const struct regs *r)
{
	return r->rip < 0x7ffffffff000ull && r->fs_base < 0x7ffffffff000ull &&
	       r->gs_base < 0x7ffffffff000ull;
}

static inline void regs_set_step(struct regs *r, bool on)
{
	if (on)
		r->eflags |= X86_EFLAGS_TF;
	else
		r->eflags &= ~X86_EFLAGS_TF;
}

static inline bool regs_stepping(const struct regs *r)
{
	return r->eflags & X86_EFLAGS_TF;
}

/* No call is under way, so nothing is restarted behind our back. */
static inline void regs_set_no_syscall(struct regs *r)
{
	r->orig_rax = (uint64_t)-1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* arm64 registers: the kernel's user_pt_regs, then what a thread has besides. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct regs {
	uint64_t x[31];
	uint64_t sp, pc, pstate;
	uint64_t tls;     /* TPIDR_EL0 */
	uint64_t orig_x0; /* first argument of the trap, for restarts */
	uint64_t sysno;   /* number of the trap, -1 outside of one */
	uint64_t step;    /* nonzero: stop after one instruction */
};

#define REGS_SYSCALL_INSN_SIZE 4
#define ARM64_PSTATE_NZCV      0xf0000000ull
#define ARM64_PSTATE_USER      (ARM64_PSTATE_NZCV | 0x1000ull /* SSBS */)

static inline uint64_t regs_pc(const struct regs *r)
{
	return r->pc;
}

static inline uint64_t regs_sp(const struct regs *r)
{
	return r->sp;
}

static inline uint64_t regs_sysno(const struct regs *r)
{
	return r->sysno;
}

static inline uint64_t regs_arg(const struct regs *r, unsigned int n)
{
	return n == 0 ? r->orig_x0 : r->x[n < 6 ? n : 5];
}

static inline void regs_set_arg(struct regs *r, unsigned int n, uint64_t v)
{
	if (n == 0)
		r->orig_x0 = v;
	r->x[n < 6 ? n : 5] = v;
}

static inline uint64_t regs_ret(const struct regs *r)
{
	return r->x[0];
}

static inline uint64_t regs_tls(const struct regs *r)
{
	return r->tls;
}

static inline void regs_set_pc(struct regs *r, uint64_t v)
{
	r->pc = v;
}

static inline void regs_set_sp(struct regs *r, uint64_t v)
{
	r->sp = v;
}

static inline void regs_set_ret(struct regs *r, uint64_t v)
{
	r->x[0] = v;
}

static inline void regs_set_tls(struct regs *r, uint64_t v)
{
	r->tls = v;
}

static inline void regs_set_sysno(struct regs *r, uint64_t nr)
{
	r->sysno = nr;
	r->x[8] = nr;
}

static inline void regs_syscall_restart(struct regs *r)
{
	r->x[0] = r->orig_x0;
	r->x[8] = r->sysno;
	r->pc -= REGS_SYSCALL_INSN_SIZE;
}

static inline void regs_init_user(struct regs *r, uint64_t pc, uint64_t sp)
{
	memset(r, 0, sizeof(*r));
	r->sysno = (uint64_t)-1;
	r->pc = pc;
	r->sp = sp;
}

static inline void regs_sanitize(struct regs *r)
{
	r->pstate &= ARM64_PSTATE_USER;
}

static inline bool regs_valid(const struct regs *r)
{
	return r->pc < (1ull << 52);
}

static inline void regs_set_step(struct regs *r, bool on)
{
	r->step = on;
}

static inline bool regs_stepping(const struct regs *r)
{
	return r->step;
}

/* No call is under way, so nothing is restarted behind our back. */
static inline void regs_set_no_syscall(struct regs *r)
{
	r->sysno = (uint64_t)-1;
}

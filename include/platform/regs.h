/* SPDX-License-Identifier: Apache-2.0 */
/*
 * General registers of a guest thread. The layout is per architecture; the accessors below are what
 * architecture-independent code uses. All values are the guest's and mean nothing to the host.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* struct regs and the inline accessors, one header per architecture (include path picks it) */
#include <platform/arch/regs.h>

/* clang-format off */
/*
 * Each arch header gives:
 *   struct regs
 *   uint64_t regs_pc(r), regs_sp(r), regs_sysno(r), regs_arg(r, n), regs_ret(r), regs_tls(r)
 *   void regs_set_pc, regs_set_sp, regs_set_ret, regs_set_tls, regs_set_sysno(r, v), regs_set_arg(r, n, v)
 *   void regs_syscall_restart(r)  pc back onto the call instruction, number and first argument restored
 *   void regs_init_user(r, pc, sp)  fresh process: everything else zero
 *   bool regs_valid(r)        canonical pc, sp, tls; flags a user may have. run() refuses others
 *   void regs_sanitize(r)     forces flags and segments to what a user may have
 *   void regs_set_step(r, on), bool regs_stepping(r)
 *   void regs_set_no_syscall(r)  not in a call: for backends
 *   REGS_SYSCALL_INSN_SIZE
 */
/* clang-format on */

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64: registers in three regsets, floating point as one fpsimd record of a signal frame. SVE
 * state beyond the low 128 bits is not carried yet.
 */
#include <asm/ptrace.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "ptrace/tracee.h"

BUILD_ASSERT(offsetof(struct regs, sp) == offsetof(struct user_pt_regs, sp));
BUILD_ASSERT(offsetof(struct regs, pstate) == offsetof(struct user_pt_regs, pstate));

#define SVC_CLASS 0x15

struct fpsimd_record {
	uint32_t magic, size, fpsr, fpcr;
	__uint128_t vregs[32];
};

static int regset(int request, int tid, unsigned int type, void *buf, size_t size)
{
	struct iovec iov = { buf, size };

	return (int)tracee_ptrace(request, tid, type, (unsigned long)&iov);
}

int tracee_get_regs(int tid, struct regs *r)
{
	int nr = -1;
	int ret = regset(PTRACE_GETREGSET, tid, NT_PRSTATUS, r, sizeof(struct user_pt_regs));

	if (ret == 0)
		ret = regset(PTRACE_GETREGSET, tid, NT_ARM_TLS, &r->tls, sizeof(r->tls));
	if (ret == 0)
		ret = regset(PTRACE_GETREGSET, tid, NT_ARM_SYSTEM_CALL, &nr, sizeof(nr));
	if (ret < 0)
		return ret;
	r->sysno = (uint64_t)(int64_t)nr;
	r->orig_x0 = r->x[0];
	return 0;
}

int tracee_set_regs(int tid, const struct regs *r)
{
	int none = -1;
	int ret = regset(PTRACE_SETREGSET, tid, NT_PRSTATUS, (void *)(uintptr_t)r,
			 sizeof(struct user_pt_regs));

	if (ret == 0)
		ret = regset(PTRACE_SETREGSET, tid, NT_ARM_TLS, (void *)(uintptr_t)&r->tls,
			     sizeof(r->tls));
	if (ret == 0)
		ret = regset(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &none, sizeof(none));
	return ret;
}

bool tracee_syscall_native(int tid, struct regs *r)
{
	return true;
}

bool tracee_vsyscall(const siginfo_t *si, struct regs *r)
{
	return false;
}

void tracee_describe(const siginfo_t *si, const struct regs *r, struct guest_event *ev)
{
	if (si->si_signo == SIGSEGV && ev->addr == r->pc)
		ev->access = GA_EXEC;
}

int tracee_init(void)
{
	return 0;
}

size_t tracee_fp_size(void)
{
	return sizeof(struct fpsimd_record);
}

int tracee_fp_get(int tid, void *buf, size_t size)
{
	struct user_fpsimd_state st;
	struct fpsimd_record rec = { FPSIMD_MAGIC, sizeof(rec), 0, 0, { 0 } };
	int ret;

	if (size < sizeof(rec))
		return -EINVAL;
	ret = regset(PTRACE_GETREGSET, tid, NT_PRFPREG, &st, sizeof(st));
	if (ret < 0)
		return ret;
	rec.fpsr = st.fpsr;
	rec.fpcr = st.fpcr;
	memcpy(rec.vregs, st.vregs, sizeof(rec.vregs));
	memcpy(buf, &rec, sizeof(rec));
	return sizeof(rec);
}

int tracee_fp_set(int tid, const void *buf, size_t size)
{
	struct user_fpsimd_state st = { 0 };
	struct fpsimd_record rec;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, buf, sizeof(rec));
	if (rec.magic != FPSIMD_MAGIC || rec.size != sizeof(rec))
		return -EINVAL;
	st.fpsr = rec.fpsr;
	st.fpcr = rec.fpcr;
	memcpy(st.vregs, rec.vregs, sizeof(rec.vregs));
	return regset(PTRACE_SETREGSET, tid, NT_PRFPREG, &st, sizeof(st));
}

int tracee_fp_reset(int tid)
{
	struct user_fpsimd_state st = { 0 };

	return regset(PTRACE_SETREGSET, tid, NT_PRFPREG, &st, sizeof(st));
}

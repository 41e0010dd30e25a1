/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86-64: registers, XSAVE images, the odd ways into the kernel. The image of fp_get is that of a
 * signal frame: ptrace's own, with the software-reserved bytes filled in and the end mark behind
 * it.
 */
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "base/compiler.h"
#include "ptrace/tracee.h"
#include "xstate.h"

BUILD_ASSERT(sizeof(struct regs) == sizeof(struct user_regs_struct));
BUILD_ASSERT(offsetof(struct regs, gs) == offsetof(struct user_regs_struct, gs));

#define VSYSCALL_START 0xffffffffff600000ull
#define VSYSCALL_END   0xffffffffff601000ull
#define TRAP_PF        14
#define TRAP_GP        13

int tracee_get_regs(int tid, struct regs *r)
{
	return (int)tracee_ptrace(PTRACE_GETREGS, tid, 0, (unsigned long)r);
}

int tracee_set_regs(int tid, const struct regs *r)
{
	return (int)tracee_ptrace(PTRACE_SETREGS, tid, 0, (unsigned long)r);
}

/*
 * The syscall instruction leaves the return address in rcx and the flags in r11. Where that does
 * not hold the kernel is asked; a 32-bit entry is what a kernel without IA32 emulation makes of it.
 */
bool tracee_syscall_native(int tid, struct regs *r)
{
	struct __ptrace_syscall_info si;

	if (likely(r->rcx == r->rip))
		return true;
	if (tracee_ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(si), (unsigned long)&si) < 0)
		return true;
	if (si.arch == AUDIT_ARCH_X86_64)
		return true;
	r->rip -= REGS_SYSCALL_INSN_SIZE;
	r->rax = r->orig_rax;
	r->orig_rax = (uint64_t)-1;
	return false;
}

/* The host's vsyscall emulation has done the return already: rip is the caller's. */
bool tracee_vsyscall(const siginfo_t *si, struct regs *r)
{
	uint64_t at = (uint64_t)(uintptr_t)si->si_call_addr;

	if (at < VSYSCALL_START || at >= VSYSCALL_END || si->si_arch != AUDIT_ARCH_X86_64)
		return false;
	r->orig_rax = (uint64_t)(unsigned int)si->si_syscall;
	return true;
}

void tracee_describe(const siginfo_t *si, const struct regs *r, struct guest_event *ev)
{
	switch (si->si_signo) {
	case SIGSEGV:
		if (si->si_code > SI_USER && si->si_code < SI_KERNEL) {
			ev->trapno = TRAP_PF;
			/* a page that is there was refused; from user mode */
			ev->error_code = si->si_code == SEGV_MAPERR ? 4 : 5;
			if (ev->addr == r->rip) {
				ev->access = GA_EXEC;
				ev->error_code |= 16;
			}
		} else {
			ev->trapno = TRAP_GP;
		}
		break;
	case SIGBUS:
		ev->trapno = TRAP_PF;
		ev->error_code = 4;
		break;
	case SIGTRAP:
		ev->trapno = si->si_code == SI_KERNEL ? 3 : 1;
		break;
	case SIGILL:
		ev->trapno = 6;
		break;
	case SIGFPE:
		ev->trapno = si->si_code == FPE_INTDIV ? 0 : 16;
		break;
	}
}

/* --- floating point --------------------------------------------------------------------------- */

int tracee_init(void)
{
	return xstate_init();
}

size_t tracee_fp_size(void)
{
	return xstate_fp_size();
}

int tracee_fp_get(int tid, void *buf, size_t size)
{
	struct iovec iov = { buf, xstate_size() };
	struct xstate_sw sw = { .magic1 = XSTATE_MAGIC1 };
	uint32_t magic2 = XSTATE_MAGIC2;
	int ret;

	if (size < tracee_fp_size())
		return -EINVAL;
	ret = (int)tracee_ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, (unsigned long)&iov);
	if (ret < 0)
		return ret;
	/* the first word of the software bytes is the host's feature mask */
	memcpy(&sw.xfeatures, (char *)buf + OFF_SW_BYTES, sizeof(sw.xfeatures));
	sw.xstate_size = (uint32_t)iov.iov_len;
	sw.extended_size = sw.xstate_size + sizeof(magic2);
	memcpy((char *)buf + OFF_SW_BYTES, &sw, sizeof(sw));
	memcpy((char *)buf + iov.iov_len, &magic2, sizeof(magic2));
	return (int)sw.extended_size;
}

static int set_image(int tid, void *image)
{
	struct iovec iov = { image, xstate_size() };

	return (int)tracee_ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, (unsigned long)&iov);
}

int tracee_fp_set(int tid, const void *buf, size_t size)
{
	unsigned char image[XSTATE_MAX];
	int ret = xstate_take(image, buf, size);

	return ret < 0 ? ret : set_image(tid, image);
}

int tracee_fp_reset(int tid)
{
	unsigned char image[XSTATE_MAX];

	xstate_fresh(image);
	return set_image(tid, image);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86-64: registers, XSAVE images, the odd ways into the kernel. The image of fp_get is that of a
 * signal frame: ptrace's own, with the software-reserved bytes filled in and the end mark behind
 * it.
 */
#include <cpuid.h>
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

BUILD_ASSERT(sizeof(struct regs) == sizeof(struct user_regs_struct));
BUILD_ASSERT(offsetof(struct regs, gs) == offsetof(struct user_regs_struct, gs));

#define FXSAVE_SIZE     512
#define XSTATE_HEADER   512 /* of the XSAVE header */
#define XSTATE_MIN      (XSTATE_HEADER + 64)
#define XSTATE_MAX      (16u << 10)
#define OFF_MXCSR       24
#define OFF_MXCSR_MASK  28
#define OFF_SW_BYTES    464
#define XFEATURE_FP_SSE 3ull
#define XFEATURE_PKRU   (1ull << 9)
/*
 * never a guest's: supervisor states do not show, and AMX tiles need a permission we do not ask for
 */
#define MAGIC1     0x46505853u
#define MAGIC2     0x46505845u
#define FCW_INIT   0x37f
#define MXCSR_INIT 0x1f80u
#define PKRU_INIT  0x55555554u

#define VSYSCALL_START 0xffffffffff600000ull
#define VSYSCALL_END   0xffffffffff601000ull
#define TRAP_PF        14
#define TRAP_GP        13

struct sw_bytes {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size, pad[7];
};

static struct {
	size_t xsave_size; /* of the host's image, without the end mark */
	uint64_t xfeatures;
	uint32_t mxcsr_mask;
	size_t pkru_off;
} g_fp;

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
	struct {
		_Alignas(64) unsigned char image[FXSAVE_SIZE];
	} fx = { 0 };
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
		return -ENOTSUP;
	/* ebx: size for what the host's XCR0 enables; the image that ptrace gives may be shorter */
	g_fp.xsave_size = b;
	g_fp.xfeatures = (uint64_t)d << 32 | a;
	if (g_fp.xsave_size < XSTATE_MIN || g_fp.xsave_size > XSTATE_MAX)
		return -ENOTSUP;
	if (g_fp.xfeatures & XFEATURE_PKRU && __get_cpuid_count(0xd, 9, &a, &b, &c, &d))
		g_fp.pkru_off = b;
	__asm__ volatile("fxsave64 %0" : "=m"(fx.image));
	memcpy(&g_fp.mxcsr_mask, fx.image + OFF_MXCSR_MASK, sizeof(g_fp.mxcsr_mask));
	if (!g_fp.mxcsr_mask)
		g_fp.mxcsr_mask = 0xffbf;
	return 0;
}

size_t tracee_fp_size(void)
{
	return g_fp.xsave_size + sizeof(uint32_t);
}

int tracee_fp_get(int tid, void *buf, size_t size)
{
	struct iovec iov = { buf, g_fp.xsave_size };
	struct sw_bytes sw = { .magic1 = MAGIC1 };
	uint32_t magic2 = MAGIC2;
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
	struct iovec iov = { image, g_fp.xsave_size };

	return (int)tracee_ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, (unsigned long)&iov);
}

static void put_pkru(unsigned char *image, uint32_t pkru)
{
	uint64_t bv;

	if (!g_fp.pkru_off)
		return;
	memcpy(&bv, image + XSTATE_HEADER, sizeof(bv));
	bv |= XFEATURE_PKRU;
	memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
	memcpy(image + g_fp.pkru_off, &pkru, sizeof(pkru));
}

static void init_image(unsigned char *image)
{
	const uint16_t fcw = FCW_INIT;
	const uint32_t mxcsr = MXCSR_INIT;
	const uint64_t bv = XFEATURE_FP_SSE;

	memset(image, 0, g_fp.xsave_size);
	memcpy(image, &fcw, sizeof(fcw));
	memcpy(image + OFF_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
}

int tracee_fp_set(int tid, const void *buf, size_t size)
{
	unsigned char image[XSTATE_MAX];
	struct sw_bytes sw;
	uint64_t bv, header[8];
	uint32_t mxcsr;

	if (size < FXSAVE_SIZE)
		return -EINVAL;
	init_image(image);
	memcpy(image, buf, FXSAVE_SIZE);
	memcpy(&sw, (const char *)buf + OFF_SW_BYTES, sizeof(sw));
	memset(image + OFF_SW_BYTES, 0, sizeof(sw));
	/* without the mark it is a plain FXSAVE image: the rest goes to its initial state */
	if (sw.magic1 == MAGIC1 && size >= g_fp.xsave_size && sw.xstate_size <= g_fp.xsave_size &&
	    sw.xstate_size >= XSTATE_MIN) {
		memcpy(image + FXSAVE_SIZE, (const char *)buf + FXSAVE_SIZE,
		       sw.xstate_size - FXSAVE_SIZE);
		memcpy(header, image + XSTATE_HEADER, sizeof(header));
		bv = header[0] & sw.xfeatures & g_fp.xfeatures;
		if (header[0] & ~g_fp.xfeatures)
			return -EINVAL;
		for (size_t i = 1; i < ARRAY_SIZE(header); i++) {
			if (header[i])
				return -EINVAL;
		}
		memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
	}
	memcpy(&mxcsr, image + OFF_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~g_fp.mxcsr_mask)
		return -EINVAL;
	memcpy(&bv, image + XSTATE_HEADER, sizeof(bv));
	if (!(bv & XFEATURE_PKRU))
		put_pkru(image, PKRU_INIT);
	return set_image(tid, image);
}

int tracee_fp_reset(int tid)
{
	unsigned char image[XSTATE_MAX];

	init_image(image);
	put_pkru(image, PKRU_INIT);
	return set_image(tid, image);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch_prctl(2): segment bases and extended states. Differs from Linux: no CPUID faulting, no
 * shadow stacks, and tile registers (AMX) cannot be asked for; each is answered as by a CPU that
 * lacks them.
 */
#include <errno.h>

#include <abi/linux/prctl.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"

#define ADDRESS_MAX  0x7ffffffff000ull
#define XFEATURE_AMX (3ull << 17)

/* The state components the CPU and the host have switched on (XCR0). */
static uint64_t xfeatures(void)
{
	uint32_t lo, hi, ecx = 1, ebx, edx, eax = 1;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (!(ecx & (1u << 27))) /* OSXSAVE */
		return 3;
	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (uint64_t)hi << 32;
}

long sys_arch_prctl(struct task *t, const struct sysargs *a)
{
	uaddr_t addr = arg_addr(a, 1);
	uint64_t v;

	task_regs_fill(t);
	switch (arg_int(a, 0)) {
	case LX_ARCH_SET_FS:
		if (addr >= ADDRESS_MAX)
			return -EPERM;
		t->regs.fs_base = addr;
		return 0;
	case LX_ARCH_SET_GS:
		if (addr >= ADDRESS_MAX)
			return -EPERM;
		t->regs.gs_base = addr;
		return 0;
	case LX_ARCH_GET_FS:
		return copyout(t, addr, &t->regs.fs_base, sizeof(t->regs.fs_base));
	case LX_ARCH_GET_GS:
		return copyout(t, addr, &t->regs.gs_base, sizeof(t->regs.gs_base));
	case LX_ARCH_GET_CPUID:
		return 1;
	case LX_ARCH_SET_CPUID:
		return -ENODEV;
	case LX_ARCH_GET_XCOMP_SUPP:
	case LX_ARCH_GET_XCOMP_PERM:
		v = xfeatures() & ~XFEATURE_AMX;
		return copyout(t, addr, &v, sizeof(v));
	case LX_ARCH_REQ_XCOMP_PERM:
		return addr > 63 ? -EINVAL : -EOPNOTSUPP;
	case LX_ARCH_SHSTK_ENABLE:
	case LX_ARCH_SHSTK_DISABLE:
	case LX_ARCH_SHSTK_LOCK:
	case LX_ARCH_SHSTK_UNLOCK:
	case LX_ARCH_SHSTK_STATUS:
	default:
		return -EINVAL;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PR_SET_MM: where /proc says code, data, heap, stack, arguments and environment are.
 * Differs from Linux: PR_SET_MM_BRK and PR_SET_MM_START_BRK are refused (the heap is mm's), and so
 * is PR_SET_MM_EXE_FILE.
 */
#include <errno.h>
#include <stdlib.h>

#include <abi/linux/capability.h>
#include <abi/linux/prctl.h>

#include "kernel/task.h"
#include "syscalls/prctl.h"
#include "syscalls/sysargs.h"
#include "syscalls/unimpl.h"

#define AUXV_MAX 1024

static bool is_mapped(struct task *t, uaddr_t addr)
{
	struct mm_vma_info vma;

	if (mm_vma_next(t->mm, addr, &vma))
		return false;
	if (vma.mappable)
		mappable_put(vma.mappable);
	return true;
}

static long set_auxv(struct task *t, uaddr_t addr, unsigned long size)
{
	uint64_t auxv[AUXV_MAX / 8] = { 0 };

	if (size > sizeof(auxv) - 2 * sizeof(auxv[0]))
		return -EINVAL;
	if (copyin(t, auxv, addr, size))
		return -EFAULT;
	mm_auxv_set(t->mm, auxv, size);
	return 0;
}

static long set_map(struct task *t, uaddr_t addr, unsigned long size)
{
	struct lx_prctl_mm_map m;
	struct mm_layout l;

	if (size != sizeof(m))
		return -EINVAL;
	if (copyin(t, &m, addr, sizeof(m)))
		return -EFAULT;
	if (m.start_code > m.end_code || m.start_data > m.end_data || m.start_brk > m.brk ||
	    m.arg_start > m.arg_end || m.env_start > m.env_end)
		return -EINVAL;
	mm_layout_get(t->mm, &l);
	if (m.exe_fd != (uint32_t)-1 || m.start_brk != l.start_brk) {
		unimpl(t, "prctl: PR_SET_MM_MAP with another heap or program file");
		return -EINVAL;
	}
	if (m.auxv_size) {
		long ret = set_auxv(t, m.auxv, m.auxv_size);

		if (ret < 0)
			return ret;
	}
	l.start_code = m.start_code;
	l.end_code = m.end_code;
	l.start_data = m.start_data;
	l.end_data = m.end_data;
	l.start_stack = m.start_stack;
	l.arg_start = m.arg_start;
	l.arg_end = m.arg_end;
	l.env_start = m.env_start;
	l.env_end = m.env_end;
	mm_layout_set(t->mm, &l);
	return 0;
}

static long set_field(struct task *t, int opt, uaddr_t addr)
{
	struct mm_layout l;

	mm_layout_get(t->mm, &l);
	switch (opt) {
	case LX_PR_SET_MM_START_CODE:
		l.start_code = addr;
		break;
	case LX_PR_SET_MM_END_CODE:
		l.end_code = addr;
		break;
	case LX_PR_SET_MM_START_DATA:
		l.start_data = addr;
		break;
	case LX_PR_SET_MM_END_DATA:
		l.end_data = addr;
		break;
	case LX_PR_SET_MM_START_STACK:
		l.start_stack = addr;
		break;
	case LX_PR_SET_MM_ARG_START:
		l.arg_start = addr;
		break;
	case LX_PR_SET_MM_ARG_END:
		l.arg_end = addr;
		break;
	case LX_PR_SET_MM_ENV_START:
		l.env_start = addr;
		break;
	case LX_PR_SET_MM_ENV_END:
		l.env_end = addr;
		break;
	default:
		unimpl(t, "prctl: PR_SET_MM, option %d", opt);
		return -EINVAL;
	}
	if (l.start_code > l.end_code || l.start_data > l.end_data || l.arg_start > l.arg_end ||
	    l.env_start > l.env_end || !is_mapped(t, addr))
		return -EINVAL;
	mm_layout_set(t->mm, &l);
	return 0;
}

long prctl_mm(struct task *t, const struct sysargs *a)
{
	int opt = arg_int(a, 1);
	uaddr_t addr = arg_addr(a, 2);
	unsigned long arg4 = arg_ulong(a, 3);

	if (arg_ulong(a, 4) || (arg4 && opt != LX_PR_SET_MM_AUXV && opt != LX_PR_SET_MM_MAP &&
				opt != LX_PR_SET_MM_MAP_SIZE))
		return -EINVAL;
	if (opt == LX_PR_SET_MM_MAP_SIZE) {
		uint32_t size = sizeof(struct lx_prctl_mm_map);

		return copyout(t, addr, &size, sizeof(size));
	}
	if (opt == LX_PR_SET_MM_MAP)
		return set_map(t, addr, arg4);
	if (!task_capable(t, LX_CAP_SYS_RESOURCE))
		return -EPERM;
	if (opt == LX_PR_SET_MM_AUXV)
		return set_auxv(t, addr, arg4);
	if (addr >= mm_max_addr(t->mm))
		return -EINVAL;
	return set_field(t, opt, addr);
}

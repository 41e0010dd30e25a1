/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory policies of set_mempolicy(2) and its kin, on a system of one node, number 0. A policy is
 * checked and remembered; there is nothing for it to decide. Differs from Linux: the policy of a
 * range (mbind) is not remembered, only that of the task.
 */
#include <errno.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"

#define NODES_ALL    1ull         /* node 0 */
#define NODES_HIGH   (1ull << 63) /* stands for all that do not fit a word */
#define MAX_NUMNODES 1024         /* what Linux can be built for */
#define MPOL_MAX     (LX_MPOL_WEIGHTED_INTERLEAVE + 1)

/* A bitmap of maxnode - 1 bits; nodes that cannot exist are an error. */
static int copyin_nodes(struct task *t, uaddr_t addr, unsigned long maxnode, uint64_t *ret_nodes)
{
	uint64_t nodes = 0, word;

	if (!addr || maxnode <= 1) {
		*ret_nodes = 0;
		return 0;
	}
	maxnode--;
	if (maxnode > LX_PAGE_SIZE * 8)
		return -EINVAL;
	for (unsigned long at = 0; at < maxnode; at += 64) {
		if (copyin(t, &word, addr + at / 8, sizeof(word)))
			return -EFAULT;
		if (maxnode - at < 64)
			word &= (1ull << (maxnode - at)) - 1;
		if (at == 0)
			nodes = word;
		else if (word && at >= MAX_NUMNODES)
			return -EINVAL;
		else if (word)
			nodes |= NODES_HIGH;
	}
	*ret_nodes = nodes;
	return 0;
}

static int check_policy(unsigned int mode_arg, uint64_t nodes)
{
	unsigned int flags = mode_arg & LX_MPOL_MODE_FLAGS, mode = mode_arg & ~LX_MPOL_MODE_FLAGS;

	if (mode >= MPOL_MAX)
		return -EINVAL;
	if ((flags & LX_MPOL_F_STATIC_NODES) && (flags & LX_MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	if ((flags & LX_MPOL_F_NUMA_BALANCING) && mode != LX_MPOL_BIND &&
	    mode != LX_MPOL_PREFERRED_MANY)
		return -EINVAL;
	switch (mode) {
	case LX_MPOL_DEFAULT:
		return nodes ? -EINVAL : 0;
	case LX_MPOL_LOCAL:
		return nodes || (flags & (LX_MPOL_F_STATIC_NODES | LX_MPOL_F_RELATIVE_NODES)) ?
			       -EINVAL :
			       0;
	case LX_MPOL_PREFERRED:
		if (!nodes) /* means local */
			return flags & (LX_MPOL_F_STATIC_NODES | LX_MPOL_F_RELATIVE_NODES) ?
				       -EINVAL :
				       0;
		break;
	default:
		if (!nodes)
			return -EINVAL;
		break;
	}
	return (flags & LX_MPOL_F_RELATIVE_NODES) || (nodes & NODES_ALL) ? 0 : -EINVAL;
}

long sys_set_mempolicy(struct task *t, const struct sysargs *a)
{
	unsigned int mode = arg_uint(a, 0);
	uint64_t nodes;
	int ret;

	if ((mode & ~LX_MPOL_MODE_FLAGS) >= MPOL_MAX)
		return -EINVAL;
	ret = copyin_nodes(t, arg_addr(a, 1), arg_ulong(a, 2), &nodes);
	if (ret == 0)
		ret = check_policy(mode, nodes);
	if (ret < 0)
		return ret;
	if ((mode & ~LX_MPOL_MODE_FLAGS) == LX_MPOL_PREFERRED && !nodes)
		mode = LX_MPOL_LOCAL | (mode & LX_MPOL_MODE_FLAGS);
	t->mpol_mode = (uint16_t)mode;
	t->mpol_nodes = nodes & NODES_ALL;
	return 0;
}

long sys_mbind(struct task *t, const struct sysargs *a)
{
	uaddr_t start = arg_addr(a, 0), end, at;
	unsigned int mode = arg_uint(a, 2), flags = arg_uint(a, 5);
	struct mm_vma_info vma;
	uint64_t size, nodes;
	int ret;

	if ((mode & ~LX_MPOL_MODE_FLAGS) >= MPOL_MAX)
		return -EINVAL;
	ret = copyin_nodes(t, arg_addr(a, 3), arg_ulong(a, 4), &nodes);
	if (ret < 0)
		return ret;
	if (flags & ~(LX_MPOL_MF_STRICT | LX_MPOL_MF_MOVE | LX_MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & LX_MPOL_MF_MOVE_ALL) && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	if (!page_aligned(start))
		return -EINVAL;
	size = page_up(arg_ulong(a, 1));
	if (__builtin_add_overflow(start, size, &end))
		return -EINVAL;
	if (end == start)
		return 0;
	ret = check_policy(mode, nodes);
	if (ret < 0)
		return ret;
	for (at = start; at < end; at = vma.end) {
		ret = mm_vma_next(t->mm, at, &vma);
		if (ret < 0)
			return -EFAULT;
		if (vma.mappable)
			mappable_put(vma.mappable);
		if (vma.start > at)
			return -EFAULT;
	}
	return 0;
}

static int copyout_nodes(struct task *t, uaddr_t addr, unsigned long maxnode, uint64_t nodes)
{
	uint64_t bytes = round_up(maxnode - 1, 64ul) / 8;

	if (copyout(t, addr, &nodes, MIN(bytes, (uint64_t)sizeof(nodes))))
		return -EFAULT;
	if (bytes > sizeof(nodes)) {
		if (bytes > LX_PAGE_SIZE)
			return -EINVAL;
		if (mm_zero(t->mm, addr + sizeof(nodes), bytes - sizeof(nodes)))
			return -EFAULT;
	}
	return 0;
}

long sys_get_mempolicy(struct task *t, const struct sysargs *a)
{
	uaddr_t mode_addr = arg_addr(a, 0), nodes_addr = arg_addr(a, 1), addr = arg_addr(a, 3);
	unsigned long maxnode = arg_ulong(a, 2), flags = arg_ulong(a, 4);
	int mode = t->mpol_mode;
	uint64_t nodes = t->mpol_nodes;

	if (nodes_addr && maxnode < 1)
		return -EINVAL;
	if (flags & ~(unsigned long)(LX_MPOL_F_NODE | LX_MPOL_F_ADDR | LX_MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & LX_MPOL_F_MEMS_ALLOWED) {
		if (flags & (LX_MPOL_F_NODE | LX_MPOL_F_ADDR))
			return -EINVAL;
		mode = 0;
		nodes = NODES_ALL;
	} else if (flags & LX_MPOL_F_ADDR) {
		struct mm_vma_info vma;

		if (mm_vma_next(t->mm, addr, &vma))
			return -EFAULT;
		if (vma.mappable)
			mappable_put(vma.mappable);
		if (vma.start > addr)
			return -EFAULT;
		if (flags & LX_MPOL_F_NODE)
			mode = 0; /* the node */
	} else if (addr) {
		return -EINVAL;
	} else if (flags & LX_MPOL_F_NODE) {
		int policy = mode & ~LX_MPOL_MODE_FLAGS;

		if (policy != LX_MPOL_INTERLEAVE && policy != LX_MPOL_WEIGHTED_INTERLEAVE)
			return -EINVAL;
		mode = 0; /* the next node */
	}
	if (mode_addr && copyout(t, mode_addr, &mode, sizeof(mode)))
		return -EFAULT;
	return nodes_addr ? copyout_nodes(t, nodes_addr, maxnode, nodes) : 0;
}

/* No range has a policy of its own, so there is none a home node could be given to. */
long sys_set_mempolicy_home_node(struct task *t, const struct sysargs *a)
{
	uaddr_t start = arg_addr(a, 0), end;

	if (!page_aligned(start) || arg_ulong(a, 3) || arg_ulong(a, 2) > 0)
		return -EINVAL;
	if (__builtin_add_overflow(start, page_up(arg_ulong(a, 1)), &end))
		return -EINVAL;
	return end == start ? 0 : -ENOENT;
}

/* --- moving pages between nodes: there is one --- */

/* The process whose pages are meant: referenced; 0 is the caller. */
static int target_mm(struct task *t, int pid, struct mm **ret_mm)
{
	auto_put(task) struct task *o = pid ? task_find(t->kernel, pid) : task_get(t);
	struct mm *mm;

	if (!o)
		return -ESRCH;
	if (task_may_access(t, o))
		return -EPERM;
	mm = task_mm_get(o);
	if (!mm)
		return -EINVAL;
	*ret_mm = mm;
	return 0;
}

long sys_migrate_pages(struct task *t, const struct sysargs *a)
{
	auto_put(mm) struct mm *mm = NULL;
	uint64_t old, new;
	int ret = copyin_nodes(t, arg_addr(a, 2), arg_ulong(a, 1), &old);

	if (ret == 0)
		ret = copyin_nodes(t, arg_addr(a, 3), arg_ulong(a, 1), &new);
	if (ret == 0)
		ret = target_mm(t, arg_int(a, 0), &mm);
	if (ret < 0)
		return ret;
	if ((new & ~NODES_ALL) && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	return new &NODES_ALL ? 0 : -EINVAL;
}

/* Status of one page: its node, or -EFAULT where nothing is mapped. */
static int page_status(struct mm *mm, uaddr_t addr)
{
	struct mm_vma_info vma;

	if (mm_vma_next(mm, addr, &vma))
		return -EFAULT;
	if (vma.mappable)
		mappable_put(vma.mappable);
	return vma.start <= addr ? 0 : -EFAULT;
}

long sys_move_pages(struct task *t, const struct sysargs *a)
{
	auto_put(mm) struct mm *mm = NULL;
	uaddr_t pages = arg_addr(a, 2), nodes = arg_addr(a, 3), status = arg_addr(a, 4);
	unsigned long nr = arg_ulong(a, 1);
	int ret, flags = arg_int(a, 5);

	if (flags & ~(LX_MPOL_MF_MOVE | LX_MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & LX_MPOL_MF_MOVE_ALL) && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	ret = target_mm(t, arg_int(a, 0), &mm);
	if (ret < 0)
		return ret;
	for (unsigned long i = 0; i < nr; i++) {
		uint64_t addr;
		int32_t node = 0, st;

		if (copyin(t, &addr, pages + i * sizeof(addr), sizeof(addr)) ||
		    (nodes && copyin(t, &node, nodes + i * sizeof(node), sizeof(node))))
			return -EFAULT;
		if (node != 0)
			return -ENODEV;
		st = page_status(mm, addr);
		if (copyout(t, status + i * sizeof(st), &st, sizeof(st)))
			return -EFAULT;
		if (task_killed(t))
			return -EINTR;
	}
	return 0;
}

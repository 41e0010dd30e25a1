/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap(2) and its family, memory policies, cachestat(2).
 */
#pragma once

#include <stdint.h>

#include <abi/linux/arch/mman.h>

#define LX_PROT_NONE		0x0
#define LX_PROT_READ		0x1
#define LX_PROT_WRITE		0x2
#define LX_PROT_EXEC		0x4
#define LX_PROT_SEM		0x8
#define LX_PROT_GROWSDOWN	0x1000000
#define LX_PROT_GROWSUP		0x2000000
#define LX_MAP_SHARED		0x1
#define LX_MAP_PRIVATE		0x2
#define LX_MAP_SHARED_VALIDATE	0x3
#define LX_MAP_DROPPABLE	0x08
#define LX_MAP_TYPE		0xf
#define LX_MAP_FIXED		0x10
#define LX_MAP_ANONYMOUS	0x20
#define LX_MAP_GROWSDOWN	0x100
#define LX_MAP_DENYWRITE	0x800
#define LX_MAP_EXECUTABLE	0x1000
#define LX_MAP_LOCKED		0x2000
#define LX_MAP_NORESERVE	0x4000
#define LX_MAP_POPULATE		0x8000
#define LX_MAP_NONBLOCK		0x10000
#define LX_MAP_STACK		0x20000
#define LX_MAP_HUGETLB		0x40000
#define LX_MAP_SYNC		0x80000
#define LX_MAP_FIXED_NOREPLACE	0x100000
#define LX_MAP_HUGE_SHIFT	0x1a
#define LX_MAP_HUGE_MASK	0x3f
#define LX_MREMAP_MAYMOVE	0x1
#define LX_MREMAP_FIXED		0x2
#define LX_MREMAP_DONTUNMAP	0x4
#define LX_MS_ASYNC		0x1
#define LX_MS_INVALIDATE	0x2
#define LX_MS_SYNC		0x4
#define LX_MCL_CURRENT		0x1
#define LX_MCL_FUTURE		0x2
#define LX_MCL_ONFAULT		0x4
#define LX_MLOCK_ONFAULT	0x1
#define LX_PKEY_DISABLE_ACCESS	0x1
#define LX_PKEY_DISABLE_WRITE	0x2
#define LX_MADV_NORMAL		0
#define LX_MADV_RANDOM		1
#define LX_MADV_SEQUENTIAL	2
#define LX_MADV_WILLNEED	3
#define LX_MADV_DONTNEED	4
#define LX_MADV_FREE		8
#define LX_MADV_REMOVE		9
#define LX_MADV_DONTFORK	10
#define LX_MADV_DOFORK		11
#define LX_MADV_MERGEABLE	12
#define LX_MADV_UNMERGEABLE	13
#define LX_MADV_HUGEPAGE	14
#define LX_MADV_NOHUGEPAGE	15
#define LX_MADV_DONTDUMP	16
#define LX_MADV_DODUMP		17
#define LX_MADV_WIPEONFORK	18
#define LX_MADV_KEEPONFORK	19
#define LX_MADV_COLD		20
#define LX_MADV_PAGEOUT		21
#define LX_MADV_POPULATE_READ	22
#define LX_MADV_POPULATE_WRITE	23
#define LX_MADV_DONTNEED_LOCKED	24
#define LX_MADV_COLLAPSE	25
#define LX_MADV_HWPOISON	100
#define LX_MADV_SOFT_OFFLINE	101
#define LX_MADV_GUARD_INSTALL	102
#define LX_MADV_GUARD_REMOVE	103

/* memory policy */
#define LX_MPOL_DEFAULT			0
#define LX_MPOL_PREFERRED		1
#define LX_MPOL_BIND			2
#define LX_MPOL_INTERLEAVE		3
#define LX_MPOL_LOCAL			4
#define LX_MPOL_PREFERRED_MANY		5
#define LX_MPOL_WEIGHTED_INTERLEAVE	6
#define LX_MPOL_F_STATIC_NODES		0x8000
#define LX_MPOL_F_RELATIVE_NODES	0x4000
#define LX_MPOL_F_NUMA_BALANCING	0x2000
#define LX_MPOL_MODE_FLAGS		0xe000
#define LX_MPOL_F_NODE			0x1
#define LX_MPOL_F_ADDR			0x2
#define LX_MPOL_F_MEMS_ALLOWED		0x4
#define LX_MPOL_MF_STRICT		0x1
#define LX_MPOL_MF_MOVE			0x2
#define LX_MPOL_MF_MOVE_ALL		0x4

/* cachestat(2) */
struct lx_cachestat_range {
	uint64_t off;
	uint64_t len;
};

struct lx_cachestat {
	uint64_t nr_cache;
	uint64_t nr_dirty;
	uint64_t nr_writeback;
	uint64_t nr_evicted;
	uint64_t nr_recently_evicted;
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of mm: guest address spaces. Owns VMAs (what the guest asked for), PMAs (which file
 * range backs it), the memory file, faults, copy-on-write and every access to guest memory.
 *
 * Units: bytes. Guest addresses are uaddr_t and are never dereferenced. Errors: 0 / result or
 * -errno as the man page of the call gives it. Locking: each function takes mm->lock itself; none
 * may be called with a spinning or leaf lock held, since host calls and faults happen inside.
 * Copies of guest memory hold no mm lock while they copy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <base/auto.h>
#include <base/ref.h>
#include <platform/platform.h>

#include "mm/mappable.h"
#include "mm/uio.h"

struct mm;

/* What an address space is started with; one per sandbox, set by boot. */
int mm_system_init(struct platform *p);
void mm_system_fini(void);
/*
 * Until address spaces that ended before this call are gone, and what they referred to is let go.
 */
void mm_reap_wait(void);

/* Limits that mm must obey; filled by the caller per call since rlimits belong to the thread group.
 */
struct mm_limits {
	uint64_t as;      /* RLIMIT_AS */
	uint64_t data;    /* RLIMIT_DATA */
	uint64_t stack;   /* RLIMIT_STACK */
	uint64_t memlock; /* RLIMIT_MEMLOCK; UINT64_MAX with CAP_IPC_LOCK */
};

/*
 * A fresh, empty address space: one reference, no user yet. aslr_seed 0 switches address
 * randomisation off (ADDR_NO_RANDOMIZE).
 */
int mm_new(uint64_t aslr_seed, struct mm **ret_mm);
/*
 * For exec: the like, with no host process behind it yet. Everything but running in it works;
 * mm_attach() gives it one.
 */
int mm_new_detached(uint64_t aslr_seed, struct mm **ret_mm);
/*
 * 0, -EAGAIN, -ENOMEM. With from, which must satisfy mm_may_hand_over(): that one's host process,
 * emptied; its caller's guest thread goes on in it. Then an error means that the process is lost.
 */
int mm_attach(struct mm *mm, struct mm *from);
/* Only ever one guest thread ran in it, and the platform can empty a host process. */
bool mm_may_hand_over(struct mm *mm);
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm);
DEFINE_AUTO_PUT(mm)
/*
 * fork(2): private memory becomes copy-on-write on both sides. Caller must be a task of src. One
 * reference, no user yet. sp: stack pointer of the caller, whose page both will write at once.
 */
int mm_fork(struct mm *src, const struct mm_limits *lim, uaddr_t sp, struct mm **ret_mm);
/* Before the first guest thread of a forked address space goes on. */
void mm_fork_done(struct mm *mm);
struct aspace *mm_aspace(struct mm *mm);
/*
 * Users = tasks; each holds a reference as well (mm_user_get takes one, mm_user_put drops it). The
 * last user kills the host address space and drops all mappings though references may remain
 * (/proc/pid/mem). A new mm becomes a task's by mm_user_get(mm), mm_put(mm).
 */
void mm_user_get(struct mm *mm);
void mm_user_put(struct mm *mm);
unsigned int mm_nr_users(struct mm *mm);

/* --- mapping calls; limits may be NULL (no limit) --- */
struct mm_mmap_req {
	uaddr_t addr;
	uint64_t size;
	int prot;  /* LX_PROT_* */
	int flags; /* LX_MAP_* */
	uint64_t off;
	int max_prot; /* what mprotect may ever give (LX_PROT_*): from the file's open mode and
			 noexec */
	struct mappable *mappable; /* NULL: anonymous. borrowed; mm takes its own reference */
	struct map_file file;      /* who maps it; borrowed */
	const char *name;          /* "[heap]", "[stack]", NULL; static string */
	bool grows_down;
	bool is_stack; /* exec's stack: counted as such */
	bool special;  /* vdso, vvar: not for mremap, mlock and most of madvise */
};
/* Returns the address or -errno. */
int64_t mm_mmap(struct mm *mm, const struct mm_mmap_req *req, const struct mm_limits *lim);
int mm_munmap(struct mm *mm, uaddr_t addr, uint64_t size);
int mm_mprotect(struct mm *mm, uaddr_t addr, uint64_t size, int prot, const struct mm_limits *lim);
int64_t mm_mremap(struct mm *mm, uaddr_t old, uint64_t old_size, uint64_t new_size, int flags,
		  uaddr_t new_addr, const struct mm_limits *lim);
/* Returns the new break, as brk(2) the system call does. */
uaddr_t mm_brk(struct mm *mm, uaddr_t brk, const struct mm_limits *lim);
void mm_set_brk_start(struct mm *mm, uaddr_t start);
int mm_mseal(struct mm *mm, uaddr_t addr, uint64_t size, unsigned long flags);
int mm_madvise(struct mm *mm, uaddr_t addr, uint64_t size, int advice);
int mm_msync(struct mm *mm, uaddr_t addr, uint64_t size, int flags);
int mm_mincore(struct mm *mm, uaddr_t addr, uint64_t size, uaddr_t vec);
int mm_mlock(struct mm *mm, uaddr_t addr, uint64_t size, int flags, const struct mm_limits *lim);
int mm_munlock(struct mm *mm, uaddr_t addr, uint64_t size);
/* flags 0: munlockall(2). */
int mm_mlockall(struct mm *mm, int flags, const struct mm_limits *lim);

/*
 * Resolves a guest fault. 0: run again. -EFAULT: SIGSEGV MAPERR; -EACCES: SIGSEGV ACCERR;
 * -ENXIO: SIGBUS ADRERR (past the end of a mapped file, I/O error); -ENOMEM: guest out of memory.
 */
int mm_fault(struct mm *mm, uaddr_t addr, enum guest_access access, const struct mm_limits *lim);

/*
 * A system call trapped at the instruction before pc, with this number: see to it that the next
 * one there does not have to.
 */
void mm_patch_site(struct mm *mm, uaddr_t pc, uint64_t sysno);
/* True if pc is in code that mm_patch_site made. */
struct mm_patch_fix {
	uaddr_t back; /* where the guest was: on the rewritten call, or what loads its number */
	uaddr_t site; /* the call instruction */
	bool loads;   /* the number, nr, would have been loaded by an instruction before it */
	uint64_t nr;
};
bool mm_patch_fixup(struct mm *mm, uaddr_t pc, struct mm_patch_fix *ret_fix);

/* --- access to guest memory ---  0 or -EFAULT; partial copies are possible on failure */
int mm_copyin(struct mm *mm, void *dst, uaddr_t src, size_t n);
int mm_copyout(struct mm *mm, uaddr_t dst, const void *src, size_t n);
int mm_zero(struct mm *mm, uaddr_t dst, size_t n);
/* Length without the NUL, -ENAMETOOLONG when there is none in n bytes, -EFAULT. */
ssize_t mm_copyin_str(struct mm *mm, char *dst, uaddr_t src, size_t n);
/* As far as possible: bytes copied (may be short), or -EFAULT when none. force ignores protections
 * as ptrace does. */
ssize_t mm_read(struct mm *mm, void *dst, uaddr_t src, size_t n, bool force);
ssize_t mm_write(struct mm *mm, uaddr_t dst, const void *src, size_t n, bool force);
/* Atomics for futexes. -EFAULT, -EINVAL if misaligned. */
int mm_load32(struct mm *mm, uaddr_t addr, uint32_t *ret_val);
int mm_cmpxchg32(struct mm *mm, uaddr_t addr, uint32_t old, uint32_t newv, uint32_t *ret_prev);
/* op: 0 set, 1 add, 2 or, 3 andn, 4 xor (FUTEX_OP_*) */
int mm_atomic_op32(struct mm *mm, uaddr_t addr, int op, uint32_t arg, uint32_t *ret_old);

/* Identity of a futex word: private mappings by (mm, addr), shared ones by (object, offset). obj is
 * not referenced. */
struct mm_futex_key {
	const void *obj;
	uint64_t off;
};
int mm_futex_key(struct mm *mm, uaddr_t addr, bool is_private, struct mm_futex_key *ret_key);

/* --- exec and /proc --- */
struct mm_layout {
	uaddr_t start_code, end_code, start_data, end_data, start_brk, start_stack;
	uaddr_t arg_start, arg_end, env_start, env_end;
	uaddr_t vdso;
	uaddr_t sigreturn; /* in the vDSO, for actions without SA_RESTORER (arm64); 0: none */
};
void mm_layout_set(struct mm *mm, const struct mm_layout *l);
void mm_layout_get(struct mm *mm, struct mm_layout *ret_l);
void mm_auxv_set(struct mm *mm, const void *auxv, size_t size);
ssize_t mm_auxv_get(struct mm *mm, void *buf, size_t size);
/* Executable file, kept for /proc/pid/exe: opaque to mm; put is called at the end. */
void mm_exe_set(struct mm *mm, void *exe /* consumed */, void (*put)(void *exe));
void *mm_exe_get(struct mm *mm); /* borrowed; valid while the caller holds mm */

struct mm_stats {
	uint64_t vm_size, vm_peak, rss_anon, rss_file, rss_shmem, rss_peak, data, stack, text, lib,
		locked, pte;
	unsigned int nr_vmas;
};
void mm_stats_get(struct mm *mm, struct mm_stats *ret_st);

/* For VmFlags of /proc/pid/smaps. */
#define MM_VMF_DONTFORK   0x0020u
#define MM_VMF_WIPEONFORK 0x0040u
#define MM_VMF_DONTDUMP   0x0080u
#define MM_VMF_SEALED     0x0100u
#define MM_VMF_HUGEPAGE   0x0200u
#define MM_VMF_NOHUGEPAGE 0x0400u
#define MM_VMF_MERGEABLE  0x1000u
#define MM_VMF_RAND_READ  0x2000u
#define MM_VMF_SEQ_READ   0x4000u

/* One vma, as /proc/pid/maps shows it. */
struct mm_vma_info {
	uaddr_t start, end;
	int prot, max_prot, flags; /* LX_PROT_*, LX_MAP_SHARED|PRIVATE|GROWSDOWN */
	unsigned int vm_flags;     /* MM_VMF_* */
	uint64_t off;
	struct mappable *mappable; /* referenced when not NULL: drop with mappable_put */
	struct map_file file;      /* referenced: drop with map_file_put */
	const char *name;
	bool is_stack, is_heap;
};
/* The first vma ending above addr: 0 and *ret_info, or -ENOENT past the last. */
int mm_vma_next(struct mm *mm, uaddr_t addr, struct mm_vma_info *ret_info);
static inline void mm_vma_info_fini(struct mm_vma_info *info)
{
	if (info->mappable)
		mappable_put(info->mappable);
	map_file_put(info->file);
}

/* Bytes of [start, end) in memory; *ret_private (may be NULL) those that are the process' own. Asks
 * the host: not cheap. */
uint64_t mm_range_resident(struct mm *mm, uaddr_t start, uaddr_t end, uint64_t *ret_private);

/* Randomised placement helpers for the loader. */
uaddr_t mm_stack_top(struct mm *mm);
uaddr_t mm_pie_base(struct mm *mm);
uaddr_t mm_max_addr(struct mm *mm);
bool mm_randomized(struct mm *mm);
/* Where the heap starts behind a program that ends at end; 0: a program that lies among the
 * libraries. */
uaddr_t mm_brk_base(struct mm *mm, uaddr_t end);
/* A free place for size bytes as mmap would choose it; nothing is mapped. */
int64_t mm_free_place(struct mm *mm, uaddr_t hint, uint64_t size);
/* RLIMIT_STACK as exec found it: decides where mappings begin below the stack. */
void mm_set_stack_limit(struct mm *mm, uint64_t limit);
/* First address that no guest may map. */
uaddr_t mm_system_max_addr(void);
/* The host's vDSO as guests can call it, 0 where there is none. */
struct mm_host_vdso {
	uaddr_t clock_gettime, clock_getres, gettimeofday, time, getcpu;
};
void mm_system_host_vdso(struct mm_host_vdso *ret_v);

/* Memory the sandbox may use: a single private mapping larger than all of it is refused. 0:
 * unknown. */
/* What rewriting call sites came to, for the debug log. */
void mm_system_log(void);
void mm_system_set_memory(uint64_t total);
/* Total usage of the memory file and its limit, bytes. */
uint64_t mm_system_usage(void);

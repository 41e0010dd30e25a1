/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of mm: VMAs, PMAs and the address space that holds them. Only files of sentry/mm include
 * this.
 *
 * A VMA is what the guest asked for. A PMA says which range of a host file backs part of it and
 * what the host maps there now. PMAs are disjoint and never reach outside VMAs; addresses of a VMA
 * without a PMA are filled by a fault.
 *
 * Locking: mm->lock guards everything in struct mm unless its comment says otherwise. What is
 * removed under it is put on the mm's dead lists and released by mm_unlock(), after the lock is
 * dropped and after the copies that may still use it have ended (see mm_active_begin).
 */
#pragma once

#include <stdatomic.h>
#include <stdlib.h>

#include <abi/linux/mman.h>
#include <base/bits.h>
#include <base/list.h>
#include <base/rbtree.h>
#include <platform/platform.h>

#include "lock_class.h"
#include "mm/mappable.h"
#include "mm/mm.h"

/* vma.flags */
#define VM_SHARED      0x0001u
#define VM_GROWSDOWN   0x0002u
#define VM_LOCKED      0x0004u
#define VM_LOCKONFAULT 0x0008u
#define VM_NORESERVE   0x0010u
#define VM_DONTFORK    0x0020u
#define VM_WIPEONFORK  0x0040u
#define VM_DONTDUMP    0x0080u
#define VM_SEALED      0x0100u
#define VM_HUGEPAGE    0x0200u
#define VM_NOHUGEPAGE  0x0400u
#define VM_STACK       0x0800u /* made for exec's stack: for statistics */
#define VM_MERGEABLE   0x1000u
#define VM_RAND_READ   0x2000u
#define VM_SEQ_READ    0x4000u
#define VM_SPECIAL     0x8000u /* vdso and vvar: not for mremap splits, madvise, mlock */

#define MM_MAX_VMAS        65530u
#define MM_MAX_PMAS        64506u /* the host has the same limit, and needs room to split for unmaps */
#define MM_STACK_GUARD_GAP (256ul * PAGE_SIZE)
#define MM_COPY_AT_MMAP                                                                            \
	(256ul << 10)       /* private writable file mappings up to this are copied when made */
#define MM_MANY_PMAS 32768u /* beyond: copy-on-write breaks whole PMAs, not blocks */
#define MM_BREAK_MAX (2ul << 20)
#define MM_NO_OFF    UINT64_MAX

struct vma {
	struct rb_node node;   /* mm->vmas, by start */
	uint64_t gap, max_gap; /* free bytes below it; greatest of its subtree */
	struct mm *mm;         /* borrowed */
	uaddr_t start, end;
	int prot, max_prot;      /* LX_PROT_READ|WRITE|EXEC */
	unsigned int flags;      /* VM_* */
	struct mappable *m;      /* owned; NULL: private anonymous */
	uint64_t off;            /* file offset of start, when m */
	struct map_file file;    /* owned */
	const char *name;        /* static */
	struct list_head m_link; /* m->mappings; guarded by m->lock */
	uint64_t inv_seq;        /* guarded by m->lock: pass of mappable_invalidate that was here */
	/*
	 * Private anonymous: offset in the memory file reserved for start, linear from there;
	 * MM_NO_OFF: none yet. No address without a PMA has ever used its place in it.
	 */
	uint64_t abase;
	/* copy-on-write breaks: where a sequential one would go on, and the size of the last block
	 */
	uaddr_t break_next;
	uint64_t break_size;
	unsigned int nr_breaks;
	struct vma *dead_next;
};

enum pma_kind {
	PMA_ANON, /* pages of this mm in the memory file; holds one count of them */
	PMA_FILE, /* pages of the mappable: mapped shared, or private and not written yet */
};

#define HPROT_NONE   (-1) /* the host maps nothing there */
#define PF_PROT_NONE 0    /* mapped, but nothing is allowed */

struct pma {
	struct rb_node node; /* mm->pmas, by start */
	uaddr_t start, end;
	struct backing_file *bf; /* owned reference; for the memory file a count of the range as
				    well */
	uint64_t off;
	enum pma_kind kind;
	bool cow;        /* ANON: other address spaces may count the pages too */
	bool writable;   /* FILE: the backing allows shared writing */
	int hprot;       /* PF_PROT_* (0: none) the host maps it with, or HPROT_NONE */
	uint64_t target; /* place reserved for start's copy when it is broken; MM_NO_OFF */
	struct pma *dead_next;
};

/* Offsets handed out so that neighbours in the address space are neighbours in the memory file. */
struct mm_arena {
	uaddr_t va, lo, hi; /* window start; hull of what was handed out */
	uint64_t size, off;
};
enum { MM_ARENA_MMAP, MM_ARENA_BRK, MM_ARENA_STACK, MM_NR_ARENAS };

/*
 * Pages that were written after a fork, by parent or child, while both counted them: the next fork
 * copies them at once, for they will be written again. A hint, shared by parents and children: a
 * page that gets lost in a race costs a fault.
 */
#define MM_HOT_MAX 64
struct mm_hot {
	struct ref ref;
	_Atomic uaddr_t page[MM_HOT_MAX];
	atomic_uint next;  /* noted so far: the latest MM_HOT_MAX are there */
	atomic_uint forks; /* since it was empty */
};

/* Oldest first; each counted once, mapped nowhere. */
#define MM_RECYCLE_MAX 8
struct mm_recycle {
	struct {
		uint64_t off, size;
	} range[MM_RECYCLE_MAX];
	unsigned int nr;
	uint64_t bytes;
};

struct mm {
	struct ref ref;
	atomic_uint users;
	struct aspace *as;          /* owned; NULL after the last user left, and before mm_attach */
	atomic_bool shared;         /* had more than one user at a time */
	struct list_head reap_link; /* reap.c */
	/*
	 * No guest thread of it runs, and none goes on before the host has done all that is posted:
	 * nobody has to wait for that here. lock
	 */
	bool still;
	unsigned int nr_unsettled; /* faults since `replaced` was not empty and not waited for; lock
				    */
	uint64_t aslr_seed;        /* const after init */
	uaddr_t min_addr, max_addr; /* const after init */

	struct mutex lock; /* LC_MM */
	struct rb_root vmas, pmas;
	unsigned int nr_vmas, nr_pmas;
	atomic_ulong seq; /* changes with every change of VMAs or PMAs */
	struct mm_arena arena[MM_NR_ARENAS];
	struct mm_recycle recycle;
	struct mm_hot *hot; /* owned reference; NULL: never forked */
	uaddr_t mmap_top, brk_start, brk;
	uint64_t total_vm, data_vm, stack_vm, exec_vm, locked_vm, peak_vm, peak_rss; /* bytes */
	int def_lock;                   /* VM_LOCKED|VM_LOCKONFAULT for new mappings (mlockall) */
	uint64_t stack_limit, as_limit; /* last seen RLIMIT_STACK and RLIMIT_AS */
	bool in_fault;                  /* on behalf of a guest thread that waits for it */
	struct mm_layout layout;
	uint64_t auxv[64];
	size_t auxv_size;
	bool broken; /* the host refused to take a mapping away */

	/* spare nodes, so that changes cannot fail half-way */
	struct vma *spare_vmas;
	struct pma *spare_pmas;
	unsigned int nr_spare_vmas, nr_spare_pmas;

	struct vma *dead_vmas;
	struct pma *dead_pmas[2];
	struct pma *replaced;  /* the host may still map them: see mm_settle() */
	int sync_err;          /* what the last mm_settle() was told, until a fault asks */
	unsigned int gen;      /* index for copies that begin now */
	atomic_uint active[2]; /* copies under way; no lock to leave */
	atomic_bool has_dead;
	uint32_t quiesce; /* host futex word: a copy ended while someone waits for all */
	atomic_bool quiesce_wait;
	bool quiesced; /* nobody may begin a copy */
	struct cond quiesce_end;

	struct mm_exe *exe;         /* owned reference; shared with forks */
	struct mm_patches *patches; /* owned; NULL until a site is rewritten: patch.c */

	/* what it cost: told in the debug log at the end */
	struct {
		unsigned int maps, unmaps, protects, syncs, faults, breaks, exclusive;
	} cost;
};

struct mm_exe {
	struct ref ref;
	void *exe; /* owned */
	void (*put)(void *exe);
};
/* --- mm.c, reap.c --- */

/* Kills the host process, then lets go of everything it mapped. */
void mm_teardown(struct mm *mm);
/* Takes over a reference, to do that later; or says no. */
bool mm_reap_later(struct mm *mm);

static inline void mm_exe_unref(struct mm_exe *e)
{
	if (e && ref_put(&e->ref)) {
		if (e->put)
			e->put(e->exe);
		free(e);
	}
}

/* One per sandbox. */
struct mm_system {
	struct platform *platform;
	struct platform_limits limits;
	uint64_t memory; /* 0: unknown */
};
extern struct mm_system g_mm;

/* --- mm.c --- */
static inline void mm_lock(struct mm *mm) ACQUIRES(mm->lock)
{
	mutex_lock(&mm->lock);
}
/* Drops the lock, then releases what was removed under it. */
void mm_unlock(struct mm *mm) RELEASES(mm->lock);
static inline void mm_changed(struct mm *mm) REQUIRES(mm->lock)
{
	atomic_fetch_add_explicit(&mm->seq, 1, memory_order_release);
}
/* A copy that will use pages of mm without its lock: nothing it could have looked up is released
 * before the end. */
unsigned int mm_active_begin(struct mm *mm) REQUIRES(mm->lock);
void mm_active_end(struct mm *mm, unsigned int gen);
/*
 * Waits (without the lock) until no copy is under way; new ones wait for mm_unquiesce, except
 * SEG_NESTED ones, which belong to a caller that would never end otherwise.
 */
void mm_quiesce(struct mm *mm) REQUIRES(mm->lock);
void mm_unquiesce(struct mm *mm) REQUIRES(mm->lock);
static inline void mm_note_limits(struct mm *mm, const struct mm_limits *lim) REQUIRES(mm->lock)
{
	if (lim)
		mm->stack_limit = lim->stack, mm->as_limit = lim->as;
}
/* True for a thread that asks the same (mm, addr) again while nothing changed in between. */
bool mm_fault_repeats(struct mm *mm, uaddr_t addr) REQUIRES(mm->lock);

/* No room for n more of either kind. */
static inline bool mm_maps_full(const struct mm *mm, unsigned int n)
{
	return mm->nr_vmas + n > MM_MAX_VMAS || mm->nr_pmas + n > MM_MAX_PMAS;
}

/* --- vma.c --- */
static inline struct vma *vma_of(struct rb_node *n)
{
	return rb_entry_safe(n, struct vma, node);
}
static inline struct vma *vma_first(struct mm *mm)
{
	return vma_of(rb_first(&mm->vmas));
}
static inline struct vma *vma_next(struct vma *v)
{
	return vma_of(rb_next(&v->node));
}
static inline struct vma *vma_prev(struct vma *v)
{
	return vma_of(rb_prev(&v->node));
}
static inline uint64_t vma_size(const struct vma *v)
{
	return v->end - v->start;
}
static inline bool vma_private(const struct vma *v)
{
	return !(v->flags & VM_SHARED);
}
/* The first that ends above addr. */
struct vma *vma_find(struct mm *mm, uaddr_t addr);
/* The one that holds addr, or NULL. */
struct vma *vma_at(struct mm *mm, uaddr_t addr);
/* Room for this many splits and inserts; -ENOMEM. */
int mm_reserve_nodes(struct mm *mm, unsigned int nr_vmas, unsigned int nr_pmas) REQUIRES(mm->lock);
struct vma *vma_take_spare(struct mm *mm) REQUIRES(mm->lock);
void vma_insert(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
void vma_remove(struct mm *mm, struct vma *v) REQUIRES(mm->lock); /* to the dead list */
/* Splits the vma that addr is inside of, if any; uses a spare. */
void vma_split_at(struct mm *mm, uaddr_t addr) REQUIRES(mm->lock);
/* Moves an end of v where no neighbour is in the way; accounting follows. */
void vma_resize(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
void vma_set_prot(struct mm *mm, struct vma *v, int prot) REQUIRES(mm->lock);
void vma_set_flags(struct mm *mm, struct vma *v, unsigned int flags) REQUIRES(mm->lock);
/* Merges neighbours within and at the borders of [start, end). */
void vma_merge_range(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* Highest (lowest) free place of size in [lo, hi); false if there is none. */
bool vma_gap_top(struct mm *mm, uaddr_t lo, uaddr_t hi, uint64_t size, uaddr_t *ret_addr);
bool vma_gap_bottom(struct mm *mm, uaddr_t lo, uaddr_t hi, uint64_t size, uaddr_t *ret_addr);
/* Reserves offsets in the memory file for all of v, which has no PMAs. */
void vma_anon_reserve(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
/* Fresh offset for a part of v without PMAs; MM_NO_OFF when offsets ran out. */
uint64_t vma_anon_off(struct mm *mm, struct vma *v, uaddr_t va, uint64_t size) REQUIRES(mm->lock);

/* --- pma.c --- */
static inline struct pma *pma_of(struct rb_node *n)
{
	return rb_entry_safe(n, struct pma, node);
}
static inline struct pma *pma_next(struct pma *p)
{
	return pma_of(rb_next(&p->node));
}
static inline struct pma *pma_prev(struct pma *p)
{
	return pma_of(rb_prev(&p->node));
}
struct pma *pma_find(struct mm *mm, uaddr_t addr); /* first that ends above addr */
static inline struct pma *pma_find_in(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct pma *p = pma_find(mm, start);

	return p && p->start < end ? p : NULL;
}
struct pma *pma_take_spare(struct mm *mm) REQUIRES(mm->lock);
void pma_insert(struct mm *mm, struct pma *p) REQUIRES(mm->lock);
void pma_erase(struct mm *mm, struct pma *p) REQUIRES(mm->lock);
/* Splits PMAs at both ends of the range; two spares at most. */
void pma_isolate(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
struct pma *pma_try_merge(struct mm *mm, struct pma *p) REQUIRES(mm->lock);
void pma_merge_range(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* Takes an isolated range away from the host (acknowledged) and from the tree. */
void pma_drop_range(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* The same where the caller has already seen to the host. */
void pma_forget_range(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* What the host may allow on p inside v. */
int pma_host_prot(const struct pma *p, const struct vma *v);
/* Maps p, which lies in v, as far as v allows (posted). 0, or -errno from the platform. */
int pma_map(struct mm *mm, struct pma *p, const struct vma *v) REQUIRES(mm->lock);
/* The same for pages that are present and will be used. */
int pma_map_present(struct mm *mm, struct pma *p, const struct vma *v) REQUIRES(mm->lock);
/*
 * Puts p in the place of a range it covers exactly, whose mapping it replaces at the host. The old
 * PMAs stay until mm_settle(), since the host may map their pages until then.
 */
int pma_replace(struct mm *mm, struct pma *p, const struct vma *v) REQUIRES(mm->lock);
/* Waits for all posted work; what it replaced may go. 0, or the first error of it. */
int mm_settle(struct mm *mm) REQUIRES(mm->lock);
/* Brings what the host maps in [start, end) in line with the VMAs; isolated at both ends. */
void pma_reprotect(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);

/* --- fault.c --- */
/* Fills every private anonymous address of [start, end) in v that has no PMA. */
int vma_fill_anon(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* All of v, a fresh one, with pages that were there before, if there are such. */
bool vma_fill_recycled(struct mm *mm, struct vma *v) REQUIRES(mm->lock);
/* Maps what is there of a file, at mmap time; failures are left to faults. */
void vma_fill_file(struct mm *mm, struct vma *v, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* The PMA of addr, made if need be, good for reading (writing: broken off from others). As
 * mm_fault. */
int mm_get_page(struct mm *mm, struct vma *v, uaddr_t addr, bool write, struct pma **ret_pma)
	REQUIRES(mm->lock);
/* A copy of [lo, hi) of p, which others count too, takes its place. 0, -ENOMEM, -ENXIO. */
int break_cow_range(struct mm *mm, struct vma *v, struct pma *p, uaddr_t lo, uaddr_t hi)
	REQUIRES(mm->lock);
/* --- fork.c --- */
void mm_hot_put(struct mm_hot *h);

/* --- fault.c --- */
/* Grows a stack down to addr. 0 and *ret_v, -EFAULT, -ENOMEM. */
int vma_grow_stack(struct mm *mm, uaddr_t addr, struct vma **ret_v) REQUIRES(mm->lock);

/* --- mmap.c --- */
int mm_munmap_locked(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
bool mm_range_ok(const struct mm *mm, uaddr_t addr, uint64_t size);
/* Space and limits for size more bytes. 0, -ENOMEM. */
int mm_check_limits(struct mm *mm, uint64_t size, int prot, unsigned int vm_flags,
		    const struct mm_limits *lim) REQUIRES(mm->lock);
/* A place for size bytes near hint. 0 or -ENOMEM. */
int mm_find_place(struct mm *mm, uaddr_t hint, uint64_t size, int map_flags, uaddr_t *ret_addr)
	REQUIRES(mm->lock);

/* --- usercopy.c --- */
/* A piece of guest memory as the sentry sees it; valid until mm_seg_put. */
struct mm_seg {
	void *p;
	uint64_t len;
	struct backing_pin *pin;
	unsigned int gen;
};
#define SEG_WRITE  1u
#define SEG_FORCE  2u
#define SEG_NESTED 4u /* the caller holds other pieces of mm */
/* The piece that starts at addr, at most n bytes. As mm_fault. */
int mm_seg_get(struct mm *mm, uaddr_t addr, uint64_t n, unsigned int how, struct mm_seg *ret_seg);
void mm_seg_put(struct mm *mm, struct mm_seg *seg);

ssize_t mm_zero_partial(struct mm *mm, uaddr_t dst, size_t n);

/* --- recycle.c --- */
/* p is dead, and no copy holds it: true if its range is kept, with the count that p held. */
bool recycle_keep(struct mm *mm, const struct pma *p) REQUIRES(mm->lock);
/* A range of that size, zeroed, present, counted once. */
bool recycle_take(struct mm *mm, uint64_t size, uint64_t *ret_off) REQUIRES(mm->lock);
void recycle_fini(struct mm *mm) REQUIRES(mm->lock);

/* --- madvise.c --- */
/* Brings pages in, where that is possible. */
int mm_populate_locked(struct mm *mm, uaddr_t start, uaddr_t end, bool write) REQUIRES(mm->lock);

/* --- patch.c: rewritten system call sites --- */
/* The host's mappings of the range are being replaced or taken away, by the caller. */
void patch_forget(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* The host maps the original pages of the range again (posted). */
void patch_restore(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* Guest mappings will be in the range: trampolines there go (acknowledged). */
void patch_evict(struct mm *mm, uaddr_t start, uaddr_t end) REQUIRES(mm->lock);
/* The lowest trampoline page in [addr, addr + size), if there is one. */
bool patch_zone_in(struct mm *mm, uaddr_t addr, uint64_t size, uaddr_t *ret_va) REQUIRES(mm->lock);
/* p of v was mapped just now: if its sites are known from before, they are rewritten at once. */
void patch_prepare(struct mm *mm, const struct vma *v, const struct pma *p) REQUIRES(mm->lock);
/* The child of a fork, its pages mapped. */
void patch_fork(struct mm *src, struct mm *dst) REQUIRES(src->lock) REQUIRES(dst->lock);
/* Everything posted was done. */
void patch_settled(struct mm *mm) REQUIRES(mm->lock);
/* The host process is dead. */
void patch_fini(struct mm *mm) REQUIRES(mm->lock);

/* --- backing.c --- */
struct backing_file {
	struct ref ref;
	int fd; /* owned */
	bool writable, is_pagefile;
	struct mutex lock;        /* LC_BACKING */
	struct platform_file *pf; /* owned; made when first mapped */
};
int backing_platform_file(struct backing_file *bf, struct platform_file **ret_pf);
/*
 * Sentry address of a range of bf; *size is cut to what is there in one piece. *ret_pin must be
 * given to backing_unpin unless NULL.
 */
struct backing_pin;
int backing_pin(struct backing_file *bf, uint64_t off, uint64_t *size, void **ret_addr,
		struct backing_pin **ret_pin);
void backing_unpin(struct backing_pin *pin);
void backing_system_fini(void);

/* --- pagefile.c --- */
int pagefile_init(void);
void pagefile_fini(void);
/* Offsets only: uncounted, no memory. off = congruent modulo align. -ENOMEM when none are left. */
int pagefile_reserve(uint64_t size, uint64_t align, uint64_t congruent, uint64_t *ret_off);
/* Counts a reserved range for the first time. */
int pagefile_commit(uint64_t off, uint64_t size);
/* Counts of the page at off, and how far (at most size) that stays true. */
unsigned int pagefile_count(uint64_t off, uint64_t size, uint64_t *ret_run);
/* Sentry address of off; *size is cut to the window. */
int pagefile_window(uint64_t off, uint64_t *size, void **ret_addr);
/* Copies data (holes stay holes) of size bytes to a fresh range. */
int pagefile_copy(uint64_t dst, uint64_t src, uint64_t size);
/* Gives a range its memory now. */
int pagefile_populate(uint64_t off, uint64_t size);
/* Bytes in memory of a range. */
uint64_t pagefile_resident(uint64_t off, uint64_t size);

/* --- shmem.c --- */
/* What MAP_SHARED|MAP_ANONYMOUS maps; one reference. */
int shmem_anon_new(uint64_t size, struct mappable **ret_m);

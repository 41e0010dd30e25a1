/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake platform, for unit tests. There is no guest: run() plays back what the test scripted,
 * map, unmap and protect only keep books, and the functions here look into them or act as a guest's
 * CPU would on memory. All calls may be made from any thread.
 *
 *   fake_platform_new(&p);                              instead of ops->open
 *   fake_push_syscall(p, SYS, (uint64_t[6]){ 1, 2 });   the next run() of any thread returns it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <platform/platform.h>

extern const struct platform_ops fake_platform_ops;

/* Same as fake_platform_ops.open; closed with p->ops->close(p). */
int fake_platform_new(struct platform **ret_platform);

/*
 * --- the script: a queue of events, consumed by run() of any thread, or of one if th is not NULL
 * ---
 */

/* What happened, and optionally all registers at that moment (NULL: those passed to run() stay). */
int fake_push(struct platform *p, struct gthread *th, const struct guest_event *ev,
	      const struct regs *regs);
/* GE_SYSCALL with number and arguments set in the thread's registers, pc behind the instruction. */
int fake_push_syscall(struct platform *p, uint64_t nr, const uint64_t args[6]);
int fake_push_fault(struct platform *p, uaddr_t addr, enum guest_access access);
/*
 * Instead of a queue: run() calls fn, with no lock held, which acts as the guest and fills *ev.
 * Returns what run() returns. NULL switches back to the queue.
 */
typedef int (*fake_guest_fn)(void *ctx, struct gthread *th, struct regs *r, struct guest_event *ev);
void fake_set_guest(struct platform *p, fake_guest_fn fn, void *ctx);
/* What run() does when there is nothing to play: wait for a push or a kick (default), or -ESRCH. */
void fake_set_idle_wait(struct platform *p, bool wait);
/* Events not played yet. */
size_t fake_pending(struct platform *p);

/* --- the books ------------------------------------------------------------------------------- */

struct fake_map {
	uaddr_t start, end;
	struct platform_file *pf; /* borrowed */
	uint64_t off;
	int prot;
	unsigned int flags; /* those of map() that last: PF_MAP_PRIVATE */
};

/* Neighbours that a host would merge are merged. The n-th by address; false past the last. */
bool fake_map_at(struct aspace *as, size_t n, struct fake_map *ret_map);
/* The one holding va. */
bool fake_map_find(struct aspace *as, uaddr_t va, struct fake_map *ret_map);
size_t fake_nr_maps(struct aspace *as);
/* A line per map, for messages: "start-end rw- fd:off\n". Returns buf. */
char *fake_maps_str(struct aspace *as, char *buf, size_t size);

/* Host descriptor behind a file (a duplicate owned by it). */
int fake_file_fd(struct platform_file *pf);
/* Files and address spaces not freed yet: for leak checks. */
size_t fake_nr_files(struct platform *p);
size_t fake_nr_aspaces(struct platform *p);

struct fake_counts {
	unsigned int map, unmap, protect, sync, populate;
};
void fake_counts(struct aspace *as, struct fake_counts *ret_counts);

/*
 * --- acting as a guest's CPU -------------------------------------------------------------------
 */

/*
 * Reads, writes or executes (checks only) through the mappings, into the files behind them. Returns
 * the bytes done before the first fault; *ret_fault is its address (unset if there was none). A
 * place beyond the end of the file counts as a fault as well (*ret_bus is then true).
 */
size_t fake_read(struct aspace *as, uaddr_t va, void *buf, size_t n, uaddr_t *ret_fault,
		 bool *ret_bus);
size_t fake_write(struct aspace *as, uaddr_t va, const void *buf, size_t n, uaddr_t *ret_fault,
		  bool *ret_bus);
/* Would this access fault? */
bool fake_faults(struct aspace *as, uaddr_t va, enum guest_access access);

/* --- trouble ---------------------------------------------------------------------------------- */

/* The next nr calls of map() (after skip good ones) return err; 0 ends it. */
void fake_fail_maps(struct aspace *as, unsigned int skip, unsigned int nr, int err);
/* map, unmap and protect return -ENOMEM when more than max maps would result, as the host does. */
void fake_set_max_maps(struct aspace *as, size_t max);
/* The host process died with this wait status: run() returns -ESRCH, aspace_dead() tells. */
void fake_kill(struct aspace *as, int status);

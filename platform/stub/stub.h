/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stubs: the host processes whose address spaces are the guests'. Shared by all backends that run
 * guest code in a process (ptrace, systrap). A stub_system is the zygote, its descriptor table, the
 * pool of fresh stubs; a stub is one process with its agent. See README.md.
 *
 * Locking: stub.lock (LC_PLATFORM_SLOT) is held from posting a command that must be acknowledged
 * until it is: it may sleep. stub_system.lock (LC_PLATFORM) guards pool and numbers; zygote_lock,
 * taken inside either, one conversation with the zygote.
 */
#pragma once

#include <platform/platform.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "slot.h"

#define STUB_MAX 16384 /* at the same time */

struct stub_system;

/* A file with a number in the stubs' descriptor table. */
struct platform_file {
	struct stub_system *sys;
	atomic_uint nr_refs;   /* the caller's and one per command in flight that names it */
	int fd;                /* owned, -1 once the zygote has it; guarded by sys->zygote_lock */
	int number;            /* in the zygote's table, -1 before; set once, guarded likewise */
	struct list_head link; /* in sys->new_files until it has a number */
};

struct stub {
	struct stub_system *sys;
	struct list_head link; /* pool */
	unsigned int index;
	int pid, pidfd;
	struct stub_cmd_page *cmd; /* the sentry's mappings: shared with the stub */
	struct stub_reply_page *reply;
	atomic_bool dead; /* reaped; status is valid */
	int status;

	struct mutex lock;                   /* LC_PLATFORM_SLOT */
	struct platform_file *pf[STUB_RING]; /* references of commands not reaped yet */
	uint32_t reaped;                     /* commands whose result was looked at */
	int first_err;                       /* of posted commands since the last sync */
	atomic_uint posted;                  /* commands posted: what cmd->posted says */
	atomic_uint barrier; /* guests go on only when this many commands are done */
	/* posted at the last wake of the agent; racy reads are harmless */
	uint32_t woken;
	/* a clone was posted when the stub was made, nobody took it yet */
	struct stub_result first_result; /* of the clone that the pool posted, once reaped */
	bool first_thread;
	unsigned int nr_slots; /* slots that were ever used: 0 .. nr - 1 */
};

struct stub_vdso {
	uint64_t size; /* of [vvar] and [vdso] together, 0: not kept */
	uint64_t clock_gettime, clock_getres, gettimeofday, time, getcpu; /* in a stub; 0: none */
};

/* Addresses in the image. */
const struct stub_image_header *stub_image_header(void);

/* slots: guest threads are systrap's. */
int stub_system_new(const struct platform_params *params, bool slots, struct stub_system **ret_sys);
void stub_system_free(struct stub_system *sys);
/* All of it runs on one CPU now: nobody looks for an answer there, who waits sleeps. */
void stub_one_cpu(struct stub_system *sys, bool one);
/* How often somebody slept until an agent was done. */
uint32_t stub_nr_waits(struct stub_system *sys);
void stub_system_limits(struct stub_system *sys, struct platform_limits *ret_limits);

int stub_file_new(struct stub_system *sys, int fd, struct platform_file **ret_pf);
void stub_file_put(struct platform_file *pf);

/* A fresh stub that never ran guest code. */
int stub_get(struct stub_system *sys, struct stub **ret_s);
/* SIGKILL; does not wait. */
void stub_kill(struct stub *s);
/*
 * True once the process is dead and reaped. Threads traced by anybody must have been waited for.
 * With block: kills nothing, waits.
 */
bool stub_reap(struct stub *s, bool block);
/* Of a dead stub. */
void stub_free(struct stub *s);

/* --- commands: agent.c. -ESRCH when the stub died. --- */
int stub_map(struct stub *s, uaddr_t va, size_t size, struct platform_file *pf, uint64_t off,
	     int prot, unsigned int flags);
int stub_unmap(struct stub *s, uaddr_t va, size_t size);
/* Posted: all that stub_map() put there goes; guests wait for it. Refused: the stub is killed. */
int stub_clear(struct stub *s);
/* prot: with PF_PROT_POST and PF_PROT_FENCE. */
int stub_protect(struct stub *s, uaddr_t va, size_t size, int prot);
int stub_sync(struct stub *s);
/*
 * The host's futex call by the agent, with val, val2, val3 in the kernel's order; op is one of the
 * filter's agent_ops. How many threads it met, at most 4095 are told; or -errno.
 */
long stub_futex_call(struct stub *s, uaddr_t addr, uint32_t op, const uint32_t val[3],
		     uaddr_t addr2);
/*
 * A new guest thread in the parking loop, or at its first event in slot n: its host thread id. The
 * first of a stub must be n == 0.
 */
int stub_clone_thread(struct stub *s, unsigned int n);
/* The sentry's view of slot n; clean, and what the stub needs at its start is in it. */
void stub_slot_prepare(struct stub *s, unsigned int n);
/* Tells the agent about commands posted since the last wake. */
void stub_flush(struct stub *s);

/* Number of commands posted; and whether all of the first n are done. */
static inline uint32_t stub_posted(struct stub *s)
{
	return atomic_load_explicit(&s->posted, memory_order_acquire);
}
bool stub_done(struct stub *s, uint32_t n);
/* Waits until the first n commands are done; does not look at their results. */
int stub_wait(struct stub *s, uint32_t n);
/* May one of the commands posted after the first `since` be about addr? */
bool stub_touched(struct stub *s, uint32_t since, uaddr_t addr);
/* Before guest code goes on: wakes the agent, and waits for commands that replaced something. */
int stub_before_run(struct stub *s);

static inline struct slot *stub_slot(const struct stub *s, unsigned int n);
static inline struct slot_ro *stub_slot_ro(const struct stub *s, unsigned int n);

/* --- inside platform/stub --- */

struct stub_system {
	int nr_cpus;
	atomic_bool one_cpu;
	atomic_uint nr_waits;
	int control; /* socket to the zygote */
	int zygote_pid, zygote_pidfd;
	int cmd_fd, reply_fd, slot_fd;
	struct stub_cmd_page *cmd; /* STUB_MAX of them */
	char *reply;
	bool want_slots;
	char *slots; /* STUB_MAX * SLOT_FILE, mostly holes; NULL without systrap */
	struct stub_vdso vdso;

	struct mutex zygote_lock; /* LC_PLATFORM_ZYGOTE: request and answer; new_files */
	struct list_head new_files;

	struct mutex lock; /* LC_PLATFORM */
	struct cond refill;
	unsigned long used[STUB_MAX / 8 / sizeof(long)]; /* indices in use */
	unsigned int next_index;
	struct list_head pool;
	unsigned int nr_pool, target;
	bool thread_started, closing;
	struct host_thread *thread;
};

int stub_zygote_start(struct stub_system *sys);
void stub_zygote_stop(struct stub_system *sys);
/* One pid or negative errno per index, in place. nr at most STUB_ZYGOTE_MAX. */
int stub_zygote_make(struct stub_system *sys, int *index_to_pid, unsigned int nr);
/* Gives pf and all other new files their numbers. */
int stub_zygote_send_files(struct stub_system *sys, struct platform_file *pf);
void stub_zygote_retire(struct stub_system *sys, int number);

/* Geometry of the running process's own [vvar] and [vdso]. */
int stub_vdso_find(uint64_t *ret_start, uint64_t *ret_size);
void stub_vdso_symbols(uint64_t new_start, uint64_t start, struct stub_vdso *v);

static inline struct slot *stub_slot(const struct stub *s, unsigned int n)
{
	return (struct slot *)(s->sys->slots + (size_t)s->index * SLOT_FILE +
			       (size_t)n * SLOT_SIZE);
}

static inline struct slot_ro *stub_slot_ro(const struct stub *s, unsigned int n)
{
	return (struct slot_ro *)((char *)stub_slot(s, n) + SLOT_RO);
}

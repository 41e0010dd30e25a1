/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform contract: address spaces and guest threads, and nothing else. A platform runs guest
 * code until something happens that the sentry must answer; it knows no tasks and no files and
 * never calls up. Backends are const tables listed in platform/registry.c.
 *
 * Units: addresses, sizes and offsets are bytes and page aligned. Errors: 0 or -errno. Ownership is
 * said at each call. Threads: every call may be made from any sentry thread unless it says
 * otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <platform/event.h>
#include <platform/regs.h>

#ifndef HUSK_UADDR_T
#define HUSK_UADDR_T
typedef uint64_t uaddr_t; /* a guest address: never dereferenced */
#endif

struct platform;      /* one per sandbox */
struct platform_file; /* a host file that can be mapped into address spaces */
struct aspace;        /* one guest address space: a stub process, or a set of page tables */
struct gthread;       /* one guest thread inside an aspace */
struct answers;       /* what a stub answers by itself: answers.h */
struct answers_space;

#define PF_PROT_READ  1 /* same values as PROT_* */
#define PF_PROT_WRITE 2
#define PF_PROT_EXEC  4
#define PF_PROT_POST  0x100 /* protect(): do not wait */
#define PF_PROT_FENCE                                                                              \
	0x200 /* with POST: any later run() of a thread of this aspace waits for it                \
	       */

/* map() flags */
#define PF_MAP_POPULATE 1u /* pages are known to be present: prefault the range */
#define PF_MAP_PRIVATE                                                                             \
	2u /* the file may never be written through this mapping (no PROT_WRITE is set ever) */
#define PF_MAP_FRESH 4u /* nothing is mapped anywhere in the range: guests may go on meanwhile */

/* What the backend needs besides the process it was started in; filled by boot before lock-down. */
struct platform_params {
	int nr_cpus;        /* CPUs the sandbox may use (affinity and quota) */
	bool patch;         /* rewriting of system call sites allowed (--no-patch clears it) */
	const char *device; /* /dev/kvm or NULL; opened by the launcher as device_fd */
	int device_fd;      /* consumed by open() when >= 0 */
	/* looks, 100 ms apart, that a kicked thread which gets no CPU may ignore; 0: 20 */
	unsigned int kick_looks;
};

struct platform_limits {
	uaddr_t min_addr; /* lowest address a guest may map */
	uaddr_t max_addr; /* first address it may not */
	/*
	 * The host's vDSO as every address space sees it, above max_addr, callable by guest code:
	 * entry points of the host's functions, 0 where there is none. The data behind them is the
	 * host's.
	 */
	uaddr_t vdso_clock_gettime, vdso_clock_getres, vdso_gettimeofday, vdso_time, vdso_getcpu;
	/*
	 * Where rewritten system call sites go, 0: none are to be rewritten. x86-64: it is jumped
	 * to with rcx = the address behind the site's instruction and r11 free to use; all other
	 * registers and the flags are as the guest had them. It comes back to rcx as a system call
	 * would, or run() reports GE_SYSCALL with that pc.
	 */
	uaddr_t syscall_entry;
};

struct platform_ops {
	const char *name;
	/*
	 * thread_new, run, fp_get, fp_set and thread_free of a thread may be called by any sentry
	 * thread, as long as it is one after another.
	 */
	bool threads_move;

	/*
	 * 0, or -errno saying why it cannot run here; ret_why is a static sentence. Needs no
	 * open().
	 */
	int (*probe)(const char **ret_why);

	/*
	 * Called once, in the still single-threaded, not yet locked-down sentry (after namespaces
	 * are made, before seccomp): forks the zygote where there is one.
	 */
	int (*open)(const struct platform_params *params, struct platform **ret_platform);
	void (*close)(struct platform *p);
	void (*limits)(struct platform *p, struct platform_limits *ret_limits);
	/* Optional: what it counted so far, for the debug log. */
	void (*log)(struct platform *p);

	/*
	 * Files. Makes a host descriptor of the sentry mappable (sends it to the zygote's table);
	 * fd stays the caller's. file_put drops the caller's reference; the stub side number is
	 * retired only after the last command that names it was acknowledged.
	 */
	int (*file_new)(struct platform *p, int fd, struct platform_file **ret_pf);
	void (*file_put)(struct platform_file *pf);

	/* An empty address space, holding no guest mapping. */
	int (*aspace_new)(struct platform *p, struct aspace **ret_as);
	/*
	 * All gthreads were freed before, or die with it. Returns after the host process is
	 * confirmed dead: its pages may then be freed.
	 */
	void (*aspace_free)(struct aspace *as);
	/*
	 * Optional: begins the end. No guest code runs in it soon after; aspace_free() is still to
	 * come, and waits less.
	 */
	void (*aspace_kill)(struct aspace *as);

	/*
	 * Posted: returns at once. Replaces whatever is there (MAP_FIXED); any later run() of a
	 * thread of this aspace then waits until it is done, since guest code might still see what
	 * was there before. With PF_MAP_FRESH nothing waits: a fault that comes early is retried
	 * inside run(). The mapping is MAP_SHARED of pf at off. A refusal by the host (-ENOMEM: map
	 * count) shows up in sync().
	 */
	int (*map)(struct aspace *as, uaddr_t va, size_t size, struct platform_file *pf,
		   uint64_t off, int prot, unsigned int flags);
	/*
	 * Optional. Posted: takes away everything the guest has, for exec to start over in the same
	 * host process; nothing is left of it after sync(), and later run()s wait for that. A
	 * refusal by the host ends the aspace. -EBUSY: it had more than one thread.
	 */
	int (*clear)(struct aspace *as);
	/* Acknowledged: on return no guest thread can reach the range any more. */
	int (*unmap)(struct aspace *as, uaddr_t va, size_t size);
	/*
	 * Acknowledged. With PF_PROT_POST in prot only posted: for what adds rights, and for
	 * several that one sync() ends; errors then show up there.
	 */
	int (*protect)(struct aspace *as, uaddr_t va, size_t size, int prot);
	/*
	 * Waits until all posted work of the aspace is done; returns the first error met since the
	 * last sync. A map that the host refuses (-EACCES: noexec mount, -ENOMEM: map count) shows
	 * up here only: a fault reported for a page that was mapped is the moment to ask.
	 */
	int (*sync)(struct aspace *as);
	/* Optional: is all posted work done, so that sync() will not wait? */
	bool (*idle)(struct aspace *as);
	/* Optional: what is posted may begin now rather than with the next run(). */
	void (*flush)(struct aspace *as);

	/*
	 * A guest thread with a clean register file. The sentry thread that will call run() must be
	 * the one that calls thread_new, run, fp_get, fp_set and thread_free (ptrace binds tracer
	 * and tracee), unless threads_move.
	 */
	int (*thread_new)(struct aspace *as, struct gthread **ret_th);
	void (*thread_free)(struct gthread *th);

	/*
	 * Optional. The sentry thread that serves th is about to sleep, for something else than
	 * run(): nothing need be ready for a quick next run(). Same thread as run().
	 */
	void (*thread_idle)(struct gthread *th);

	/*
	 * Optional. As run(), for a thread's first time, but does not wait: the next run() does,
	 * and is told the event. False: nothing was done. By any sentry thread, before the one that
	 * serves th calls run().
	 */
	bool (*start)(struct gthread *th, struct regs *r);

	/*
	 * Optional, both: where the platform lets a stub answer calls by itself
	 * (platform/answers.h). False or NULL: not here. answers: valid until thread_free; the
	 * platform has filled in what it knows (addresses of functions), the rest is the caller's.
	 */
	bool (*answers)(struct gthread *th, struct answers *ret);
	struct answers_space *(*answers_space)(struct aspace *as);
	/*
	 * Where answers() is: threads of as that sleep on private futexes in their stub, and the
	 * host's futex call on them (LX_FUTEX_WAKE_BITSET, _REQUEUE or _CMP_REQUEUE; val, val2,
	 * val3): how many it met, at most 4095; -errno, -ESRCH when the stub is gone.
	 */
	struct answers_waits *(*answers_waits)(struct aspace *as);
	long (*futex)(struct aspace *as, uaddr_t addr, uint32_t op, const uint32_t val[3],
		      uaddr_t addr2);

	/*
	 * Runs guest code with *r until it traps or is kicked; *r and *ev are then set. Returns 0,
	 * or -ESRCH when the host thread is gone (stub killed by the host: treat as SIGKILL of
	 * every process sharing the aspace; ret_status of aspace_dead says how).
	 */
	int (*run)(struct gthread *th, struct regs *r, struct guest_event *ev);
	/*
	 * After an event that was partial: all registers but those that it gave. May be NULL. Same
	 * thread as run().
	 */
	void (*regs_get)(struct gthread *th, struct regs *r);
	/*
	 * Makes the present or the next run() of th return GE_KICKED soon. Any thread, any time
	 * between thread_new and thread_free, also while th is not running. An unanswered kick
	 * kills the aspace after 2 s.
	 */
	void (*kick)(struct gthread *th);

	/*
	 * Floating point and vector state, in the kernel's own layout of a signal frame (x86-64:
	 * XSAVE image with its software-reserved bytes; arm64: the fpsimd/sve records). fp_size
	 * gives the room needed. fp_set validates headers and refuses (-EINVAL) what hardware would
	 * fault on.
	 */
	size_t (*fp_size)(struct platform *p);
	int (*fp_get)(struct gthread *th, void *buf, size_t size);
	int (*fp_set)(struct gthread *th, const void *buf, size_t size);
	/* Back to the state of a fresh process (exec). */
	int (*fp_reset)(struct gthread *th);

	/* True once the host process behind the aspace died by itself; wait status of it. */
	bool (*aspace_dead)(struct aspace *as, int *ret_status);
	/*
	 * Host process behind the aspace, in the sentry's pid namespace; 0: none. For logs and
	 * tests.
	 */
	int (*aspace_pid)(struct aspace *as);

	/* CPU time consumed by the host thread of th, in ns. */
	int (*thread_cputime)(struct gthread *th, uint64_t *ret_user_ns, uint64_t *ret_sys_ns);
	/* Restrict to CPUs; mask in the host's numbering. */
	int (*thread_affinity)(struct gthread *th, const uint64_t *mask, size_t nr_words);
};

struct platform {
	const struct platform_ops *ops;
};

/* By name ("ptrace", "fake", "auto"); NULL if there is none. "auto" picks the best that probes. */
const struct platform_ops *platform_find(const char *name);
/* n-th backend, NULL past the end: for listings. */
const struct platform_ops *platform_at(unsigned int n);

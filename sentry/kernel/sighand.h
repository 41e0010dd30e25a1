/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal actions, queue entries and the sets that say what a signal does by default. Shared by the
 * files about signals (signal.c, sigdeliver.c, posix_timer.c, syscalls/signal.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/signal.h>
#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

#include "kernel/task.h"

struct ucount;

struct sighand {
	struct ref ref;
	struct mutex lock;                       /* LC_SIGHAND */
	struct lx_sigaction action[LX_NSIG + 1]; /* by signal number; GUARDED_BY(lock) */
};

struct sigqueue {
	struct list_head link;
	struct lx_siginfo info;
	struct ucount *uc; /* owned: counted against RLIMIT_SIGPENDING; NULL for preallocated ones
			    */
	/*
	 * Preallocated entries (POSIX timers): taken is called, siglock held, when the signal is
	 * dequeued (info is the copy the receiver gets) or flushed (info NULL). NULL: the entry is
	 * freed.
	 */
	void (*taken)(struct sigqueue *q, struct lx_siginfo *info);
};

#define SIGSET_KERNEL_ONLY (LX_SIGMASK(LX_SIGKILL) | LX_SIGMASK(LX_SIGSTOP))
#define SIGSET_STOP                                                                                \
	(LX_SIGMASK(LX_SIGSTOP) | LX_SIGMASK(LX_SIGTSTP) | LX_SIGMASK(LX_SIGTTIN) |                \
	 LX_SIGMASK(LX_SIGTTOU))
#define SIGSET_COREDUMP                                                                            \
	(LX_SIGMASK(LX_SIGQUIT) | LX_SIGMASK(LX_SIGILL) | LX_SIGMASK(LX_SIGTRAP) |                 \
	 LX_SIGMASK(LX_SIGABRT) | LX_SIGMASK(LX_SIGFPE) | LX_SIGMASK(LX_SIGSEGV) |                 \
	 LX_SIGMASK(LX_SIGBUS) | LX_SIGMASK(LX_SIGSYS) | LX_SIGMASK(LX_SIGXCPU) |                  \
	 LX_SIGMASK(LX_SIGXFSZ))
#define SIGSET_DFL_IGNORE                                                                          \
	(LX_SIGMASK(LX_SIGCONT) | LX_SIGMASK(LX_SIGCHLD) | LX_SIGMASK(LX_SIGWINCH) |               \
	 LX_SIGMASK(LX_SIGURG))
#define SIGSET_SYNCHRONOUS                                                                         \
	(LX_SIGMASK(LX_SIGSEGV) | LX_SIGMASK(LX_SIGBUS) | LX_SIGMASK(LX_SIGILL) |                  \
	 LX_SIGMASK(LX_SIGTRAP) | LX_SIGMASK(LX_SIGFPE) | LX_SIGMASK(LX_SIGSYS))

static inline bool sigset_has(ksigset_t set, int sig)
{
	return set & LX_SIGMASK(sig);
}
static inline bool sig_valid(int sig)
{
	return sig > 0 && sig <= LX_NSIG;
}

int sighand_new(struct sighand **ret_sh);
int sighand_copy(struct sighand *src, bool clear_handlers, struct sighand **ret_sh);
struct sighand *sighand_get(struct sighand *sh);
void sighand_put(struct sighand *sh);
/* exec: handlers become default, ignored ones stay so. */
void sighand_reset(struct sighand *sh);
struct lx_sigaction sighand_action(struct sighand *sh, int sig);

/* rt_sigaction: act NULL only asks. The caller checked the number. */
void signal_set_action(struct task *t, int sig, const struct lx_sigaction *act,
		       struct lx_sigaction *ret_old);

/* --- siglock held --- */
void sigpending_init(struct sigpending *p);
void sigpending_flush(struct sigpending *p);
void sigpending_discard(struct sigpending *p, ksigset_t set);
int signal_send_locked(struct task *t, int sig, const struct lx_siginfo *info, bool group);
/* Queues a preallocated entry: 0, 1 when it was queued already (an overrun), 2 when it was ignored.
 */
int signal_queue_prealloc_locked(struct task *t, struct sigqueue *q, bool group);
/* Takes it off again, without calling taken. t: whose it is, NULL the group's. */
void signal_unqueue_prealloc_locked(struct tgroup *tg, struct task *t, struct sigqueue *q);
int signal_dequeue_locked(struct task *t, ksigset_t mask, struct lx_siginfo *ret_info);
/* Sets or clears TW_SIGNAL of t. */
void signal_recalc_locked(struct task *t);
/* t is about to exit or to block newly: others in the group take what it would have taken. */
void signal_retarget_locked(struct task *t, ksigset_t which);
void tgroup_exit_locked(struct tgroup *tg, int wait_status);

/* --- sigdeliver.c --- */
/* All that TW_SIGNAL, TW_STOP and TW_KILL ask for. False: the task must exit now. */
bool signal_handle(struct task *t);
/* Sentry-side rt_sigreturn: restores from the frame at sp; a bad frame forces SIGSEGV. The value
 * for the result register. */
long signal_return(struct task *t);

/* --- arch/ARCH/sigframe.c --- */
struct sigframe_req {
	int sig;
	const struct lx_siginfo *info;
	const struct lx_sigaction *act;
	ksigset_t oldmask;
};
/* Writes the frame and points t->regs at the handler. -EFAULT. */
int sigframe_setup(struct task *t, const struct sigframe_req *req);
/* Reads the frame that regs point at into regs, FP, altstack; *ret_mask. -EFAULT, -EINVAL. */
int sigframe_restore(struct task *t, ksigset_t *ret_mask);
/* The number of restart_syscall(2). */
uint64_t sigframe_restart_sysno(void);
/* Stack pointer to start a frame at for act: altstack or not. red_zone is what must stay below sp.
 * -EFAULT for an overflow of the altstack. */
int sigframe_stack(struct task *t, const struct lx_sigaction *act, uint64_t red_zone,
		   uint64_t size_min, uaddr_t *ret_sp);
bool task_on_altstack(const struct task *t, uaddr_t sp);
void task_altstack_fill(const struct task *t, uaddr_t sp, struct lx_sigaltstack *ret_ss);
/* sigaltstack(2) and what rt_sigreturn does of it. min: MINSIGSTKSZ. */
int task_altstack_set(struct task *t, const struct lx_sigaltstack *ss, uaddr_t sp, uint64_t min);

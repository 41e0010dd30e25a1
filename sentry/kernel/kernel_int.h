/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of sentry/kernel share with each other and nobody else.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/errno.h>
#include <abi/linux/resource.h>
#include <abi/linux/signal.h>
#include <abi/linux/wait.h>
#include <host/host.h>

#include "kernel/kernel.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/sighand.h"
#include "kernel/task.h"
#include "kernel/ucount.h"
#include "lock_class.h"

static inline const struct platform_ops *plat_ops(const struct task *t)
{
	return t->kernel->config.platform->ops;
}

/* --- task.c --- */
/* A task with everything zero, lists and locks ready and one reference; no number yet. */
int task_alloc(struct kernel *k, struct task **ret_t);
int tgroup_alloc(struct kernel *k, struct container *ct, struct tgroup **ret_tg);
/* Puts t, with its number, into the tree: visible from now on. tasklist and siglock held. */
void task_publish_locked(struct task *t);
/* Takes t out of the group and the pid table; drops the table's reference. tasklist held. */
void task_unpublish_locked(struct task *t);
void tgroup_publish_locked(struct tgroup *tg, struct tgroup *parent, struct pgroup *pg,
			   struct session *s);
void tgroup_unpublish_locked(struct tgroup *tg);
void task_kick(struct task *t);                             /* out of the guest, if it is there */
void task_add_work_bits(struct task *t, unsigned int bits); /* and wakes or kicks */

void task_set_current(struct task *t);

/* --- task_run.c --- */
void task_run(struct task *t); /* until the task has to end; then call task_exit */
int task_gthread_new(struct task *t);
/*
 * Starts t's sentry thread and waits until it has its guest thread (or start_fn ran). 0: it waits
 * for go or abort. Otherwise the error, and the thread ends by itself.
 */
int task_thread_start(struct task *t);
void task_thread_go(struct task *t);
void task_thread_abort(struct task *t);
/* After abort or a failed start: waits until its guest thread is freed. */
void task_thread_join_gthread(struct task *t);
void task_gthread_free(struct task *t);

/* --- task_exit.c --- */
void task_exit(struct task *t);       /* on its own thread; t is only a memory block afterwards */
void task_mm_release(struct task *t); /* robust list, clear_child_tid: before exit or exec leaves
					 the mm */
void vfork_done(struct task *t);
/* si_code and si_status of a wait status. */
void child_status_info(int status, struct lx_siginfo *info);
/* Wait status of a whole group. tasklist held. */
int tgroup_exit_code_locked(struct tgroup *tg);
/* Frees a zombie that was waited for. tasklist held. */
void tgroup_reap_locked(struct tgroup *tg);
/* It goes: it is no longer the first of its container or of its numbers. */
void tgroup_forget_first_locked(struct tgroup *tg);
/* A stop or continue of tg is told to its parent. tasklist held. */
void notify_parent_cldstop_locked(struct tgroup *tg, int why);

/* --- task_block.c --- */
/* Sleeps until woken; interrupted by the given TW_* bits only. */
int task_block_bits(struct task *t, int64_t deadline_ns, unsigned int bits, char state);

/* --- usage.c --- */
struct cputime {
	uint64_t utime_ns, stime_ns;
};
void task_cputime(struct task *t, struct cputime *ret);             /* any thread */
void tgroup_cputime(struct tgroup *tg, struct cputime *ret);        /* takes tasklist */
void tgroup_cputime_locked(struct tgroup *tg, struct cputime *ret); /* tasklist held */
void usage_fold_dead_locked(struct task *t);                        /* tasklist held */
void usage_fold_child_locked(struct tgroup *parent, struct tgroup *child);
void usage_to_rusage(const struct lx_rusage_acc *u, struct lx_rusage *ret);
void usage_add(struct lx_rusage_acc *dst, const struct lx_rusage_acc *src);
void tgroup_rusage_locked(struct tgroup *tg, struct lx_rusage *ret);

/* --- itimer.c --- */
void itimers_exit(struct tgroup *tg);              /* the group is dead */
void itimers_exec(struct tgroup *tg);              /* POSIX timers go, interval timers stay */
void itimers_cpu_limit_changed(struct tgroup *tg); /* RLIMIT_CPU */

/* --- sigdeliver.c --- */
void signal_leave_stop(struct task *t); /* t exits: it no longer has to arrive at a group stop */

/* --- rseq.c --- */
void rseq_signal(struct task *t); /* a handler is about to run: abort a critical section */
void task_paused(struct task *t); /* with TW_PAUSE: returns when that is gone, or on death */
int rseq_fixup(struct task *t);   /* before the guest runs again after TW_RSEQ */
void rseq_clone(struct task *t, struct task *child, bool vm);

/* --- futex.c --- */
void futex_exit(struct task *t); /* robust list and PI state, while the mm is still there */
int futex_wake_addr(struct task *t, uaddr_t addr, int nr, bool shared);

/* --- sem undo, sentry/ipc --- an ops table since ipc is beside us */
struct ipc_hooks {
	void (*exit)(struct task *t); /* SEM_UNDO */
	int (*clone)(struct task *t, struct task *child, bool share);
};
extern const struct ipc_hooks *g_ipc_hooks;

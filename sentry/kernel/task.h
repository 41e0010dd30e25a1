/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks and thread groups: the guest's threads and processes, and the kernel that holds them all.
 *
 * One guest thread = one struct task = one sentry thread running task_run(). References: the pid
 * table, the thread group's list, the parent's children list (until reaped) and anyone who looked a
 * task up hold one each. Locking: kernel.tasklist_lock (LC_TASKLIST) guards the process tree,
 * groups, sessions and exit states; tgroup->siglock (LC_SIGNAL) guards everything about signals of
 * a group and its threads; task-private fields are touched by the owning thread only. Nothing here
 * may be called with a lock of a later class than LC_TASKLIST held unless it says so; the
 * signal_send_* family takes LC_SIGNAL and may be called under LC_TASKLIST.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/linux/resource.h>
#include <abi/linux/signal.h>
#include <base/auto.h>
#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>
#include <platform/answers.h>
#include <platform/platform.h>

#include "kernel/cred.h"
#include "mm/mm.h"
#include "vfs/file.h"
#include "vfs/mount.h"

struct fdtable;
struct kernel;
struct pgroup;
struct pid;
struct sysargs;
struct task_work;
struct itimers;
struct sem_undo;
struct ucount;
struct vfork_wait;
struct session;
struct sighand;
struct task;
struct tgroup;
struct tty;
struct uts_ns {
	struct ref ref;
	struct mutex lock;
	char nodename[65], domainname[65]; /* GUARDED_BY(lock) */
};

void uts_ns_put(struct uts_ns *uts); /* kernel/utsns.c; NULL is fine */
int uts_ns_new(const char *nodename, struct uts_ns **ret_uts);

typedef uint64_t ksigset_t; /* bit n-1 is signal n */

struct sigpending {
	ksigset_t set;
	struct list_head queue; /* struct sigqueue */
};

#define TASK_COMM_LEN 16

struct task {
	struct ref ref;
	struct kernel *kernel;    /* borrowed */
	struct tgroup *tg;        /* owned reference */
	int tid;                  /* tasklist; changes when a thread execs and becomes the leader */
	struct pid *pid;          /* owned reference */
	struct list_head tg_link; /* in tg->threads; g_tasklist */

	/* task-private (other threads read them only while the task is known stopped, or through
	 * accessors) */
	struct regs regs;
	bool regs_partial;  /* only number, arguments and result: task_regs_fill() first */
	struct gthread *gt; /* owned; NULL before the first run and after exit */
	struct mm *mm;      /* owned user; changes in exec, under task->lock for readers elsewhere
			       (task_mm_get) */
	const struct sysargs *cur_args;
	int cur_sysno;
	bool in_syscall; /* between a system call and the return to the guest: restarts are possible
			  */
	bool regs_replaced; /* the handler (exec, sigreturn) wrote all of regs: the dispatcher
			       leaves the result alone */
	struct restart_block {
		long (*fn)(struct task *t, struct restart_block *rb);
		int64_t deadline;
		uint64_t arg[6];
	} restart;
	struct {
		uint64_t addr, error_code;
		uint32_t trapno;
	} fault; /* of the last fault: for the signal frame */
	uaddr_t clear_child_tid, robust_list;
	uint64_t robust_list_len;
	uaddr_t rseq_addr;
	uint32_t rseq_len, rseq_sig;
	uint32_t personality;

	/* replaced as a whole under task->lock; the owner reads without it */
	struct mutex lock;        /* LC_TASK */
	struct fdtable *fds;      /* owned */
	struct fscontext *fs;     /* owned */
	struct cred *cred;        /* owned; others use task_cred_get */
	struct uts_ns *uts;       /* owned */
	char comm[TASK_COMM_LEN]; /* GUARDED_BY(lock) */

	/* signals: GUARDED_BY(tg->siglock) unless said otherwise */
	ksigset_t blocked;       /* written by the owner under the lock, read by it without */
	ksigset_t saved_blocked; /* task-private: to restore after sigsuspend and the like */
	bool restore_blocked;    /* task-private */
	ksigset_t real_blocked;  /* while in sigtimedwait */
	struct sigpending pending;
	uaddr_t altstack; /* task-private: sigaltstack */
	uint64_t altstack_size;
	int altstack_flags;
	_Atomic unsigned int work; /* TW_* bits: something to do before returning to the guest */
	_Atomic(struct task_work *) works; /* TW_EXTERN: newest first */

	/* sleeping: see task_block */
	_Atomic uint32_t wake_word; /* futex word: TASK_WAKE_* of task_block.c */
	_Atomic bool in_guest;      /* run() may have to be kicked */
	struct mutex kick_lock; /* LC_KICK: gt may be kicked while it is held and gt is not NULL */
	struct answers answers; /* what the stub answers by itself; kick_lock, and by the owner
				   without */
	_Atomic bool mask_live; /* the signal mask is the one in answers: see task_blocked() */
	_Atomic char state;     /* 'R' running, 'S' sleeping, 'D' killable wait, 'T' stopped, 't'
				   traced, 'Z', 'X' : for /proc */

	int exit_signal; /* leader: what the parent gets, 0 none; -1 for other threads. tasklist */
	int exit_code;   /* wait status; tasklist */
	bool exiting;    /* task_exit began: no longer a target for signals. siglock */
	bool dead;       /* past its own exit; the leader stays as a zombie. tasklist */
	int pdeath_signal;
	bool no_new_privs;
	bool vfork_child;
	struct vfork_wait *vfork; /* whom to release on exec or exit */
	uint64_t start_ns;        /* CLOCK_BOOTTIME */
	struct lx_rusage_acc {
		_Atomic uint64_t utime_ns, stime_ns, minflt, majflt, nvcsw, nivcsw, inblock,
			oublock;
	} usage;
	int nice, sched_policy, sched_prio;
	uint16_t ioprio;      /* ioprio_set(2); inherited */
	uint16_t mpol_mode;   /* set_mempolicy(2): LX_MPOL_* with mode flags; inherited */
	uint32_t prctl_state; /* PRCTL_* bits of syscalls/prctl.c; inherited */
	uint64_t mpol_nodes;
	bool sched_reset_on_fork;
	uint64_t parent_exec_id;
	uint64_t affinity[16]; /* CPUs 0..1023; g_tasklist */
	uint64_t timer_slack_ns;
	void *ptrace; /* tracer state (kernel/ptrace.c), a later step */
	/* owned: newest of the guest's filters (kernel/seccomp.h) */
	struct seccomp_filter *_Atomic seccomp;
	_Atomic uint8_t seccomp_mode; /* LX_SECCOMP_MODE_*; written as seccomp is */
	void *sched_extra;
	struct ucount *ucount;       /* owned: whom this task is counted for (RLIMIT_NPROC) */
	bool pi_gone;                /* no PI futex may name it as owner any more: futex_pi.c */
	struct sem_undo *sem_undo;   /* owned; SysV SEM_UNDO list, shared with CLONE_SYSVSEM */
	_Atomic uint32_t start_word; /* start handshake: task_run.c */
	int start_err;
	bool start_aborted;
	int (*start_fn)(struct task *t);
	void *start_fp, *start_arg; /* FP state to start with, owned until then */
	size_t start_fp_size;
	bool prestarted;      /* its guest code runs already: the next run() only waits for it */
	int host_tid;         /* sentry thread, for its CPU time; 0 before it runs */
	uint64_t host_cpu_ns; /* what of that was others' before; const then */
};

/* task.work bits */
#define TW_SIGNAL 1u  /* a deliverable signal may be pending */
#define TW_KILL   2u  /* must exit: group exit or SIGKILL */
#define TW_STOP   4u  /* group stop in progress */
#define TW_EXTERN 8u  /* callbacks queued by task_work_add */
#define TW_EXIT   16u /* this thread asked for its own end (exit(2)); exit_code is set */
#define TW_PAUSE  64u /* stays here until it is resumed: pause.c */
#define TW_RSEQ   32u /* was preempted or migrated: rseq fields are to be brought up to date */

enum tgroup_stop { TG_RUNNING, TG_STOPPING, TG_STOPPED };

struct tgroup {
	struct ref ref;
	struct kernel *kernel;
	int tgid;                         /* tid of the leader */
	struct task *leader;              /* g_tasklist; changes on exec by a thread */
	struct list_head threads;         /* tasks; g_tasklist */
	unsigned int nr_threads, nr_live; /* in the list; not yet dead. tasklist */
	unsigned int nr_running;          /* not yet exiting: siglock */
	struct tgroup *parent; /* g_tasklist; borrowed: children are reparented before a parent goes
				*/
	struct list_head children, sibling;
	struct list_head table_link; /* all groups */
	struct pgroup *pgrp;         /* owned; g_tasklist */
	struct session *session;     /* owned; g_tasklist */
	struct list_head pgrp_link;
	int parent_tid; /* which thread of parent: for __WNOTHREAD and PDEATHSIG. tasklist */
	bool zombie;    /* all threads gone, wait may reap. tasklist */
	bool child_subreaper, has_child_subreaper, did_exec, is_init;
	bool unkillable;        /* init: signals without a handler are dropped unless they come from
				   outside */
	bool exiting;           /* group exit under way: siglock */
	int group_exit_code;    /* wait status */
	struct task *exec_task; /* de-threading exec under way: siglock */
	unsigned int nr_exec_wait; /* threads exec_task waits for: siglock */

	struct mutex siglock;    /* LC_SIGNAL */
	struct sighand *sighand; /* owned; replaced by exec under siglock */
	struct waitq signal_wq;  /* signalfd: a signal was queued for a thread or the group */
	struct sigpending shared_pending;
	enum tgroup_stop stop_state;
	int stop_signal;
	bool stop_wait, cont_wait; /* wait4 has a stop or a continue to report */
	bool cont_notify;          /* SIGCONT ended a stop: some thread tells the parent */
	unsigned int cont_seq;     /* counts SIGCONTs */
	int cont_why;              /* LX_CLD_CONTINUED or, cut short, LX_CLD_STOPPED */
	unsigned int nr_stop_left;
	struct waitq wait_children; /* wait4: a child of this group changed */
	struct waitq exit_wq;       /* pidfds poll this */

	struct mutex limit_lock; /* LC_RLIMIT */
	struct lx_rlimit rlim[LX_RLIM_NLIMITS];
	struct lx_rusage_acc dead_usage, child_usage; /* dead threads; waited-for children.
							 g_tasklist */
	uint64_t maxrss_kb, child_maxrss_kb;          /* tasklist */
	struct itimers *itimers; /* kernel/itimer.c: ITIMER_* and POSIX timers, lazily, owned */
	_Atomic int oom_score_adj;
	_Atomic uint32_t membarrier; /* MEMBARRIER_CMD_REGISTER_* done; exec clears */
	int dumpable;
	uint64_t exec_id;
	struct container *container; /* owned, const */
};

struct kernel; /* see kernel/kernel.h */

/* --- current --- */
struct task *task_current(void); /* the task whose thread this is; NULL on service threads */

static inline struct task *task_get(struct task *t)
{
	ref_get(&t->ref);
	return t;
}
void task_put(struct task *t);
/* t is the caller: all of t->regs from here on, not only those of the call under way. */
void task_regs_fill(struct task *t);
DEFINE_AUTO_PUT(task)
struct tgroup *tgroup_get(struct tgroup *tg);
void tgroup_put(struct tgroup *tg);
DEFINE_AUTO_PUT(tgroup)
/* By number in the caller's pid namespace. Referenced, or NULL. */
struct task *task_find(struct kernel *k, int tid);
struct tgroup *tgroup_find(struct kernel *k, int tgid);
struct mm *task_mm_get(struct task *t);        /* referenced; NULL for a zombie */
struct cred *task_cred_get(struct task *t);    /* referenced */
struct fdtable *task_fds_get(struct task *t);  /* referenced; NULL for a zombie */
struct fscontext *task_fs_get(struct task *t); /* referenced; NULL for a zombie */
void task_comm_get(struct task *t, char ret_comm[TASK_COMM_LEN]);
void task_set_comm(struct task *t, const char *comm);
void task_drop_sem_undo(struct task *t); /* as at exit: does what SEM_UNDO promised */
void task_set_cred(struct task *t, struct cred *c /* consumed */);
uint64_t task_rlimit(struct task *t, unsigned int res); /* soft limit */
bool task_capable(struct task *t, unsigned int cap);
/* May t inspect other (ptrace access mode read)? 0 or -EPERM. */
int task_may_access(struct task *t, struct task *other);

/* --- sleeping --- */
/*
 * A task sleeps like this: add waiters whose fn calls task_wake(t) (struct task_waiter does), check
 * the condition, and if it is not met task_block(). 0: woken (check again, spurious wakes are
 * allowed); -ETIMEDOUT; -ERESTARTSYS: a signal is deliverable or the group exits. deadline:
 * CLOCK_MONOTONIC ns, INT64_MAX for none. killable: only SIGKILL interrupts.
 */
#define TASK_NO_DEADLINE INT64_MAX
int task_block(struct task *t, int64_t deadline_ns);
int task_block_killable(struct task *t, int64_t deadline_ns);
void task_wake(struct task *t);
/* Woken, but its thread has not gone on yet. */
bool task_woken(struct task *t);
bool task_interrupted(struct task *t); /* a signal to deliver, or exit */
bool task_killed(struct task *t);      /* SIGKILL or group exit: killable waits end */
/* Runs fn(t, arg) on t's own thread before it returns to the guest. The caller owns w until then.
 */
struct task_work {
	struct task_work *next;
	void (*fn)(struct task *t, struct task_work *w);
};
void task_work_add(struct task *t, struct task_work *w);

struct task_waiter {
	struct waiter w;
	struct task *t;
};
void task_waiter_init(struct task_waiter *tw, struct task *t, uint32_t mask);
/*
 * Loop used by every blocking call: waits on q until cond(arg) returns other than -EAGAIN,
 * honouring signals and the deadline; returns what cond gave, or -ERESTARTSYS, or -ETIMEDOUT.
 */
long task_wait_until(struct task *t, struct waitq *q, uint32_t mask, int64_t deadline_ns,
		     long (*cond)(void *arg), void *arg);

/* --- guest memory of the current task --- */
static inline int copyin(struct task *t, void *dst, uaddr_t src, size_t n)
{
	return mm_copyin(t->mm, dst, src, n);
}
static inline int copyout(struct task *t, uaddr_t dst, const void *src, size_t n)
{
	return mm_copyout(t->mm, dst, src, n);
}
static inline ssize_t copyin_str(struct task *t, char *dst, uaddr_t src, size_t n)
{
	return mm_copyin_str(t->mm, dst, src, n);
}
/* Path argument: allocates LX_PATH_MAX at most; -EFAULT, -ENAMETOOLONG, -ENOMEM. *ret_path is owned
 * by the caller (free). */
int copyin_path(struct task *t, uaddr_t src, char **ret_path);
/* iovec array: checks count (IOV_MAX) and total size (< SSIZE_MAX); uses inline_seg[] of 8 when it
 * fits. *ret_seg must be freed if != inline_seg */
int copyin_iovec(struct task *t, uaddr_t iov, unsigned long nr, struct uio_seg *inline_seg,
		 struct uio_seg **ret_seg, struct uio *ret_uio);

/* Filled from the task; valid while the task's fs and cred do not change (the call). */
struct vfs_caller task_vfs_caller(struct task *t);
struct mm_limits task_mm_limits(struct task *t);

/* --- descriptors (kernel/fdtable.c) --- */
/* getrusage(2): who is LX_RUSAGE_*. -EINVAL. */
int task_getrusage(struct task *t, int who, struct lx_rusage *ret);
int fdtable_new(struct fdtable **ret_fds);
int fdtable_copy(struct fdtable *src, struct fdtable **ret_fds);
struct fdtable *fdtable_get(struct fdtable *fds);
void fdtable_put(struct fdtable *fds);
bool fdtable_shared(struct fdtable *fds); /* someone else holds it too */
#define LX_FD_CLOEXEC_FLAG 1
/* Lowest free descriptor >= min below the RLIMIT_NOFILE of the current task; f's reference is not
 * consumed. */
int fd_install(struct fdtable *fds, struct file *f, int fd_flags);
/* A descriptor is free now: open(2) gives EMFILE before it looks at the name. */
bool fd_room(struct fdtable *fds);
int fd_install_min(struct fdtable *fds, int min, struct file *f, int fd_flags);
int fd_install_at(struct fdtable *fds, int fd, struct file *f, int fd_flags); /* dup2: closes what
										 was there */
/* Referenced file, NULL: EBADF. O_PATH files are returned only by fd_get_any. */
struct file *fd_get(struct fdtable *fds, int fd);
struct file *fd_get_any(struct fdtable *fds, int fd);
int fd_close(struct fdtable *fds, int fd);
int fd_close_range(struct fdtable *fds, unsigned int first, unsigned int last, bool cloexec_only);
int fd_get_flags(struct fdtable *fds, int fd);
int fd_set_flags(struct fdtable *fds, int fd, int fd_flags);
/* First open descriptor >= fd: for /proc/pid/fd. -1 at the end; *ret_file referenced. */
int fd_next(struct fdtable *fds, int fd, struct file **ret_file, int *ret_flags);
void fd_close_on_exec(struct fdtable *fds);

/* --- signals (kernel/signal.c) --- */
struct lx_siginfo;
/* To one thread, or to its group. info NULL: SI_KERNEL. No permission check. */
int signal_send_task(struct task *t, int sig, const struct lx_siginfo *info);
int signal_send_tgroup(struct tgroup *tg, int sig, const struct lx_siginfo *info);
int signal_send_pgrp(struct pgroup *pg, int sig, const struct lx_siginfo *info);
/* Synchronous fault: cannot be ignored or blocked. */
void signal_force(struct task *t, int sig, const struct lx_siginfo *info);
bool signal_may_send(struct task *from, struct task *to, int sig);
void signal_set_blocked(struct task *t, ksigset_t set);
bool signal_is_ignored(struct tgroup *tg, int sig);
/* What /proc/<pid>/status says of the signals of t. */
struct signal_proc_info {
	ksigset_t pending, shared_pending, blocked, ignored, caught;
	unsigned int nr_queued;
};
void signal_proc_info(struct task *t, struct signal_proc_info *ret_info);

/*
 * signalfd, sigtimedwait: takes the next signal of mask that is pending for t or its group. Signal
 * number and *ret_info, or 0. Poll with tg->signal_wq and signal_pending_set().
 */
int signal_dequeue(struct task *t, ksigset_t mask, struct lx_siginfo *ret_info);
ksigset_t signal_pending_set(struct task *t); /* thread's and group's, blocked or not */

/*
 * The contract with the system call layer (kernel.h: kernel_upcalls.syscall): the dispatcher stores
 * a handler's result with regs_set_ret(), -LX_ERESTART* codes included, unless t->regs_replaced was
 * set (it clears it); signal delivery then restarts or turns the code into -EINTR.
 * restart_syscall(2) is task_restart_syscall().
 */
long task_restart_syscall(struct task *t);

/* --- life and death --- */
/* The calling task ends when it is back in task_run(): handlers return after this (any value). */
void task_exit_request(struct task *t, int wait_status);
void tgroup_exit(struct tgroup *tg, int wait_status); /* marks and wakes; the caller's task exits on
							 its way out */

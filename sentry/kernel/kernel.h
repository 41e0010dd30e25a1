/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel of one sandbox: the pid table, init, and the objects that exist once. Made by boot,
 * which then starts the first task and waits for its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/list.h>
#include <base/lock.h>

#include "kernel/task.h"

struct container;
struct exec_image;
struct exec_request;

/* What the kernel asks of the layers above it. boot fills this in. */
struct kernel_upcalls {
	void (*syscall)(struct task *t); /* answers the call in t->regs; see task.h */
	/* Builds the program of a new process (kernel/exec.h). 0 or the errno of execve.
	 * syscalls/exec.c: exec_load_request */
	int (*exec_load)(struct task *t, const struct exec_request *req,
			 struct exec_image *ret_img);
	/* The first process was stopped by sig (job control). Quick; the tasklist lock is held. May
	 * be NULL. */
	void (*init_stopped)(int sig);
	/* For --strace, on the task's own thread with no lock held. May be NULL. */
	void (*signal_taken)(struct task *t, const struct lx_siginfo *info); /* before it acts */
	void (*task_sleeps)(struct task *t);
	void (*task_ended)(struct task *t, int wait_status);
};

/* A call that the stub may answer, and by which ANSWER_*. */
struct answered_call {
	uint32_t nr, answer;
};

struct kernel_config {
	uint32_t audit_arch;                  /* LX_AUDIT_ARCH_* of the guest's ABI */
	const struct answered_call *answered; /* borrowed; nr_answered 0: nothing is known */
	unsigned int nr_answered;
	const struct kernel_upcalls *upcalls; /* borrowed */
	bool protect_init;         /* pid 1 gets only signals it handles, as in a pid namespace */
	struct platform *platform; /* borrowed */
	unsigned int nr_cpus;      /* what the guest sees */
	const char *hostname;
	bool strace;
	const char *strace_syscalls; /* comma separated, NULL all */
	uint64_t total_memory;       /* MemTotal for /proc/meminfo and sysinfo, bytes */
	uint64_t max_pids;           /* kernel.pid_max: numbers */
	/* of the container's cgroup as the guest sees it, 0: none (cpu: us) */
	uint64_t memory_max, pids_max, cpu_quota, cpu_period;
	uint64_t max_tasks; /* at the same time, 0: as many as there are numbers */
};

struct kernel {
	struct kernel_config config;
	struct mutex tasklist_lock; /* LC_TASKLIST */
	struct list_head tgroups;
	struct list_head containers;   /* tasklist */
	struct container *container;   /* the first. owned, const */
	_Atomic unsigned int nr_tasks; /* changes under the tasklist */
	uint64_t nr_forks;
	uint64_t boot_monotonic_ns, boot_realtime_ns;
	bool shutting_down;
	/* tasks asleep in task_block(); 1: whoever keeps an eye on memory waits until one wakes */
	_Atomic unsigned int nr_asleep;
	_Atomic uint32_t oom_word;
	bool oom_watched;                   /* boot's thread only */
	unsigned int nr_host_threads;       /* sentry threads of tasks not yet ended; tasklist */
	_Atomic uint32_t host_threads_word; /* futex word: changes when nr_host_threads falls to 0
					     */
	struct uts_ns *uts;                 /* borrowed from the first container */
	void *loadavg;
};

extern struct kernel *g_kernel; /* one sandbox, one kernel */

int kernel_new(const struct kernel_config *cfg, struct kernel **ret_k);

struct exec_request {
	const char *path; /* looked up as execve does; or through PATH by the caller */
	char *const *argv;
	char *const *envp;
};
struct spawn_request {
	struct exec_request exec;
	struct fscontext *fs;        /* consumed */
	struct fdtable *fds;         /* consumed */
	struct cred *cred;           /* consumed */
	struct lx_rlimit *rlim;      /* LX_RLIM_NLIMITS entries or NULL for defaults */
	struct container *container; /* borrowed; NULL: the first */
	bool no_new_privs;
	int oom_score_adj;
	int niceness;    /* nice value, -20..19 */
	struct tty *tty; /* controlling terminal, or NULL */
};
/* Starts a new process (init, or docker exec). 0 and *ret_tg (referenced), or the execve errno. */
int kernel_spawn(struct kernel *k, struct spawn_request *req, struct tgroup **ret_tg);
/* Blocks the calling service thread until tg ended; its wait status. */
int kernel_wait_exit(struct kernel *k, struct tgroup *tg);
/* Kills every task and waits until their threads are gone. */
void kernel_shutdown(struct kernel *k);
/*
 * Stops the tasks of a container (NULL: all) on their way to the guest, and lets them go again.
 * Returns when none runs guest code.
 */
void kernel_pause(struct kernel *k, const struct container *ct);
void kernel_resume(struct kernel *k, const struct container *ct);
/* The three load averages, 16 fractional bits (sysinfo(2)). */
void kernel_loadavg(uint32_t ret_load[3]);

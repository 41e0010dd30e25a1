/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's objects: containers, and their processes (the first one and execs). One shim serves
 * one pod, or one container that is in none.
 *
 * Locking: g_shim.lock guards the list, the fields marked so, and nothing that blocks is done under
 * it. A change of state that takes a command of the runtime is done in two steps: a state that
 * keeps others out (CREATING, STARTING, DELETING) is set first, the result afterwards.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/list.h"
#include "cgroup.h"
#include "err.h"
#include "options.h"
#include "pipes.h"

enum proc_state { PS_CREATING, PS_CREATED, PS_STARTING, PS_RUNNING, PS_PAUSED, PS_STOPPED };

struct waiter;
struct container;

struct proc {
	struct list_head link;  /* in container.execs */
	struct container *c;    /* const */
	char *exec_id;          /* const, owned; "" for the first process */
	unsigned int refs;      /* g_shim.lock */
	enum proc_state state;  /* g_shim.lock */
	bool ended;             /* g_shim.lock: the end is known; state follows once it was told */
	bool deleting;          /* g_shim.lock */
	bool killed;            /* g_shim.lock: somebody asked for SIGKILL */
	pid_t pid;              /* g_shim.lock; 0: none yet */
	unsigned int exit_code; /* g_shim.lock */
	struct timespec exited_at;
	struct waiter *waiters; /* g_shim.lock */
	struct stdio io;        /* whoever keeps others out */
	char *spec;             /* owned; exec: file with the process object */
};

struct container {
	struct list_head link; /* in g_shim.containers */
	char *id, *bundle;     /* const, owned */
	struct options opt;    /* const */
	bool mounted;
	bool shares_pidns;
	struct proc init;
	struct list_head execs; /* g_shim.lock */
	struct cgroup_paths cg; /* const once created */
	int oom_fd;
};

struct shim {
	pthread_mutex_t lock;
	struct list_head containers;
	const char *ns;        /* containerd's namespace */
	const char *id;        /* of the container the shim was started for */
	const char *address;   /* of containerd's gRPC socket */
	const char *publisher; /* containerd's binary */
	const char *ttrpc;     /* containerd's ttrpc socket, "" for none */
	char socket[128];      /* our own */
	struct options opt;    /* given at start */
	bool debug;
};
extern struct shim g_shim;

/* The process a request names, with a reference; NULL if there is none. */
struct proc *proc_get(const char *id, const char *exec_id);
struct proc *proc_ref_locked(struct proc *p);
void proc_put(struct proc *p);

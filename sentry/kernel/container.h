/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers of a sandbox: what their processes share that others have not. The first is made with
 * the kernel and the sandbox ends with it; others come and go (a pod). A thread group belongs to
 * one from its birth, as do its children. Locking: fields say; the list is kernel.containers, under
 * the tasklist. Lives as long as anybody holds a reference: each of its groups does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/auto.h>
#include <base/list.h>
#include <base/ref.h>

struct kernel;
struct pid_ns;
struct tgroup;
struct uts_ns;

/* As its configuration has them; 0: none. cpu: us, memory: bytes. */
struct container_limits {
	uint64_t memory_max, pids_max, cpu_quota, cpu_period;
	uint64_t max_tasks; /* at the same time, whatever the guest is told */
};

struct container {
	struct ref ref;
	struct list_head link;          /* kernel.containers */
	uint32_t nr;                    /* of the control protocol; 0: the first */
	struct pid_ns *pid_ns;          /* owned, const */
	struct uts_ns *uts;             /* owned, const: what its first process starts with */
	struct container_limits limits; /* changed by an update: words at a time */
	struct tgroup *init;   /* borrowed: the first process until it is reaped. tasklist */
	bool ended;            /* its first process ended: no process is born in it. tasklist */
	unsigned int nr_tasks; /* tasklist */
	_Atomic uint64_t oom_kills;
	uint64_t dead_user_ns, dead_sys_ns; /* of processes that are no more. tasklist */
};

/*
 * pid_ns, uts: shared with another container, or NULL for one of its own (with this host name).
 * -ENOMEM.
 */
int container_new(struct kernel *k, uint32_t nr, struct pid_ns *pid_ns, struct uts_ns *uts,
		  const char *hostname, const struct container_limits *limits,
		  struct container **ret_ct);
struct container *container_get(struct container *ct);
void container_put(struct container *ct);
DEFINE_AUTO_PUT(container)
/* A word at a time: who reads meanwhile may see some of each. */
void container_set_limits(struct container *ct, const struct container_limits *limits);
/* Of the calling task; on a service thread the first one. Borrowed. */
struct container *container_current(void);
/* SIGKILL to every process of it; no more are born. tasklist held. */
void container_kill_locked(struct kernel *k, struct container *ct);
/* Kills what is left of it and waits until nothing is; takes it off the list. */
void container_end(struct kernel *k, struct container *ct);
/*
 * Bytes of memory that it uses: all of the sandbox's while it is alone, else what its processes
 * hold (takes each one's locks: not for hot paths).
 */
uint64_t container_memory(struct kernel *k, const struct container *ct);
/* The next one behind prev (consumed; NULL: the first), referenced; NULL at the end. */
struct container *container_next(struct kernel *k, struct container *prev);
/* MemTotal and what is used of it, bytes, as the calling task's container sees them. */
void container_meminfo(uint64_t *ret_total, uint64_t *ret_used);
/* A process leaves the table: its CPU time stays with the container. tasklist held. */
void container_fold_locked(struct tgroup *tg);
/* CPU time of its processes, ns, those that are no more included. */
void container_cpu(struct kernel *k, const struct container *ct, uint64_t *ret_user_ns,
		   uint64_t *ret_sys_ns);

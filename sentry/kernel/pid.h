/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process numbers: pid namespaces, and what a number names in one. A number is free again when its
 * last user (task, group, session) dropped it. Differs from Linux: namespaces do not nest, a
 * process has a number in its own one only, which is what containers of a pod need. Locking: one
 * lock (LC_PID) for all; it may be taken under the tasklist and signal locks.
 */
#pragma once

#include <stdbool.h>

#include <base/list.h>
#include <base/ref.h>

struct kernel;
struct task;
struct tgroup;
struct pgroup;
struct session;

struct pid_ns; /* pid.c */

struct pid {
	struct hlist_node link;
	struct pid_ns *ns; /* owned */
	unsigned int refs; /* LC_PID */
	int nr;
	struct task *task; /* borrowed, cleared before the object dies; LC_PID */
	struct tgroup *tg;
	struct pgroup *pgrp;
	struct session *session;
};

#define PID_MAX_DEFAULT 32768
#define PID_MAX_LIMIT   4194304

int pid_ns_new(struct pid_ns **ret_ns);
struct pid_ns *pid_ns_get(struct pid_ns *ns);
void pid_ns_put(struct pid_ns *ns);
/* Of the calling task; on a service thread that of the first container. Borrowed. */
struct pid_ns *pid_ns_current(void);
/*
 * The process that takes over orphans, whose end is everybody's; borrowed, NULL before the first
 * and after its end. dead: no process is born in it any more. tasklist held.
 */
struct tgroup *pid_ns_init_locked(const struct pid_ns *ns);
void pid_ns_set_init_locked(struct pid_ns *ns, struct tgroup *tg);
bool pid_ns_dead_locked(const struct pid_ns *ns);
void pid_ns_die_locked(struct pid_ns *ns);

/* want 0: the next free one. -EEXIST, -EAGAIN (no number left), -ENOMEM. */
int pid_alloc(struct pid_ns *ns, int want, struct pid **ret_pid);
struct pid *pid_get(struct pid *p);
void pid_put(struct pid *p);
int pid_last(void); /* last number given in the current namespace: /proc/loadavg */
int pid_max(void);

/* Publishing: what the number names. */
void pid_set_task(struct pid *p, struct task *t);
void pid_set_tgroup(struct pid *p, struct tgroup *tg);
void pid_set_pgrp(struct pid *p, struct pgroup *pg);
void pid_set_session(struct pid *p, struct session *s);
/* Only if it still names this one. */
void pid_clear_task(struct pid *p, struct task *t);
void pid_clear_tgroup(struct pid *p, struct tgroup *tg);
void pid_clear_pgrp(struct pid *p, struct pgroup *pg);
void pid_clear_session(struct pid *p, struct session *s);
/* In the current namespace, or in ns. Referenced or NULL */
struct task *pid_find_task(int nr);
struct tgroup *pid_find_tgroup(int nr);
struct pgroup *pid_find_pgrp(int nr);
struct session *pid_find_session(int nr);
struct task *pid_ns_find_task(struct pid_ns *ns, int nr);
struct tgroup *pid_ns_find_tgroup(struct pid_ns *ns, int nr);
struct pgroup *pid_ns_find_pgrp(struct pid_ns *ns, int nr);
struct session *pid_ns_find_session(struct pid_ns *ns, int nr);
/* Referenced: the live task with the lowest number >= from, NULL at the end: for /proc.
 * leaders_only: thread groups. */
struct task *pid_next_task(struct pid_ns *ns, int from, bool leaders_only);

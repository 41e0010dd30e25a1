/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pid table: numbers and what they name. A number is free again when its last user (task,
 * group, session) dropped it. Locking: the table's own lock (LC_PID); it may be taken under the
 * tasklist and signal locks.
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

struct pid {
	struct hlist_node link;
	unsigned int refs; /* LC_PID */
	int nr;
	struct task *task; /* borrowed, cleared before the object dies; LC_PID */
	struct tgroup *tg;
	struct pgroup *pgrp;
	struct session *session;
};

#define PID_MAX_DEFAULT 32768
#define PID_MAX_LIMIT   4194304

/* want 0: the next free one. -EEXIST, -EAGAIN (no number left), -ENOMEM. */
int pid_alloc(int want, struct pid **ret_pid);
struct pid *pid_get(struct pid *p);
void pid_put(struct pid *p);
int pid_last(void); /* last number given: /proc/loadavg */
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
/* Referenced or NULL */
struct task *pid_find_task(int nr);
struct tgroup *pid_find_tgroup(int nr);
struct pgroup *pid_find_pgrp(int nr);
struct session *pid_find_session(int nr);
/* Referenced: the live task with the lowest number >= from, NULL at the end: for /proc.
 * leaders_only: thread groups. */
struct task *pid_next_task(int from, bool leaders_only);

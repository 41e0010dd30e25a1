/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and process groups (credentials(7), setsid(2), setpgid(2)). A session holds groups, a
 * group holds thread groups. References: each member tgroup holds its group, each group its
 * session; the terminal holds its foreground group. Locking: kernel.tasklist_lock guards membership
 * and everything below unless said otherwise.
 */
#pragma once

#include <stdbool.h>

#include <base/auto.h>
#include <base/list.h>
#include <base/ref.h>

struct kernel;
struct pid;
struct task;
struct tgroup;
struct tty;

struct session {
	struct ref ref;
	struct pid *pid;       /* owned: its entry in the pid table */
	int sid;               /* const after init */
	struct tgroup *leader; /* borrowed; NULL once it exited */
	struct tty *tty; /* owned reference: controlling terminal; changed by fs/devpts through
			    session_set_tty */
};

struct pgroup {
	struct ref ref;
	struct pid *pid;          /* owned: its entry in the pid table */
	int pgid;                 /* const after init */
	struct session *session;  /* owned */
	struct list_head members; /* tgroup.pgrp_link */
};

void session_destroy(struct session *s);
void pgroup_destroy(struct pgroup *pg);
static inline struct session *session_get(struct session *s)
{
	ref_get(&s->ref);
	return s;
}
static inline void session_put(struct session *s)
{
	if (s && ref_put(&s->ref))
		session_destroy(s);
}
static inline struct pgroup *pgroup_get(struct pgroup *pg)
{
	ref_get(&pg->ref);
	return pg;
}
static inline void pgroup_put(struct pgroup *pg)
{
	if (pg && ref_put(&pg->ref))
		pgroup_destroy(pg);
}
DEFINE_AUTO_PUT(session)
DEFINE_AUTO_PUT(pgroup)

/* Referenced, or NULL. Takes the tasklist lock. */
struct pgroup *pgroup_find(struct kernel *k, int pgid);
/* No member has a parent in another group of the same session. Takes the tasklist lock. */
bool pgroup_is_orphaned(struct kernel *k, struct pgroup *pg);
/* The session and group of a task: referenced. */
struct session *task_session(struct task *t);
struct pgroup *task_pgroup(struct task *t);
bool task_is_session_leader(struct task *t);
/*
 * Sets (tty: a new reference is taken) or clears (NULL) the controlling terminal. expect: only if
 * it is this one now (NULL: only if there is none). False when it was another. Takes the tasklist
 * lock.
 */
bool session_set_tty(struct kernel *k, struct session *s, struct tty *expect, struct tty *tty);
/* Referenced controlling terminal of s or NULL. */
struct tty *session_tty(struct kernel *k, struct session *s);

/*
 * What the kernel asks of terminals; fs/devpts implements it (devpts_kernel_hooks). Called without
 * locks held. session_gone: the leader of s exited: hang up (SIGHUP and SIGCONT to the foreground
 * group) and let go of s.
 */
struct tty_kernel_ops {
	struct tty *(*get)(struct tty *tty);
	void (*put)(struct tty *tty);
	void (*session_gone)(struct tty *tty, struct session *s);
	unsigned int (*dev)(const struct tty *tty); /* tty_nr of /proc/pid/stat */
	int (*fg_pgid)(struct tty *tty);
};
extern const struct tty_kernel_ops *g_tty_ops; /* set by boot before the first task; NULL in unit
						  tests */

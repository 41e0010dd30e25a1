/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and process groups as the process tree uses them. All with the tasklist lock held unless
 * said otherwise.
 */
#pragma once

#include "kernel/kernel_int.h"

int session_new_locked(struct kernel *k, struct tgroup *leader, struct pid *pid,
		       struct session **ret_s);
int pgroup_new_locked(struct kernel *k, struct session *s, struct pid *pid, struct pgroup **ret_pg);
/* Would pg be orphaned if ignore (may be NULL) were not in it? */
bool pgroup_orphaned_locked(struct pgroup *pg, struct tgroup *ignore);
bool pgroup_has_stopped_locked(struct pgroup *pg);
void tgroup_move_pgrp_locked(struct tgroup *tg, struct pgroup *pg);

/* setsid(2), setpgid(2): take the lock. */
int task_setsid(struct task *t);
int task_setpgid(struct task *t, int pid, int pgid);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the scheduling calls and the priority calls share. */
#pragma once

#include <stdbool.h>

struct task;

/* May t change the scheduling of other without CAP_SYS_NICE? */
bool sched_same_owner(struct task *t, struct task *other);
/* May t give other this nice value (RLIMIT_NICE of other, or CAP_SYS_NICE)? Asked when it goes
 * down. */
bool sched_may_nice(struct task *t, struct task *other, int nice);

/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of prctl(2) that have files of their own. */
#pragma once

struct task;
struct sysargs;

/* -ENOSYS: not an operation on capabilities. */
long prctl_caps(struct task *t, const struct sysargs *a);
/* PR_SET_MM */
long prctl_mm(struct task *t, const struct sysargs *a);

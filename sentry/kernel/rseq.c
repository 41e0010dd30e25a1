/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restartable sequences (rseq(2)). A backend that runs guest threads on host threads cannot tell
 * when the host preempts one, so the promise of rseq (an interrupted section is aborted) cannot be
 * kept for sections that two threads run on one CPU number. Registration is therefore refused, as
 * on a kernel without CONFIG_RSEQ, and C libraries fall back to getcpu and atomics.
 */
#include "kernel/kernel_int.h"

void rseq_signal(struct task *t) {}

int rseq_fixup(struct task *t)
{
	return 0;
}

void rseq_clone(struct task *t, struct task *child, bool vm) {}

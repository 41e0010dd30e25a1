/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest seccomp filters: checked classic BPF programs in a chain, newest first. A filter is
 * constant once made; each holds a reference on the one before it, each task one on its newest.
 * What an action means is the business of syscalls/seccomp.c. Locking: task.seccomp is written
 * under the group's siglock; the task itself reads it without.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/filter.h>
#include <abi/linux/seccomp.h>
#include <base/ref.h>

struct task;

#define SECCOMP_NR_KNOWN 512 /* calls by number that are looked at beforehand */

struct seccomp_filter {
	struct ref ref;
	struct seccomp_filter *prev; /* owned; NULL: the first */
	unsigned int nr_insns;
	unsigned int path_cost; /* instructions of the whole chain (classic ones), and 4 for each
				   filter */
	/*
	 * Calls that this and all filters before it allow whatever their arguments are and wherever
	 * they come from: nothing has to be run for them.
	 */
	uint64_t always[SECCOMP_NR_KNOWN / 64];
	struct lx_sock_filter insns[];
};

/* Checks the program and makes a filter that is in no chain yet. -EINVAL, -ENOMEM. */
int seccomp_filter_new(const struct lx_sock_filter *insns, unsigned int nr,
		       struct seccomp_filter **ret_f);
void seccomp_filter_put(struct seccomp_filter *f); /* NULL is fine */
/*
 * Puts f (consumed on success) in front of t's chain; with tsync, of all threads of its group,
 * which then share t's chain and no_new_privs. 0, -ENOMEM, -EINVAL in strict mode, or the number of
 * a thread whose chain has gone another way.
 */
int seccomp_attach(struct task *t, struct seccomp_filter *f, bool tsync);
int seccomp_set_strict(struct task *t);
/* The child of a clone gets what its parent has. siglock of the parent's group held. */
void seccomp_clone_locked(struct task *t, struct task *child);
unsigned int seccomp_nr_filters(struct task *t); /* any task's; takes siglock */
/* True if call nr of the native ABI needs no look at its filters. t's own thread. */
bool seccomp_always_allows(const struct task *t, uint32_t nr);
/*
 * Which of the stub's answers (ANSWER_*) the filters of t leave to it. siglock held, or t's own
 * thread.
 */
uint32_t seccomp_answers(const struct task *t);
/* What the filters of t say: the action that weighs most, with its data. */
uint32_t seccomp_run(const struct task *t, const struct lx_seccomp_data *data);

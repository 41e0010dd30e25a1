/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's half of execve: switching a task to a program that the loader has built. The other
 * half (opening, reading arguments, calling the loader) is syscalls/exec.c, which is above the
 * loader.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <platform/platform.h>

struct cred;
struct mm;
struct task;

/* A built program. Whoever fills it owns what it holds until exec_commit() took it. */
struct exec_image {
	struct mm *mm; /* owned: one reference, no user yet */
	uaddr_t entry, sp;
	struct cred *cred; /* owned */
	bool secureexec, not_dumpable;
	char comm[16];
};

/*
 * Ends the other threads of the calling task's group (the task becomes the leader), then switches
 * to img, which it takes over. Before the point of no return an error leaves everything as it was
 * (-EAGAIN, -ERESTARTNOINTR while another thread of the group execs, -EINTR when the group dies)
 * and img is the caller's still. After it the task is killed instead and 0 is returned.
 * t->regs_replaced is set on success.
 */
int exec_commit(struct task *t, struct exec_image *img);
void exec_image_fini(struct exec_image *img);

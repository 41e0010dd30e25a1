/* SPDX-License-Identifier: Apache-2.0 */
/* Files that name a process or a thread: pidfd_open(2). */
#pragma once

#include <stdbool.h>

#include <abi/linux/pidfd.h>

struct file;
struct task;
struct tgroup;

/* flags: LX_PIDFD_NONBLOCK, LX_PIDFD_THREAD. t: the thread, or any thread of the process. */
int pidfd_new(struct task *t, unsigned int flags, struct file **ret_file);
bool file_is_pidfd(struct file *f);
/* Borrowed from f; NULL if f is no pidfd. */
struct tgroup *pidfd_tgroup(struct file *f);
struct task *pidfd_task(struct file *f); /* the thread of a PIDFD_THREAD one, else NULL */

/* SPDX-License-Identifier: Apache-2.0 */
/* One more program in a running container, on behalf of a connection of the control socket. */
#pragma once

#include <stdint.h>

#include "control.h"
#include "program.h"
#include "proto/control.h"

struct exec_job {
	struct control *ctl;
	struct control_conn conn;
	int fd; /* owned: the connection */
	uint64_t tag;
	struct kernel *kernel;
	/* where it runs: all owned by the job but pts, which is ns's */
	struct container *ct;
	struct mntns *ns;
	struct super_block *pts;
	int conf_fd, tty_fd; /* owned; -1: none */
	struct program_fds fds;
	void (*done)(struct control *c);
};

/*
 * Takes over fds[nr] in the order of struct ctl_exec and starts a thread that does the rest: reply,
 * wait, exit message. -EINVAL, -ENOMEM with nothing left open.
 */
int exec_begin(const struct exec_job *job, uint32_t which, const int *fds, unsigned int nr);
/* What the job owns but descriptors. */
void exec_job_drop(struct exec_job *j);
/* Reads the sealed configuration behind fd. */
int exec_read_conf(int fd, struct boot_conf *ret_c);
/* The same for the end of a process that exists already (struct ctl_wait). tg is consumed. */
int exec_wait_begin(const struct exec_job *job, struct tgroup *tg);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of containers on disk: ROOT/ID/ holds state.json, control.sock and a lock. Files are
 * replaced as a whole; a reader never sees half of one. Ids are checked before they become part of
 * a path.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "conf.h"

struct container {
	int dir_fd; /* owned: ROOT/ID, locked */
	char id[1025];
	char *bundle, *rootfs, *annotations, *created; /* owned */
	pid_t pid, gofer_pid;
	unsigned long long start_time; /* of pid, so that a reused number is not taken for it */
	unsigned int owner;
	const char *status; /* "creating", "created", "running", "stopped" */
};

int state_id_check(const char *id, struct rt_err *err);
/*
 * Makes ROOT/ID and takes its lock; EEXIST if there is one (a dead foreground one is swept away).
 */
int state_create(const struct rt_conf *conf, const char *id, struct container *ret_c,
		 struct rt_err *err);
/* Loads ROOT/ID; the status is made true by looking at the process. */
int state_load(const struct rt_conf *conf, const char *id, struct container *ret_c,
	       struct rt_err *err);
int state_save(struct container *c, struct rt_err *err);
int state_destroy(const struct rt_conf *conf, struct container *c, struct rt_err *err);
void container_fini(struct container *c);
/* Calls fn for every container; ones that cannot be read are skipped with a warning. */
int state_each(const struct rt_conf *conf, void (*fn)(struct container *c, void *arg), void *arg,
	       struct rt_err *err);
/* Listening control socket in the container's directory; -errno. */
int state_listen(struct container *c);
/* Connected control socket; -errno. */
int state_connect(struct container *c);
unsigned long long process_start_time(pid_t pid, char *ret_state);
/* Lets other commands at the container; dir_fd stays open. */
void state_unlock(struct container *c);

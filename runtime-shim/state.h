/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of containers on disk: ROOT/ID/ holds state.json, control.sock and a lock. Files are
 * replaced as a whole; a reader never sees half of one. Ids are checked before they become part of
 * a path.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"

struct container {
	int dir_fd; /* owned: ROOT/ID, locked */
	char id[1025];
	char *bundle, *rootfs, *annotations, *created; /* owned */
	/* pid: of the container monitor, which is what engines know */
	pid_t pid, sentry_pid, gofer_pid;
	unsigned long long start_time;   /* of pid, so that a reused number is not taken for it */
	unsigned long long sentry_start; /* of sentry_pid */
	/*
	 * Owned: the container whose sandbox this one is in; NULL: its own. sentry_pid is that of
	 * the sandbox in any case, and control messages go to it.
	 */
	char *sandbox;
	char *version; /* owned: of the husk that made it */
	unsigned int owner;
	unsigned int number; /* in its sandbox: ctl_hdr.container */
	int exit_status;     /* of one that has stopped; -1: not known */
	const char *status;  /* "creating", "created", "running", "paused", "stopped" */
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
/* The bundle's config.json as it was at creation is kept beside the state. */
int state_keep_config(struct container *c, const char *text, size_t size, struct rt_err *err);
/* The kept one: *ret_text is to be freed. */
int state_config(struct container *c, char **ret_text, struct rt_err *err);
/* What a monitor leaves behind: the exit status. dir_fd is ROOT/ID. */
void state_write_exit(int dir_fd, int status, uint32_t oom_kills);
/*
 * The pid and those of the sentry (where it is the container's own) and the gofer are gone, or
 * limit_ms passed: -ETIMEDOUT.
 */
int state_wait_gone(const struct container *c, int limit_ms);
/* The container as the specification's state document, for hooks and `husk state`. */
struct json_t *state_json(const struct container *c);
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
/* Its sentry lives; only a member's can live when the container has stopped. */
bool state_sentry_lives(const struct container *c);
/* Lets other commands at the container; dir_fd stays open. */
void state_unlock(struct container *c);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a container from a bundle, and starting its program: what `create`, `start` and `run`
 * share.
 */
#pragma once

#include "cgroup.h"
#include "hooks.h"
#include "pod.h"
#include "spec.h"
#include "state.h"

struct create_req {
	const char *id, *bundle, *pid_file, *console_socket;
	struct strlist pass_fd;
	long preserve_fds;
};

/* What a creation works on; the parts belong to it. */
struct creation {
	const struct rt_conf *conf;
	const struct create_req *req;
	struct launch_req launch;
	struct bundle bundle;
	struct pod pod;
	json_t *resources; /* of the cgroups */
	struct container c;
	struct cgroup cg;
	struct sandbox sb; /* of the process that attends to it */
	int listen_fd, slave, home_net;
	bool exec_failed;
};

void creation_init(struct creation *cr, const struct rt_conf *conf, const struct create_req *req);
void creation_fini(struct creation *cr);
/* Reads the bundle, claims the id. detached: a monitor will attend to it, not the caller. */
int creation_begin(struct creation *cr, bool detached, struct rt_err *err);
/*
 * In the process that attends: namespaces, hooks, sentry and gofer, up to the point where the
 * program could start. hooks: called in between, when the network namespace is there.
 */
int creation_up(struct creation *cr, int (*hooks)(struct creation *cr, struct rt_err *err),
		struct rt_err *err);
/* The three kinds of hooks of a creation. */
int creation_hooks(struct creation *cr, struct rt_err *err);
/* The whole of `create`: a monitor is left behind, the state is "created". */
int creation_detached(struct creation *cr, struct rt_err *err);
/* Writes the state and the pid file. */
int creation_record(struct creation *cr, struct rt_err *err);

/* Starts the program of a created container; its hooks and its state. */
int container_start(struct container *c, json_t *config, struct rt_err *err);
int write_pid_file(const char *path, pid_t pid, struct rt_err *err);

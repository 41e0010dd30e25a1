/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods: several containers in one sandbox. Annotations of config.json say whether a container
 * makes a sandbox or joins the one of another container under the same --root; what it shares with
 * the others follows from linux.namespaces, and mounts that several containers have become volumes.
 */
#pragma once

#include "launch.h"
#include "spec.h"
#include "state.h"

enum pod_role { POD_NONE, POD_SANDBOX, POD_MEMBER };

/* What a creation knows of its pod. */
struct pod {
	enum pod_role role;
	char *sandbox;     /* owned: id of the container that made it, for a member */
	struct cgroup *cg; /* owned: the sandbox's groups, for a member with volumes, or NULL */
	json_t *hints;     /* owned: annotations of the sandbox's config.json, or NULL */
	pid_t sentry_pid;
	unsigned long long sentry_start;
	bool volumes; /* some mount is a volume: its gofer serves it as long as the sandbox wants */
};

void pod_fini(struct pod *pod);
/* What config.json's annotations say. A member without the id of its sandbox is an error. */
int pod_role_of(json_t *config, struct pod *ret_pod, struct rt_err *err);
/*
 * For a member: looks at its sandbox (it must live, and be of this version), and fills in what is
 * shared. Takes and gives back locks of other containers: the caller must hold none.
 */
int pod_find(const struct rt_conf *conf, const struct bundle *b, struct boot_conf *boot,
	     struct pod *pod, struct rt_err *err);
/* Says what is not honoured of linux.namespaces with paths, for those that are no members. */
void pod_foreign_namespaces(const struct bundle *b);
/* Mounts that are to be the same file system in all containers of the sandbox get its name. */
int pod_volumes(struct launch_req *r, json_t *config, struct pod *pod, struct rt_err *err);
/*
 * The resources of a pod's first container are those of its pause program: what everything in the
 * sandbox needs takes their place. A new reference.
 */
json_t *pod_resources(const struct pod *pod, json_t *config);
/*
 * Starts the gofer and asks the sentry for the container: c->number. From then on sb->ctl tells of
 * its end.
 */
int pod_join(const struct pod *pod, struct launch_req *r, struct container *c, struct sandbox *sb,
	     struct rt_err *err);
/* Ends what is left of a member in its sandbox, if that lives. */
void pod_leave(struct container *c);
/*
 * The groups of the host have more in them, or less, than this container: the sentry's figures are
 * the ones to tell.
 */
bool pod_counts_alone(const struct container *c, json_t *config);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of a container (cgroups(7), runtime-spec config-linux.md): version 1 (a directory
 * per controller), version 2 (one), and hybrid hosts, where version 2 has what version 1 does not.
 * All of a sandbox's processes are in the container's group before any of them runs guest code.
 * What the guest itself may use (tasks, memory, CPUs) is counted by the sentry; the group is the
 * second wall.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "err.h"

#define CGROUP_V1_MAX 16

struct boot_conf;

/* One hierarchy that is mounted here. */
struct cgroup_dir {
	char controllers[128]; /* version 1: as mounted, comma separated; "" version 2 */
	char *path;            /* owned: the container's directory in it */
	char *home;            /* owned: directory the caller was in before */
};

struct cgroup {
	struct cgroup_dir v1[CGROUP_V1_MAX];
	size_t nr_v1;
	struct cgroup_dir v2; /* path NULL: not mounted */
	bool systemd;         /* the path is a unit's */
	char *unit, *slice;   /* owned: with systemd */
	bool entered;
	bool born_in; /* this process is in the version 2 group from its birth */
};

/* Where the container's groups are by linux.cgroupsPath. config is the whole document. */
int cgroup_locate(const struct rt_conf *conf, const char *id, json_t *config, struct cgroup *ret_cg,
		  struct rt_err *err);
void cgroup_fini(struct cgroup *cg);

/* Makes the groups, sets linux.resources, and moves the caller in. */
int cgroup_enter(struct cgroup *cg, json_t *resources, struct rt_err *err);
/*
 * fork() of whoever is to enter: into the version 2 group at once where that is possible, since
 * moving there later is slow.
 */
pid_t cgroup_fork(struct cgroup *cg);
/* Back to where the caller was, then the groups are removed (they must have nobody else). */
void cgroup_leave(struct cgroup *cg);
/* One more process. -errno. */
int cgroup_join(const struct cgroup *cg, pid_t pid);
/* linux.resources as `update` has them: what is absent stays. */
int cgroup_set(const struct cgroup *cg, json_t *resources, struct rt_err *err);
/* Removes what nobody is in any more; waits up to limit_ms for that. */
int cgroup_remove(const struct cgroup *cg, int limit_ms, struct rt_err *err);
/* The `data` object of an event, without pids of the guest. NULL: no group is there. */
json_t *cgroup_stats(const struct cgroup *cg);

/* What the guest is to see of resources: tasks, memory, CPUs. */
void cgroup_guest_limits(json_t *resources, struct boot_conf *b);

/* --- between the files --- */

/* The directory of a version 1 controller, NULL if it is not mounted. */
const char *cgroup_v1_dir(const struct cgroup *cg, const char *controller);
/* Writes one file of a group; err names it. */
int cgroup_write(const char *dir, const char *file, const char *text, struct rt_err *err);
/* false: no such file, or no number; "max" is UINT64_MAX. */
bool cgroup_read_u64(const char *dir, const char *file, uint64_t *ret_v);
/* "key value" lines as an object of integers. */
json_t *cgroup_read_keys(const char *dir, const char *file);
/* An integer member; false: absent or null. */
bool cgroup_num(json_t *o, const char *key, int64_t *ret_v);

int cgroup_v1_set(const struct cgroup *cg, json_t *res, struct rt_err *err);
int cgroup_v2_set(const struct cgroup *cg, json_t *res, bool have_v1, struct rt_err *err);
void cgroup_v1_stats(const struct cgroup *cg, json_t *data);
void cgroup_v2_stats(const struct cgroup *cg, json_t *data);

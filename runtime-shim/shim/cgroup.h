/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup of a container, as its first process is found in it: metrics are read from its files,
 * with no process started, and kills for want of memory are watched for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_paths {
	bool v2;
	char *unified; /* v2: owned; the rest stays NULL */
	char *memory, *cpu, *cpuacct, *pids, *blkio;
};

/* Where pid is; a cgroup it shares with this process counts as none. */
int cgroup_find(pid_t pid, struct cgroup_paths *ret_paths);
void cgroup_fini(struct cgroup_paths *p);
bool cgroup_known(const struct cgroup_paths *p);
struct usage;
/*
 * The metrics as a packed message (malloc) and its type URL. u: what the sentry says of one
 * container of several, or NULL: the cgroup is its alone.
 */
int cgroup_metrics(const struct cgroup_paths *p, const struct usage *u, uint8_t **ret_data,
		   size_t *ret_size, const char **ret_type);
/* A descriptor that becomes readable when something in there was killed for memory; -errno. */
int cgroup_oom_watch(const struct cgroup_paths *p);
/* True if it was; to be called when the descriptor is readable. */
bool cgroup_oom_happened(const struct cgroup_paths *p, int fd, uint64_t *seen);
/* True if its memory has been used up to (nearly) its limit. */
bool cgroup_was_full(const struct cgroup_paths *p);
/* Moves this process. */
int cgroup_enter(const char *path);

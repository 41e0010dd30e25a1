/* SPDX-License-Identifier: Apache-2.0 */
/* What this host has to give: see host_facts.h. */
#include "host_facts.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bits.h"

#define IDS_PER_TASK 3
#define SHARE        4
#define LEAST        64

/* First number in a file; otherwise if there is none ("max", no such file). */
static uint64_t number_in(const char *path, uint64_t otherwise)
{
	FILE *f = fopen(path, "re");
	uint64_t v;

	if (!f)
		return otherwise;
	if (fscanf(f, "%" SCNu64, &v) != 1)
		v = otherwise;
	fclose(f);
	return v;
}

/* Tasks of the whole host: the second number of "running/total" in /proc/loadavg. */
static uint64_t tasks_now(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	uint64_t v = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*s %*s %*s %*u/%" SCNu64, &v) != 1)
		v = 0;
	fclose(f);
	return v;
}

/* Free room under the pids.max of the cgroup dir, a path below the mount of its hierarchy. */
static uint64_t room_in_cgroup(const char *mount, char *dir)
{
	uint64_t room = UINT64_MAX;

	/* of every cgroup on the way up: each of them may have a limit */
	for (;;) {
		char path[PATH_MAX];
		uint64_t max, now;
		char *slash;

		snprintf(path, sizeof(path), "%s%s/pids.max", mount, dir);
		max = number_in(path, UINT64_MAX);
		if (max != UINT64_MAX) {
			snprintf(path, sizeof(path), "%s%s/pids.current", mount, dir);
			now = number_in(path, 0);
			room = MIN(room, max > now ? max - now : 0);
		}
		slash = strrchr(dir, '/');
		if (!slash || !*dir)
			return room;
		*slash = 0;
	}
}

static uint64_t room_in_cgroups(void)
{
	uint64_t room = UINT64_MAX;
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 64];

	if (!f)
		return room;
	while (fgets(line, sizeof(line), f)) {
		char *ctl = strchr(line, ':'), *dir = ctl ? strchr(ctl + 1, ':') : NULL;

		if (!dir)
			continue;
		*dir++ = 0;
		ctl++;
		dir[strcspn(dir, "\n")] = 0;
		if (!strcmp(ctl, "pids"))
			room = MIN(room, room_in_cgroup("/sys/fs/cgroup/pids", dir));
		else if (!*ctl)
			room = MIN(room, room_in_cgroup("/sys/fs/cgroup", dir));
	}
	fclose(f);
	return room;
}

uint64_t host_task_budget(void)
{
	uint64_t total = MIN(number_in("/proc/sys/kernel/pid_max", 32768),
			     number_in("/proc/sys/kernel/threads-max", 32768));
	uint64_t now = tasks_now(), room = total > now ? total - now : 0;
	struct rlimit r;

	if (getrlimit(RLIMIT_NPROC, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
		room = MIN(room, (uint64_t)r.rlim_cur);
	room = MIN(room, room_in_cgroups());
	return MAX(room / SHARE / IDS_PER_TASK, (uint64_t)LEAST);
}

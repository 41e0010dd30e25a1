/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a container's cgroup, and hearing of kills in it. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"

/* Where a v1 controller, or cgroup2 with "" as its name, is mounted: strdup'd, NULL if nowhere. */
static char *mount_of(const char *controller, char *root, size_t root_size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], *found = NULL;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char rt[1024], where[1024], type[64], opts[1024], *rest = strstr(line, " - ");

		if (!rest || sscanf(line, "%*d %*d %*s %1023s %1023s", rt, where) != 2 ||
		    sscanf(rest, " - %63s %*s %1023s", type, opts) != 2)
			continue;
		if (strcmp(type, *controller ? "cgroup" : "cgroup2") != 0)
			continue;
		if (*controller) {
			char *save, *o;
			bool has = false;

			for (o = strtok_r(opts, ",", &save); o; o = strtok_r(NULL, ",", &save))
				has |= strcmp(o, controller) == 0;
			if (!has)
				continue;
		}
		found = strdup(where);
		snprintf(root, root_size, "%s", rt);
	}
	if (f)
		fclose(f);
	return found;
}

/* The path of pid within a controller's hierarchy, as /proc/PID/cgroup gives it. */
static bool path_in(pid_t pid, const char *controller, char *ret_path, size_t size)
{
	char name[64], line[4200];
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	f = fopen(name, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *c = strchr(line, ':'), *path = c ? strchr(c + 1, ':') : NULL, *save, *o;

		if (!path)
			continue;
		*path++ = '\0';
		c++;
		path[strcspn(path, "\n")] = '\0';
		if (!*controller)
			found = *c == '\0';
		for (o = *controller ? strtok_r(c, ",", &save) : NULL; o;
		     o = strtok_r(NULL, ",", &save))
			found |= strcmp(o, controller) == 0;
		if (found)
			snprintf(ret_path, size, "%s", path);
	}
	if (f)
		fclose(f);
	return found;
}

static char *find_one(pid_t pid, const char *controller)
{
	char root[1024], path[4096], own[4096];
	auto_free char *mount = mount_of(controller, root, sizeof(root));
	char *full = NULL;
	const char *rel = path;

	if (!mount || !path_in(pid, controller, path, sizeof(path)) ||
	    (path_in(getpid(), controller, own, sizeof(own)) && strcmp(own, path) == 0))
		return NULL;
	if (strcmp(root, "/") != 0 && strncmp(path, root, strlen(root)) == 0)
		rel = path + strlen(root);
	return asprintf(&full, "%s%s", mount, rel) < 0 ? NULL : full;
}

int cgroup_find(pid_t pid, struct cgroup_paths *ret_paths)
{
	struct cgroup_paths p = { 0 };
	char root[1024];
	auto_free char *memory = mount_of("memory", root, sizeof(root));

	p.v2 = !memory;
	if (p.v2) {
		p.unified = find_one(pid, "");
	} else {
		p.memory = find_one(pid, "memory");
		p.cpu = find_one(pid, "cpu");
		p.cpuacct = find_one(pid, "cpuacct");
		p.pids = find_one(pid, "pids");
		p.blkio = find_one(pid, "blkio");
	}
	*ret_paths = p;
	return cgroup_known(&p) ? 0 : -ENOENT;
}

bool cgroup_known(const struct cgroup_paths *p)
{
	return p->unified || p->memory || p->cpu || p->cpuacct || p->pids || p->blkio;
}

void cgroup_fini(struct cgroup_paths *p)
{
	free(p->unified);
	free(p->memory);
	free(p->cpu);
	free(p->cpuacct);
	free(p->pids);
	free(p->blkio);
	memset(p, 0, sizeof(*p));
}

static uint64_t events_oom_kill(const char *dir)
{
	char name[4200], line[128];
	unsigned long long v = 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s/memory.events", dir);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "oom_kill %llu", &v) != 1)
		;
	if (f)
		fclose(f);
	return v;
}

int cgroup_oom_watch(const struct cgroup_paths *p)
{
	char name[4200], text[64];
	auto_close int control = -1, efd = -1, ctl = -1;
	int n;

	if (p->v2) {
		auto_close int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

		if (!p->unified || in < 0)
			return -ENOENT;
		snprintf(name, sizeof(name), "%s/memory.events", p->unified);
		if (inotify_add_watch(in, name, IN_MODIFY) < 0)
			return -errno;
		return STEAL_FD(in);
	}
	if (!p->memory)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s/memory.oom_control", p->memory);
	control = open(name, O_RDONLY | O_CLOEXEC);
	snprintf(name, sizeof(name), "%s/cgroup.event_control", p->memory);
	ctl = open(name, O_WRONLY | O_CLOEXEC);
	efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control < 0 || ctl < 0 || efd < 0)
		return -ENOENT;
	n = snprintf(text, sizeof(text), "%d %d", efd, control);
	if (write(ctl, text, (size_t)n) != n)
		return -errno;
	return STEAL_FD(efd);
}

bool cgroup_oom_happened(const struct cgroup_paths *p, int fd, uint64_t *seen)
{
	char buf[4096] __attribute__((aligned(8)));
	uint64_t now;

	if (read(fd, buf, sizeof(buf)) <= 0)
		return false;
	if (!p->v2) /* also signalled once when the cgroup goes */
		return access(p->memory, F_OK) == 0;
	now = events_oom_kill(p->unified);
	if (now <= *seen)
		return false;
	*seen = now;
	return true;
}

int cgroup_enter(const char *path)
{
	static const char *const controllers[] = { "",      "memory", "cpu",     "cpuacct", "pids",
						   "blkio", "cpuset", "devices", "freezer" };
	char name[4200], root[1024], text[32];
	int done = 0;

	snprintf(text, sizeof(text), "%d", getpid());
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		auto_free char *mount = mount_of(controllers[i], root, sizeof(root));
		auto_close int fd = -1;

		if (!mount)
			continue;
		snprintf(name, sizeof(name), "%s/%s", mount, path);
		if (mkdir(name, 0755) < 0 && errno != EEXIST)
			continue;
		strncat(name, "/cgroup.procs", sizeof(name) - strlen(name) - 1);
		fd = open(name, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, text, strlen(text)) > 0)
			done++;
	}
	return done ? 0 : -ENOENT;
}

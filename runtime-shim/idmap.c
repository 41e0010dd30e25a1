/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of new user namespaces: see idmap.h. */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"

/* 64 ranges of three numbers. */
#define MAP_TEXT ((size_t)64 * 36)

bool ids_rootless(void)
{
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned int inside = 0, outside = 0, size = 0;
	int n = f ? fscanf(f, "%u %u %u", &inside, &outside, &size) : 0;

	if (f)
		fclose(f);
	return geteuid() != 0 || (f && (n != 3 || inside || outside || size != UINT32_MAX));
}

bool ids_nobody(void)
{
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned int inside, size;
	bool found = !f;

	while (f && !found && fscanf(f, "%u %*u %u", &inside, &size) == 2)
		found = geteuid() >= inside && geteuid() - inside < size;
	if (f)
		fclose(f);
	return !found;
}

static int write_proc(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int ids_map_self(pid_t pid, uid_t uid, gid_t gid, bool deny_setgroups)
{
	char map[64];
	int ret;

	if (deny_setgroups) {
		ret = write_proc(pid, "setgroups", "deny");
		if (ret < 0 && ret != -ENOENT)
			return ret;
	}
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	ret = write_proc(pid, "uid_map", map);
	if (ret < 0)
		return ret;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_proc(pid, "gid_map", map);
}

static const char *helper_path(const char *name, char *buf, size_t size)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(buf, size, "%s/%s", dirs[i], name);
		if (access(buf, X_OK) == 0)
			return buf;
	}
	return NULL;
}

/* newuidmap PID inside outside size ...; its last line becomes the error's. */
static int run_helper(const char *name, pid_t pid, const struct id_map *m, struct rt_err *err)
{
	char words[64 * 3 + 1][16], path[64], text[256] = "", *argv[64 * 3 + 3];
	char *envp[] = { NULL };
	int p[2], st = 0;
	size_t nr = 0;
	ssize_t n;
	pid_t child;

	if (!helper_path(name, path, sizeof(path)))
		return rt_fail(err, EPERM,
			       "an ordinary user needs %s to map these ids (Debian: uidmap)", name);
	snprintf(words[nr++], 16, "%d", pid);
	for (size_t i = 0; i < m->nr; i++) {
		snprintf(words[nr++], 16, "%u", (unsigned int)m->e[i].inside);
		snprintf(words[nr++], 16, "%u", (unsigned int)m->e[i].outside);
		snprintf(words[nr++], 16, "%u", (unsigned int)m->e[i].size);
	}
	argv[0] = path;
	for (size_t i = 0; i < nr; i++)
		argv[i + 1] = words[i];
	argv[nr + 1] = NULL;
	if (pipe2(p, O_CLOEXEC) < 0)
		return rt_fail(err, errno, "pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		dup2(p[1], STDERR_FILENO);
		execve(path, argv, envp);
		_exit(127);
	}
	close(p[1]);
	n = child < 0 ? -1 : read(p[0], text, sizeof(text) - 1);
	close(p[0]);
	if (child < 0)
		return rt_fail(err, errno, "fork: %s", strerror(errno));
	while (waitpid(child, &st, 0) < 0 && errno == EINTR)
		;
	if (n > 0)
		text[strcspn(text, "\n")] = 0;
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0)
		return rt_fail(err, EPERM, "%s: %s", name, *text ? text : "failed");
	return 0;
}

int ids_map_ranges(pid_t pid, const struct id_map *uids, const struct id_map *gids,
		   struct rt_err *err)
{
	const struct {
		const char *file, *helper;
		const struct id_map *m;
	} maps[] = { { "uid_map", "newuidmap", uids }, { "gid_map", "newgidmap", gids } };

	for (size_t k = 0; k < ARRAY_SIZE(maps); k++) {
		const struct id_map *m = maps[k].m;
		char text[MAP_TEXT] = "";
		size_t n = 0;
		int ret;

		for (size_t i = 0; i < m->nr; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u %u %u\n",
					      (unsigned int)m->e[i].inside,
					      (unsigned int)m->e[i].outside,
					      (unsigned int)m->e[i].size);
		ret = write_proc(pid, maps[k].file, text);
		if (ret != -EPERM) {
			if (ret < 0)
				return rt_fail(err, -ret, "%s: %s", maps[k].file, strerror(-ret));
			continue;
		}
		/* an ordinary user: its own id only, or what /etc/subuid says */
		if (m->nr == 1 && m->e[0].size == 1 &&
		    m->e[0].outside == (k ? getegid() : geteuid())) {
			write_proc(pid, "setgroups", "deny");
			ret = write_proc(pid, maps[k].file, text);
			if (ret < 0)
				return rt_fail(err, -ret, "%s: %s", maps[k].file, strerror(-ret));
		} else if (run_helper(maps[k].helper, pid, m, err) < 0) {
			return -err->code;
		}
	}
	return 0;
}

/* The caller's name in /etc/passwd: read here, a static program has no name services. */
static bool own_name(char *ret, size_t size)
{
	FILE *f = fopen("/etc/passwd", "re");
	char line[1024], name[256];
	unsigned int uid;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%255[^:]:%*[^:]:%u:", name, &uid) == 2 && uid == getuid();
		if (found)
			snprintf(ret, size, "%s", name);
	}
	if (f)
		fclose(f);
	return found;
}

static void add_subids(const char *file, const char *name, struct id_map *m)
{
	FILE *f = fopen(file, "re");
	char line[512], who[256], number[16];
	unsigned long long start, count;

	snprintf(number, sizeof(number), "%u", getuid());
	while (f && fgets(line, sizeof(line), f) && m->nr < ARRAY_SIZE(m->e)) {
		const struct id_range *last = &m->e[m->nr - 1];

		if (sscanf(line, "%255[^:]:%llu:%llu", who, &start, &count) != 3 ||
		    (strcmp(who, name) != 0 && strcmp(who, number) != 0))
			continue;
		if (!count || start + count > UINT32_MAX ||
		    last->inside + last->size + count > UINT32_MAX)
			continue;
		m->e[m->nr++] = (struct id_range){ last->inside + last->size, start, count };
	}
	if (f)
		fclose(f);
}

void ids_default(struct id_map *ret_uids, struct id_map *ret_gids)
{
	char name[256] = "", path[64];

	*ret_uids = (struct id_map){ .e = { { 0, geteuid(), 1 } }, .nr = 1 };
	*ret_gids = (struct id_map){ .e = { { 0, getegid(), 1 } }, .nr = 1 };
	if (!helper_path("newuidmap", path, sizeof(path)) ||
	    !helper_path("newgidmap", path, sizeof(path)) || !own_name(name, sizeof(name)))
		return;
	add_subids("/etc/subuid", name, ret_uids);
	add_subids("/etc/subgid", name, ret_gids);
	/* one without the other helps nobody */
	if (ret_uids->nr == 1 || ret_gids->nr == 1)
		ret_uids->nr = ret_gids->nr = 1;
}

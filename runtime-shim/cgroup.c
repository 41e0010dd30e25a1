/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: which hierarchies there are, where the container's directories are in them, how
 * they come and go. The limits are in cgroup_v1.c and cgroup_v2.c.
 */
#include "cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <signal.h>
#include <sched.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "idmap.h"
#include "proto/boot.h"

/* --- files --- */

int cgroup_write(const char *dir, const char *file, const char *text, struct rt_err *err)
{
	char path[PATH_MAX];
	auto_close int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return rt_fail(err, errno, "cgroup: cannot write '%s' to %s: %s", text, path,
			       strerror(errno));
	return 0;
}

static bool read_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];
	auto_close int fd = -1;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (n < 0)
		return false;
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return true;
}

bool cgroup_read_u64(const char *dir, const char *file, uint64_t *ret_v)
{
	char buf[64], *end;
	unsigned long long v;

	if (!read_file(dir, file, buf, sizeof(buf)))
		return false;
	if (strcmp(buf, "max") == 0) {
		*ret_v = UINT64_MAX;
		return true;
	}
	v = strtoull(buf, &end, 10);
	if (end == buf)
		return false;
	*ret_v = v;
	return true;
}

json_t *cgroup_read_keys(const char *dir, const char *file)
{
	char path[PATH_MAX], key[128];
	json_t *o = json_object();
	unsigned long long v;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	while (f && fscanf(f, "%127s %llu", key, &v) == 2)
		json_object_set_new(
			o, key, json_integer((json_int_t)MIN(v, (unsigned long long)INT64_MAX)));
	if (f)
		fclose(f);
	return o;
}

bool cgroup_num(json_t *o, const char *key, int64_t *ret_v)
{
	json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) && !json_is_real(v))
		return false;
	/* numbers up to 2^64-1 are read as reals where they do not fit */
	*ret_v = json_is_integer(v) ? json_integer_value(v) : INT64_MAX;
	return true;
}

/* --- where --- */

const char *cgroup_v1_dir(const struct cgroup *cg, const char *controller)
{
	size_t len = strlen(controller);

	for (size_t i = 0; i < cg->nr_v1; i++) {
		const char *p = cg->v1[i].controllers;

		while (*p) {
			size_t n = strcspn(p, ",");

			if (n == len && memcmp(p, controller, n) == 0)
				return cg->v1[i].path;
			p += n + (p[n] == ',');
		}
	}
	return NULL;
}

/* Part of "system.slice:docker:ID" or a slice name that systemd would turn into nested ones. */
static bool unit_part_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("_.-@:\\", s[i]))
			return false;
	}
	return true;
}

/* "a-b-c.slice" is /a.slice/a-b.slice/a-b-c.slice; "-.slice" is the root. */
static int slice_path(const char *slice, char *ret, size_t size)
{
	size_t len = strlen(slice), at = 0;
	int n;

	*ret = 0;
	if (len < 7 || strcmp(slice + len - 6, ".slice") != 0 || strchr(slice, '/'))
		return -EINVAL;
	if (strcmp(slice, "-.slice") == 0)
		return 0;
	len -= 6;
	if (slice[0] == '-' || slice[len - 1] == '-' || strstr(slice, "--"))
		return -EINVAL;
	for (size_t i = 1; i <= len; i++) {
		if (i < len && slice[i] != '-')
			continue;
		n = snprintf(ret + at, size - at, "/%.*s.slice", (int)i, slice);
		if (n < 0 || (size_t)n >= size - at)
			return -ENAMETOOLONG;
		at += (size_t)n;
	}
	return 0;
}

static int systemd_path(struct cgroup *cg, const char *path, const char *id, char *ret, size_t size,
			struct rt_err *err)
{
	const char *prefix = NULL, *name = NULL;
	char slice[PATH_MAX] = "system.slice", tree[PATH_MAX];

	if (path && *path) {
		prefix = strchr(path, ':');
		name = prefix ? strchr(prefix + 1, ':') : NULL;
		if (!name || !unit_part_ok(path, strlen(path)))
			return rt_fail(
				err, EINVAL,
				"config.json: linux.cgroupsPath: '%s' is not slice:prefix:name, "
				"as --systemd-cgroup needs it",
				path);
		if (prefix > path)
			snprintf(slice, sizeof(slice), "%.*s", (int)(prefix - path), path);
		prefix++;
	}
	if (slice_path(slice, tree, sizeof(tree)) < 0)
		return rt_fail(err, EINVAL,
			       "config.json: linux.cgroupsPath: '%s' is no name of a slice", slice);
	cg->slice = strdup(slice);
	if (!name)
		name = id;
	else
		name++;
	if ((prefix && *prefix != ':' ?
		     asprintf(&cg->unit, "%.*s-%s.scope", (int)strcspn(prefix, ":"), prefix, name) :
		     asprintf(&cg->unit, "%s.scope", name)) < 0 ||
	    !cg->slice)
		return rt_fail(err, ENOMEM, "out of memory");
	cg->systemd = true;
	snprintf(ret, size, "%s/%s", tree, cg->unit);
	return 0;
}

static int relative_path(const struct rt_conf *conf, const char *id, json_t *config,
			 struct cgroup *cg, char *ret, size_t size, struct rt_err *err)
{
	json_t *v = json_object_get(json_object_get(config, "linux"), "cgroupsPath");
	const char *path = json_string_value(v);

	if (v && !json_is_null(v) && !path)
		return rt_fail(err, EINVAL, "config.json: linux.cgroupsPath is not a string");
	if (conf->systemd_cgroup)
		return systemd_path(cg, path, id, ret, size, err);
	if (!path || !*path) {
		snprintf(ret, size, "/%s", id);
		return 0;
	}
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return rt_fail(err, EINVAL,
				       "config.json: linux.cgroupsPath: '%s' has '..' in it", path);
	}
	snprintf(ret, size, "%s%s", *path == '/' ? "" : "/", path);
	return 0;
}

/* The group of this process in one hierarchy: controllers "" is version 2. */
static void own_group(const char *controllers, char *ret, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 256];

	snprintf(ret, size, "/");
	while (f && fgets(line, sizeof(line), f)) {
		char *c = strchr(line, ':'), *p = c ? strchr(c + 1, ':') : NULL;

		if (!p)
			continue;
		*p++ = 0;
		p[strcspn(p, "\n")] = 0;
		if (strcmp(c + 1, controllers) == 0)
			snprintf(ret, size, "%s", p);
	}
	if (f)
		fclose(f);
}

static int add_dir(struct cgroup_dir *d, const char *mount, const char *controllers,
		   const char *rel)
{
	char own[PATH_MAX];

	own_group(controllers, own, sizeof(own));
	snprintf(d->controllers, sizeof(d->controllers), "%s", controllers);
	if (asprintf(&d->path, "%s%s", mount, rel) < 0)
		d->path = NULL;
	if (asprintf(&d->home, "%s%s", mount, own) < 0)
		d->home = NULL;
	return d->path && d->home ? 0 : -ENOMEM;
}

/* The controllers among a version 1 mount's options, as /proc/self/cgroup writes them. */
static void v1_controllers(char *opts, char *ret, size_t size)
{
	static const char *const flags[] = {
		"rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods"
	};
	size_t at = 0;

	*ret = 0;
	for (char *save, *o = strtok_r(opts, ",\n", &save); o; o = strtok_r(NULL, ",\n", &save)) {
		bool flag = strncmp(o, "release_agent=", 14) == 0;

		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			flag = flag || strcmp(o, flags[i]) == 0;
		if (!flag && at < size)
			at += (size_t)snprintf(ret + at, size - at, "%s%s", at ? "," : "", o);
	}
}

int cgroup_locate(const struct rt_conf *conf, const char *id, json_t *config, struct cgroup *ret_cg,
		  struct rt_err *err)
{
	char rel[PATH_MAX], line[PATH_MAX * 2], ctl[128];
	FILE *f;
	int ret = 0;

	*ret_cg = (struct cgroup){ 0 };
	if (conf->ignore_cgroups)
		return 0;
	if (relative_path(conf, id, config, ret_cg, rel, sizeof(rel), err) < 0)
		return -err->code;
	f = fopen("/proc/self/mountinfo", "re");
	while (f && ret == 0 && fgets(line, sizeof(line), f)) {
		char mount[PATH_MAX], type[32], opts[512];
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s %*s %*s %4095s", mount) != 1 ||
		    sscanf(dash + 3, "%31s %*s %511s", type, opts) != 2)
			continue;
		if (strcmp(type, "cgroup2") == 0 && !ret_cg->v2.path)
			ret = add_dir(&ret_cg->v2, mount, "", rel);
		if (strcmp(type, "cgroup") != 0 || ret_cg->nr_v1 == CGROUP_V1_MAX)
			continue;
		v1_controllers(opts, ctl, sizeof(ctl));
		ret = add_dir(&ret_cg->v1[ret_cg->nr_v1++], mount, ctl, rel);
	}
	if (f)
		fclose(f);
	return ret < 0 ? rt_fail(err, -ret, "cgroup: %s", strerror(-ret)) : 0;
}

static void dir_fini(struct cgroup_dir *d)
{
	free(d->path);
	free(d->home);
}

void cgroup_fini(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->nr_v1; i++)
		dir_fini(&cg->v1[i]);
	dir_fini(&cg->v2);
	free(cg->unit);
	free(cg->slice);
	*cg = (struct cgroup){ 0 };
}

/* --- coming and going --- */

/* A cpuset of version 1 takes nobody before it has CPUs and memory nodes: its parent's. */
static void inherit_cpuset(const char *dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char up[PATH_MAX + 4], buf[512];
	struct rt_err ignored;

	snprintf(up, sizeof(up), "%s/..", dir);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!read_file(dir, files[i], buf, sizeof(buf)) || *buf)
			continue;
		if (read_file(up, files[i], buf, sizeof(buf)))
			(void)cgroup_write(dir, files[i], buf, &ignored);
	}
}

/* Lets the children of a version 2 group have what the group has. */
static void enable_controllers(const char *dir)
{
	char have[512], line[64];
	struct rt_err ignored;

	if (!read_file(dir, "cgroup.controllers", have, sizeof(have)))
		return;
	for (char *save, *c = strtok_r(have, " ", &save); c; c = strtok_r(NULL, " ", &save)) {
		snprintf(line, sizeof(line), "+%s", c);
		(void)cgroup_write(dir, "cgroup.subtree_control", line, &ignored);
	}
}

static int make_dir(const struct cgroup_dir *d, bool v2, struct rt_err *err)
{
	bool cpuset = strstr(d->controllers, "cpuset");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", d->path);
	/* every directory on the way that is not there yet */
	for (char *end = path; end;) {
		end = strchr(end + 1, '/');
		if (end)
			*end = 0;
		if (mkdir(path, 0755) == 0) {
			if (cpuset)
				inherit_cpuset(path);
		} else if (errno != EEXIST) {
			return rt_fail(err, errno, "cgroup: cannot make %s: %s%s", path,
				       strerror(errno),
				       errno == EACCES || errno == EROFS ?
					       " (--ignore-cgroups runs without)" :
					       "");
		}
		/* above the file system itself this finds no file and does nothing */
		if (v2 && end)
			enable_controllers(path);
		if (end)
			*end = '/';
	}
	return 0;
}

/*
 * A process moves itself as the one thread it has: for that the kernel need not stop the forks of
 * the whole host, which takes an RCU grace period (10 ms and more). Version 2 has no such file.
 */
static int join_dir(const struct cgroup_dir *d, pid_t pid)
{
	struct rt_err err = { 0 };
	char text[24];

	if (pid == getpid() && *d->controllers && cgroup_write(d->path, "tasks", "0", &err) == 0)
		return 0;
	err = (struct rt_err){ 0 };
	snprintf(text, sizeof(text), "%d", pid);
	return cgroup_write(d->path, "cgroup.procs", text, &err);
}

pid_t cgroup_fork(struct cgroup *cg)
{
	struct rt_err err = { 0 };
	auto_close int dir = -1;
	long pid = -1;

	if (cg->v2.path && !cg->systemd && make_dir(&cg->v2, true, &err) == 0)
		dir = open(cg->v2.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		struct clone_args args = { .flags = CLONE_INTO_CGROUP,
					   .exit_signal = SIGCHLD,
					   .cgroup = (uint64_t)dir };

		pid = syscall(SYS_clone3, &args, sizeof(args));
		cg->born_in = pid == 0;
	}
	return pid < 0 ? fork() : (pid_t)pid;
}

int cgroup_join(const struct cgroup *cg, pid_t pid)
{
	int ret = 0;

	for (size_t i = 0; i < cg->nr_v1 && ret == 0; i++)
		ret = join_dir(&cg->v1[i], pid);
	if (ret == 0 && cg->v2.path && !(cg->born_in && pid == getpid()))
		ret = join_dir(&cg->v2, pid);
	return ret;
}

/* --- systemd --- */

static bool helper_path(char *buf, size_t size)
{
	char exe[PATH_MAX - 16];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n > 0) {
		exe[n] = 0;
		slash = strrchr(exe, '/');
		if (slash) {
			snprintf(buf, size, "%.*s/husk-systemd", (int)(slash - exe), exe);
			if (access(buf, X_OK) == 0)
				return true;
		}
	}
	return false;
}

/* Runs the driver; its sentence becomes the error's. */
static int run_helper(char *const *args, struct rt_err *err)
{
	char path[PATH_MAX], text[512] = "";
	char *argv[24] = { path };
	size_t nr = 1;
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (!helper_path(path, sizeof(path)))
		return rt_fail(
			err, ENOENT,
			"--systemd-cgroup needs husk-systemd beside the husk binary; install it, "
			"or configure the engine for cgroupfs");
	if (geteuid() != 0)
		argv[nr++] = (char *)"--user";
	for (; *args && nr < ARRAY_SIZE(argv) - 1; args++)
		argv[nr++] = *args;
	if (pipe2(p, O_CLOEXEC) < 0)
		return rt_fail(err, errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(p[1], STDERR_FILENO);
		execv(path, argv);
		_exit(127);
	}
	close(p[1]);
	n = pid < 0 ? -1 : read(p[0], text, sizeof(text) - 1);
	close(p[0]);
	if (pid < 0)
		return rt_fail(err, errno, "fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n > 0)
		text[strcspn(text, "\n")] = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return rt_fail(err, EIO, "cgroup: %s", *text ? text : "husk-systemd failed");
	return 0;
}

/* The limits that systemd would otherwise reset when it looks at its units again. */
static size_t unit_properties(json_t *res, char buf[8][64], char **args)
{
	json_t *mem = json_object_get(res, "memory"), *cpu = json_object_get(res, "cpu");
	int64_t v, period = 100000;
	size_t nr = 0;

	if (cgroup_num(mem, "limit", &v) && v > 0)
		snprintf(buf[nr++], 64, "MemoryMax=%lld", (long long)v);
	if (cgroup_num(json_object_get(res, "pids"), "limit", &v) && v > 0)
		snprintf(buf[nr++], 64, "TasksMax=%lld",
			 (long long)(MIN(v, INT64_C(1) << 20) * 3 + 64));
	if (cgroup_num(cpu, "shares", &v) && v > 1)
		snprintf(buf[nr++], 64, "CPUShares=%lld", (long long)v);
	if (cgroup_num(cpu, "period", &v) && v > 0)
		period = v;
	if (cgroup_num(cpu, "quota", &v) && v > 0)
		snprintf(buf[nr++], 64, "CPUQuotaPerSecUSec=%lld",
			 (long long)(v * 1000000 / period));
	for (size_t i = 0; i < nr; i++)
		args[i] = buf[i];
	args[nr] = NULL;
	return nr;
}

static int unit_start(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	char pid[24], buf[8][64];
	char *args[16] = { (char *)"start", cg->unit, cg->slice, pid };

	snprintf(pid, sizeof(pid), "%d", getpid());
	unit_properties(res, buf, args + 4);
	return run_helper(args, err);
}

static int unit_set(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	char buf[8][64];
	char *args[16] = { (char *)"set", cg->unit };

	return unit_properties(res, buf, args + 2) ? run_helper(args, err) : 0;
}

static bool asks_for_something(json_t *res)
{
	static const char *const keys[] = { "memory",         "cpu",     "pids",   "blockIO",
					    "hugepageLimits", "unified", "network" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_object_get(res, keys[i]);

		if ((json_is_object(v) && json_object_size(v)) ||
		    (json_is_array(v) && json_array_size(v)))
			return true;
	}
	return false;
}

int cgroup_set(const struct cgroup *cg, json_t *resources, struct rt_err *err)
{
	if (!json_is_object(resources))
		return 0;
	/* a new unit was given them when it was started */
	if (cg->systemd && !cg->entered && unit_set(cg, resources, err) < 0)
		return -err->code;
	if (cgroup_v1_set(cg, resources, err) < 0)
		return -err->code;
	return cg->v2.path ? cgroup_v2_set(cg, resources, cg->nr_v1 > 0, err) : 0;
}

static int make_all(struct cgroup *cg, struct rt_err *err)
{
	for (size_t i = 0; i < cg->nr_v1; i++) {
		if (make_dir(&cg->v1[i], false, err) < 0)
			return -err->code;
	}
	return cg->v2.path ? make_dir(&cg->v2, true, err) : 0;
}

int cgroup_enter(struct cgroup *cg, json_t *resources, struct rt_err *err)
{
	struct rt_err e = { 0 };
	int ret;

	if (!cg->nr_v1 && !cg->v2.path) {
		if (asks_for_something(resources))
			rt_warn("config.json: linux.resources: no cgroup file system is mounted here: "
				"the limits hold for what the guest uses only");
		return 0;
	}
	/* without a unit systemd would take the groups for litter */
	if (cg->systemd && unit_start(cg, resources, err) < 0)
		return -err->code;
	cg->entered = true;
	ret = make_all(cg, &e);
	if (ret == 0)
		ret = cgroup_set(cg, resources, &e);
	if (ret == 0) {
		ret = cgroup_join(cg, getpid());
		if (ret < 0)
			rt_fail(&e, -ret, "cgroup: cannot enter %s: %s",
				cg->v2.path ? cg->v2.path : cg->v1[0].path, strerror(-ret));
	}
	if (ret == 0)
		return 0;
	cgroup_leave(cg);
	/* who cannot have groups and asks for no limit can do without, as an ordinary user can */
	if (ids_rootless() || !asks_for_something(resources)) {
		if (asks_for_something(resources))
			rt_warn("%s; limits hold for what the guest uses only", e.text);
		else
			rt_log(RT_INFO, "%s; running without", e.text);
		cg->entered = false;
		return 0;
	}
	*err = e;
	return ret;
}

void cgroup_leave(struct cgroup *cg)
{
	struct cgroup home = { .nr_v1 = cg->nr_v1 };
	struct rt_err err = { 0 };

	if (!cg->entered)
		return;
	cg->born_in = false;
	for (size_t i = 0; i < cg->nr_v1; i++)
		home.v1[i].path = cg->v1[i].home;
	home.v2.path = cg->v2.home;
	(void)cgroup_join(&home, getpid());
	(void)cgroup_remove(cg, 1000, &err);
	cg->entered = false;
}

/* -EBUSY: somebody is in it still. Groups inside (made by nobody we know) are left alone. */
static int remove_dir(const struct cgroup_dir *d)
{
	if (rmdir(d->path) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

int cgroup_remove(const struct cgroup *cg, int limit_ms, struct rt_err *err)
{
	const struct timespec tick = { 0, 2000000 };

	if (cg->systemd) {
		char *args[] = { (char *)"stop", cg->unit, NULL };

		/* a bus that is gone must not keep a container from being deleted */
		if (run_helper(args, err) < 0)
			rt_dbg("%s", err->text);
	}
	for (int waited = 0;; waited += 2) {
		const char *left = NULL;
		int ret = 0, one;

		for (size_t i = 0; i < cg->nr_v1; i++) {
			one = remove_dir(&cg->v1[i]);
			if (one < 0) {
				ret = one;
				left = cg->v1[i].path;
			}
		}
		if (cg->v2.path) {
			one = remove_dir(&cg->v2);
			if (one < 0) {
				ret = one;
				left = cg->v2.path;
			}
		}
		if (ret == 0)
			return 0;
		if (waited >= limit_ms)
			return rt_fail(err, -ret, "cgroup: cannot remove %s: %s", left,
				       strerror(-ret));
		nanosleep(&tick, NULL);
	}
}

json_t *cgroup_stats(const struct cgroup *cg)
{
	json_t *data = NULL;

	if (cg->nr_v1 ? access(cg->v1[0].path, F_OK) == 0 :
			cg->v2.path && access(cg->v2.path, F_OK) == 0)
		data = json_object();
	if (data && cg->nr_v1)
		cgroup_v1_stats(cg, data);
	if (data && cg->v2.path)
		cgroup_v2_stats(cg, data);
	return data;
}

/* --- what the guest sees --- */

/* CPUs of a list such as "0-2,7". */
static uint64_t count_cpus(const char *list)
{
	uint64_t nr = 0;

	for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		unsigned int a, b;
		int n = sscanf(p, "%u-%u", &a, &b);

		if (n == 1)
			nr++;
		else if (n == 2 && b >= a && b - a < 4096)
			nr += b - a + 1;
	}
	return nr;
}

void cgroup_guest_limits(json_t *resources, struct boot_conf *b)
{
	json_t *mem = json_object_get(resources, "memory"),
	       *cpu = json_object_get(resources, "cpu"), *pids = json_object_get(resources, "pids");
	const char *cpus = json_string_value(json_object_get(cpu, "cpus"));
	int64_t v, period = 100000;

	if (cgroup_num(mem, "limit", &v) && v > 0)
		b->total_memory = MIN(b->total_memory, b->memory_max = (uint64_t)v);
	if (cgroup_num(pids, "limit", &v) && v > 0)
		b->max_tasks = b->pids_max = (uint64_t)v;
	if (cpus && count_cpus(cpus))
		b->nr_cpus = MIN(b->nr_cpus, count_cpus(cpus));
	if (cgroup_num(cpu, "period", &v) && v > 0)
		b->cpu_period = (uint64_t)(period = v);
	if (cgroup_num(cpu, "quota", &v) && v > 0) {
		b->cpu_quota = (uint64_t)v;
		b->nr_cpus =
			MIN(b->nr_cpus, MAX((uint64_t)((v + period - 1) / period), (uint64_t)1));
	}
}

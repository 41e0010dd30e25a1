/* SPDX-License-Identifier: Apache-2.0 */
/* The state of containers on disk: see state.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "cgroup.h"
#include "ctl_client.h"
#include "state.h"

#define STATE_MAX (1u << 20)

int state_id_check(const char *id, struct rt_err *err)
{
	size_t n = strlen(id);

	/* as runsc: letters, digits, and _ + - . */
	if (n == 0 || n > 1024)
		return rt_fail(err, EINVAL, "container id must have 1 to 1024 characters");
	if (strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.") != n ||
	    strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return rt_fail(err, EINVAL,
			       "container id '%.80s' may have only letters, digits and _ + - .",
			       id);
	return 0;
}

static int root_open(const struct rt_conf *conf, bool create, struct rt_err *err)
{
	char path[PATH_MAX];
	int fd;

	if (create) {
		snprintf(path, sizeof(path), "%s", conf->root);
		for (char *p = path + 1; *p; p++) {
			if (*p == '/') {
				*p = '\0';
				mkdir(path, 0711);
				*p = '/';
			}
		}
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return rt_fail(err, errno, "--root: cannot make %s: %s", conf->root,
				       strerror(errno));
	}
	fd = open(conf->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rt_fail(err, errno, "--root: %s: %s", conf->root, strerror(errno));
	return fd;
}

unsigned long long process_start_time(pid_t pid, char *ret_state)
{
	char path[64], buf[1024], *p;
	unsigned long long start = 0;
	char state = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	p = strrchr(buf, ')'); /* the name may hold anything */
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			 "%*d %*d %*d %llu",
			 &state, &start) != 2)
		return 0;
	if (ret_state)
		*ret_state = state;
	return start;
}

static bool alive(const struct container *c)
{
	char state = 0;

	if (c->pid <= 0 || process_start_time(c->pid, &state) != c->start_time)
		return false;
	return state != 'Z' && state != 'X';
}

void container_fini(struct container *c)
{
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	free(c->bundle);
	free(c->rootfs);
	free(c->annotations);
	free(c->created);
	free(c->sandbox);
	free(c->version);
	*c = (struct container){ .dir_fd = -1 };
}

static void remove_files(int root_fd, const char *id, int dir_fd)
{
	static const char *const files[] = { "control.sock", "config.json", "config.json.new",
					     "exit", "exit.new" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(dir_fd, files[i], 0);
	unlinkat(dir_fd, "state.json.new", 0);
	unlinkat(dir_fd, "state.json", 0);
	unlinkat(root_fd, id, AT_REMOVEDIR);
}

/* Opens and locks ROOT/ID. Another command may remove it between the two: then it is not there. */
static int dir_open(int root_fd, const char *id)
{
	auto_close int fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat a, b;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) < 0)
		return -errno;
	if (fstat(fd, &a) < 0 || fstatat(root_fd, id, &b, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
		return -ENOENT;
	return STEAL_FD(fd);
}

static char *dup_member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return strdup(s ? s : "");
}

static int read_exit(int dir_fd)
{
	auto_close int fd = openat(dir_fd, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char buf[16] = "";
	int status = -1;

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		return -1;
	return sscanf(buf, "%d", &status) == 1 ? status : -1;
}

/* The sentry knows whether its program runs. */
static const char *ask_status(struct container *c)
{
	const struct ctl_state s = { 0 };
	struct rt_err err = { 0 };
	struct ctl_answer a;

	if (ctl_request(c, CTL_STATE, &s, &a, &err) < 0)
		return "running";
	return strcmp(a.text, "created") == 0 ? "created" : "running";
}

static int load_locked(struct container *c)
{
	static const char *const known[] = { "created", "starting", "running", "paused" };
	const char *status, *sandbox;
	struct rt_err ignored = { 0 };
	auto_close int fd = openat(c->dir_fd, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *text = NULL;
	json_t *o, *ann;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size > STATE_MAX)
		return -EINVAL;
	text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return -EIO;
	o = json_loadb(text, (size_t)n, 0, NULL);
	if (!o)
		return -EINVAL;
	c->bundle = dup_member(o, "bundle");
	c->rootfs = dup_member(o, "rootfs");
	c->created = dup_member(o, "created");
	ann = json_object_get(o, "annotations");
	c->annotations = ann ? json_dumps(ann, JSON_COMPACT) : NULL;
	c->pid = (pid_t)json_integer_value(json_object_get(o, "pid"));
	c->sentry_pid = (pid_t)json_integer_value(json_object_get(o, "sentryPid"));
	c->number = (unsigned int)json_integer_value(json_object_get(o, "number"));
	c->gofer_pid = (pid_t)json_integer_value(json_object_get(o, "goferPid"));
	c->start_time = (unsigned long long)json_integer_value(json_object_get(o, "startTime"));
	c->sentry_start = (unsigned long long)json_integer_value(json_object_get(o, "sentryStart"));
	c->owner = (unsigned int)json_integer_value(json_object_get(o, "owner"));
	c->version = dup_member(o, "version");
	sandbox = json_string_value(json_object_get(o, "sandbox"));
	if (sandbox && state_id_check(sandbox, &ignored) == 0)
		c->sandbox = strdup(sandbox);
	status = json_string_value(json_object_get(o, "status"));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (status && strcmp(known[i], status) == 0)
			c->status = known[i];
	}
	json_decref(o);
	if (!c->status)
		return -EINVAL;
	c->exit_status = -1;
	if (!alive(c)) {
		c->status = "stopped";
		c->pid = 0;
		c->exit_status = read_exit(c->dir_fd);
	} else if (strcmp(c->status, "starting") == 0) {
		/* whoever started it did not live to write down how it went */
		c->status = ask_status(c);
	}
	return 0;
}

int state_load(const struct rt_conf *conf, const char *id, struct container *ret_c,
	       struct rt_err *err)
{
	auto_close int root_fd = -1;
	int ret;

	*ret_c = (struct container){ .dir_fd = -1 };
	if (state_id_check(id, err) < 0)
		return -err->code;
	root_fd = open(conf->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 && errno != ENOENT)
		return rt_fail(err, errno, "--root: %s: %s", conf->root, strerror(errno));
	ret = root_fd < 0 ? -ENOENT : dir_open(root_fd, id);
	if (ret == -ENOENT)
		return rt_fail(err, ENOENT, "container '%s' does not exist in %s", id, conf->root);
	if (ret < 0)
		return rt_fail(err, -ret, "container '%s': %s", id, strerror(-ret));
	ret_c->dir_fd = ret;
	snprintf(ret_c->id, sizeof(ret_c->id), "%s", id);
	ret = load_locked(ret_c);
	/* its maker died half-way, or it would hold the lock: there is something to delete */
	if (ret == -ENOENT) {
		ret_c->bundle = strdup("");
		ret_c->rootfs = strdup("");
		ret_c->created = strdup("");
		ret_c->status = "stopped";
		ret_c->exit_status = -1;
		ret = ret_c->bundle && ret_c->rootfs && ret_c->created ? 0 : -ENOMEM;
	}
	if (ret < 0) {
		container_fini(ret_c);
		return rt_fail(err, -ret, "container '%s': %s/%s/state.json cannot be used: %s", id,
			       conf->root, id, strerror(-ret));
	}
	return 0;
}

int state_create(const struct rt_conf *conf, const char *id, struct container *ret_c,
		 struct rt_err *err)
{
	auto_close int root_fd = -1;
	struct container old = { .dir_fd = -1 };
	struct timespec ts;
	struct tm tm;
	char stamp[64];
	size_t n;

	*ret_c = (struct container){ .dir_fd = -1 };
	if (state_id_check(id, err) < 0)
		return -err->code;
	root_fd = root_open(conf, true, err);
	if (root_fd < 0)
		return root_fd;
	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno != EEXIST)
			return rt_fail(err, errno, "%s/%s: %s", conf->root, id, strerror(errno));
		/* left behind by a command that was killed before it wrote anything? */
		old.dir_fd = dir_open(root_fd, id);
		if (old.dir_fd < 0 || load_locked(&old) != -ENOENT) {
			container_fini(&old);
			return rt_fail(
				err, EEXIST,
				"container '%s' exists already ('husk delete %s' removes it)", id,
				id);
		}
		ret_c->dir_fd = STEAL_FD(old.dir_fd);
	} else {
		ret_c->dir_fd = dir_open(root_fd, id);
	}
	if (ret_c->dir_fd < 0)
		return rt_fail(err, -ret_c->dir_fd, "%s/%s: %s", conf->root, id,
			       strerror(-ret_c->dir_fd));
	snprintf(ret_c->id, sizeof(ret_c->id), "%s", id);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp + n, sizeof(stamp) - n, ".%09ldZ", ts.tv_nsec);
	ret_c->created = strdup(stamp);
	ret_c->owner = geteuid();
	ret_c->exit_status = -1;
	ret_c->status = "creating";
	return 0;
}

/* Replaced as a whole: a reader sees the old one or the new one. */
static int write_file(int dir_fd, const char *name, const char *text, size_t size)
{
	char tmp[64];
	auto_close int fd = -1;

	snprintf(tmp, sizeof(tmp), "%s.new", name);
	fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return renameat(dir_fd, tmp, dir_fd, name) < 0 ? -errno : 0;
}

int state_save(struct container *c, struct rt_err *err)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	json_t *o =
		json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:I,s:s,s:s,s:s,s:i}", "ociVersion",
			  OCI_VERSION, "id", c->id, "status", c->status, "pid", (int)c->pid,
			  "sentryPid", (int)c->sentry_pid, "goferPid", (int)c->gofer_pid, "number",
			  (int)c->number, "startTime", (json_int_t)c->start_time, "bundle",
			  c->bundle ? c->bundle : "", "rootfs", c->rootfs ? c->rootfs : "",
			  "created", c->created ? c->created : "", "owner", (int)c->owner);
	int ret;

	if (o && c->annotations)
		json_object_set_new(o, "annotations", json_loads(c->annotations, 0, NULL));
	json_object_set_new(o, "sentryStart", json_integer((json_int_t)c->sentry_start));
	json_object_set_new(o, "version", json_string(HUSK_VERSION));
	if (c->sandbox)
		json_object_set_new(o, "sandbox", json_string(c->sandbox));
	text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
	json_decref(o);
	if (!text)
		return rt_fail(err, ENOMEM, "out of memory");
	ret = write_file(c->dir_fd, "state.json", text, strlen(text));
	return ret < 0 ? rt_fail(err, -ret, "cannot write the state of '%s': %s", c->id,
				 strerror(-ret)) :
			 0;
}

int state_keep_config(struct container *c, const char *text, size_t size, struct rt_err *err)
{
	int ret = write_file(c->dir_fd, "config.json", text, size);

	return ret < 0 ? rt_fail(err, -ret, "cannot keep the configuration of '%s': %s", c->id,
				 strerror(-ret)) :
			 0;
}

int state_config(struct container *c, char **ret_text, struct rt_err *err)
{
	auto_close int fd = openat(c->dir_fd, "config.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return rt_fail(err, errno, "the configuration of '%s': %s", c->id, strerror(errno));
	text = calloc(1, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return rt_fail(err, EIO, "the configuration of '%s' cannot be read", c->id);
	*ret_text = STEAL(text);
	return 0;
}

void state_write_exit(int dir_fd, int status, uint32_t oom_kills)
{
	char text[32];

	snprintf(text, sizeof(text), "%d %u\n", status, oom_kills);
	write_file(dir_fd, "exit", text, strlen(text));
}

static bool gone(pid_t pid, unsigned long long start)
{
	unsigned long long now;
	char state = 0;

	if (pid <= 0)
		return true;
	now = process_start_time(pid, &state);
	return now == 0 || (start && now != start) || state == 'Z' || state == 'X';
}

bool state_sentry_lives(const struct container *c)
{
	return !gone(c->sentry_pid, c->sentry_start);
}

int state_wait_gone(const struct container *c, int limit_ms)
{
	pid_t sentry = c->sandbox ? 0 : c->sentry_pid;
	const struct timespec tick = { .tv_nsec = 1000000 };

	for (int n = 0; n < limit_ms; n++) {
		/* numbers of processes come back late: they were ours a moment ago */
		if (gone(c->pid, c->start_time) && gone(sentry, 0) && gone(c->gofer_pid, 0))
			return 0;
		nanosleep(&tick, NULL);
	}
	return -ETIMEDOUT;
}

json_t *state_json(const struct container *c)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "ociVersion", OCI_VERSION, "id", c->id, "status",
			      c->status, "bundle", c->bundle);

	if (o && c->pid > 0)
		json_object_set_new(o, "pid", json_integer(c->pid));
	if (o && c->annotations)
		json_object_set_new(o, "annotations", json_loads(c->annotations, 0, NULL));
	return o;
}

/* What is left of a container besides its directory. One that never got that far has none. */
static void destroy_cgroup(const struct rt_conf *conf, struct container *c)
{
	auto_free char *text = NULL;
	struct rt_err err = { 0 };
	json_t *config = NULL;
	struct cgroup cg;

	if (state_config(c, &text, &err) < 0)
		return;
	config = json_loads(text, 0, NULL);
	err = (struct rt_err){ 0 };
	if (cgroup_locate(conf, c->id, config, &cg, &err) == 0)
		(void)cgroup_remove(&cg, 2000, &err);
	if (err.code)
		rt_warn("%s", err.text);
	cgroup_fini(&cg);
	json_decref(config);
}

int state_destroy(const struct rt_conf *conf, struct container *c, struct rt_err *err)
{
	auto_close int root_fd = root_open(conf, false, err);

	if (root_fd < 0)
		return root_fd;
	destroy_cgroup(conf, c);
	remove_files(root_fd, c->id, c->dir_fd);
	return 0;
}

int state_each(const struct rt_conf *conf, void (*fn)(struct container *c, void *arg), void *arg,
	       struct rt_err *err)
{
	DIR *d = opendir(conf->root);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ?
			       0 :
			       rt_fail(err, errno, "--root: %s: %s", conf->root, strerror(errno));
	while ((e = readdir(d))) {
		struct rt_err one = { 0 };
		struct container c;

		if (e->d_name[0] == '.' || state_id_check(e->d_name, &one) < 0)
			continue;
		if (state_load(conf, e->d_name, &c, &one) < 0) {
			if (one.code != ENOENT && one.code != ENOTDIR)
				rt_warn("%s", one.text);
			continue;
		}
		fn(&c, arg);
		container_fini(&c);
	}
	closedir(d);
	return 0;
}

/* Socket addresses are short: the name goes through the directory's descriptor. */
static void sock_addr(int dir_fd, struct sockaddr_un *ret_sa)
{
	*ret_sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(ret_sa->sun_path, sizeof(ret_sa->sun_path), "/proc/self/fd/%d/control.sock",
		 dir_fd);
}

int state_listen(struct container *c)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;

	if (fd < 0)
		return -errno;
	sock_addr(c->dir_fd, &sa);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 64) < 0)
		return -errno;
	return STEAL_FD(fd);
}

int state_connect(struct container *c)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), up = -1, dir = -1;
	struct sockaddr_un sa;

	if (fd < 0)
		return -errno;
	sock_addr(c->dir_fd, &sa);
	if (c->sandbox) {
		/* there may be another of that name by now */
		if (!state_sentry_lives(c))
			return -ECONNREFUSED;
		up = openat(c->dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		dir = openat(up, c->sandbox, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0)
			return -ECONNREFUSED;
		sock_addr(dir, &sa);
	}
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return STEAL_FD(fd);
}

void state_unlock(struct container *c)
{
	flock(c->dir_fd, LOCK_UN);
}

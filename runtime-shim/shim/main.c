/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd-shim-husk-v1: what containerd starts for a pod. `start` finds or makes the pod's shim
 * and prints its address; `delete` cleans up after a shim that is gone; without either it serves,
 * on the socket it inherits as descriptor 3.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "copy.h"
#include "events.h"
#include "log.h"
#include "mounts.h"
#include "reap.h"
#include "runtime.h"
#include "server.h"
#include "sha256.h"
#include "shim.h"
#include "shim/task.pb-c.h"

#define STALE_SECONDS 60
#define SOCKET_DIR    "/run/containerd/s"
#define SERVE_FD      3
#define STDIN_MAX     (1u << 20)
/* The newest task API that is spoken. */
#define VERSION_MAX 3

static struct {
	const char *bundle, *socket, *action;
	bool version, info;
} g_arg = { .bundle = "", .socket = "", .action = "" };

/* Go's flag syntax: -name value, -name=value, with one or two dashes; then the action. */
static int parse(int argc, char **argv)
{
	const struct {
		const char *name;
		const char **str;
		bool *sw;
	} flags[] = {
		{ "namespace", &g_shim.ns, NULL },    { "id", &g_shim.id, NULL },
		{ "address", &g_shim.address, NULL }, { "publish-binary", &g_shim.publisher, NULL },
		{ "bundle", &g_arg.bundle, NULL },    { "socket", &g_arg.socket, NULL },
		{ "debug", NULL, &g_log_debug },      { "v", NULL, &g_arg.version },
		{ "info", NULL, &g_arg.info },
	};
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *name = argv[i] + 1 + (argv[i][1] == '-'), *eq = strchr(name, '=');
		size_t n = eq ? (size_t)(eq - name) : strlen(name), f;

		for (f = 0; f < ARRAY_SIZE(flags); f++) {
			if (strlen(flags[f].name) == n && strncmp(flags[f].name, name, n) == 0)
				break;
		}
		if (f == ARRAY_SIZE(flags)) {
			fprintf(stderr, "containerd-shim-husk-v1: no flag '%s'\n", argv[i]);
			return -EINVAL;
		}
		if (flags[f].sw) {
			*flags[f].sw = !eq || strcmp(eq + 1, "false") != 0;
		} else if (eq) {
			*flags[f].str = eq + 1;
		} else if (i + 1 < argc) {
			*flags[f].str = argv[++i];
		} else {
			fprintf(stderr, "containerd-shim-husk-v1: '%s' wants a value\n", argv[i]);
			return -EINVAL;
		}
	}
	if (i < argc)
		g_arg.action = argv[i];
	return 0;
}

/* What groups containers: the pod's sandbox, by CRI's or CRI-O's annotation, else nothing. */
static char *group_of(const char *bundle)
{
	static const char *const keys[] = { "io.kubernetes.cri.sandbox-id",
					    "io.kubernetes.cri-o.SandboxID",
					    "io.containerd.runc.v2.group" };
	char name[4200], *group = NULL;
	json_t *j, *a;

	snprintf(name, sizeof(name), "%s/config.json", bundle);
	j = json_load_file(name, 0, NULL);
	a = json_object_get(j, "annotations");
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !group; i++) {
		const char *v = json_string_value(json_object_get(a, keys[i]));

		group = v ? strdup(v) : NULL;
	}
	json_decref(j);
	return group;
}

static void socket_name(const char *group, char *out, size_t size)
{
	char text[8300], hex[65];
	int n = snprintf(text, sizeof(text), "husk %s/%s/%s", g_shim.address, g_shim.ns, group);

	sha256_hex(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1, hex);
	snprintf(out, size, SOCKET_DIR "/%s", hex);
}

static bool is_served(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%.107s", path);
	return fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0;
}

/*
 * Sockets of shims that were killed: nobody would ever remove them. Those that refuse a connection
 * and are old enough not to be between bind and listen; only names that are ours to have made
 * (sha256 in hex), and a few at a time.
 */
static void remove_stale_sockets(void)
{
	DIR *d = opendir(SOCKET_DIR);
	struct timespec now;
	struct dirent *e;
	int nr = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	while (d && nr < 16 && (e = readdir(d))) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };
		auto_close int fd = -1;
		struct stat st;

		if (strlen(e->d_name) != 64 || strspn(e->d_name, "0123456789abcdef") != 64 ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISSOCK(st.st_mode) || now.tv_sec - st.st_mtim.tv_sec < STALE_SECONDS)
			continue;
		snprintf(un.sun_path, sizeof(un.sun_path), SOCKET_DIR "/%s", e->d_name);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 &&
		    errno == ECONNREFUSED && unlinkat(dirfd(d), e->d_name, 0) == 0)
			nr++;
	}
	if (d)
		closedir(d);
}

static int listen_on(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask = umask(0177);
	int ret;

	snprintf(un.sun_path, sizeof(un.sun_path), "%.107s", path);
	ret = fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 || listen(fd, 128) < 0 ?
		      -errno :
		      0;
	umask(mask);
	return ret ? ret : STEAL_FD(fd);
}

/* The address where containerd 1.6 looks for it after a restart, and on stdout as it asked for. */
static int tell_address(const char *path)
{
	const char *max = getenv("MAX_SHIM_VERSION");
	int version = max ? atoi(max) : 0;
	FILE *f = fopen("address", "we");

	if (f) {
		fprintf(f, "unix://%s", path);
		fclose(f);
	}
	if (version >= 3)
		printf("{\"version\":%d,\"address\":\"unix://%s\",\"protocol\":\"ttrpc\"}\n",
		       VERSION_MAX, path);
	else
		printf("unix://%s\n", path);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* The options on start's standard input: an Any, or nothing. */
static void stdin_options(struct options *o)
{
	auto_free uint8_t *buf = malloc(STDIN_MAX);
	struct pollfd p = { .fd = 0, .events = POLLIN };
	struct rt_err err = { 0 };
	Shim__Any *any;
	size_t n = 0;
	ssize_t k;

	if (isatty(0))
		return;
	while (buf && n < STDIN_MAX && poll(&p, 1, 2000) == 1 &&
	       (k = read(0, buf + n, STDIN_MAX - n)) > 0)
		n += (size_t)k;
	any = n ? shim__any__unpack(NULL, n, buf) : NULL;
	if (any && options_any(o, any->type_url, any->value.data, any->value.len, &err) < 0)
		fprintf(stderr, "containerd-shim-husk-v1: %s\n", err.text);
	if (any)
		shim__any__free_unpacked(any, NULL);
}

static void become_server(int fd, const char *path, char *self)
{
	const char *argv[] = { self,
			       "-namespace",
			       g_shim.ns,
			       "-id",
			       g_shim.id,
			       "-address",
			       g_shim.address,
			       "-publish-binary",
			       g_shim.publisher,
			       "-socket",
			       path,
			       g_log_debug ? "-debug" : NULL,
			       NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open("log", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	setsid();
	if (fd == SERVE_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, SERVE_FD);
	dup2(null, 0);
	dup2(null, 1);
	dup2(log >= 0 ? log : null, 2);
	close_range(SERVE_FD + 1, ~0u, 0);
	execv("/proc/self/exe", (char *const *)argv);
	_exit(1);
}

static int act_start(char *self)
{
	auto_free char *group = group_of(*g_arg.bundle ? g_arg.bundle : ".");
	char path[sizeof(g_shim.socket)];
	struct rt_err err = { 0 };
	int fd;

	if (options_default(&g_shim.opt, &err) < 0) {
		fprintf(stderr, "containerd-shim-husk-v1: %s\n", err.text);
		return 1;
	}
	stdin_options(&g_shim.opt);
	if (mkdir("/run/containerd", 0711) < 0 && errno != EEXIST)
		perror("/run/containerd");
	if (mkdir(SOCKET_DIR, 0700) < 0 && errno != EEXIST)
		perror(SOCKET_DIR);
	socket_name(group && g_shim.opt.grouping ? group : g_shim.id, path, sizeof(path));
	if (is_served(path))
		return tell_address(path);
	unlink(path);
	remove_stale_sockets();
	fd = listen_on(path);
	if (fd == -EADDRINUSE && is_served(path))
		return tell_address(path);
	if (fd < 0) {
		fprintf(stderr, "containerd-shim-husk-v1: %s: %s\n", path, strerror(-fd));
		return 1;
	}
	switch (fork()) {
	case -1:
		perror("fork");
		unlink(path);
		return 1;
	case 0:
		if (g_shim.opt.shim_cgroup && cgroup_enter(g_shim.opt.shim_cgroup) < 0)
			fprintf(stderr, "containerd-shim-husk-v1: cgroup %s cannot be entered\n",
				g_shim.opt.shim_cgroup);
		become_server(fd, path, self);
	}
	return tell_address(path);
}

/* After a shim that died: nothing of the container may be left. */
static int act_delete(void)
{
	Shim__DeleteResponse r = SHIM__DELETE_RESPONSE__INIT;
	Shim__Time t = SHIM__TIME__INIT;
	struct container c = { .id = (char *)g_shim.id };
	struct timespec now;
	struct rt_err err = { 0 };
	char cwd[4096], name[4200], path[sizeof(g_shim.socket)];
	uint8_t out[128];
	auto_free char *group = NULL;
	FILE *f;
	int pid;

	if (!*g_arg.bundle)
		g_arg.bundle = getcwd(cwd, sizeof(cwd)) ? cwd : ".";
	c.bundle = (char *)g_arg.bundle;
	snprintf(name, sizeof(name), "%s/husk-shim.toml", c.bundle);
	if (options_default(&c.opt, &err) < 0 ||
	    (access(name, F_OK) == 0 && options_load(&c.opt, name, &err) < 0))
		fprintf(stderr, "containerd-shim-husk-v1: %s\n", err.text);
	memset(&err, 0, sizeof(err));
	if (runtime_command(&c, &err, "delete", "--force", c.id, NULL) < 0 &&
	    !strstr(err.text, "does not exist"))
		fprintf(stderr, "containerd-shim-husk-v1: %s\n", err.text);
	snprintf(name, sizeof(name), "%s/rootfs", c.bundle);
	mounts_undo(name);
	group = group_of(c.bundle);
	socket_name(group ? group : g_shim.id, path, sizeof(path));
	if (!is_served(path))
		unlink(path);
	snprintf(name, sizeof(name), "%s/init.pid", c.bundle);
	f = fopen(name, "re");
	if (f && fscanf(f, "%d", &pid) == 1)
		r.pid = (uint32_t)pid;
	if (f)
		fclose(f);
	clock_gettime(CLOCK_REALTIME, &now);
	t.seconds = now.tv_sec;
	t.nanos = (int32_t)now.tv_nsec;
	r.exit_status = 128 + SIGKILL;
	r.exited_at = &t;
	fwrite(out, 1, shim__delete_response__pack(&r, out), stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* What containerd 2 asks before it uses a runtime: a RuntimeInfo with the OCI features. */
static int act_info(void)
{
	Shim__RuntimeInfo r = SHIM__RUNTIME_INFO__INIT;
	Shim__RuntimeVersion v = SHIM__RUNTIME_VERSION__INIT;
	Shim__Any features = SHIM__ANY__INIT;
	struct container c = { .id = (char *)"info", .bundle = (char *)"/tmp" };
	auto_free char *text = NULL;
	auto_free uint8_t *out = NULL;
	struct rt_err err = { 0 };

	if (options_default(&c.opt, &err) < 0)
		return 1;
	stdin_options(&c.opt);
	r.name = (char *)"containerd-shim-husk-v1";
	v.version = (char *)HUSK_VERSION;
	r.version = &v;
	if (runtime_output(&c, &text, &err, "features", NULL) == 0) {
		features.type_url = (char *)"types.containerd.io/opencontainers/runtime-spec/1/"
					    "features/Features";
		features.value.data = (uint8_t *)text;
		features.value.len = strlen(text);
		r.features = &features;
	}
	out = malloc(shim__runtime_info__get_packed_size(&r) + 1);
	if (!out)
		return 1;
	fwrite(out, 1, shim__runtime_info__pack(&r, out), stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int act_serve(void)
{
	const char *score = "-999";
	int fd, ret;

	if (!*g_arg.socket) {
		fprintf(stderr, "containerd-shim-husk-v1 is started by containerd\n");
		return 1;
	}
	snprintf(g_shim.socket, sizeof(g_shim.socket), "%s", g_arg.socket);
	slog_to(STDERR_FILENO);
	fcntl(SERVE_FD, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, score, strlen(score)) < 0)
		slog_dbg("oom_score_adj stays as it is: errno %d", errno);
	if (fd >= 0)
		close(fd);
	ret = copy_thread_start();
	if (ret == 0)
		ret = events_start();
	if (ret == 0)
		ret = loop_run(SERVE_FD);
	if (ret < 0)
		slog_err("the shim cannot serve: errno %d", -ret);
	unlink(g_shim.socket);
	events_flush(3000);
	copy_drain(10000);
	return ret ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };
	const char *ttrpc = getenv("TTRPC_ADDRESS");
	sigset_t set;

	g_shim.ns = g_shim.id = g_shim.address = "";
	g_shim.publisher = "containerd";
	g_shim.ttrpc = ttrpc ? ttrpc : "";
	INIT_LIST_HEAD(&g_shim.containers);
	if (parse(argc, argv) < 0)
		return 1;
	if (g_arg.version) {
		printf("containerd-shim-husk-v1:\n  Version:  %s\n", HUSK_VERSION);
		return 0;
	}
	sigaction(SIGPIPE, &ign, NULL);
	if (g_arg.info || strcmp(g_arg.action, "delete") == 0) {
		reap_alone();
		return g_arg.info ? act_info() : act_delete();
	}
	if (strcmp(g_arg.action, "start") == 0)
		return act_start(argv[0]);
	if (*g_arg.action) {
		fprintf(stderr, "containerd-shim-husk-v1: no action '%s'\n", g_arg.action);
		return 1;
	}
	/*
	 * Before any thread: ends of children and polite signals come through descriptors or not.
	 */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return act_serve();
}

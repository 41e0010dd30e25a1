/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a container. `create` forks the process that is to be the container's monitor, which
 * starts the sandbox as its own children and then becomes a program of its own; the command runs
 * the hooks, writes the state, and says so to the monitor, which gives up if the command dies
 * before that. So there is a state on disk for everything that lives.
 */
#include "create.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "ctl_client.h"
#include "idmap.h"
#include "monitor.h"

/* From the monitor to the command. */
struct report {
	int code; /* errno, 0: well */
	int exec_failed;
	pid_t sentry, gofer;
	unsigned int number;
	char text[768];
};

void creation_init(struct creation *cr, const struct rt_conf *conf, const struct create_req *req)
{
	*cr = (struct creation){ .conf = conf, .req = req };
	launch_req_init(&cr->launch, conf);
	sandbox_init(&cr->sb);
	cr->c.dir_fd = cr->listen_fd = cr->slave = cr->home_net = -1;
}

void creation_fini(struct creation *cr)
{
	launch_req_fini(&cr->launch);
	bundle_fini(&cr->bundle);
	pod_fini(&cr->pod);
	json_decref(cr->resources);
	container_fini(&cr->c);
	cgroup_fini(&cr->cg);
	if (cr->listen_fd >= 0)
		close(cr->listen_fd);
	if (cr->home_net >= 0)
		close(cr->home_net);
}

/* The standard streams of a container: a terminal if config.json says so, else what we have. */
static int stdio(struct creation *cr, bool detached, struct rt_err *err)
{
	struct launch_req *r = &cr->launch;
	uint64_t rows = r->boot.rows, cols = r->boot.cols;

	if (detached && cr->bundle.terminal) {
		if (!cr->req->console_socket)
			return rt_fail(err, EINVAL,
				       "config.json: process.terminal needs --console-socket");
		spec_terminal(r);
		return monitor_console_check(cr->req->console_socket, err);
	}
	if (detached && cr->req->console_socket)
		return rt_fail(err, EINVAL,
			       "--console-socket: config.json has process.terminal false");
	if (!cr->bundle.terminal) {
		spec_streams(r);
		return 0;
	}
	spec_stdio(r);
	if (!r->tty)
		return rt_fail(
			err, ENOTTY,
			"config.json: process.terminal is true, but standard input or output is no terminal");
	if (rows && cols) {
		r->boot.rows = rows;
		r->boot.cols = cols;
	}
	return 0;
}

/* A member has its sandbox's network and, unless it says otherwise, its host name. */
static int in_pod(struct creation *cr, struct rt_err *err)
{
	struct boot_conf *boot = &cr->launch.boot;

	if (pod_role_of(cr->bundle.config, &cr->pod, err) < 0)
		return -err->code;
	if (cr->pod.role != POD_MEMBER)
		pod_foreign_namespaces(&cr->bundle);
	else if (pod_find(cr->conf, &cr->bundle, boot, &cr->pod, err) < 0)
		return -err->code;
	cr->resources = pod_resources(&cr->pod, cr->bundle.config);
	return pod_volumes(&cr->launch, cr->bundle.config, &cr->pod, err);
}

int creation_begin(struct creation *cr, bool detached, struct rt_err *err)
{
	struct launch_req *r = &cr->launch;
	struct container *c = &cr->c;

	if (spec_load(cr->req->bundle, r, &cr->bundle, err) < 0 ||
	    hooks_check(cr->bundle.config, err) < 0 || in_pod(cr, err) < 0)
		return -err->code;
	if (hooks_have(cr->bundle.config, "startContainer"))
		rt_warn("config.json: hooks.startContainer runs inside the container: not in this version");
	if (cr->bundle.uids.nr && cr->bundle.gids.nr && cr->bundle.user_ns) {
		r->uids = &cr->bundle.uids;
		r->gids = &cr->bundle.gids;
	} else if (geteuid() != 0 && !cr->bundle.uids.nr && !cr->bundle.gids.nr) {
		/* an ordinary user's files are root's inside */
		ids_default(&cr->bundle.uids, &cr->bundle.gids);
		r->uids = &cr->bundle.uids;
		r->gids = &cr->bundle.gids;
	}
	r->boot.id = strdup(cr->req->id);
	if (!r->boot.hostname)
		r->boot.hostname = strdup(cr->req->id);
	if (!r->boot.id || !r->boot.hostname)
		return rt_fail(err, ENOMEM, "out of memory");
	/* the sandbox ends with whoever attends to it */
	r->boot.flags |= BOOT_FOREGROUND | BOOT_WAIT_START;
	r->foreground = true;
	r->quiet = detached;
	spec_common(&r->boot, cr->conf);
	cgroup_guest_limits(cr->resources, &r->boot);
	if (cgroup_locate(cr->conf, cr->req->id, cr->bundle.config, &cr->cg, err) < 0)
		return -err->code;
	if (spec_pass_fds(r, cr->req->preserve_fds, &cr->req->pass_fd, err) < 0 ||
	    stdio(cr, detached, err) < 0 || state_create(cr->conf, cr->req->id, c, err) < 0)
		return -err->code;
	c->bundle = strdup(cr->bundle.dir);
	c->rootfs = strdup(cr->bundle.root);
	c->annotations = cr->bundle.annotations ? strdup(cr->bundle.annotations) : NULL;
	if (cr->pod.role == POD_MEMBER) {
		c->sandbox = strdup(cr->pod.sandbox);
		c->sentry_pid = cr->pod.sentry_pid;
		c->sentry_start = cr->pod.sentry_start;
		if (!c->sandbox)
			return rt_fail(err, ENOMEM, "out of memory");
	}
	if (state_keep_config(c, cr->bundle.text, strlen(cr->bundle.text), err) < 0)
		return -err->code;
	if (cr->pod.role == POD_MEMBER)
		return 0;
	cr->listen_fd = state_listen(c);
	if (cr->listen_fd < 0)
		return rt_fail(err, -cr->listen_fd, "control socket of '%s': %s", c->id,
			       strerror(-cr->listen_fd));
	r->listen_fd = cr->listen_fd;
	return 0;
}

static void loopback_up(void)
{
	auto_close int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		rt_dbg("loopback: %s", strerror(errno));
}

/* The engine finds the container's network by the pid it is told: ours. */
static int enter_network(struct creation *cr, struct rt_err *err)
{
	const struct bundle *b = &cr->bundle;
	auto_close int fd = -1;

	if (!b->net_new && !b->net_path)
		return 0;
	cr->home_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (b->net_path) {
		fd = open(b->net_path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
			return rt_fail(err, errno, "config.json: linux.namespaces: %s: %s",
				       b->net_path, strerror(errno));
		return 0;
	}
	if (unshare(CLONE_NEWNET) < 0) {
		/* an ordinary user has the sentry's own, empty one */
		if (errno == EPERM && geteuid() != 0) {
			cr->launch.host_net = false;
			return 0;
		}
		return rt_fail(err, errno, "cannot make a network namespace: %s", strerror(errno));
	}
	loopback_up();
	return 0;
}

static int write_sysctl(const char *key, const char *value, struct rt_err *err)
{
	auto_close int fd = -1;
	bool slashes = strchr(key, '/');
	char path[512];

	snprintf(path, sizeof(path), "/proc/sys/%s", key);
	/* as sysctl(8): a dot is a slash unless there are slashes */
	for (char *s = path + 10; *s && !slashes; s++)
		*s = *s == '.' ? '/' : *s;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, value, strlen(value)) >= 0)
		return 0;
	if ((errno == EACCES || errno == EROFS || errno == EPERM) && ids_rootless()) {
		rt_warn("config.json: linux.sysctl: %s: %s", key, strerror(errno));
		return 0;
	}
	return rt_fail(err, errno, "config.json: linux.sysctl: %s: %s", key, strerror(errno));
}

/* Those of the network: in the container's namespace, where we are. The rest is the sentry's. */
static int net_sysctls(const struct creation *cr, struct rt_err *err)
{
	json_t *o = json_object_get(json_object_get(cr->bundle.config, "linux"), "sysctl"), *v;
	const char *key;

	json_object_foreach(o, key, v)
	{
		if (strncmp(key, "net.", 4) != 0 && strncmp(key, "net/", 4) != 0)
			continue;
		if (cr->home_net < 0 && cr->launch.host_net)
			return rt_fail(err, EINVAL,
				       "config.json: linux.sysctl: %s needs a network namespace of "
				       "the container's own",
				       key);
		if (cr->launch.host_net && write_sysctl(key, json_string_value(v), err) < 0)
			return -err->code;
	}
	return 0;
}

static void set_oom_score(const struct creation *cr)
{
	auto_close int fd = -1;
	char text[32];
	int n;

	if (!cr->bundle.oom_score_set)
		return;
	n = snprintf(text, sizeof(text), "%lld", (long long)cr->launch.boot.oom_score_adj);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)n) < 0)
		rt_log(RT_INFO, "process.oomScoreAdj %s: %s (it holds inside only)", text,
		       strerror(errno));
}

int creation_hooks(struct creation *cr, struct rt_err *err)
{
	json_t *config = cr->bundle.config;
	auto_close int ns = -1;
	char path[64];

	if (hooks_run(config, "prestart", &cr->c, "creating", cr->home_net, err) < 0 ||
	    hooks_run(config, "createRuntime", &cr->c, "creating", cr->home_net, err) < 0)
		return -err->code;
	if (!hooks_have(config, "createContainer"))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", cr->c.pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	return hooks_run(config, "createContainer", &cr->c, "creating", ns, err);
}

static bool any_create_hooks(const struct creation *cr)
{
	return hooks_have(cr->bundle.config, "prestart") ||
	       hooks_have(cr->bundle.config, "createRuntime") ||
	       hooks_have(cr->bundle.config, "createContainer");
}

int creation_up(struct creation *cr, int (*hooks)(struct creation *cr, struct rt_err *err),
		struct rt_err *err)
{
	struct launch_req *r = &cr->launch;

	if (cgroup_enter(&cr->cg, cr->resources, err) < 0)
		return -err->code;
	r->host_net = strcmp(r->conf->network, "none") != 0 && cr->pod.role != POD_MEMBER;
	if (enter_network(cr, err) < 0 || net_sysctls(cr, err) < 0)
		return -err->code;
	set_oom_score(cr);
	if (cr->req->console_socket && r->tty) {
		cr->slave =
			monitor_console(cr->req->console_socket, r->boot.rows, r->boot.cols, err);
		if (cr->slave < 0)
			return -err->code;
	}
	if (any_create_hooks(cr) && hooks(cr, err) < 0)
		return -err->code;
	if (cr->pod.role == POD_MEMBER) {
		if (pod_join(&cr->pod, r, &cr->c, &cr->sb, err) < 0)
			return -err->code;
		cr->c.gofer_pid = cr->sb.gofer_stays ? 0 : cr->sb.gofer;
		return 0;
	}
	if (launch(r, &cr->sb, err) < 0 || attend_start(&cr->sb, &cr->exec_failed, err) < 0)
		return -err->code;
	cr->c.sentry_pid = cr->sb.sentry;
	cr->c.gofer_pid = cr->sb.gofer;
	return 0;
}

int write_pid_file(const char *path, pid_t pid, struct rt_err *err)
{
	char tmp[4096];
	FILE *f;

	if (!path || !*path)
		return 0;
	if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp))
		return rt_fail(err, ENAMETOOLONG, "--pid-file: the path is too long");
	f = fopen(tmp, "we");
	if (!f || fprintf(f, "%d", pid) < 0 || fclose(f) != 0 || rename(tmp, path) < 0)
		return rt_fail(err, errno, "--pid-file: %s: %s", path, strerror(errno));
	return 0;
}

int creation_record(struct creation *cr, struct rt_err *err)
{
	struct container *c = &cr->c;

	c->start_time = process_start_time(c->pid, NULL);
	if (!c->sandbox)
		c->sentry_start = process_start_time(c->sentry_pid, NULL);
	c->status = "created";
	if (state_save(c, err) < 0)
		return -err->code;
	return write_pid_file(cr->req->pid_file, c->pid, err);
}

/* --- the process that becomes the monitor --- */

static int g_report = -1;

static __noreturn void report_failure(struct creation *cr, const struct rt_err *err)
{
	struct report rep = { .code = err->code, .exec_failed = cr->exec_failed };

	snprintf(rep.text, sizeof(rep.text), "%s", err->text);
	sandbox_kill(&cr->sb);
	cgroup_leave(&cr->cg);
	send(g_report, &rep, sizeof(rep), MSG_NOSIGNAL);
	_exit(128);
}

/* The command runs them, where the engine's mounts and network are; we wait. */
static int hooks_elsewhere(struct creation *cr, struct rt_err *err)
{
	char c = 'h';

	if (send(g_report, &c, 1, MSG_NOSIGNAL) != 1 || recv(g_report, &c, 1, 0) != 1)
		_exit(128); /* it has given up */
	return 0;
}

static __noreturn void monitor_child(struct creation *cr)
{
	struct rt_err err = { 0 };
	struct report rep = { 0 };
	struct monitor m = { .sb = &cr->sb, .dir_fd = -1 };
	char c;
	int dir;

	setsid();
	attend_block_signals();
	/* the lock on the directory is the command's alone */
	dir = openat(cr->c.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(cr->c.dir_fd);
	cr->c.dir_fd = dir;
	if (creation_up(cr, hooks_elsewhere, &err) < 0)
		report_failure(cr, &err);
	rep.sentry = cr->c.sentry_pid;
	rep.gofer = cr->c.gofer_pid;
	rep.number = cr->c.number;
	if (cr->sb.warnings)
		snprintf(rep.text, sizeof(rep.text), "%s", cr->sb.warnings);
	if (send(g_report, &rep, sizeof(rep), MSG_NOSIGNAL) != sizeof(rep) ||
	    recv(g_report, &c, 1, 0) != 1) {
		sandbox_kill(&cr->sb);
		_exit(128);
	}
	m.slave = cr->slave;
	m.dir_fd = dir;
	m.id = cr->req->id;
	m.args = cr->launch.boot.args.v;
	m.nr_args = cr->launch.boot.args.nr;
	monitor_exec(&m);
}

static int await_report(struct creation *cr, int sock, struct rt_err *err)
{
	struct report rep;
	ssize_t n;

	for (;;) {
		do {
			n = recv(sock, &rep, sizeof(rep), 0);
		} while (n < 0 && errno == EINTR);
		if (n != 1)
			break;
		if (creation_hooks(cr, err) < 0)
			return -err->code;
		if (send(sock, "g", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	if (n != sizeof(rep))
		return rt_fail(err, EIO, "the container's monitor ended before it was ready");
	cr->exec_failed = rep.exec_failed;
	cr->c.sentry_pid = rep.sentry;
	cr->c.gofer_pid = rep.gofer;
	cr->c.number = rep.number;
	if (rep.code)
		return rt_fail(err, rep.code, "%s", rep.text);
	cr->sb.warnings = strdup(rep.text);
	attend_warnings(&cr->sb);
	return 0;
}

int creation_detached(struct creation *cr, struct rt_err *err)
{
	auto_close int ours = -1;
	int sv[2], ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	ours = sv[0];
	fflush(NULL);
	pid = cgroup_fork(&cr->cg);
	if (pid < 0) {
		close(sv[1]);
		return rt_fail(err, errno, "fork: %s", strerror(errno));
	}
	if (pid == 0) {
		close(STEAL_FD(ours));
		g_report = sv[1];
		monitor_child(cr);
	}
	close(sv[1]);
	cr->c.pid = pid;
	ret = await_report(cr, ours, err);
	if (ret == 0)
		ret = creation_record(cr, err);
	if (ret == 0 && send(ours, "k", 1, MSG_NOSIGNAL) != 1)
		ret = rt_fail(err, EIO, "the container's monitor is gone");
	if (ret < 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		/* it was their parent: they die with it */
		cr->c.pid = 0;
		pod_leave(&cr->c);
		state_wait_gone(&cr->c, 2000);
		state_destroy(cr->conf, &cr->c, err);
	}
	return ret;
}

/* --- start --- */

int container_start(struct container *c, json_t *config, struct rt_err *err)
{
	const struct ctl_start s = { 0 };
	struct ctl_answer a;

	c->status = "starting";
	if (state_save(c, err) < 0)
		return -err->code;
	if (ctl_request(c, CTL_START, &s, &a, err) < 0)
		return rt_fail_in(err, "unable to start container process");
	c->status = "running";
	if (state_save(c, err) < 0)
		return -err->code;
	hooks_run_all(config, "poststart", c, "running");
	return 0;
}

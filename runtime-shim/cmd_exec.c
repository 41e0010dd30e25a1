/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk exec: one more program in a running container. In the foreground the command attends to it;
 * with --detach a monitor stays behind whose pid stands for it, as with a container.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "cgroup.h"
#include "create.h"
#include "ctl_client.h"
#include "monitor.h"

#define PROCESS_MAX (4u << 20)
#define EXEC_TAG    1

struct exec_flags {
	const char *process, *cwd, *user, *pid_file, *console_socket, *internal_pid_file;
	struct strlist env, caps, gids, pass_fd;
	long preserve_fds;
	bool tty, detach, no_new_privs;
};

#define F(field) offsetof(struct exec_flags, field)
/* clang-format off */
static const struct flag exec_flags[] = {
	{ "process", FLAG_STR, F(process), "FILE", "the program as a process object of config.json" },
	{ "p", FLAG_STR, F(process), NULL, NULL },
	{ "tty", FLAG_BOOL, F(tty), NULL, "give it a terminal" },
	{ "t", FLAG_BOOL, F(tty), NULL, NULL },
	{ "detach", FLAG_BOOL, F(detach), NULL, "leave it running" },
	{ "d", FLAG_BOOL, F(detach), NULL, NULL },
	{ "cwd", FLAG_STR, F(cwd), "DIR", "working directory" },
	{ "env", FLAG_LIST, F(env), "K=V", "set an environment variable" },
	{ "e", FLAG_LIST, F(env), NULL, NULL },
	{ "user", FLAG_STR, F(user), "UID[:GID]", "who it runs as" },
	{ "u", FLAG_STR, F(user), NULL, NULL },
	{ "additional-gids", FLAG_LIST, F(gids), "GID", "one more group" },
	{ "g", FLAG_LIST, F(gids), NULL, NULL },
	{ "cap", FLAG_LIST, F(caps), "CAP", "one more capability" },
	{ "c", FLAG_LIST, F(caps), NULL, NULL },
	{ "no-new-privs", FLAG_BOOL, F(no_new_privs), NULL, "set no_new_privs" },
	{ "console-socket", FLAG_STR, F(console_socket), "SOCK", "Unix socket that gets the terminal's master" },
	{ "pid-file", FLAG_STR, F(pid_file), "FILE", "where the pid of its monitor is written" },
	{ "internal-pid-file", FLAG_STR, F(internal_pid_file), "FILE", "where its pid inside is written" },
	{ "preserve-fds", FLAG_INT, F(preserve_fds), "N", "descriptors 3 to 3+N-1 are the program's too" },
	{ "pass-fd", FLAG_LIST, F(pass_fd), "M:N", "descriptor M is the program's descriptor N" },
	{ "exec-fd", FLAG_VOID, 0, NULL, NULL },
	{ "apparmor", FLAG_VOID, 0, NULL, NULL },
	{ "process-label", FLAG_VOID, 0, NULL, NULL },
	{ "no-subreaper", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "ignore-paused", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "cgroup", FLAG_VOID, 0, NULL, NULL },
};
/* clang-format on */

struct execution {
	const struct rt_conf *conf;
	const struct exec_flags *f;
	struct container c;
	struct launch_req r; /* its boot configuration and streams */
	struct bundle b;
	struct sandbox sb; /* ctl and tty only: the sandbox is somebody else's */
	int slave, report;
	int pid; /* inside */
};

static json_t *load_file(const char *path, struct rt_err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	json_error_t je;
	json_t *o = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		rt_fail(err, errno, "--process: %s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > PROCESS_MAX) {
		rt_fail(err, EINVAL, "--process: %s is not a regular file below 4 MiB", path);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n >= 0)
		o = spec_json(text, (size_t)n, &je);
	if (!o)
		rt_fail(err, EINVAL, "--process: %s line %d: %s", path, n < 0 ? 0 : je.line,
			n < 0 ? "cannot be read" : je.text);
	return o;
}

/* An array member of o, made if it is not there. */
static json_t *list_member(json_t *o, const char *key)
{
	json_t *l = json_object_get(o, key);

	if (!json_is_array(l)) {
		l = json_array();
		json_object_set_new(o, key, l);
	}
	return l;
}

static void add_cap(json_t *proc, const char *name)
{
	static const char *const sets[] = { "bounding", "effective", "permitted" };
	json_t *caps = json_object_get(proc, "capabilities");
	char full[64];

	if (!json_is_object(caps)) {
		caps = json_object();
		json_object_set_new(proc, "capabilities", caps);
	}
	snprintf(full, sizeof(full), "%s%s", strncmp(name, "CAP_", 4) == 0 ? "" : "CAP_", name);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		json_array_append_new(list_member(caps, sets[i]), json_string(full));
}

static int set_user(json_t *proc, const char *s, struct rt_err *err)
{
	unsigned int uid, gid = 0;
	json_t *user;
	char rest;
	int n = sscanf(s, "%u:%u%c", &uid, &gid, &rest);

	if (n < 1 || n > 2 || (n == 1 && strchr(s, ':')))
		return rt_fail(err, EINVAL, "--user: '%s' is not UID or UID:GID", s);
	user = json_pack("{s:I,s:I}", "uid", (json_int_t)uid, "gid", (json_int_t)gid);
	json_object_set_new(proc, "user", user);
	return 0;
}

/* The container's own process with what the flags change. */
static json_t *from_flags(struct execution *x, int argc, char **argv, struct rt_err *err)
{
	const struct exec_flags *f = x->f;
	auto_free char *text = NULL;
	json_t *config, *proc, *args;
	json_error_t je;

	if (state_config(&x->c, &text, err) < 0)
		return NULL;
	config = spec_json(text, strlen(text), &je);
	proc = json_incref(json_object_get(config, "process"));
	json_decref(config);
	if (!json_is_object(proc)) {
		rt_fail(err, EINVAL, "the configuration of '%s' has no process", x->c.id);
		return NULL;
	}
	args = json_array();
	for (int i = 0; i < argc; i++)
		json_array_append_new(args, json_string(argv[i]));
	json_object_set_new(proc, "args", args);
	json_object_set_new(proc, "terminal", json_boolean(f->tty));
	if (f->cwd)
		json_object_set_new(proc, "cwd", json_string(f->cwd));
	for (size_t i = 0; i < f->env.nr; i++)
		json_array_append_new(list_member(proc, "env"), json_string(f->env.v[i]));
	for (size_t i = 0; i < f->caps.nr; i++)
		add_cap(proc, f->caps.v[i]);
	if (f->user && set_user(proc, f->user, err) < 0) {
		json_decref(proc);
		return NULL;
	}
	if (!json_is_object(json_object_get(proc, "user")))
		json_object_set_new(proc, "user", json_object());
	for (size_t i = 0; i < f->gids.nr; i++)
		json_array_append_new(list_member(json_object_get(proc, "user"), "additionalGids"),
				      json_integer(strtol(f->gids.v[i], NULL, 10)));
	if (f->no_new_privs)
		json_object_set_new(proc, "noNewPrivileges", json_true());
	return proc;
}

static int streams(struct execution *x, struct rt_err *err)
{
	struct launch_req *r = &x->r;
	int sv[2];

	if (x->f->console_socket && !(x->b.terminal && x->f->detach))
		return rt_fail(err, EINVAL, "--console-socket needs --detach and a terminal");
	if (x->b.terminal && x->f->detach) {
		if (!x->f->console_socket)
			return rt_fail(err, EINVAL,
				       "a terminal with --detach needs --console-socket");
		spec_terminal(r);
		if (monitor_console_check(x->f->console_socket, err) < 0)
			return -err->code;
	} else if (x->b.terminal) {
		spec_stdio(r);
		if (!r->tty)
			spec_terminal(r);
	} else {
		spec_streams(r);
	}
	if (!r->tty)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	x->sb.tty = sv[0];
	x->r.tty_fd = sv[1];
	return 0;
}

/* Asks the sentry for it: when this returns it runs. */
static int begin(struct execution *x, struct rt_err *err)
{
	auto_close int conf = launch_conf_fd(&x->r.boot, err);
	struct ctl_exec m = { .host_pid = getpid() };
	struct ctl_answer a = { 0 };
	int fds[CTL_FDS_MAX];
	unsigned int nr = 0;

	if (conf < 0)
		return conf;
	x->sb.ctl = state_connect(&x->c);
	if (x->sb.ctl < 0)
		return rt_fail(err, -x->sb.ctl, "container '%s' does not answer: %s", x->c.id,
			       strerror(-x->sb.ctl));
	fds[nr++] = conf;
	for (int i = 0; i < 3; i++) {
		if (x->r.stdio[i] < 0)
			continue;
		m.fds |= CTL_FD_STDIN << i;
		fds[nr++] = x->r.stdio[i];
	}
	if (x->r.tty_fd >= 0) {
		m.fds |= CTL_FD_TTY;
		fds[nr++] = x->r.tty_fd;
	}
	for (size_t i = 0; i < x->r.boot.nr_fds; i++)
		fds[nr++] = x->r.extra[i];
	x->sb.container = x->c.number;
	if (ctl_send(x->sb.ctl, &x->c, CTL_EXEC, EXEC_TAG, &m, fds, nr, err) < 0)
		return -err->code;
	if (x->r.tty_fd >= 0)
		close(x->r.tty_fd);
	x->r.tty_fd = -1;
	if (ctl_answer(x->sb.ctl, &x->c, &a, err) < 0)
		return rt_fail_in(err, "exec failed: unable to start container process");
	x->pid = a.value;
	return 0;
}

struct report {
	int code, pid;
	char text[768];
};

/* Its monitor is a process of the container as any other. */
static void join_cgroup(struct execution *x)
{
	auto_free char *text = NULL;
	struct rt_err ignored = { 0 };
	struct cgroup cg = { 0 };
	json_t *config = NULL;
	json_error_t je;

	if (state_config(&x->c, &text, &ignored) == 0)
		config = spec_json(text, strlen(text), &je);
	if (config && cgroup_locate(x->conf, x->c.id, config, &cg, &ignored) == 0 &&
	    cgroup_join(&cg, getpid()) < 0)
		rt_dbg("the container's cgroup cannot be joined");
	cgroup_fini(&cg);
	json_decref(config);
}

static __noreturn void monitor_child(struct execution *x)
{
	struct monitor m = { .sb = &x->sb, .dir_fd = -1, .slave = -1 };
	struct report rep = { 0 };
	struct rt_err err = { 0 };
	char c;

	setsid();
	attend_block_signals();
	join_cgroup(x);
	if (x->f->console_socket) {
		m.slave =
			monitor_console(x->f->console_socket, x->r.boot.rows, x->r.boot.cols, &err);
	}
	if (!err.code)
		begin(x, &err);
	rep.code = err.code;
	rep.pid = x->pid;
	snprintf(rep.text, sizeof(rep.text), "%s", err.text);
	if (send(x->report, &rep, sizeof(rep), MSG_NOSIGNAL) != sizeof(rep) || err.code ||
	    recv(x->report, &c, 1, 0) != 1)
		_exit(128);
	m.id = x->c.id;
	m.args = x->r.boot.args.v;
	m.nr_args = x->r.boot.args.nr;
	monitor_exec(&m);
}

static int detached(struct execution *x, struct rt_err *err)
{
	auto_close int ours = -1;
	struct report rep;
	int sv[2], ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	ours = sv[0];
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(sv[1]);
		return rt_fail(err, errno, "fork: %s", strerror(errno));
	}
	if (pid == 0) {
		close(STEAL_FD(ours));
		x->report = sv[1];
		monitor_child(x);
	}
	close(sv[1]);
	/* ours of the socket must not keep the terminal open */
	if (x->r.tty_fd >= 0)
		close(x->r.tty_fd);
	x->r.tty_fd = -1;
	if (recv(ours, &rep, sizeof(rep), 0) != sizeof(rep))
		ret = rt_fail(err, EIO, "the monitor of the program ended before it was ready");
	else if (rep.code)
		ret = rt_fail(err, rep.code, "%s", rep.text);
	else
		ret = write_pid_file(x->f->pid_file, pid, err);
	if (ret == 0)
		ret = write_pid_file(x->f->internal_pid_file, rep.pid, err);
	if (ret == 0 && send(ours, "k", 1, MSG_NOSIGNAL) == 1)
		return 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return rt_fail(err, EIO, "the monitor of the program is gone");
}

static int foreground(struct execution *x, struct rt_err *err)
{
	int ret;

	attend_block_signals();
	if (begin(x, err) < 0)
		return -err->code;
	ret = write_pid_file(x->f->pid_file, getpid(), err);
	if (ret == 0)
		ret = write_pid_file(x->f->internal_pid_file, x->pid, err);
	return ret < 0 ? ret : attend(&x->sb, STDIN_FILENO, STDOUT_FILENO, err);
}

static int execute(struct execution *x, const char *id, int argc, char **argv, struct rt_err *err)
{
	json_t *proc;
	int ret;

	if (state_load(x->conf, id, &x->c, err) < 0)
		return -err->code;
	if (strcmp(x->c.status, "running") != 0)
		return rt_fail(err, EINVAL, "cannot exec in a container that is %s", x->c.status);
	proc = x->f->process ? load_file(x->f->process, err) : from_flags(x, argc, argv, err);
	if (!proc)
		return -err->code;
	ret = spec_process(proc, &x->r, &x->b, err);
	json_decref(proc);
	if (ret < 0)
		return ret;
	if (x->f->process && x->f->tty)
		x->b.terminal = true;
	if (spec_pass_fds(&x->r, x->f->preserve_fds, &x->f->pass_fd, err) < 0 ||
	    streams(x, err) < 0)
		return -err->code;
	/* programs come and go while others look at the container */
	state_unlock(&x->c);
	return x->f->detach ? detached(x, err) : foreground(x, err);
}

int cmd_exec(const struct rt_conf *conf, int argc, char **argv)
{
	struct exec_flags f = { 0 };
	struct execution x = { .conf = conf, .f = &f, .slave = -1, .report = -1 };
	struct rt_err err = { 0 };
	int i, ret;

	i = flags_parse(exec_flags, ARRAY_SIZE(exec_flags), &f, argc, argv, &err);
	if (i >= 0 && i < argc - 1 && strcmp(argv[i + 1], "--") == 0) {
		argv[i + 1] = argv[i];
		i++;
	}
	if (i == -ENODATA || (i >= 0 && argc - i < (f.process ? 1 : 2))) {
		printf("usage: husk [flags] exec [flags] ID COMMAND [arguments]\n"
		       "       husk [flags] exec [flags] --process=FILE ID\n\n");
		flags_help(exec_flags, ARRAY_SIZE(exec_flags));
		return i == -ENODATA ? 0 : 2;
	}
	if (i < 0)
		return rt_report(&err, "exec");
	launch_req_init(&x.r, conf);
	sandbox_init(&x.sb);
	x.c.dir_fd = -1;
	ret = execute(&x, argv[i], argc - i - 1, argv + i + 1, &err);
	sandbox_kill(&x.sb);
	launch_req_fini(&x.r);
	bundle_fini(&x.b);
	container_fini(&x.c);
	return ret < 0 ? rt_report(&err, "exec") : ret;
}

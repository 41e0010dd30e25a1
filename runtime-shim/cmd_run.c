/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk create, start, run: a container from an OCI bundle. In the foreground the command itself
 * attends to it, and a helper process removes the state if the command is killed; otherwise a
 * monitor stays behind (create.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "create.h"
#include "ctl_client.h"

struct run_flags {
	struct create_req req;
	const char *user_log;
	bool detach;
};

#define F(field) offsetof(struct run_flags, field)
/* clang-format off */
#define CREATE_FLAGS \
	{ "bundle", FLAG_STR, F(req.bundle), "DIR", "directory with config.json (.)" }, \
	{ "b", FLAG_STR, F(req.bundle), NULL, NULL }, \
	{ "pid-file", FLAG_STR, F(req.pid_file), "FILE", "where the pid of the container's monitor is written" }, \
	{ "console-socket", FLAG_STR, F(req.console_socket), "SOCK", "Unix socket that gets the terminal's master" }, \
	{ "user-log", FLAG_STR, F(user_log), NULL, NULL }, \
	{ "preserve-fds", FLAG_INT, F(req.preserve_fds), "N", "descriptors 3 to 3+N-1 are the program's too" }, \
	{ "pass-fd", FLAG_LIST, F(req.pass_fd), "M:N", "descriptor M is the program's descriptor N" }, \
	{ "no-pivot", FLAG_VOID_BOOL, 0, NULL, NULL }, \
	{ "no-new-keyring", FLAG_VOID_BOOL, 0, NULL, NULL }, \
	{ "fs-restore-image-path", FLAG_VOID, 0, NULL, NULL }, \
	{ "fs-restore-direct", FLAG_VOID_BOOL, 0, NULL, NULL }

static const struct flag create_flags[] = { CREATE_FLAGS };
static const struct flag run_flags[] = {
	CREATE_FLAGS,
	{ "detach", FLAG_BOOL, F(detach), NULL, "leave it running" },
	{ "d", FLAG_BOOL, F(detach), NULL, NULL },
	{ "exec-fd", FLAG_VOID, 0, NULL, NULL },
	{ "keep", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "no-subreaper", FLAG_VOID_BOOL, 0, NULL, NULL },
};
/* clang-format on */

/*
 * Waits for the end of this command and removes what it left. Holds nothing but the state
 * directory: every other descriptor is closed, so that it keeps nobody's pipe open.
 */
static int sweeper_start(const struct rt_conf *conf, struct container *c, pid_t *ret_pid,
			 struct rt_err *err)
{
	int p[2];
	pid_t pid;
	char b;

	if (pipe2(p, O_CLOEXEC) < 0)
		return rt_fail(err, errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return rt_fail(err, errno, "fork: %s", strerror(errno));
	if (pid > 0) {
		close(p[0]);
		*ret_pid = pid;
		return p[1];
	}
	setsid();
	prctl(PR_SET_NAME, "husk-sweep");
	dup2(p[0], 0);
	dup2(c->dir_fd, 1);
	c->dir_fd = 1;
	syscall(SYS_close_range, 2, ~0U, 0);
	while (read(0, &b, 1) < 0 && errno == EINTR)
		;
	state_destroy(conf, c, err);
	_exit(0);
}

/* The program's start, said over our own connection. */
static int start_own(struct creation *cr, struct rt_err *err)
{
	const struct ctl_start s = { 0 };
	struct ctl_answer a;

	if (ctl_send(cr->sb.ctl, &cr->c, CTL_START, 1, &s, NULL, 0, err) < 0 ||
	    ctl_answer(cr->sb.ctl, &cr->c, &a, err) < 0) {
		cr->exec_failed = a.value == CTL_STAGE_EXEC;
		return rt_fail_in(err, "unable to start container process");
	}
	cr->c.status = "running";
	return state_save(&cr->c, err);
}

static int run_foreground(struct creation *cr, struct rt_err *err)
{
	pid_t sweeper = -1;
	int ret, pipe_fd;

	attend_block_signals();
	if (creation_begin(cr, false, err) < 0)
		return -err->code;
	cr->c.pid = getpid();
	pipe_fd = sweeper_start(cr->conf, &cr->c, &sweeper, err);
	ret = pipe_fd < 0 ? pipe_fd : creation_up(cr, creation_hooks, err);
	attend_warnings(&cr->sb);
	if (ret == 0)
		ret = creation_record(cr, err);
	if (ret == 0)
		ret = start_own(cr, err);
	/* the lock is for changes of state: others may look while we wait */
	state_unlock(&cr->c);
	if (ret == 0) {
		hooks_run_all(cr->bundle.config, "poststart", &cr->c, "running");
		ret = attend(&cr->sb, STDIN_FILENO, STDOUT_FILENO, err);
	}
	sandbox_kill(&cr->sb);
	pod_leave(&cr->c);
	cgroup_leave(&cr->cg);
	if (cr->req->pid_file)
		unlink(cr->req->pid_file);
	hooks_run_all(cr->bundle.config, "poststop", &cr->c, "stopped");
	if (pipe_fd >= 0) {
		close(pipe_fd);
		waitpid(sweeper, NULL, 0);
	}
	return ret;
}

static int run_detached(struct creation *cr, struct rt_err *err)
{
	if (creation_begin(cr, true, err) < 0 || creation_detached(cr, err) < 0)
		return -err->code;
	if (container_start(&cr->c, cr->bundle.config, err) < 0) {
		kill(cr->c.pid, SIGKILL);
		waitpid(cr->c.pid, NULL, 0);
		pod_leave(&cr->c);
		state_wait_gone(&cr->c, 2000);
		state_destroy(cr->conf, &cr->c, err);
		return -err->code;
	}
	return 0;
}

static int usage(const char *cmd, const struct flag *flags, size_t nr, int ret)
{
	printf("usage: husk [flags] %s [flags] ID\n\n", cmd);
	flags_help(flags, nr);
	return ret;
}

int cmd_run(const struct rt_conf *conf, int argc, char **argv)
{
	struct run_flags f = { .req.bundle = "." };
	struct rt_err err = { 0 };
	struct creation cr;
	int i, ret;

	i = flags_parse(run_flags, ARRAY_SIZE(run_flags), &f, argc, argv, &err);
	if (i == -ENODATA || (i >= 0 && i + 1 != argc))
		return usage("run", run_flags, ARRAY_SIZE(run_flags), i == -ENODATA ? 0 : 2);
	if (i < 0)
		return rt_report(&err, "run");
	f.req.id = argv[i];
	creation_init(&cr, conf, &f.req);
	ret = f.detach ? run_detached(&cr, &err) : run_foreground(&cr, &err);
	creation_fini(&cr);
	return ret < 0 ? rt_report(&err, "run") : ret;
}

int cmd_create(const struct rt_conf *conf, int argc, char **argv)
{
	struct run_flags f = { .req.bundle = "." };
	struct rt_err err = { 0 };
	struct creation cr;
	int i, ret;

	i = flags_parse(create_flags, ARRAY_SIZE(create_flags), &f, argc, argv, &err);
	if (i == -ENODATA || (i >= 0 && i + 1 != argc))
		return usage("create", create_flags, ARRAY_SIZE(create_flags),
			     i == -ENODATA ? 0 : 2);
	if (i < 0)
		return rt_report(&err, "create");
	f.req.id = argv[i];
	creation_init(&cr, conf, &f.req);
	ret = creation_begin(&cr, true, &err);
	if (ret == 0)
		ret = creation_detached(&cr, &err);
	else if (cr.c.dir_fd >= 0)
		state_destroy(conf, &cr.c, &err);
	creation_fini(&cr);
	return ret < 0 ? rt_report(&err, "create") : 0;
}

int cmd_start(const struct rt_conf *conf, int argc, char **argv)
{
	struct rt_err err = { 0 };
	auto_free char *text = NULL;
	json_t *config = NULL;
	struct container c;
	int ret;

	if (argc != 2 || argv[1][0] == '-')
		return usage("start", NULL, 0, argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2);
	if (state_load(conf, argv[1], &c, &err) < 0)
		return rt_report(&err, "start");
	if (strcmp(c.status, "created") == 0)
		ret = state_config(&c, &text, &err);
	else if (strcmp(c.status, "stopped") == 0)
		ret = rt_fail(&err, EINVAL, "cannot start a container that has stopped");
	else
		ret = rt_fail(&err, EINVAL, "cannot start an already running container");
	if (ret == 0) {
		config = json_loads(text, 0, NULL);
		ret = container_start(&c, config, &err);
		json_decref(config);
	}
	container_fini(&c);
	return ret < 0 ? rt_report(&err, "start") : 0;
}

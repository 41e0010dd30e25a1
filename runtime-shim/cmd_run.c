/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk run: one container from an OCI bundle, in the foreground. Its state stands on disk while it
 * runs, so that other commands find it. A helper process removes that state if this command is
 * killed.
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
#include "spec.h"
#include "state.h"

struct run_flags {
	const char *bundle, *pid_file, *console_socket, *user_log;
	struct strlist pass_fd;
	bool detach;
};

#define F(field) offsetof(struct run_flags, field)
/* clang-format off */
static const struct flag run_flags[] = {
	{ "bundle", FLAG_STR, F(bundle), "DIR", "directory with config.json (.)" },
	{ "pid-file", FLAG_STR, F(pid_file), "FILE", "where the sentry's pid is written" },
	{ "console-socket", FLAG_STR, F(console_socket), "SOCK", "comes later" },
	{ "user-log", FLAG_STR, F(user_log), NULL, NULL },
	{ "detach", FLAG_BOOL, F(detach), NULL, "comes later" },
	{ "pass-fd", FLAG_LIST, F(pass_fd), NULL, NULL },
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

static int write_pid_file(const char *path, pid_t pid, struct rt_err *err)
{
	char tmp[4096];
	FILE *f;

	if (!path)
		return 0;
	if (snprintf(tmp, sizeof(tmp), "%s.new", path) >= (int)sizeof(tmp))
		return rt_fail(err, ENAMETOOLONG, "--pid-file: the path is too long");
	f = fopen(tmp, "we");
	if (!f || fprintf(f, "%d", pid) < 0 || fclose(f) != 0 || rename(tmp, path) < 0)
		return rt_fail(err, errno, "--pid-file: %s: %s", path, strerror(errno));
	return 0;
}

static int check(const struct run_flags *f, struct rt_err *err)
{
	if (f->detach)
		return rt_fail(err, ENOSYS,
			       "--detach comes with full OCI support; not in this version");
	if (f->console_socket)
		return rt_fail(err, ENOSYS,
			       "--console-socket comes with full OCI support; not in this version");
	return 0;
}

static int start(struct launch_req *r, struct container *c, struct sandbox *sb, bool *ret_exec,
		 struct rt_err *err)
{
	auto_close int listen_fd = state_listen(c);

	if (listen_fd < 0)
		return rt_fail(err, -listen_fd, "control socket of '%s': %s", c->id,
			       strerror(-listen_fd));
	r->listen_fd = listen_fd;
	if (launch(r, sb, err) < 0)
		return -err->code;
	c->pid = sb->sentry;
	c->gofer_pid = sb->gofer;
	c->start_time = process_start_time(sb->sentry, NULL);
	if (attend_start(sb, ret_exec, err) < 0)
		return -err->code;
	if (state_save(c, err) < 0) {
		sandbox_kill(sb);
		return -err->code;
	}
	return 0;
}

static int run(const struct rt_conf *conf, const struct run_flags *f, const char *id,
	       struct launch_req *r, struct bundle *b, struct rt_err *err)
{
	struct container c = { .dir_fd = -1 };
	pid_t sweeper = -1;
	struct sandbox sb;
	bool exec = false;
	int ret, pipe_fd = -1;

	sandbox_init(&sb);
	if (spec_load(f->bundle, r, b, err) < 0)
		return -err->code;
	r->boot.id = strdup(id);
	if (!r->boot.hostname)
		r->boot.hostname = strdup(id);
	r->boot.flags |= BOOT_FOREGROUND;
	r->foreground = true;
	spec_common(&r->boot, conf);
	spec_stdio(r);
	if (b->terminal && !r->tty)
		return rt_fail(
			err, ENOTTY,
			"config.json: process.terminal is true, but standard input or output is no terminal");
	if (!b->terminal && r->tty) {
		/*
		 * the guest gets plain descriptors: its standard streams are no terminal of its own
		 */
		r->tty = false;
		r->boot.flags &= ~(uint64_t)BOOT_TTY;
		r->boot.tty_mask = 0;
		r->boot.stdio_same = 0x210;
		for (int i = 0; i < 3; i++)
			r->stdio[i] = i;
	}
	if (state_create(conf, id, &c, err) < 0)
		return -err->code;
	c.bundle = strdup(b->dir);
	c.rootfs = strdup(b->root);
	c.annotations = b->annotations ? strdup(b->annotations) : NULL;
	pipe_fd = sweeper_start(conf, &c, &sweeper, err);
	ret = pipe_fd < 0 ? pipe_fd : start(r, &c, &sb, &exec, err);
	/* the lock is for changes of state: others may look while we wait */
	if (ret == 0)
		ret = write_pid_file(f->pid_file, sb.sentry, err);
	if (c.dir_fd >= 0)
		state_unlock(&c);
	if (ret == 0)
		ret = attend(&sb, STDIN_FILENO, STDOUT_FILENO, err);
	sandbox_kill(&sb);
	if (f->pid_file)
		unlink(f->pid_file);
	if (pipe_fd >= 0) {
		close(pipe_fd);
		waitpid(sweeper, NULL, 0);
	}
	container_fini(&c);
	return ret;
}

int cmd_run(const struct rt_conf *conf, int argc, char **argv)
{
	struct run_flags f = { .bundle = "." };
	struct rt_err err = { 0 };
	struct bundle b = { 0 };
	struct launch_req r;
	int i, ret;

	i = flags_parse(run_flags, ARRAY_SIZE(run_flags), &f, argc, argv, &err);
	if (i == -ENODATA || (i >= 0 && i + 1 != argc)) {
		printf("usage: husk [flags] run [flags] ID\n\n");
		flags_help(run_flags, ARRAY_SIZE(run_flags));
		return i == -ENODATA ? 0 : 2;
	}
	if (i < 0 || check(&f, &err) < 0)
		return rt_report(&err, "run");
	launch_req_init(&r, conf);
	attend_block_signals();
	ret = run(conf, &f, argv[i], &r, &b, &err);
	launch_req_fini(&r);
	bundle_fini(&b);
	return ret < 0 ? rt_report(&err, "run") : ret;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: see hooks.h. One process each, killed when its time is up. */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"

#define OUTPUT_MAX 400

static const char *const hook_names[] = { "prestart",       "createRuntime", "createContainer",
					  "startContainer", "poststart",     "poststop" };

static json_t *hook_list(json_t *config, const char *name)
{
	return json_object_get(json_object_get(config, "hooks"), name);
}

bool hooks_have(json_t *config, const char *name)
{
	return json_array_size(hook_list(config, name)) > 0;
}

static bool all_strings(json_t *list)
{
	json_t *e;
	size_t i;

	if (!list || json_is_null(list))
		return true;
	json_array_foreach(list, i, e)
	{
		if (!json_is_string(e))
			return false;
	}
	return json_is_array(list);
}

int hooks_check(json_t *config, struct rt_err *err)
{
	for (size_t n = 0; n < ARRAY_SIZE(hook_names); n++) {
		json_t *list = hook_list(config, hook_names[n]), *e, *t;
		size_t i;

		if (!list || json_is_null(list))
			continue;
		if (!json_is_array(list))
			return rt_fail(err, EINVAL, "config.json: hooks.%s is not a list",
				       hook_names[n]);
		json_array_foreach(list, i, e)
		{
			const char *path = json_string_value(json_object_get(e, "path"));

			if (!path || path[0] != '/')
				return rt_fail(
					err, EINVAL,
					"config.json: hooks.%s[%zu].path is not an absolute path",
					hook_names[n], i);
			if (!all_strings(json_object_get(e, "args")) ||
			    !all_strings(json_object_get(e, "env")))
				return rt_fail(err, EINVAL,
					       "config.json: hooks.%s[%zu]: args and env are lists "
					       "of strings",
					       hook_names[n], i);
			t = json_object_get(e, "timeout");
			if (t && !json_is_null(t) &&
			    (!json_is_integer(t) || json_integer_value(t) <= 0))
				return rt_fail(
					err, EINVAL,
					"config.json: hooks.%s[%zu].timeout is not above zero",
					hook_names[n], i);
		}
	}
	return 0;
}

static char **string_vector(json_t *list, const char *first)
{
	size_t n = json_array_size(list), k = 0;
	char **v = calloc(n + 2, sizeof(*v));

	if (!v)
		return NULL;
	if (n == 0 && first)
		v[k++] = (char *)first;
	for (size_t i = 0; i < n; i++)
		v[k++] = (char *)json_string_value(json_array_get(list, i));
	return v;
}

static int state_fd(const struct container *c, const char *status)
{
	auto_close int fd = memfd_create("husk-state", MFD_CLOEXEC);
	json_t *o = state_json(c);
	auto_free char *text = NULL;
	size_t n;

	json_object_set_new(o, "status", json_string(status));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	n = text ? strlen(text) : 0;
	if (fd < 0 || !text || write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)
		return -EIO;
	return STEAL_FD(fd);
}

static __noreturn void hook_child(json_t *hook, const struct container *c, int in, int out,
				  int ns_fd)
{
	const char *path = json_string_value(json_object_get(hook, "path"));
	char **argv = string_vector(json_object_get(hook, "args"), path);
	char **envp = string_vector(json_object_get(hook, "env"), NULL);
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (ns_fd >= 0 && setns(ns_fd, CLONE_NEWNET) < 0) {
		dprintf(out, "network namespace: %s", strerror(errno));
		_exit(126);
	}
	if (c->bundle && chdir(c->bundle) < 0 && chdir("/") < 0)
		_exit(126);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3, ~0U, 0);
	execve(path, argv, envp);
	fprintf(stderr, "%s: %s", path, strerror(errno));
	fflush(stderr);
	_exit(errno == ENOENT ? 127 : 126);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Its output until it ends: *ret_status as waitpid has it; -ETIMEDOUT and it is killed. */
static int attend_hook(pid_t pid, int out, int64_t limit_ms, char *text, size_t size,
		       int *ret_status)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int64_t end = now_ms() + limit_ms;
	size_t len = 0;
	bool open = true, late = false;

	for (;;) {
		struct pollfd p[2] = { { open ? out : -1, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
		int64_t left = limit_ms ? MAX(end - now_ms(), 0) : -1;
		char buf[512];
		ssize_t n;

		if (poll(p, 2, (int)left) == 0) {
			kill(pid, SIGKILL);
			late = true;
			break;
		}
		if (p[0].revents) {
			n = read(out, buf, sizeof(buf));
			if (n <= 0)
				open = false;
			for (ssize_t i = 0; i < n && len + 1 < size; i++)
				text[len++] = buf[i];
			continue;
		}
		if (p[1].revents)
			break;
	}
	text[len] = '\0';
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return late ? -ETIMEDOUT : 0;
}

static int hook_run(json_t *hook, const char *what, const struct container *c, const char *status,
		    int ns_fd, struct rt_err *err)
{
	int64_t limit = json_integer_value(json_object_get(hook, "timeout")) * 1000;
	const char *path = json_string_value(json_object_get(hook, "path"));
	auto_close int in = state_fd(c, status), out_r = -1, out_w = -1;
	char text[OUTPUT_MAX] = "";
	int p[2], st = 0, ret;
	pid_t pid;

	if (in < 0 || pipe2(p, O_CLOEXEC) < 0)
		return rt_fail(err, EIO, "%s: %s", what, strerror(errno));
	out_r = p[0];
	out_w = p[1];
	pid = fork();
	if (pid < 0)
		return rt_fail(err, errno, "%s: fork: %s", what, strerror(errno));
	if (pid == 0)
		hook_child(hook, c, in, out_w, ns_fd);
	close(out_w);
	out_w = -1;
	ret = attend_hook(pid, out_r, limit, text, sizeof(text), &st);
	if (ret < 0)
		return rt_fail(err, ETIMEDOUT, "error running %s hook %s: it did not end in %lld s",
			       what, path, (long long)(limit / 1000));
	if (WIFSIGNALED(st))
		return rt_fail(err, EIO, "error running %s hook %s: killed by signal %d: %s", what,
			       path, WTERMSIG(st), text);
	if (WEXITSTATUS(st) != 0)
		return rt_fail(err, EIO, "error running %s hook %s: exit status %d: %s", what, path,
			       WEXITSTATUS(st), text);
	return 0;
}

int hooks_run(json_t *config, const char *name, const struct container *c, const char *status,
	      int ns_fd, struct rt_err *err)
{
	json_t *list = hook_list(config, name), *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		if (hook_run(e, name, c, status, ns_fd, err) < 0)
			return -err->code;
	}
	return 0;
}

void hooks_run_all(json_t *config, const char *name, const struct container *c, const char *status)
{
	json_t *list = hook_list(config, name), *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		struct rt_err err = { 0 };

		if (hook_run(e, name, c, status, -1, &err) < 0)
			rt_warn("%s", err.text);
	}
}

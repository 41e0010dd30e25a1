/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on containers that exist: list, state, kill, delete. */
#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "conf.h"
#include "ctl_client.h"
#include "hooks.h"
#include "pod.h"
#include "state.h"

struct list_flags {
	const char *format;
	bool quiet;
};

/* clang-format off */
static const struct flag list_flags[] = {
	{ "format", FLAG_CHOICE, offsetof(struct list_flags, format), "table|text|json", "form of the list (table)" },
	{ "f", FLAG_CHOICE, offsetof(struct list_flags, format), "table|text|json", NULL },
	{ "quiet", FLAG_BOOL, offsetof(struct list_flags, quiet), NULL, "only the ids" },
	{ "q", FLAG_BOOL, offsetof(struct list_flags, quiet), NULL, NULL },
};
/* clang-format on */

struct list {
	const struct list_flags *f;
	json_t *all;
};

static void list_one(struct container *c, void *arg)
{
	struct list *l = arg;
	json_t *o;

	if (l->f->quiet) {
		printf("%s\n", c->id);
	} else if (l->all) {
		o = state_json(c);
		json_object_set_new(o, "rootfs", json_string(c->rootfs));
		json_object_set_new(o, "created", json_string(c->created));
		json_object_set_new(o, "owner", json_integer(c->owner));
		json_object_set_new(o, "pid", json_integer(c->pid));
		json_array_append_new(l->all, o);
	} else {
		printf("%-24s %-8d %-10s %-32s %-32s %u\n", c->id, c->pid, c->status, c->bundle,
		       c->created, c->owner);
	}
}

int cmd_list(const struct rt_conf *conf, int argc, char **argv)
{
	struct list_flags f = { .format = "table" };
	struct list l = { .f = &f };
	struct rt_err err = { 0 };
	int i = flags_parse(list_flags, ARRAY_SIZE(list_flags), &f, argc, argv, &err);

	if (i == -ENODATA) {
		printf("usage: husk list [flags]\n\n");
		flags_help(list_flags, ARRAY_SIZE(list_flags));
		return 0;
	}
	if (i < 0)
		return rt_report(&err, "list");
	if (strcmp(f.format, "json") == 0 && !f.quiet)
		l.all = json_array();
	else if (!f.quiet)
		printf("%-24s %-8s %-10s %-32s %-32s %s\n", "ID", "PID", "STATUS", "BUNDLE",
		       "CREATED", "OWNER");
	if (state_each(conf, list_one, &l, &err) < 0)
		return rt_report(&err, "list");
	if (l.all) {
		auto_free char *text = json_dumps(l.all, JSON_COMPACT);

		puts(text ? text : "[]");
		json_decref(l.all);
	}
	return 0;
}

static int one_id(const char *cmd, const char *usage, int argc, char **argv)
{
	if (argc == 2 && argv[1][0] != '-')
		return 1;
	printf("usage: husk %s %s\n", cmd, usage);
	return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : -1;
}

int cmd_state(const struct rt_conf *conf, int argc, char **argv)
{
	struct rt_err err = { 0 };
	struct container c;
	auto_free char *text = NULL;
	json_t *o;
	int ret = one_id("state", "ID", argc, argv);

	if (ret <= 0)
		return ret < 0 ? 2 : 0;
	if (state_load(conf, argv[1], &c, &err) < 0)
		return rt_report(&err, "state");
	o = state_json(&c);
	text = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	container_fini(&c);
	if (!text)
		return 1;
	puts(text);
	return 0;
}

static int signal_number(const char *s, struct rt_err *err)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*s && !*end) {
		if (n >= 1 && n <= 64)
			return (int)n;
		return rt_fail(err, EINVAL, "'%s' is no signal: 1 to 64", s);
	}
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	n = strncasecmp(s, "RTMIN", 5) == 0 ? SIGRTMIN :
	    strncasecmp(s, "RTMAX", 5) == 0 ? SIGRTMAX :
					      0;
	if (n) {
		long more = s[5] ? strtol(s + 5, &end, 10) : 0;

		if ((!s[5] || !*end) && n + more >= SIGRTMIN && n + more <= SIGRTMAX)
			return (int)(n + more);
	}
	for (int sig = 1; sig < 32; sig++) {
		if (strcasecmp(sigabbrev_np(sig), s) == 0)
			return sig;
	}
	return rt_fail(err, EINVAL, "'%s' is no signal: a number, or a name as KILL or SIGTERM", s);
}

struct kill_flags {
	bool all;
	long pid;
};

/* clang-format off */
static const struct flag kill_flags[] = {
	{ "all", FLAG_BOOL, offsetof(struct kill_flags, all), NULL, "all processes of the container" },
	{ "a", FLAG_BOOL, offsetof(struct kill_flags, all), NULL, NULL },
	{ "pid", FLAG_INT, offsetof(struct kill_flags, pid), "N", "the process with this id inside" },
	{ "pgid", FLAG_VOID, 0, NULL, NULL },
};
/* clang-format on */

static int send_signal(struct container *c, const struct ctl_signal *s, struct rt_err *err)
{
	struct ctl_answer a;
	int ret = ctl_request(c, CTL_SIGNAL, s, &a, err);

	/* it ended while we asked */
	if (ret == -ESRCH || ret == -EPIPE || ret == -ECONNREFUSED || ret == -ECONNRESET) {
		*err = (struct rt_err){ 0 };
		if (s->sig == SIGKILL || s->pid == -1)
			return 0;
		return rt_fail(err, ESRCH, "container not running");
	}
	if (ret < 0 && s->sig == SIGKILL) {
		/* a sentry that does not answer is no reason to live */
		*err = (struct rt_err){ 0 };
		return kill(c->sentry_pid, SIGKILL) < 0 ?
			       rt_fail(err, errno, "container '%s': %s", c->id, strerror(errno)) :
			       0;
	}
	return ret;
}

int cmd_kill(const struct rt_conf *conf, int argc, char **argv)
{
	struct kill_flags f = { 0 };
	struct rt_err err = { 0 };
	struct ctl_signal s = { 0 };
	struct container c;
	int i = flags_parse(kill_flags, ARRAY_SIZE(kill_flags), &f, argc, argv, &err), ret;

	if (i == -ENODATA || (i >= 0 && (argc - i < 1 || argc - i > 2))) {
		printf("usage: husk kill [flags] ID [SIGNAL]\n\n");
		flags_help(kill_flags, ARRAY_SIZE(kill_flags));
		return i == -ENODATA ? 0 : 2;
	}
	if (i < 0)
		return rt_report(&err, "kill");
	s.sig = signal_number(argc - i == 2 ? argv[i + 1] : "TERM", &err);
	if (s.sig < 0 || state_load(conf, argv[i], &c, &err) < 0)
		return rt_report(&err, "kill");
	s.pid = f.all ? -1 : (int32_t)f.pid;
	if (f.all && c.sandbox && state_sentry_lives(&c))
		/* what shares the numbers of another container outlives its first process */
		ret = send_signal(&c, &s, &err);
	else if (strcmp(c.status, "stopped") == 0)
		/* engines take these words for an end that they have missed */
		ret = f.all ? 0 : rt_fail(&err, ESRCH, "container not running");
	else
		ret = send_signal(&c, &s, &err);
	container_fini(&c);
	return ret < 0 ? rt_report(&err, "kill") : 0;
}

struct delete_flags {
	bool force;
};

static const struct flag delete_flags[] = {
	{ "force", FLAG_BOOL, offsetof(struct delete_flags, force), NULL,
	  "kill it first; no error if there is none" },
	{ "f", FLAG_BOOL, offsetof(struct delete_flags, force), NULL, NULL },
};

static int delete_one(const struct rt_conf *conf, struct container *c, bool force,
		      struct rt_err *err)
{
	auto_free char *text = NULL;
	struct rt_err no_config = { 0 };
	json_t *config = NULL;

	if (strcmp(c->status, "stopped") != 0 && strcmp(c->status, "created") != 0 && !force)
		return rt_fail(err, EBUSY, "container '%s' is %s: stop it first, or use --force",
			       c->id, c->status);
	/*
	 * The monitor sees the sandbox, or its container in one, end and goes; one that does not is
	 * killed. A member whose monitor was killed may still be there.
	 */
	if (c->sandbox)
		pod_leave(c);
	else if (strcmp(c->status, "stopped") != 0 && c->sentry_pid > 0)
		kill(c->sentry_pid, SIGKILL);
	if (strcmp(c->status, "stopped") != 0 && state_wait_gone(c, 3000) < 0 && c->pid > 0)
		kill(c->pid, SIGKILL);
	if (state_wait_gone(c, 10000) < 0)
		return rt_fail(err, EBUSY, "container '%s': its processes do not end", c->id);
	if (state_config(c, &text, &no_config) == 0)
		config = json_loads(text, 0, NULL);
	c->pid = 0;
	hooks_run_all(config, "poststop", c, "stopped");
	json_decref(config);
	return state_destroy(conf, c, err);
}

int cmd_delete(const struct rt_conf *conf, int argc, char **argv)
{
	struct delete_flags f = { 0 };
	struct rt_err err = { 0 };
	struct container c;
	int i = flags_parse(delete_flags, ARRAY_SIZE(delete_flags), &f, argc, argv, &err);
	int status = 0;

	if (i == -ENODATA || (i >= 0 && i >= argc)) {
		printf("usage: husk delete [flags] ID...\n\n");
		flags_help(delete_flags, ARRAY_SIZE(delete_flags));
		return i == -ENODATA ? 0 : 2;
	}
	if (i < 0)
		return rt_report(&err, "delete");
	for (; i < argc; i++) {
		err = (struct rt_err){ 0 };
		if (state_load(conf, argv[i], &c, &err) < 0) {
			if (!f.force || err.code != ENOENT)
				status = rt_report(&err, "delete");
			continue;
		}
		if (delete_one(conf, &c, f.force, &err) < 0)
			status = rt_report(&err, "delete");
		container_fini(&c);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that ask a running sandbox: ps, wait, pause, resume, events. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "cgroup.h"
#include "conf.h"
#include "ctl_client.h"
#include "pod.h"
#include "state.h"

static int usage(const char *cmd, const char *args, const struct flag *flags, size_t nr, int ret)
{
	printf("usage: husk [flags] %s %s\n\n", cmd, args);
	flags_help(flags, nr);
	return ret;
}

/* The container, which must not have stopped. */
static int load_live(const struct rt_conf *conf, const char *id, struct container *ret_c,
		     struct rt_err *err)
{
	if (state_load(conf, id, ret_c, err) < 0)
		return -err->code;
	if (strcmp(ret_c->status, "stopped") != 0)
		return 0;
	container_fini(ret_c);
	return rt_fail(err, ESRCH, "container '%s' is not running", id);
}

/* --- ps --- */

struct ps_flags {
	const char *format;
};

static const struct flag ps_flags[] = {
	{ "format", FLAG_CHOICE, offsetof(struct ps_flags, format), "table|json",
	  "form of the list (table); json: the pids of the host that stand for its programs" },
	{ "f", FLAG_CHOICE, offsetof(struct ps_flags, format), "table|json", NULL },
};

static long member(json_t *o, const char *key)
{
	return (long)json_integer_value(json_object_get(o, key));
}

static void print_table(json_t *list)
{
	json_t *e;
	size_t i;

	printf("%-9s %-9s %-9s %-9s %-9s %-9s %-9s %s\n", "UID", "PID", "PPID", "C", "TTY", "STIME",
	       "TIME", "CMD");
	json_array_foreach(list, i, e)
	{
		time_t start = time(NULL) - member(e, "start");
		long ms = member(e, "time"), s = member(e, "start"), tty = member(e, "tty");
		char stime[16], ctime[24], name[16] = "?";
		struct tm tm;

		localtime_r(&start, &tm);
		strftime(stime, sizeof(stime), s < 86400 ? "%H:%M" : "%b%d", &tm);
		if (ms < 1000)
			snprintf(ctime, sizeof(ctime), "%ldms", ms);
		else
			snprintf(ctime, sizeof(ctime), "%ld.%02lds", ms / 1000, ms % 1000 / 10);
		if (tty)
			snprintf(name, sizeof(name), "pts/%ld", tty & 0xff);
		printf("%-9ld %-9ld %-9ld %-9ld %-9s %-9s %-9s %s\n", member(e, "uid"),
		       member(e, "pid"), member(e, "ppid"), s > 0 ? MIN(ms / 10 / s, 99L) : 0, name,
		       stime, ctime, json_string_value(json_object_get(e, "cmd")));
	}
}

/* What an engine takes for processes of the container: pids of the host it can look up. */
static void print_pids(const struct container *c, json_t *list)
{
	auto_free char *text = NULL;
	json_t *pids = json_array(), *e;
	size_t i;

	json_array_append_new(pids, json_integer(c->pid));
	json_array_foreach(list, i, e)
	{
		if (member(e, "host") > 0)
			json_array_append_new(pids, json_integer(member(e, "host")));
	}
	text = json_dumps(pids, JSON_COMPACT);
	puts(text ? text : "[]");
	json_decref(pids);
}

int cmd_ps(const struct rt_conf *conf, int argc, char **argv)
{
	struct ps_flags f = { .format = "table" };
	const struct ctl_ps m = { 0 };
	struct rt_err err = { 0 };
	struct ctl_answer a;
	struct container c;
	int i = flags_parse(ps_flags, ARRAY_SIZE(ps_flags), &f, argc, argv, &err), ret;
	json_t *list = NULL;

	if (i == -ENODATA || (i >= 0 && i >= argc))
		return usage("ps", "[flags] ID", ps_flags, ARRAY_SIZE(ps_flags),
			     i == -ENODATA ? 0 : 2);
	if (i < 0 || load_live(conf, argv[i], &c, &err) < 0)
		return rt_report(&err, "ps");
	ret = ctl_request(&c, CTL_PS, &m, &a, &err);
	if (ret == 0) {
		list = json_loads(a.text, 0, NULL);
		if (!list)
			ret = rt_fail(&err, EPROTO, "the list of processes makes no sense");
	}
	if (ret == 0 && strcmp(f.format, "json") == 0)
		print_pids(&c, list);
	else if (ret == 0)
		print_table(list);
	json_decref(list);
	container_fini(&c);
	return ret < 0 ? rt_report(&err, "ps") : 0;
}

/* --- wait --- */

struct wait_flags {
	long pid, rootpid;
	bool checkpoint, restore;
};

/* clang-format off */
static const struct flag wait_flags[] = {
	{ "pid", FLAG_INT, offsetof(struct wait_flags, pid), "N", "the process with this id inside" },
	{ "rootpid", FLAG_INT, offsetof(struct wait_flags, rootpid), "N", "the same" },
	{ "checkpoint", FLAG_BOOL, offsetof(struct wait_flags, checkpoint), NULL, NULL },
	{ "restore", FLAG_BOOL, offsetof(struct wait_flags, restore), NULL, NULL },
	{ "fscheckpoint", FLAG_BOOL, offsetof(struct wait_flags, checkpoint), NULL, NULL },
	{ "fsrestore", FLAG_BOOL, offsetof(struct wait_flags, restore), NULL, NULL },
};
/* clang-format on */

/* The end of a process of a sandbox that lives: its wait status. */
static int wait_for(struct container *c, int pid, int *ret_status, struct rt_err *err)
{
	static char buf[CTL_MSG_MAX] __aligned(8);
	const struct ctl_wait m = { .pid = pid };
	auto_close int fd = state_connect(c);
	struct ctl_msg msg;
	ssize_t n;

	if (fd < 0)
		return rt_fail(err, -fd, "container '%s' does not answer: %s", c->id,
			       strerror(-fd));
	if (ctl_send(fd, c, CTL_WAIT, 1, &m, NULL, 0, err) < 0)
		return -err->code;
	state_unlock(c);
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0)
		return -EPIPE; /* the sandbox has ended: the monitor knows how */
	if (ctl_decode(buf, (size_t)n, &msg) < 0)
		return rt_fail(err, EPROTO, "container '%s' answered something else", c->id);
	if (msg.op == CTL_EXIT) {
		*ret_status = (int)((const struct ctl_exit *)msg.fixed)->status;
		return 0;
	}
	return rt_fail(err, ESRCH, "container '%s': no such process", c->id);
}

static int wait_one(const struct rt_conf *conf, const char *id, int pid, int *ret_status,
		    struct rt_err *err)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct container c;
	int ret, status = 0;

	*ret_status = -1;

	if (state_load(conf, id, &c, err) < 0)
		return -err->code;
	if (strcmp(c.status, "created") == 0 && pid == 0) {
		/* there is nothing to wait for yet but its end */
		state_unlock(&c);
		while (state_wait_gone(&c, 1) < 0)
			nanosleep(&tick, NULL);
		ret = -EPIPE;
	} else if (strcmp(c.status, "stopped") == 0) {
		ret = -EPIPE;
	} else {
		ret = wait_for(&c, pid, &status, err);
	}
	if (ret == 0)
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	container_fini(&c);
	if (err->code || (ret == 0 && pid != 0))
		return ret;
	/* the monitor writes the status down before it ends, and then `delete` can follow */
	for (int n = 0; n < 1000; n++) {
		if (state_load(conf, id, &c, err) < 0) {
			/* somebody was quicker to delete it: how it ended is known */
			if (*ret_status >= 0)
				err->code = 0;
			return -err->code;
		}
		if (c.exit_status >= 0)
			*ret_status = c.exit_status;
		ret = strcmp(c.status, "stopped") == 0;
		container_fini(&c);
		if (ret)
			break;
		nanosleep(&tick, NULL);
	}
	return *ret_status < 0 ? rt_fail(err, ECHILD, "container '%s' left no exit status", id) : 0;
}

int cmd_wait(const struct rt_conf *conf, int argc, char **argv)
{
	struct wait_flags f = { 0 };
	struct rt_err err = { 0 };
	int i = flags_parse(wait_flags, ARRAY_SIZE(wait_flags), &f, argc, argv, &err), status = 0;

	if (i == -ENODATA || (i >= 0 && i + 1 != argc))
		return usage("wait", "[flags] ID", wait_flags, ARRAY_SIZE(wait_flags),
			     i == -ENODATA ? 0 : 2);
	if (i >= 0 && (f.checkpoint || f.restore))
		i = rt_fail(&err, ENOSYS, "saving and restoring come in a later version");
	if (i < 0 ||
	    wait_one(conf, argv[i], (int)(f.rootpid ? f.rootpid : f.pid), &status, &err) < 0)
		return rt_report(&err, "wait");
	printf("{\"id\":\"%s\",\"exitStatus\":%d}\n", argv[i], status);
	return 0;
}

/* --- pause, resume --- */

static int pause_resume(const struct rt_conf *conf, int argc, char **argv, bool resume)
{
	const char *cmd = resume ? "resume" : "pause";
	const struct ctl_pause m = { .resume = resume };
	struct rt_err err = { 0 };
	struct ctl_answer a;
	struct container c;
	int ret;

	if (argc != 2 || argv[1][0] == '-')
		return usage(cmd, "ID", NULL, 0,
			     argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2);
	if (load_live(conf, argv[1], &c, &err) < 0)
		return rt_report(&err, cmd);
	if (strcmp(c.status, resume ? "paused" : "running") != 0)
		ret = rt_fail(&err, EINVAL, "container '%s' is %s, not %s", c.id, c.status,
			      resume ? "paused" : "running");
	else
		ret = ctl_request(&c, CTL_PAUSE, &m, &a, &err);
	if (ret == 0) {
		c.status = resume ? "running" : "paused";
		ret = state_save(&c, &err);
	}
	container_fini(&c);
	return ret < 0 ? rt_report(&err, cmd) : 0;
}

int cmd_pause(const struct rt_conf *conf, int argc, char **argv)
{
	return pause_resume(conf, argc, argv, false);
}

int cmd_resume(const struct rt_conf *conf, int argc, char **argv)
{
	return pause_resume(conf, argc, argv, true);
}

/* --- events --- */

struct events_flags {
	const char *interval;
	bool stats;
};

/* clang-format off */
static const struct flag events_flags[] = {
	{ "stats", FLAG_BOOL, offsetof(struct events_flags, stats), NULL, "once, and end" },
	{ "interval", FLAG_STR, offsetof(struct events_flags, interval), "TIME", "between two (5s)" },
};
/* clang-format on */

/* "5s", "200ms", "1m", "5": as milliseconds. */
static int interval_ms(const char *s, long *ret_ms, struct rt_err *err)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "h", 3600000 } };
	char *end;
	double v = strtod(s, &end);

	for (size_t i = 0; i < ARRAY_SIZE(units) && end != s; i++) {
		if (strcmp(end, units[i].unit) == 0 && v > 0 && v * units[i].ms < 1e9) {
			*ret_ms = (long)(v * units[i].ms);
			return 0;
		}
	}
	return rt_fail(err, EINVAL, "--interval: '%s' is no duration (5s, 200ms, 1m)", s);
}

/* What the kernel has counted for the container's group takes the place of the sentry's figures. */
static void add_group(const struct rt_conf *conf, struct container *c, json_t *data)
{
	auto_free char *text = NULL;
	struct rt_err err = { 0 };
	json_t *config, *stats, *limit, *res, *use;
	struct cgroup cg;

	if (state_config(c, &text, &err) < 0)
		return;
	config = json_loads(text, 0, NULL);
	if (cgroup_locate(conf, c->id, config, &cg, &err) == 0 && !pod_counts_alone(c, config)) {
		stats = cgroup_stats(&cg);
		json_object_update(data, stats);
		json_decref(stats);
	}
	res = json_object_get(json_object_get(config, "linux"), "resources");
	limit = json_object_get(json_object_get(res, "pids"), "limit");
	if (limit)
		json_object_set(json_object_get(data, "pids"), "limit", limit);
	use = json_object_get(json_object_get(data, "memory"), "usage");
	limit = json_object_get(json_object_get(res, "memory"), "limit");
	if (limit && !json_object_get(use, "limit"))
		json_object_set(use, "limit", limit);
	cgroup_fini(&cg);
	json_decref(config);
}

static int one_event(const struct rt_conf *conf, struct container *c, struct rt_err *err)
{
	const struct ctl_usage m = { 0 };
	auto_free char *text = NULL;
	struct ctl_answer a;
	json_t *o, *use;
	int ret = ctl_request(c, CTL_USAGE, &m, &a, err);

	if (ret < 0)
		return ret;
	use = json_loads(a.text, 0, NULL);
	o = json_pack(
		"{s:s,s:s,s:{s:{s:{s:I,s:I,s:I,s:[]},s:{}},s:{s:{s:I}},s:{s:I},s:{},s:{},s:{},s:n}}",
		"type", "stats", "id", c->id, "data", "cpu", "usage", "total",
		json_integer_value(json_object_get(use, "cpu")), "kernel", (json_int_t)0, "user",
		json_integer_value(json_object_get(use, "cpu")), "percpu", "throttling", "memory",
		"usage", "usage", json_integer_value(json_object_get(use, "memory")), "pids",
		"current", json_integer_value(json_object_get(use, "pids")), "blkio", "hugetlb",
		"intel_rdt", "network_interfaces");
	json_decref(use);
	if (o)
		add_group(conf, c, json_object_get(o, "data"));
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (!text)
		return rt_fail(err, ENOMEM, "out of memory");
	puts(text);
	fflush(stdout);
	return 0;
}

int cmd_events(const struct rt_conf *conf, int argc, char **argv)
{
	struct events_flags f = { .interval = "5s" };
	struct rt_err err = { 0 };
	struct container c;
	int i = flags_parse(events_flags, ARRAY_SIZE(events_flags), &f, argc, argv, &err), ret;
	long ms = 0;

	if (i == -ENODATA || (i >= 0 && i + 1 != argc))
		return usage("events", "[flags] ID", events_flags, ARRAY_SIZE(events_flags),
			     i == -ENODATA ? 0 : 2);
	if (i < 0 || interval_ms(f.interval, &ms, &err) < 0 ||
	    load_live(conf, argv[i], &c, &err) < 0)
		return rt_report(&err, "events");
	state_unlock(&c);
	for (;;) {
		const struct timespec tick = { ms / 1000, ms % 1000 * 1000000 };

		ret = one_event(conf, &c, &err);
		/* its end is the end of the events */
		if (ret < 0 && state_wait_gone(&c, 1) == 0) {
			ret = f.stats ? ret : 0;
			break;
		}
		if (ret < 0 || f.stats)
			break;
		nanosleep(&tick, NULL);
	}
	container_fini(&c);
	return ret < 0 ? rt_report(&err, "events") : 0;
}

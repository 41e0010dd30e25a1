/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd cgroup driver, a program of its own because the bus library cannot be linked
 * statically. husk runs it and waits:
 *
 *   husk-systemd [--user] start UNIT SLICE PID [PROPERTY=NUMBER...]   a transient scope with PID in
 * it husk-systemd [--user] set UNIT PROPERTY=NUMBER... husk-systemd [--user] stop UNIT
 *
 * 0, or 1 with a sentence on standard error. See org.freedesktop.systemd1(5), systemd.scope(5).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define DEST    "org.freedesktop.systemd1"
#define PATH    "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define WAIT_US (25ull * 1000 * 1000)

struct job {
	const char *path; /* borrowed until the answer is freed */
	bool done;
	char result[32];
};

static int fail(const char *what, int err, const sd_bus_error *e)
{
	fprintf(stderr, "husk-systemd: %s: %s\n", what,
		e && e->message ? e->message : strerror(err < 0 ? -err : err));
	return 1;
}

static int on_removed(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	const char *path, *unit, *result;
	struct job *j = arg;
	uint32_t id;

	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && j->path &&
	    strcmp(path, j->path) == 0) {
		snprintf(j->result, sizeof(j->result), "%s", result);
		j->done = true;
	}
	return 0;
}

static int await(sd_bus *bus, struct job *j)
{
	while (!j->done) {
		int ret = sd_bus_process(bus, NULL);

		if (ret == 0)
			ret = sd_bus_wait(bus, WAIT_US);
		if (ret < 0)
			return ret;
	}
	return strcmp(j->result, "done") == 0 ? 0 : -EIO;
}

/* Numbers only: "MemoryMax=max" is UINT64_MAX. */
static int add_properties(sd_bus_message *m, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *eq = strchr(argv[i], '=');
		uint64_t v;
		int ret;

		if (!eq)
			return -EINVAL;
		*eq = 0;
		v = strcmp(eq + 1, "max") == 0 ? UINT64_MAX : strtoull(eq + 1, NULL, 10);
		ret = sd_bus_message_append(m, "(sv)", argv[i], "t", v);
		*eq = '=';
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int start(sd_bus *bus, int argc, char **argv)
{
	const char *unit = argv[0], *slice = argv[1];
	uint32_t pid = (uint32_t)strtoul(argv[2], NULL, 10);
	sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL, *answer = NULL;
	struct job j = { 0 };
	int ret;

	ret = sd_bus_match_signal(bus, NULL, DEST, PATH, MANAGER, "JobRemoved", on_removed, &j);
	if (ret >= 0)
		ret = sd_bus_call_method(bus, DEST, PATH, MANAGER, "Subscribe", &e, NULL, NULL);
	if (ret >= 0)
		ret = sd_bus_message_new_method_call(bus, &m, DEST, PATH, MANAGER,
						     "StartTransientUnit");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "ss", unit, "replace");
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
					    "husk container", "Slice", "s", slice, "Delegate", "b",
					    1, "DefaultDependencies", "b", 0, "PIDs", "au", 1, pid);
	if (ret >= 0)
		ret = add_properties(m, argc - 3, argv + 3);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	if (ret >= 0)
		ret = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (ret >= 0)
		ret = sd_bus_call(bus, m, WAIT_US, &e, &answer);
	if (ret >= 0)
		ret = sd_bus_message_read(answer, "o", &j.path);
	if (ret >= 0)
		ret = await(bus, &j);
	return ret < 0 ? fail(unit, ret, &e) : 0;
}

static int set(sd_bus *bus, int argc, char **argv)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int ret = sd_bus_message_new_method_call(bus, &m, DEST, PATH, MANAGER, "SetUnitProperties");

	if (ret >= 0)
		ret = sd_bus_message_append(m, "sb", argv[0], 1);
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = add_properties(m, argc - 1, argv + 1);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	if (ret >= 0)
		ret = sd_bus_call(bus, m, WAIT_US, &e, NULL);
	return ret < 0 ? fail(argv[0], ret, &e) : 0;
}

static int stop(sd_bus *bus, int argc, char **argv)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int ret = sd_bus_call_method(bus, DEST, PATH, MANAGER, "StopUnit", &e, NULL, "ss", argv[0],
				     "replace");

	/* a scope whose processes have ended is gone already */
	if (ret < 0 && sd_bus_error_has_name(&e, "org.freedesktop.systemd1.NoSuchUnit"))
		ret = 0;
	return ret < 0 ? fail(argv[0], ret, &e) : 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int least;
		int (*fn)(sd_bus *bus, int argc, char **argv);
	} commands[] = { { "start", 3, start }, { "set", 1, set }, { "stop", 1, stop } };
	bool user = argc > 1 && strcmp(argv[1], "--user") == 0;
	int first = user ? 2 : 1, ret;
	sd_bus *bus = NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && argc > first; i++) {
		if (strcmp(argv[first], commands[i].name) != 0 ||
		    argc - first - 1 < commands[i].least)
			continue;
		ret = user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
		if (ret < 0)
			return fail("the system bus cannot be reached (is systemd running here?)",
				    ret, NULL);
		ret = commands[i].fn(bus, argc - first - 1, argv + first + 1);
		sd_bus_flush_close_unref(bus);
		return ret;
	}
	fprintf(stderr, "usage: husk-systemd [--user] start UNIT SLICE PID [PROPERTY=NUMBER...]\n"
			"       husk-systemd [--user] set UNIT PROPERTY=NUMBER...\n"
			"       husk-systemd [--user] stop UNIT\n");
	return 2;
}

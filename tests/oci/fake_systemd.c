/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the systemd cgroup driver talks to, for tests: org.freedesktop.systemd1 on the bus of
 * DBUS_SYSTEM_BUS_ADDRESS. Prints a line per call, "METHOD UNIT NAME=VALUE...", and answers as
 * systemd does: a job, and JobRemoved for it. A unit that starts with "bad" fails.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER "org.freedesktop.systemd1.Manager"
#define PATH    "/org/freedesktop/systemd1"

static uint32_t g_job;

static int print_value(sd_bus_message *m)
{
	const char *s, *sig;
	uint64_t t;
	uint32_t u;
	int ret, b;
	char type;

	ret = sd_bus_message_peek_type(m, &type, &sig);
	if (ret < 0)
		return ret;
	ret = sd_bus_message_enter_container(m, 'v', sig);
	if (ret < 0)
		return ret;
	if (strcmp(sig, "t") == 0 && (ret = sd_bus_message_read(m, "t", &t)) > 0) {
		printf("%" PRIu64, t);
	} else if (strcmp(sig, "s") == 0 && (ret = sd_bus_message_read(m, "s", &s)) > 0) {
		for (; *s; s++)
			putchar(*s == ' ' ? '_' : *s);
	} else if (strcmp(sig, "b") == 0 && (ret = sd_bus_message_read(m, "b", &b)) > 0) {
		printf("%s", b ? "true" : "false");
	} else if (strcmp(sig, "au") == 0) {
		ret = sd_bus_message_enter_container(m, 'a', "u");
		while (ret >= 0 && (ret = sd_bus_message_read(m, "u", &u)) > 0)
			printf("[%" PRIu32 "]", u);
		if (ret >= 0)
			ret = sd_bus_message_exit_container(m);
	} else {
		return -EINVAL;
	}
	return ret < 0 ? ret : sd_bus_message_exit_container(m);
}

static int print_properties(sd_bus_message *m)
{
	const char *name;
	int ret = sd_bus_message_enter_container(m, 'a', "(sv)");

	while (ret >= 0 && (ret = sd_bus_message_enter_container(m, 'r', "sv")) > 0) {
		ret = sd_bus_message_read(m, "s", &name);
		if (ret >= 0) {
			printf(" %s=", name);
			ret = print_value(m);
		}
		if (ret >= 0)
			ret = sd_bus_message_exit_container(m);
	}
	return ret < 0 ? ret : sd_bus_message_exit_container(m);
}

static int answer_job(sd_bus_message *m, const char *unit)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), PATH "/job/%" PRIu32, ++g_job);
	ret = sd_bus_reply_method_return(m, "o", path);
	if (ret >= 0)
		ret = sd_bus_emit_signal(sd_bus_message_get_bus(m), PATH, MANAGER, "JobRemoved",
					 "uoss", g_job, path, unit,
					 strncmp(unit, "bad", 3) == 0 ? "failed" : "done");
	return ret;
}

static int subscribe(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	return sd_bus_reply_method_return(m, NULL);
}

static int start(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	const char *unit, *mode;
	int ret = sd_bus_message_read(m, "ss", &unit, &mode);

	if (ret < 0)
		return ret;
	printf("start %s", unit);
	ret = print_properties(m);
	printf("\n");
	fflush(stdout);
	return ret < 0 ? ret : answer_job(m, unit);
}

static int set(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	const char *unit;
	int runtime, ret = sd_bus_message_read(m, "sb", &unit, &runtime);

	if (ret < 0)
		return ret;
	printf("set %s", unit);
	ret = print_properties(m);
	printf("\n");
	fflush(stdout);
	return ret < 0 ? ret : sd_bus_reply_method_return(m, NULL);
}

static int stop(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	const char *unit, *mode;
	int ret = sd_bus_message_read(m, "ss", &unit, &mode);

	if (ret < 0)
		return ret;
	printf("stop %s\n", unit);
	fflush(stdout);
	return answer_job(m, unit);
}

static const sd_bus_vtable manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Subscribe", "", "", subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", start,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", set, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StopUnit", "ss", "o", stop, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
	SD_BUS_VTABLE_END,
};

int main(void)
{
	sd_bus *bus = NULL;
	int ret = sd_bus_open_system(&bus);

	if (ret >= 0)
		ret = sd_bus_add_object_vtable(bus, NULL, PATH, MANAGER, manager, NULL);
	if (ret >= 0)
		ret = sd_bus_request_name(bus, "org.freedesktop.systemd1", 0);
	if (ret >= 0) {
		printf("ready\n");
		fflush(stdout);
	}
	while (ret >= 0) {
		ret = sd_bus_process(bus, NULL);
		if (ret == 0)
			ret = sd_bus_wait(bus, UINT64_MAX);
	}
	fprintf(stderr, "fake systemd: %s\n", strerror(-ret));
	return 1;
}

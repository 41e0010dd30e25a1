/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk update: other limits for a container that exists, from a linux.resources object or from
 * flags. The kept configuration changes with them, so that later updates start from what holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "cgroup.h"
#include "ctl_client.h"
#include "proto/control.h"
#include "spec.h"
#include "state.h"

#define RESOURCES_MAX (1u << 20)

struct update_flags {
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap, *pids_limit;
	const char *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle, *rt_period,
		*rt_runtime;
	const char *cpuset_cpus, *cpuset_mems, *blkio_weight;
};

#define F(field) offsetof(struct update_flags, field)
/* clang-format off */
static const struct flag update_flags[] = {
	{ "resources", FLAG_STR, F(resources), "FILE|-", "a linux.resources object; the other flags are then ignored" },
	{ "r", FLAG_STR, F(resources), NULL, NULL },
	{ "memory", FLAG_STR, F(memory), "BYTES", "memory, with k, m, g; -1: no limit" },
	{ "memory-reservation", FLAG_STR, F(memory_reservation), "BYTES", "memory below which it is left alone" },
	{ "memory-swap", FLAG_STR, F(memory_swap), "BYTES", "memory and swap together" },
	{ "kernel-memory", FLAG_VOID, 0, NULL, NULL },
	{ "kernel-memory-tcp", FLAG_VOID, 0, NULL, NULL },
	{ "pids-limit", FLAG_STR, F(pids_limit), "N", "tasks; -1: no limit" },
	{ "cpu-period", FLAG_STR, F(cpu_period), "US", "CPU period" },
	{ "cpu-quota", FLAG_STR, F(cpu_quota), "US", "CPU time in a period; -1: no limit" },
	{ "cpu-share", FLAG_STR, F(cpu_share), "N", "weight of its CPU time" },
	{ "cpu-shares", FLAG_STR, F(cpu_share), NULL, NULL },
	{ "cpu-burst", FLAG_STR, F(cpu_burst), "US", "time that may be saved up" },
	{ "cpu-idle", FLAG_STR, F(cpu_idle), "0|1", "runs only when nobody else does" },
	{ "cpu-rt-period", FLAG_STR, F(rt_period), "US", "period of real-time tasks" },
	{ "cpu-rt-runtime", FLAG_STR, F(rt_runtime), "US", "time of real-time tasks in it" },
	{ "cpuset-cpus", FLAG_STR, F(cpuset_cpus), "LIST", "CPUs" },
	{ "cpuset-mems", FLAG_STR, F(cpuset_mems), "LIST", "memory nodes" },
	{ "blkio-weight", FLAG_STR, F(blkio_weight), "N", "weight of its I/O" },
	{ "l3-cache-schema", FLAG_VOID, 0, NULL, NULL },
	{ "mem-bw-schema", FLAG_VOID, 0, NULL, NULL },
};
/* clang-format on */

/* A number, for sizes with k, m, g, t (powers of 1024). */
static int number(const char *flag, const char *s, bool size, json_int_t *ret_v, struct rt_err *err)
{
	static const char units[] = "kmgt";
	long long v;
	char *end;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (size && *end && end != s) {
		const char *u = strchr(units, *end | 0x20);
		unsigned int shift = u ? 10 * (unsigned int)(u - units + 1) : 0;

		if (u && v >= 0 && v <= INT64_MAX >> shift) {
			v <<= shift;
			end++;
			if (*end == 'b' || *end == 'B')
				end++;
		}
	}
	if (errno || end == s || *end)
		return rt_fail(err, EINVAL, "--%s: '%s' is not a number", flag, s);
	*ret_v = v;
	return 0;
}

static json_t *section(json_t *o, const char *key)
{
	json_t *s = json_object_get(o, key);

	if (!s) {
		s = json_object();
		json_object_set_new(o, key, s);
	}
	return s;
}

static json_t *from_flags(const struct update_flags *f, struct rt_err *err)
{
	const struct {
		const char *flag, *value, *part, *key;
		bool size;
	} table[] = {
		{ "memory", f->memory, "memory", "limit", true },
		{ "memory-reservation", f->memory_reservation, "memory", "reservation", true },
		{ "memory-swap", f->memory_swap, "memory", "swap", true },
		{ "pids-limit", f->pids_limit, "pids", "limit", false },
		{ "cpu-period", f->cpu_period, "cpu", "period", false },
		{ "cpu-quota", f->cpu_quota, "cpu", "quota", false },
		{ "cpu-share", f->cpu_share, "cpu", "shares", false },
		{ "cpu-burst", f->cpu_burst, "cpu", "burst", false },
		{ "cpu-idle", f->cpu_idle, "cpu", "idle", false },
		{ "cpu-rt-period", f->rt_period, "cpu", "realtimePeriod", false },
		{ "cpu-rt-runtime", f->rt_runtime, "cpu", "realtimeRuntime", false },
		{ "blkio-weight", f->blkio_weight, "blockIO", "weight", false },
	};
	json_t *res = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		json_int_t v = 0;

		if (!table[i].value)
			continue;
		if (number(table[i].flag, table[i].value, table[i].size, &v, err) < 0) {
			json_decref(res);
			return NULL;
		}
		json_object_set_new(section(res, table[i].part), table[i].key, json_integer(v));
	}
	if (f->cpuset_cpus)
		json_object_set_new(section(res, "cpu"), "cpus", json_string(f->cpuset_cpus));
	if (f->cpuset_mems)
		json_object_set_new(section(res, "cpu"), "mems", json_string(f->cpuset_mems));
	return res;
}

static json_t *from_file(const char *path, struct rt_err *err)
{
	auto_close int own = -1;
	auto_free char *text = malloc(RESOURCES_MAX);
	int fd = STDIN_FILENO;
	size_t n = 0;
	ssize_t got = 1;
	json_error_t je;
	json_t *res;

	if (strcmp(path, "-") != 0)
		fd = own = open(path, O_RDONLY | O_CLOEXEC);
	while (text && fd >= 0 && n < RESOURCES_MAX && got > 0) {
		got = read(fd, text + n, RESOURCES_MAX - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (!text || fd < 0 || got < 0) {
		rt_fail(err, errno, "--resources: %s: %s", path, strerror(errno));
		return NULL;
	}
	res = spec_json(text, n, &je);
	if (!json_is_object(res)) {
		json_decref(res);
		rt_fail(err, EINVAL, "--resources: %s line %d: %s", path, je.line, je.text);
		return NULL;
	}
	return res;
}

/* The parts of what is new over what is old. */
static void merge(json_t *to, json_t *from)
{
	const char *key;
	json_t *v;

	json_object_foreach(from, key, v)
	{
		/* zero and nothing: engines mean that it stays */
		if (json_is_null(v) || (json_is_integer(v) && json_integer_value(v) == 0) ||
		    (json_is_string(v) && !json_string_length(v)))
			continue;
		if (json_is_object(v) && json_is_object(json_object_get(to, key)))
			merge(json_object_get(to, key), v);
		else
			json_object_set(to, key, v);
	}
}

/* What the guest sees and the sentry enforces, from the limits as they are now. */
static int tell_sentry(const struct rt_conf *conf, struct container *c, json_t *resources,
		       struct rt_err *err)
{
	struct boot_conf b = { 0 };
	struct ctl_update u = { 0 };
	struct ctl_answer a;

	spec_common(&b, conf);
	cgroup_guest_limits(resources, &b);
	u.memory_max = b.memory_max;
	u.total_memory = b.total_memory;
	u.pids_max = b.pids_max;
	u.max_tasks = b.max_tasks;
	u.cpu_quota = b.cpu_quota;
	u.cpu_period = b.cpu_period;
	u.nr_cpus = (uint32_t)b.nr_cpus;
	boot_conf_fini(&b);
	return ctl_request(c, CTL_UPDATE, &u, &a, err);
}

static int update(const struct rt_conf *conf, struct container *c, json_t *res, struct rt_err *err)
{
	auto_free char *text = NULL, *changed = NULL;
	struct cgroup cg = { 0 };
	json_error_t je;
	json_t *config;
	int ret;

	if (strcmp(c->status, "stopped") == 0)
		return rt_fail(err, EINVAL, "container '%s' has stopped", c->id);
	if (state_config(c, &text, err) < 0)
		return -err->code;
	config = spec_json(text, strlen(text), &je);
	ret = cgroup_locate(conf, c->id, config, &cg, err);
	if (ret == 0)
		ret = cgroup_set(&cg, res, err);
	if (ret == 0) {
		struct rt_err e = { 0 };

		merge(section(section(config, "linux"), "resources"), res);
		changed = json_dumps(config, JSON_COMPACT);
		ret = changed ? state_keep_config(c, changed, strlen(changed), err) :
				rt_fail(err, ENOMEM, "out of memory");
		if (ret == 0 &&
		    tell_sentry(conf, c, section(section(config, "linux"), "resources"), &e) < 0)
			rt_warn("the new limits are not seen inside: %s", e.text);
	}
	cgroup_fini(&cg);
	json_decref(config);
	return ret;
}

int cmd_update(const struct rt_conf *conf, int argc, char **argv)
{
	struct update_flags f = { 0 };
	struct rt_err err = { 0 };
	struct container c;
	json_t *res = NULL;
	int i = flags_parse(update_flags, ARRAY_SIZE(update_flags), &f, argc, argv, &err), ret;

	if (i == -ENODATA || (i >= 0 && i + 1 != argc)) {
		printf("usage: husk [flags] update [flags] ID\n\n");
		flags_help(update_flags, ARRAY_SIZE(update_flags));
		return i == -ENODATA ? 0 : 2;
	}
	if (i >= 0)
		res = f.resources ? from_file(f.resources, &err) : from_flags(&f, &err);
	if (!res || state_load(conf, argv[i], &c, &err) < 0)
		return rt_report(&err, "update");
	ret = update(conf, &c, res, &err);
	json_decref(res);
	container_fini(&c);
	return ret < 0 ? rt_report(&err, "update") : 0;
}

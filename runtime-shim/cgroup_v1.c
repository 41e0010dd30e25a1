/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits and readings of cgroups version 1: linux.resources onto the files of each controller, and
 * those back into the statistics of an event. A limit whose controller is not mounted is an error
 * that names both, unless version 2 has it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "cgroup.h"

struct row {
	const char *object, *key, *controller, *file;
};

/* In the order they are to be written. Special cases are below. */
static const struct row rows[] = {
	{ "memory", "reservation", "memory", "memory.soft_limit_in_bytes" },
	{ "memory", "kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes" },
	{ "memory", "swappiness", "memory", "memory.swappiness" },
	{ "cpu", "shares", "cpu", "cpu.shares" },
	{ "cpu", "period", "cpu", "cpu.cfs_period_us" },
	{ "cpu", "quota", "cpu", "cpu.cfs_quota_us" },
	{ "cpu", "burst", "cpu", "cpu.cfs_burst_us" },
	{ "cpu", "realtimePeriod", "cpu", "cpu.rt_period_us" },
	{ "cpu", "realtimeRuntime", "cpu", "cpu.rt_runtime_us" },
	{ "cpu", "idle", "cpu", "cpu.idle" },
	{ "cpu", "cpus", "cpuset", "cpuset.cpus" },
	{ "cpu", "mems", "cpuset", "cpuset.mems" },
	{ "blockIO", "weight", "blkio", "blkio.bfq.weight" },
	{ "network", "classID", "net_cls", "net_cls.classid" },
};

/* Is this controller version 2's on this host? */
static bool in_v2(const struct cgroup *cg, const char *controller)
{
	char path[4096], have[512] = "";
	FILE *f;
	bool found = false;

	if (!cg->v2.path)
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", cg->v2.path);
	f = fopen(path, "re");
	if (f && fgets(have, sizeof(have), f)) {
		for (char *s, *c = strtok_r(have, " \n", &s); c; c = strtok_r(NULL, " \n", &s))
			found = found || strcmp(c, controller) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

static int put(const struct cgroup *cg, const struct row *r, const char *text, struct rt_err *err)
{
	const char *dir = cgroup_v1_dir(cg, r->controller);

	if (!dir)
		return in_v2(cg, r->controller) ?
			       0 :
			       rt_fail(err, ENOENT,
				       "config.json: linux.resources.%s.%s: the cgroup controller %s is "
				       "not mounted on this host",
				       r->object, r->key, r->controller);
	return cgroup_write(dir, r->file, text, err);
}

static int put_row(const struct cgroup *cg, const struct row *r, json_t *res, struct rt_err *err)
{
	json_t *o = json_object_get(res, r->object), *v = json_object_get(o, r->key);
	char text[32];
	int64_t n;

	if (json_is_string(v)) {
		const char *s = json_string_value(v);

		return *s ? put(cg, r, s, err) : 0;
	}
	if (!cgroup_num(o, r->key, &n) ||
	    (n == 0 && strcmp(r->key, "idle") != 0 && strcmp(r->key, "swappiness") != 0))
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, n);
	return put(cg, r, text, err);
}

/* The limit of memory alone may not pass that of memory and swap at any moment. */
static int set_memory(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	static const struct row limit = { "memory", "limit", "memory", "memory.limit_in_bytes" },
				swap = { "memory", "swap", "memory",
					 "memory.memsw.limit_in_bytes" };
	json_t *m = json_object_get(res, "memory");
	const char *dir = cgroup_v1_dir(cg, "memory");
	int64_t l = 0, s = 0;
	bool have_l = cgroup_num(m, "limit", &l) && l, have_s = cgroup_num(m, "swap", &s) && s;
	uint64_t now = 0;
	char path[4096];

	if (!have_l && !have_s)
		return 0;
	if (dir) {
		snprintf(path, sizeof(path), "%s/%s", dir, swap.file);
		if (have_s && access(path, F_OK) < 0) {
			if (s > 0 && s != l)
				rt_warn("config.json: linux.resources.memory.swap: this host does not "
					"account for swap");
			have_s = false;
		}
		cgroup_read_u64(dir, swap.file, &now);
	}
	if (have_s && (s < 0 || (uint64_t)s >= now)) {
		if (put_row(cg, &swap, res, err) < 0)
			return -err->code;
		have_s = false;
	}
	if (have_l && put_row(cg, &limit, res, err) < 0)
		return -err->code;
	return have_s ? put_row(cg, &swap, res, err) : 0;
}

static int set_pids(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	static const struct row r = { "pids", "limit", "pids", "pids.max" };
	char text[32] = "max";
	int64_t n;

	if (!cgroup_num(json_object_get(res, "pids"), "limit", &n) || n == 0)
		return 0;
	/* the guest's tasks are counted by the sentry; each may cost three here, and we are some */
	if (n > 0)
		snprintf(text, sizeof(text), "%" PRId64, MIN(n, INT64_C(1) << 20) * 3 + 64);
	return put(cg, &r, text, err);
}

static int set_huge(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	json_t *list = json_object_get(res, "hugepageLimits"), *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		const char *size = json_string_value(json_object_get(e, "pageSize"));
		char file[64], text[32];
		struct row r = { "hugepageLimits", "limit", "hugetlb", file };
		int64_t n;

		if (!size || !cgroup_num(e, "limit", &n))
			return rt_fail(
				err, EINVAL,
				"config.json: linux.resources.hugepageLimits needs pageSize and "
				"limit");
		snprintf(file, sizeof(file), "hugetlb.%.16s.limit_in_bytes", size);
		snprintf(text, sizeof(text), "%" PRId64, n);
		if (put(cg, &r, text, err) < 0)
			return -err->code;
	}
	return 0;
}

static int set_throttle(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	static const struct row t[] = {
		{ "blockIO", "throttleReadBpsDevice", "blkio", "blkio.throttle.read_bps_device" },
		{ "blockIO", "throttleWriteBpsDevice", "blkio", "blkio.throttle.write_bps_device" },
		{ "blockIO", "throttleReadIOPSDevice", "blkio", "blkio.throttle.read_iops_device" },
		{ "blockIO", "throttleWriteIOPSDevice", "blkio",
		  "blkio.throttle.write_iops_device" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(t); k++) {
		json_t *list = json_object_get(json_object_get(res, "blockIO"), t[k].key), *e;
		size_t i;

		json_array_foreach(list, i, e)
		{
			int64_t major = 0, minor = 0, rate = 0;
			char text[96];

			cgroup_num(e, "major", &major);
			cgroup_num(e, "minor", &minor);
			cgroup_num(e, "rate", &rate);
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRId64, major,
				 minor, rate);
			if (put(cg, &t[k], text, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

int cgroup_v1_set(const struct cgroup *cg, json_t *res, struct rt_err *err)
{
	if (!cg->nr_v1)
		return 0;
	if (set_memory(cg, res, err) < 0 || set_pids(cg, res, err) < 0 ||
	    set_huge(cg, res, err) < 0 || set_throttle(cg, res, err) < 0)
		return -err->code;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (put_row(cg, &rows[i], res, err) < 0)
			return -err->code;
	}
	if (json_is_true(json_object_get(json_object_get(res, "memory"), "disableOOMKiller")))
		rt_warn("config.json: linux.resources.memory.disableOOMKiller is not honoured: the "
			"sentry ends the largest process of the guest");
	return 0;
}

/* --- readings --- */

static json_t *number(const char *dir, const char *file)
{
	uint64_t v;

	if (!dir || !cgroup_read_u64(dir, file, &v))
		return json_integer(0);
	return json_integer((json_int_t)MIN(v, (uint64_t)INT64_MAX));
}

static json_t *usage(const char *dir, const char *prefix)
{
	char file[64];
	json_t *o = json_object();
	static const char *const parts[][2] = { { "limit", "limit_in_bytes" },
						{ "usage", "usage_in_bytes" },
						{ "max", "max_usage_in_bytes" },
						{ "failcnt", "failcnt" } };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(file, sizeof(file), "%s.%s", prefix, parts[i][1]);
		json_object_set_new(o, parts[i][0], number(dir, file));
	}
	return o;
}

static json_t *percpu(const char *dir)
{
	json_t *list = json_array();
	char path[4096];
	unsigned long long v;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpuacct.usage_percpu", dir);
	f = fopen(path, "re");
	while (f && fscanf(f, "%llu", &v) == 1)
		json_array_append_new(list, json_integer((json_int_t)v));
	if (f)
		fclose(f);
	return list;
}

void cgroup_v1_stats(const struct cgroup *cg, json_t *data)
{
	const char *mem = cgroup_v1_dir(cg, "memory"), *cpu = cgroup_v1_dir(cg, "cpu"),
		   *acct = cgroup_v1_dir(cg, "cpuacct");
	json_t *o, *u, *raw;

	if (acct) {
		const long hz = sysconf(_SC_CLK_TCK);

		o = json_object();
		raw = cgroup_read_keys(acct, "cpuacct.stat");
		u = json_object();
		json_object_set_new(u, "total", number(acct, "cpuacct.usage"));
		json_object_set_new(
			u, "kernel",
			json_integer(json_integer_value(json_object_get(raw, "system")) *
				     (1000000000 / hz)));
		json_object_set_new(u, "user",
				    json_integer(json_integer_value(json_object_get(raw, "user")) *
						 (1000000000 / hz)));
		json_object_set_new(u, "percpu", percpu(acct));
		json_object_set_new(o, "usage", u);
		json_decref(raw);
		u = json_object();
		if (cpu) {
			raw = cgroup_read_keys(cpu, "cpu.stat");
			json_object_set(u, "periods", json_object_get(raw, "nr_periods"));
			json_object_set(u, "throttledPeriods",
					json_object_get(raw, "nr_throttled"));
			json_object_set(u, "throttledTime", json_object_get(raw, "throttled_time"));
			json_decref(raw);
		}
		json_object_set_new(o, "throttling", u);
		json_object_set_new(data, "cpu", o);
	}
	if (mem) {
		o = json_object();
		raw = cgroup_read_keys(mem, "memory.stat");
		json_object_set(o, "cache", json_object_get(raw, "cache"));
		json_object_set_new(o, "usage", usage(mem, "memory"));
		json_object_set_new(o, "swap", usage(mem, "memory.memsw"));
		json_object_set_new(o, "kernel", usage(mem, "memory.kmem"));
		json_object_set_new(o, "kernelTCP", usage(mem, "memory.kmem.tcp"));
		json_object_set_new(o, "raw", raw);
		json_object_set_new(data, "memory", o);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits and readings of cgroups version 2. linux.resources is written in the words of version 1;
 * the conversions are those that crun and runc agree on (runtime-spec config-linux.md, "unified").
 * On a hybrid host only controllers that are version 2's are touched.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "cgroup.h"

static bool has(const struct cgroup *cg, const char *file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", cg->v2.path, file);
	return access(path, F_OK) == 0;
}

/* hybrid: what is not version 2's has been set in version 1. */
static int put(const struct cgroup *cg, const char *field, const char *file, const char *text,
	       bool hybrid, struct rt_err *err)
{
	if (has(cg, file))
		return cgroup_write(cg->v2.path, file, text, err);
	if (hybrid)
		return 0;
	return rt_fail(
		err, ENOENT,
		"config.json: linux.resources.%s: there is no %s in %s: the controller is not "
		"enabled for it",
		field, file, cg->v2.path);
}

static int put_num(const struct cgroup *cg, const char *field, const char *file, int64_t v,
		   bool hybrid, struct rt_err *err)
{
	char text[32] = "max";

	if (v >= 0)
		snprintf(text, sizeof(text), "%" PRId64, v);
	return put(cg, field, file, text, hybrid, err);
}

static int set_memory(const struct cgroup *cg, json_t *m, bool hybrid, struct rt_err *err)
{
	int64_t limit = 0, swap, v;

	if (cgroup_num(m, "limit", &limit) && limit &&
	    put_num(cg, "memory.limit", "memory.max", limit, hybrid, err) < 0)
		return -err->code;
	if (cgroup_num(m, "reservation", &v) && v &&
	    put_num(cg, "memory.reservation", "memory.low", v, hybrid, err) < 0)
		return -err->code;
	/* version 1 counts memory and swap together */
	if (cgroup_num(m, "swap", &swap) && swap && !hybrid) {
		if (swap > 0 && limit <= 0)
			return rt_fail(err, EINVAL,
				       "config.json: linux.resources.memory.swap needs limit");
		if (swap > 0 && swap < limit)
			return rt_fail(
				err, EINVAL,
				"config.json: linux.resources.memory.swap is less than limit");
		if (!has(cg, "memory.swap.max")) {
			if (swap > limit)
				rt_warn("config.json: linux.resources.memory.swap: this host does not "
					"account for swap");
			return 0;
		}
		return put_num(cg, "memory.swap", "memory.swap.max", swap < 0 ? -1 : swap - limit,
			       false, err);
	}
	return 0;
}

static int set_cpu(const struct cgroup *cg, json_t *c, bool hybrid, struct rt_err *err)
{
	int64_t shares, quota = 0, period = 0, v;
	const char *s;
	char text[64];

	/* 2..262144 onto 1..10000 */
	if (cgroup_num(c, "shares", &shares) && shares) {
		shares = CLAMP(shares, INT64_C(2), INT64_C(262144));
		if (put_num(cg, "cpu.shares", "cpu.weight", 1 + (shares - 2) * 9999 / 262142,
			    hybrid, err) < 0)
			return -err->code;
	}
	cgroup_num(c, "quota", &quota);
	cgroup_num(c, "period", &period);
	if (quota || period) {
		if (quota > 0)
			snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, quota,
				 period ? period : 100000);
		else
			snprintf(text, sizeof(text), "max %" PRId64, period ? period : 100000);
		if (put(cg, "cpu.quota", "cpu.max", text, hybrid, err) < 0)
			return -err->code;
	}
	if (cgroup_num(c, "burst", &v) && v &&
	    put_num(cg, "cpu.burst", "cpu.max.burst", v, hybrid, err) < 0)
		return -err->code;
	if (cgroup_num(c, "idle", &v) && v &&
	    put_num(cg, "cpu.idle", "cpu.idle", v, hybrid, err) < 0)
		return -err->code;
	if (!hybrid && ((cgroup_num(c, "realtimePeriod", &v) && v) ||
			(cgroup_num(c, "realtimeRuntime", &v) && v)))
		return rt_fail(
			err, ENOTSUP,
			"config.json: linux.resources.cpu.realtimeRuntime: cgroups version 2 "
			"cannot limit real-time tasks");
	s = json_string_value(json_object_get(c, "cpus"));
	if (s && *s && put(cg, "cpu.cpus", "cpuset.cpus", s, hybrid, err) < 0)
		return -err->code;
	s = json_string_value(json_object_get(c, "mems"));
	return s && *s ? put(cg, "cpu.mems", "cpuset.mems", s, hybrid, err) : 0;
}

static int set_io(const struct cgroup *cg, json_t *io, bool hybrid, struct rt_err *err)
{
	static const char *const throttles[][2] = { { "throttleReadBpsDevice", "rbps" },
						    { "throttleWriteBpsDevice", "wbps" },
						    { "throttleReadIOPSDevice", "riops" },
						    { "throttleWriteIOPSDevice", "wiops" } };
	char text[96];
	int64_t v;

	if (cgroup_num(io, "weight", &v) && v) {
		/* 10..1000 onto 1..10000 where there is no bfq */
		if (has(cg, "io.bfq.weight")) {
			if (put_num(cg, "blockIO.weight", "io.bfq.weight", v, hybrid, err) < 0)
				return -err->code;
		} else {
			snprintf(text, sizeof(text), "default %" PRId64, 1 + (v - 10) * 9999 / 990);
			if (put(cg, "blockIO.weight", "io.weight", text, hybrid, err) < 0)
				return -err->code;
		}
	}
	for (size_t k = 0; k < ARRAY_SIZE(throttles); k++) {
		json_t *e;
		size_t i;

		json_array_foreach(json_object_get(io, throttles[k][0]), i, e)
		{
			int64_t major = 0, minor = 0, rate = 0;

			cgroup_num(e, "major", &major);
			cgroup_num(e, "minor", &minor);
			cgroup_num(e, "rate", &rate);
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%" PRId64, major,
				 minor, throttles[k][1], rate);
			if (put(cg, "blockIO", "io.max", text, hybrid, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

int cgroup_v2_set(const struct cgroup *cg, json_t *res, bool hybrid, struct rt_err *err)
{
	json_t *huge = json_object_get(res, "hugepageLimits"), *e;
	const char *key;
	int64_t v;
	size_t i;

	if (set_memory(cg, json_object_get(res, "memory"), hybrid, err) < 0 ||
	    set_cpu(cg, json_object_get(res, "cpu"), hybrid, err) < 0 ||
	    set_io(cg, json_object_get(res, "blockIO"), hybrid, err) < 0)
		return -err->code;
	if (cgroup_num(json_object_get(res, "pids"), "limit", &v) && v &&
	    put_num(cg, "pids.limit", "pids.max", v < 0 ? -1 : MIN(v, INT64_C(1) << 20) * 3 + 64,
		    hybrid, err) < 0)
		return -err->code;
	json_array_foreach(huge, i, e)
	{
		const char *size = json_string_value(json_object_get(e, "pageSize"));
		char file[64];

		if (!size || !cgroup_num(e, "limit", &v))
			continue;
		snprintf(file, sizeof(file), "hugetlb.%.16s.max", size);
		if (put_num(cg, "hugepageLimits", file, v, hybrid, err) < 0)
			return -err->code;
	}
	json_object_foreach(json_object_get(res, "unified"), key, e)
	{
		if (strchr(key, '/') || !json_is_string(e))
			return rt_fail(err, EINVAL,
				       "config.json: linux.resources.unified: '%s' is no file of a "
				       "cgroup with a text",
				       key);
		if (put(cg, "unified", key, json_string_value(e), false, err) < 0)
			return -err->code;
	}
	return 0;
}

/* --- readings --- */

static void set_num(json_t *o, const char *key, const struct cgroup *cg, const char *file)
{
	uint64_t v;

	if (cgroup_read_u64(cg->v2.path, file, &v))
		json_object_set_new(o, key, json_integer((json_int_t)MIN(v, (uint64_t)INT64_MAX)));
}

static json_int_t usec(json_t *raw, const char *key)
{
	return json_integer_value(json_object_get(raw, key)) * 1000;
}

void cgroup_v2_stats(const struct cgroup *cg, json_t *data)
{
	json_t *o, *u, *raw;

	if (!json_object_get(data, "cpu") && has(cg, "cpu.stat")) {
		raw = cgroup_read_keys(cg->v2.path, "cpu.stat");
		o = json_object();
		u = json_object();
		json_object_set_new(u, "total", json_integer(usec(raw, "usage_usec")));
		json_object_set_new(u, "kernel", json_integer(usec(raw, "system_usec")));
		json_object_set_new(u, "user", json_integer(usec(raw, "user_usec")));
		json_object_set_new(u, "percpu", json_array());
		json_object_set_new(o, "usage", u);
		u = json_object();
		json_object_set(u, "periods", json_object_get(raw, "nr_periods"));
		json_object_set(u, "throttledPeriods", json_object_get(raw, "nr_throttled"));
		json_object_set_new(u, "throttledTime", json_integer(usec(raw, "throttled_usec")));
		json_object_set_new(o, "throttling", u);
		json_object_set_new(data, "cpu", o);
		json_decref(raw);
	}
	if (!json_object_get(data, "memory") && has(cg, "memory.current")) {
		raw = cgroup_read_keys(cg->v2.path, "memory.stat");
		o = json_object();
		u = json_object();
		set_num(u, "limit", cg, "memory.max");
		set_num(u, "usage", cg, "memory.current");
		set_num(u, "max", cg, "memory.peak");
		json_object_set_new(u, "failcnt", json_integer(0));
		json_object_set(o, "cache", json_object_get(raw, "file"));
		json_object_set_new(o, "usage", u);
		u = json_object();
		set_num(u, "limit", cg, "memory.swap.max");
		set_num(u, "usage", cg, "memory.swap.current");
		json_object_set_new(o, "swap", u);
		json_object_set_new(o, "raw", raw);
		json_object_set_new(data, "memory", o);
	}
}

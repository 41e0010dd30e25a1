/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `linux` part of config.json: namespaces, id mappings, devices, sysctls, masked and read-only
 * paths, and warnings for what a sandbox has no use for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/bits.h"
#include "spec_int.h"

static int namespaces(struct parser *p, json_t *lx)
{
	/* the first ones as SPEC_NS_* */
	static const char *const own[] = { "pid", "ipc", "uts", "mount", "cgroup", "time", "user" };
	json_t *v = json_object_get(lx, "namespaces"), *e;
	unsigned int seen = 0;
	size_t i;

	if (v && !json_is_null(v) && !json_is_array(v))
		return spec_bad(p, "linux.namespaces", "is not a list");
	json_array_foreach(v, i, e)
	{
		const char *type, *path;
		bool known = false, shared = false;

		if (spec_get_str(p, e, "type", "linux.namespaces[].type", &type) < 0 ||
		    spec_get_str(p, e, "path", "linux.namespaces[].path", &path) < 0)
			return -EINVAL;
		if (!type)
			return spec_bad(p, "linux.namespaces[].type", "is missing");
		if (path && *path && path[0] != '/')
			return spec_bad(p, "linux.namespaces[].path", "is not an absolute path");
		if (strcmp(type, "network") == 0) {
			if (p->b->net_new || p->b->net_path)
				return spec_bad(p, "linux.namespaces", "names network twice");
			p->b->net_new = !path || !*path;
			p->b->net_path = path && *path ? strdup(path) : NULL;
			continue;
		}
		for (size_t k = 0; k < ARRAY_SIZE(own); k++) {
			if (strcmp(own[k], type) != 0)
				continue;
			known = true;
			if (seen >> k & 1)
				return spec_bad(p, "linux.namespaces", "names one twice");
			seen |= 1u << k;
			if (k >= SPEC_NS_NR)
				continue;
			p->b->ns_there[k] = true;
			p->b->ns_path[k] = path && *path ? strdup(path) : NULL;
			shared = path && *path;
		}
		if (!known)
			return rt_fail(p->err, EINVAL,
				       "config.json: linux.namespaces[].type: there is no '%s'",
				       type);
		if (strcmp(type, "user") == 0)
			p->b->user_ns = true;
		/* nothing of the host's can be shared; what others of the sandbox have: pod.c */
		if (path && *path && !shared)
			rt_warn("config.json: linux.namespaces: %s: the container gets one of its "
				"own instead of %s",
				type, path);
	}
	return 0;
}

static int mappings(struct parser *p, json_t *lx, const char *key, struct id_map *ret_map)
{
	json_t *v = json_object_get(lx, key), *e;
	size_t i;

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v) || json_array_size(v) > ARRAY_SIZE(ret_map->e))
		return spec_bad(p, key, "is not a list of at most 64 mappings");
	json_array_foreach(v, i, e)
	{
		struct id_range *m = &ret_map->e[i];

		if (!spec_whole(json_object_get(e, "containerID"), &m->inside) ||
		    !spec_whole(json_object_get(e, "hostID"), &m->outside) ||
		    !spec_whole(json_object_get(e, "size"), &m->size) || m->size == 0 ||
		    m->inside + m->size > UINT32_MAX || m->outside + m->size > UINT32_MAX)
			return spec_bad(p, key, "has an entry that is no range of ids");
		ret_map->nr = i + 1;
	}
	return 0;
}

static int devices(struct parser *p, json_t *lx)
{
	json_t *v = json_object_get(lx, "devices"), *e;
	size_t i;

	if (v && !json_is_null(v) && !json_is_array(v))
		return spec_bad(p, "linux.devices", "is not a list");
	json_array_foreach(v, i, e)
	{
		uint64_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
		auto_free char *line = NULL;
		const char *path, *type;

		if (spec_get_str(p, e, "path", "linux.devices[].path", &path) < 0 ||
		    spec_get_str(p, e, "type", "linux.devices[].type", &type) < 0 ||
		    spec_get_id(p, e, "major", "linux.devices[].major", &major) < 0 ||
		    spec_get_id(p, e, "minor", "linux.devices[].minor", &minor) < 0 ||
		    spec_get_id(p, e, "fileMode", "linux.devices[].fileMode", &mode) < 0 ||
		    spec_get_id(p, e, "uid", "linux.devices[].uid", &uid) < 0 ||
		    spec_get_id(p, e, "gid", "linux.devices[].gid", &gid) < 0)
			return -EINVAL;
		if (!path || path[0] != '/')
			return spec_bad(p, "linux.devices[].path", "is not an absolute path");
		if (!type || strlen(type) != 1 || !strchr("cbup", *type))
			return spec_bad(p, "linux.devices[].type", "is none of c, b, u, p");
		if (asprintf(&line, "%c %u %u %o %u %u %s", *type, (unsigned int)major,
			     (unsigned int)minor, (unsigned int)mode & 07777, (unsigned int)uid,
			     (unsigned int)gid, path) < 0 ||
		    boot_strv_add(&p->r->boot.devices, line, strlen(line)) < 0)
			return spec_nomem(p);
	}
	return 0;
}

static int sysctls(struct parser *p, json_t *lx)
{
	json_t *v = json_object_get(lx, "sysctl"), *e;
	const char *key;

	if (v && !json_is_null(v) && !json_is_object(v))
		return spec_bad(p, "linux.sysctl", "is not an object");
	json_object_foreach(v, key, e)
	{
		char kv[512];

		if (!json_is_string(e))
			return spec_bad(p, "linux.sysctl", "has a value that is not a string");
		if (strstr(key, "..") || strlen(key) > 200)
			return spec_bad(p, "linux.sysctl", "has a key that names no setting");
		snprintf(kv, sizeof(kv), "%s=%s", key, json_string_value(e));
		if (boot_strv_add(&p->r->boot.sysctls, kv, strlen(kv)) < 0)
			return spec_nomem(p);
	}
	return 0;
}

/* What there is no equivalent of: said once, by name. */
static void not_honoured(json_t *top, json_t *lx)
{
	static const char *const lx_keys[] = { "intelRdt", "personality", "timeOffsets",
					       "memoryPolicy", "netDevices" };
	static const char *const proc_keys[] = { "apparmorProfile", "selinuxLabel", "scheduler",
						 "ioPriority", "execCPUAffinity" };
	const char *s = json_string_value(json_object_get(lx, "rootfsPropagation"));
	json_t *proc = json_object_get(top, "process"), *v;

	for (size_t i = 0; i < ARRAY_SIZE(lx_keys); i++) {
		v = json_object_get(lx, lx_keys[i]);
		if (v && !json_is_null(v) && !(json_is_object(v) && json_object_size(v) == 0))
			rt_warn("config.json: linux.%s is not honoured", lx_keys[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(proc_keys); i++) {
		v = json_object_get(proc, proc_keys[i]);
		if (v && !json_is_null(v) && !(json_is_string(v) && !json_string_length(v)))
			rt_warn("config.json: process.%s is not honoured", proc_keys[i]);
	}
	/* mounts of the host made later never appear inside, those made inside never outside */
	if (s && (strcmp(s, "shared") == 0 || strcmp(s, "rshared") == 0))
		rt_warn("config.json: linux.rootfsPropagation: '%s' is not honoured", s);
}

int spec_linux(struct parser *p, json_t *top)
{
	json_t *lx = json_object_get(top, "linux");
	struct boot_conf *c = &p->r->boot;

	if (!lx || json_is_null(lx))
		return 0;
	if (!json_is_object(lx))
		return spec_bad(p, "linux", "is not an object");
	if (namespaces(p, lx) < 0 || mappings(p, lx, "uidMappings", &p->b->uids) < 0 ||
	    mappings(p, lx, "gidMappings", &p->b->gids) < 0 || devices(p, lx) < 0 ||
	    sysctls(p, lx) < 0 ||
	    spec_get_strv(p, lx, "maskedPaths", "linux.maskedPaths", &c->masked_paths) < 0 ||
	    spec_get_strv(p, lx, "readonlyPaths", "linux.readonlyPaths", &c->readonly_paths) < 0)
		return -p->err->code;
	if (p->b->user_ns && (p->b->uids.nr == 0 || p->b->gids.nr == 0))
		return spec_bad(p, "linux.namespaces",
				"has a new user namespace, but no uidMappings or gidMappings");
	not_honoured(top, lx);
	return spec_seccomp(p, json_object_get(lx, "seccomp"));
}

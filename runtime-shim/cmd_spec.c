/* SPDX-License-Identifier: Apache-2.0 */
/* husk spec: a config.json to start from, as runc and runsc write one. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "conf.h"

struct spec_flags {
	const char *bundle, *cwd, *netns;
};

#define F(field) offsetof(struct spec_flags, field)
/* clang-format off */
static const struct flag spec_flags[] = {
	{ "bundle", FLAG_STR, F(bundle), "DIR", "where config.json is written (.)" },
	{ "cwd", FLAG_STR, F(cwd), "DIR", "working directory of the program (/)" },
	{ "netns", FLAG_STR, F(netns), "PATH", "network namespace" },
};

static const char template[] =
"{\"ociVersion\":\"1.2.0\","
"\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
"\"cwd\":\"/\","
"\"capabilities\":{"
"\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
"\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
"\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}]},"
"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
"\"hostname\":\"husk\","
"\"mounts\":["
"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]},"
"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}],"
"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}]}}";
/* clang-format on */

static int write_spec(const struct spec_flags *f, int nr_args, char **args, struct rt_err *err)
{
	json_t *top = json_loads(template, 0, NULL), *proc = json_object_get(top, "process"), *list;
	auto_free char *text = NULL, *path = NULL;
	FILE *out;
	int fd;

	if (nr_args > 0) {
		list = json_array();
		for (int i = 0; i < nr_args; i++)
			json_array_append_new(list, json_string(args[i]));
		json_object_set_new(proc, "args", list);
	}
	json_object_set_new(proc, "cwd", json_string(f->cwd));
	if (f->netns) {
		list = json_object_get(json_object_get(top, "linux"), "namespaces");
		json_object_set_new(json_array_get(list, 1), "path", json_string(f->netns));
	}
	text = json_dumps(top, JSON_INDENT(2));
	json_decref(top);
	if (!text || asprintf(&path, "%s/config.json", f->bundle) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out || fprintf(out, "%s\n", text) < 0 || fclose(out) != 0)
		return rt_fail(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

int cmd_spec(const struct rt_conf *conf, int argc, char **argv)
{
	struct spec_flags f = { .bundle = ".", .cwd = "/" };
	struct rt_err err = { 0 };
	int i = flags_parse(spec_flags, ARRAY_SIZE(spec_flags), &f, argc, argv, &err);

	if (i == -ENODATA) {
		printf("usage: husk spec [flags] [--] [COMMAND arguments]\n\n");
		flags_help(spec_flags, ARRAY_SIZE(spec_flags));
		return 0;
	}
	if (i < 0 || write_spec(&f, argc - i, argv + i, &err) < 0)
		return rt_report(&err, "spec");
	return 0;
}

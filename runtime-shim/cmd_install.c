/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk install: makes the engines of this host know the runtime. Edits docker's daemon.json and
 * containerd's config.toml: the rest of the files stays as it was, the former content is kept
 * beside them, a second run changes nothing, --dry-run shows what would be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "conf.h"

#define BEGIN "# BEGIN husk: written by 'husk install'\n"
#define END   "# END husk\n"
#define SHIM  "containerd-shim-husk-v1"

struct install {
	const char *name, *docker, *containerd, *config;
	bool dry_run, remove;
	char self[4096];
	int changed;
};

#define F(field) offsetof(struct install, field)
static const struct flag install_flags[] = {
	{ "runtime", FLAG_STR, F(name), "NAME", "what the engines call it (default husk)" },
	{ "docker-config", FLAG_STR, F(docker), "FILE",
	  "default /etc/docker/daemon.json, if docker is installed" },
	{ "config_file", FLAG_STR, F(docker), NULL, NULL },
	{ "containerd-config", FLAG_STR, F(containerd), "FILE",
	  "default /etc/containerd/config.toml, if containerd is" },
	{ "husk-config", FLAG_STR, F(config), "FILE", "TOML file with options for the shim" },
	{ "dry-run", FLAG_BOOL, F(dry_run), NULL, "only show what would be written" },
	{ "remove", FLAG_BOOL, F(remove), NULL, "take the runtime out again" },
	{ "clobber", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "experimental", FLAG_VOID_BOOL, 0, NULL, NULL },
};
#undef F

/* The whole file, NUL-terminated (malloc); NULL with *err clear if there is none. */
static char *slurp(const char *path, struct rt_err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (errno != ENOENT)
			rt_fail(err, errno, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text || (n = read(fd, text, (size_t)st.st_size)) != st.st_size) {
		free(text);
		rt_fail(err, EIO, "%s: cannot be read", path);
		return NULL;
	}
	return text;
}

static int write_file(const char *path, const char *text, struct rt_err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) < 0)
		return rt_fail(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* Replaces a file as a whole; what it was goes to FILE.before-husk, once. */
static int replace(struct install *in, const char *path, const char *was, const char *text,
		   struct rt_err *err)
{
	char other[4200], dir[4200], *slash;

	if (was && strcmp(was, text) == 0) {
		printf("%s: nothing to do\n", path);
		return 0;
	}
	in->changed++;
	if (in->dry_run) {
		printf("%s would become:\n%s", path, text);
		return 0;
	}
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return rt_fail(err, errno, "%s: %s", dir, strerror(errno));
	}
	snprintf(other, sizeof(other), "%s.before-husk", path);
	if (was && access(other, F_OK) < 0) {
		if (write_file(other, was, err) < 0)
			return -err->code;
		printf("%s: the former content is in %s\n", path, other);
	}
	snprintf(other, sizeof(other), "%s.husk-new", path);
	if (write_file(other, text, err) < 0)
		return -err->code;
	if (rename(other, path) < 0)
		return rt_fail(err, errno, "%s: %s", path, strerror(errno));
	printf("%s: written\n", path);
	return 0;
}

static int docker(struct install *in, const char *path, struct rt_err *err)
{
	auto_free char *was = slurp(path, err), *text = NULL;
	json_error_t je;
	json_t *j, *runtimes, *old, *entry;
	int ret = 0;

	if (err->code)
		return -err->code;
	j = was && *was ? json_loads(was, 0, &je) : json_object();
	if (!json_is_object(j)) {
		json_decref(j);
		return rt_fail(err, EINVAL, "%s: line %d: %s", path, je.line, je.text);
	}
	runtimes = json_object_get(j, "runtimes");
	if (!runtimes && !in->remove) {
		runtimes = json_object();
		json_object_set_new(j, "runtimes", runtimes);
	}
	old = json_object_get(runtimes, in->name);
	if (in->remove) {
		json_object_del(runtimes, in->name);
		if (runtimes && json_object_size(runtimes) == 0)
			json_object_del(j, "runtimes");
	} else {
		entry = old ? json_deep_copy(old) : json_object();
		json_object_set_new(entry, "path", json_string(in->self));
		json_object_set_new(runtimes, in->name, entry);
	}
	/* Unchanged in meaning: unchanged in its bytes as well. */
	if (was && *was) {
		json_t *before = json_loads(was, 0, NULL);

		if (json_equal(before, j))
			text = strdup(was);
		json_decref(before);
	}
	if (!text) {
		char *dump = json_dumps(j, JSON_INDENT(4) | JSON_PRESERVE_ORDER);

		if (!dump || asprintf(&text, "%s\n", dump) < 0)
			text = NULL;
		free(dump);
	}
	json_decref(j);
	ret = text ? replace(in, path, was, text, err) : rt_fail(err, ENOMEM, "out of memory");
	if (ret == 0 && in->changed && !in->dry_run)
		printf("  docker reads it after: systemctl reload docker; then: docker run --runtime=%s ...\n",
		       in->name);
	return ret;
}

/* "version = N" of a config.toml; 1 if it does not say. */
static int toml_version(const char *text)
{
	int v;

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (*p == '[')
			break;
		if (sscanf(p, " version = %d", &v) == 1)
			return v;
	}
	return 1;
}

static bool shim_is_installed(const struct install *in)
{
	char beside[4200];
	const char *slash = strrchr(in->self, '/');
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/usr/local/sbin",
					    "/usr/sbin", "/opt/bin" };

	snprintf(beside, sizeof(beside), "%.*s/" SHIM, (int)(slash - in->self), in->self);
	if (access(beside, X_OK) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(beside, sizeof(beside), "%s/" SHIM, dirs[i]);
		if (access(beside, X_OK) == 0)
			return true;
	}
	return false;
}

/* The tables for this runtime, between their marks. */
static char *containerd_block(const struct install *in, int version)
{
	const char *plugin =
		version >= 3 ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri";
	char *text = NULL, *options = NULL;
	int n;

	if (!shim_is_installed(in))
		n = asprintf(&options, "    BinaryName = \"%s\"\n", in->self);
	else if (*in->config)
		n = asprintf(
			&options,
			"    TypeUrl = \"io.containerd.husk.v1.options\"\n    ConfigPath = \"%s\"\n",
			in->config);
	else
		n = asprintf(&options, "%s", "");
	if (n < 0)
		return NULL;
	n = asprintf(&text,
		     BEGIN "[plugins.\"%s\".containerd.runtimes.%s]\n"
			   "  runtime_type = \"%s\"\n"
			   "  pod_annotations = [\"dev.husk.*\"]\n"
			   "%s%s%s%s%s" END,
		     plugin, in->name,
		     shim_is_installed(in) ? "io.containerd.husk.v1" : "io.containerd.runc.v2",
		     *options ? "  [plugins.\"" : "", *options ? plugin : "",
		     *options ? "\".containerd.runtimes." : "", *options ? in->name : "",
		     *options ? ".options]\n" : "");
	if (n >= 0 && *options) {
		char *whole = NULL;

		n = asprintf(&whole, "%.*s%s" END, (int)(strlen(text) - strlen(END)), text,
			     options);
		free(text);
		text = n < 0 ? NULL : whole;
	}
	free(options);
	return n < 0 ? NULL : text;
}

static int containerd(struct install *in, const char *path, struct rt_err *err)
{
	auto_free char *was = slurp(path, err), *text = NULL, *block = NULL;
	char *from, *to = NULL, table[256];
	const char *base;
	int version, ret;

	if (err->code)
		return -err->code;
	base = was ? was : "version = 2\n";
	version = toml_version(base);
	if (version < 2)
		return rt_fail(
			err, EINVAL,
			"%s is of version 1: write 'version = 2' and its tables first (containerd config default)",
			path);
	from = strstr(base, BEGIN);
	if (from)
		to = strstr(from, END);
	if (from && !to)
		return rt_fail(err, EINVAL, "%s: the line '%.10s' is missing", path, END);
	snprintf(table, sizeof(table), "containerd.runtimes.%s]", in->name);
	if (!from && strstr(base, table) && !in->remove) {
		printf("%s: has a table for %s already, not written by us: left as it is\n", path,
		       in->name);
		return 0;
	}
	if (in->remove && (!was || !from)) {
		printf("%s: nothing to do\n", path);
		return 0;
	}
	block = in->remove ? strdup("") : containerd_block(in, version);
	if (!block)
		return rt_fail(err, ENOMEM, "out of memory");
	if (from)
		ret = asprintf(&text, "%.*s%s%s", (int)(from - base), base, block,
			       to + strlen(END));
	else
		ret = asprintf(&text, "%s%s%s", base,
			       *base && base[strlen(base) - 1] != '\n' ? "\n" : "", block);
	if (ret < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	ret = replace(in, path, was, text, err);
	if (ret == 0 && in->changed && !in->dry_run)
		printf("  containerd reads it after: systemctl restart containerd; handler: %s\n",
		       in->name);
	return ret;
}

static bool on_path(const char *binary)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin",
					    "/usr/local/sbin" };
	char name[256];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(name, sizeof(name), "%s/%s", dirs[i], binary);
		if (access(name, X_OK) == 0)
			return true;
	}
	return false;
}

int cmd_install(const struct rt_conf *conf, int argc, char **argv)
{
	struct install in = { .name = "husk", .docker = "", .containerd = "", .config = "" };
	struct rt_err err = { 0 };
	bool have_docker, have_containerd;
	ssize_t n;
	int i;

	i = flags_parse(install_flags, ARRAY_SIZE(install_flags), &in, argc, argv, &err);
	if (i == -ENODATA) {
		printf("usage: husk install [flags]\n\nflags:\n");
		flags_help(install_flags, ARRAY_SIZE(install_flags));
		return 0;
	}
	if (i < 0)
		return rt_report(&err, "install");
	if (i < argc || !*in.name ||
	    strspn(in.name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(in.name)) {
		fprintf(stderr, "husk: install takes flags only; a name is of a-z, 0-9 and '-'\n");
		return 2;
	}
	n = readlink("/proc/self/exe", in.self, sizeof(in.self) - 1);
	if (n < 0) {
		rt_fail(&err, errno, "/proc/self/exe: %s", strerror(errno));
		return rt_report(&err, "install");
	}
	/* A file that is named is edited; of the usual ones those whose engine is here. */
	have_docker = *in.docker || (!*in.containerd && on_path("dockerd"));
	have_containerd = *in.containerd || (!*in.docker && on_path("containerd"));
	if (!have_docker && !have_containerd)
		printf("neither dockerd nor containerd is installed: nothing to do\n");
	if (have_docker)
		docker(&in, *in.docker ? in.docker : "/etc/docker/daemon.json", &err);
	in.changed = 0;
	if (!err.code && have_containerd)
		containerd(&in, *in.containerd ? in.containerd : "/etc/containerd/config.toml",
			   &err);
	return err.code ? rt_report(&err, "install") : 0;
}

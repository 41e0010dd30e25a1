/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, keeping and passing on the options. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "log.h"
#include "shim/task.pb-c.h"
#include "toml.h"

#define DEFAULT_BINARY "husk"
#define DEFAULT_ROOT   "/run/containerd/husk"
/* Read first, if it is there: for engines that give no options. */
#define HOST_FILE     "/etc/containerd/husk.toml"
#define FILE_MAX_SIZE (1u << 20)

int options_default(struct options *o, struct rt_err *err)
{
	memset(o, 0, sizeof(*o));
	o->binary = strdup(DEFAULT_BINARY);
	o->root = strdup(DEFAULT_ROOT);
	o->grouping = true;
	if (!o->binary || !o->root)
		return rt_fail(err, ENOMEM, "out of memory");
	return access(HOST_FILE, F_OK) == 0 ? options_file(o, HOST_FILE, err) : 0;
}

void options_fini(struct options *o)
{
	for (size_t i = 0; i < o->nr_flags; i++)
		free(o->flags[i]);
	free(o->flags);
	free(o->binary);
	free(o->root);
	free(o->shim_cgroup);
	memset(o, 0, sizeof(*o));
}

static int set_string(char **field, const char *value, struct rt_err *err)
{
	char *s = strdup(value);

	if (!s)
		return rt_fail(err, ENOMEM, "out of memory");
	free(*field);
	*field = s;
	return 0;
}

static int add_flag(struct options *o, const char *key, const char *value, struct rt_err *err)
{
	char **v = realloc(o->flags, (o->nr_flags + 1) * sizeof(*v));
	char *s = NULL;

	if (v)
		o->flags = v;
	if (!v || asprintf(&s, "--%s=%s", key, value) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	o->flags[o->nr_flags++] = s;
	return 0;
}

static int set_bool(bool *field, const char *key, const char *value, struct rt_err *err)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return rt_fail(err, EINVAL, "%s: '%s' is neither true nor false", key, value);
	*field = value[0] == 't';
	return 0;
}

static int set_id(uint32_t *field, const char *key, const char *value, struct rt_err *err)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (*end || !*value || v > UINT32_MAX)
		return rt_fail(err, EINVAL, "%s: '%s' is not an id", key, value);
	*field = (uint32_t)v;
	return 0;
}

static int one_key(void *arg, const char *table, const char *key, char *value, struct rt_err *err)
{
	struct options *o = arg;

	if (strcmp(table, "husk_config") == 0 || strcmp(table, "runsc_config") == 0)
		return add_flag(o, key, value, err);
	if (*table) {
		slog_warn("options: table [%s] is not known and ignored", table);
		return 0;
	}
	if (strcmp(key, "binary_name") == 0)
		return set_string(&o->binary, value, err);
	if (strcmp(key, "root") == 0)
		return set_string(&o->root, value, err);
	if (strcmp(key, "shim_cgroup") == 0)
		return set_string(&o->shim_cgroup, value, err);
	if (strcmp(key, "io_uid") == 0)
		return set_id(&o->io_uid, key, value, err);
	if (strcmp(key, "io_gid") == 0)
		return set_id(&o->io_gid, key, value, err);
	if (strcmp(key, "systemd_cgroup") == 0)
		return set_bool(&o->systemd_cgroup, key, value, err);
	if (strcmp(key, "no_pivot_root") == 0)
		return set_bool(&o->no_pivot, key, value, err);
	if (strcmp(key, "no_new_keyring") == 0)
		return set_bool(&o->no_new_keyring, key, value, err);
	if (strcmp(key, "grouping") == 0)
		return set_bool(&o->grouping, key, value, err);
	if (strcmp(key, "log_level") == 0) {
		g_log_debug = strcmp(value, "debug") == 0 || strcmp(value, "trace") == 0;
		return 0;
	}
	if (strcmp(key, "flag") == 0) { /* written by options_save() */
		char *eq = strchr(value, '=');

		return eq && strncmp(value, "--", 2) == 0 ?
			       (*eq = '\0', add_flag(o, value + 2, eq + 1, err)) :
			       0;
	}
	slog_warn("options: '%s' is not known and ignored", key);
	return 0;
}

int options_file(struct options *o, const char *path, struct rt_err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t n = 0;
	ssize_t k;

	if (fd < 0)
		return rt_fail(err, errno, "%s: %s", path, strerror(errno));
	text = malloc(FILE_MAX_SIZE + 1);
	if (!text)
		return rt_fail(err, ENOMEM, "out of memory");
	while (n < FILE_MAX_SIZE && (k = read(fd, text + n, FILE_MAX_SIZE - n)) > 0)
		n += (size_t)k;
	text[n] = '\0';
	if (toml_parse(text, one_key, o, err) < 0)
		return rt_fail_in(err, "%s", path);
	return 0;
}

static int runc_options(struct options *o, const void *data, size_t size, struct rt_err *err)
{
	Shim__RuncOptions *m = shim__runc_options__unpack(NULL, size, data);
	int ret = 0;

	if (!m)
		return rt_fail(err, EINVAL, "the runtime options cannot be decoded");
	if (*m->binary_name)
		ret = set_string(&o->binary, m->binary_name, err);
	if (ret == 0 && *m->root)
		ret = set_string(&o->root, m->root, err);
	if (ret == 0 && *m->shim_cgroup)
		ret = set_string(&o->shim_cgroup, m->shim_cgroup, err);
	o->systemd_cgroup = m->systemd_cgroup;
	o->no_pivot = m->no_pivot_root;
	o->no_new_keyring = m->no_new_keyring;
	o->io_uid = m->io_uid;
	o->io_gid = m->io_gid;
	shim__runc_options__free_unpacked(m, NULL);
	return ret;
}

static int file_options(struct options *o, const void *data, size_t size, struct rt_err *err)
{
	Shim__FileOptions *m = shim__file_options__unpack(NULL, size, data);
	int ret = 0;

	if (!m)
		return rt_fail(err, EINVAL, "the runtime options cannot be decoded");
	if (m->config_body.len) {
		char *text = strndup((char *)m->config_body.data, m->config_body.len);

		ret = text ? toml_parse(text, one_key, o, err) :
			     rt_fail(err, ENOMEM, "out of memory");
		if (ret < 0)
			ret = rt_fail_in(err, "the options' configuration");
		free(text);
	} else if (*m->config_path) {
		ret = options_file(o, m->config_path, err);
	}
	shim__file_options__free_unpacked(m, NULL);
	return ret;
}

int options_any(struct options *o, const char *type, const void *data, size_t size,
		struct rt_err *err)
{
	if (!type || !*type)
		return 0;
	if (strstr(type, "runc.v1.Options"))
		return runc_options(o, data, size, err);
	if (strstr(type, "runtimeoptions.v1"))
		return file_options(o, data, size, err);
	slog_warn("options of type %s are not known and ignored", type);
	return 0;
}

static void put_string(FILE *f, const char *key, const char *value)
{
	fprintf(f, "%s = \"", key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', f);
		fputc(*value == '\n' ? ' ' : *value, f);
	}
	fputs("\"\n", f);
}

int options_save(const struct options *o, const char *file)
{
	FILE *f = fopen(file, "we");
	int bad;

	if (!f)
		return -errno;
	fchmod(fileno(f), 0600);
	put_string(f, "binary_name", o->binary);
	put_string(f, "root", o->root);
	fprintf(f, "systemd_cgroup = %s\n", o->systemd_cgroup ? "true" : "false");
	for (size_t i = 0; i < o->nr_flags; i++)
		put_string(f, "flag", o->flags[i]);
	bad = ferror(f);
	return fclose(f) || bad ? -EIO : 0;
}

int options_load(struct options *o, const char *file, struct rt_err *err)
{
	return options_file(o, file, err);
}

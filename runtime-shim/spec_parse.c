/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of an OCI bundle. Each field is checked where it is read, and the error names it as a
 * path (process.args[0]). Fields that need what this version has not are refused or warned about,
 * never silently dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/linux/mount.h"
#include "base/auto.h"
#include "base/bits.h"
#include "spec_int.h"

#define CONFIG_MAX (4u << 20)

int spec_bad(struct parser *p, const char *field, const char *what)
{
	return rt_fail(p->err, EINVAL, "config.json: %s %s", field, what);
}

int spec_nomem(struct parser *p)
{
	return rt_fail(p->err, ENOMEM, "out of memory");
}

/* An optional string; NULL and 0 if it is not there. */
int spec_get_str(struct parser *p, json_t *o, const char *key, const char *field,
		 const char **ret_s)
{
	json_t *v = json_object_get(o, key);

	*ret_s = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return spec_bad(p, field, "is not a string");
	if (strlen(json_string_value(v)) != json_string_length(v))
		return spec_bad(p, field, "has a NUL in it");
	*ret_s = json_string_value(v);
	return 0;
}

int spec_get_strv(struct parser *p, json_t *o, const char *key, const char *field,
		  struct boot_strv *out)
{
	json_t *v = json_object_get(o, key), *e;
	size_t i;

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return spec_bad(p, field, "is not a list");
	json_array_foreach(v, i, e)
	{
		if (!json_is_string(e) || strlen(json_string_value(e)) != json_string_length(e))
			return spec_bad(p, field, "has an entry that is not a string");
		if (boot_strv_add(out, json_string_value(e), json_string_length(e)) < 0)
			return spec_nomem(p);
	}
	return 0;
}

int spec_get_bool(struct parser *p, json_t *o, const char *key, const char *field, bool *ret_b)
{
	json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_boolean(v))
		return spec_bad(p, field, "is not true or false");
	*ret_b = json_is_true(v);
	return 0;
}

/*
 * A whole number >= 0. jansson has signed integers only: a file with 2^64-1 in it ("unlimited") is
 * read with all numbers as reals, of which those beyond 2^63 mean infinity.
 */
bool spec_whole(json_t *v, uint64_t *ret_v)
{
	double d;

	if (json_is_integer(v)) {
		*ret_v = (uint64_t)json_integer_value(v);
		return json_integer_value(v) >= 0;
	}
	d = json_real_value(v);
	if (!json_is_real(v) || !(d >= 0) || (d < 9.2e18 && d != (double)(uint64_t)d))
		return false;
	*ret_v = d >= 9.2e18 ? UINT64_MAX : (uint64_t)d;
	return true;
}

int spec_get_id(struct parser *p, json_t *o, const char *key, const char *field, uint64_t *ret_v)
{
	json_t *v = json_object_get(o, key);
	uint64_t n;

	if (!v || json_is_null(v))
		return 0;
	if (!spec_whole(v, &n) || n > UINT32_MAX - 1)
		return spec_bad(p, field, "is not an id");
	*ret_v = n;
	return 0;
}

/* clang-format off */
static const char *const cap_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};
static const char *const rlimit_names[] = {
	"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS",
	"SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
};
/* clang-format on */

const char *spec_cap_name(unsigned int nr)
{
	return nr < ARRAY_SIZE(cap_names) ? cap_names[nr] : NULL;
}

static int name_index(const char *const *names, size_t nr, const char *prefix, const char *s)
{
	size_t len = strlen(prefix);

	if (strncmp(s, prefix, len) != 0)
		return -1;
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(names[i], s + len) == 0)
			return (int)i;
	}
	return -1;
}

static int cap_set(struct parser *p, json_t *caps, const char *key, uint64_t *ret_set)
{
	json_t *v = json_object_get(caps, key), *e;
	char field[64];
	size_t i;

	snprintf(field, sizeof(field), "process.capabilities.%s", key);
	*ret_set = 0;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return spec_bad(p, field, "is not a list");
	json_array_foreach(v, i, e)
	{
		const char *s = json_string_value(e);
		int n = s ? name_index(cap_names, ARRAY_SIZE(cap_names), "CAP_", s) : -1;

		if (!s)
			return spec_bad(p, field, "has an entry that is not a string");
		if (n < 0)
			rt_warn("config.json: %s: unknown capability '%s' is ignored", field, s);
		else
			*ret_set |= BIT64(n);
	}
	return 0;
}

static int parse_caps(struct parser *p, json_t *proc)
{
	json_t *caps = json_object_get(proc, "capabilities");
	struct boot_conf *c = &p->r->boot;

	if (!caps || json_is_null(caps))
		return 0;
	if (!json_is_object(caps))
		return spec_bad(p, "process.capabilities", "is not an object");
	if (cap_set(p, caps, "bounding", &c->cap_bounding) < 0 ||
	    cap_set(p, caps, "effective", &c->cap_effective) < 0 ||
	    cap_set(p, caps, "inheritable", &c->cap_inheritable) < 0 ||
	    cap_set(p, caps, "permitted", &c->cap_permitted) < 0 ||
	    cap_set(p, caps, "ambient", &c->cap_ambient) < 0)
		return -EINVAL;
	return 0;
}

static int get_limit(struct parser *p, json_t *e, const char *key, uint64_t *ret_v)
{
	if (!spec_whole(json_object_get(e, key), ret_v))
		return spec_bad(p, "process.rlimits", "has a soft or hard limit that is no number");
	return 0;
}

static int parse_rlimits(struct parser *p, json_t *proc)
{
	json_t *v = json_object_get(proc, "rlimits"), *e;
	struct boot_conf *c = &p->r->boot;
	size_t i;

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return spec_bad(p, "process.rlimits", "is not a list");
	json_array_foreach(v, i, e)
	{
		struct boot_rlimit l = { 0 };
		const char *type;
		int n;

		if (spec_get_str(p, e, "type", "process.rlimits[].type", &type) < 0)
			return -EINVAL;
		n = type ? name_index(rlimit_names, ARRAY_SIZE(rlimit_names), "RLIMIT_", type) : -1;
		if (n < 0)
			return spec_bad(p, "process.rlimits[].type", "is not the name of a limit");
		for (size_t k = 0; k < c->nr_rlimits; k++) {
			if (c->rlimits[k].resource == (uint64_t)n)
				return spec_bad(p, "process.rlimits", "names one limit twice");
		}
		l.resource = (uint64_t)n;
		if (get_limit(p, e, "soft", &l.soft) < 0 || get_limit(p, e, "hard", &l.hard) < 0)
			return -EINVAL;
		if (l.soft > l.hard)
			return spec_bad(p, "process.rlimits",
					"has a soft limit above its hard limit");
		c->rlimits[c->nr_rlimits++] = l;
	}
	return 0;
}

static int parse_user(struct parser *p, json_t *proc)
{
	json_t *u = json_object_get(proc, "user"), *g, *e;
	struct boot_conf *c = &p->r->boot;
	size_t i;

	c->umask = 022;
	if (!u || json_is_null(u))
		return 0;
	if (!json_is_object(u))
		return spec_bad(p, "process.user", "is not an object");
	if (spec_get_id(p, u, "uid", "process.user.uid", &c->uid) < 0 ||
	    spec_get_id(p, u, "gid", "process.user.gid", &c->gid) < 0 ||
	    spec_get_id(p, u, "umask", "process.user.umask", &c->umask) < 0)
		return -EINVAL;
	g = json_object_get(u, "additionalGids");
	if (g && !json_is_null(g) && !json_is_array(g))
		return spec_bad(p, "process.user.additionalGids", "is not a list");
	json_array_foreach(g, i, e)
	{
		uint64_t n;

		if (!spec_whole(e, &n) || n > UINT32_MAX - 1)
			return spec_bad(p, "process.user.additionalGids",
					"has an entry that is no id");
		if (boot_group_add(c, (uint32_t)n) < 0)
			return spec_nomem(p);
	}
	return 0;
}

static int parse_process(struct parser *p, json_t *proc)
{
	json_t *v;
	struct boot_conf *c = &p->r->boot;
	bool nnp = false;
	const char *s;

	if (!json_is_object(proc))
		return spec_bad(p, "process", "is missing");
	if (spec_get_strv(p, proc, "args", "process.args", &c->args) < 0 ||
	    spec_get_strv(p, proc, "env", "process.env", &c->env) < 0 ||
	    spec_get_str(p, proc, "cwd", "process.cwd", &s) < 0 ||
	    spec_get_bool(p, proc, "terminal", "process.terminal", &p->b->terminal) < 0 ||
	    spec_get_bool(p, proc, "noNewPrivileges", "process.noNewPrivileges", &nnp) < 0)
		return -EINVAL;
	if (c->args.nr == 0)
		return spec_bad(p, "process.args", "is empty: it names the program");
	if (!s || s[0] != '/')
		return spec_bad(p, "process.cwd", "is not an absolute path");
	c->cwd = strdup(s);
	if (!c->cwd)
		return spec_nomem(p);
	if (nnp)
		c->flags |= BOOT_NO_NEW_PRIVS;
	v = json_object_get(proc, "oomScoreAdj");
	if (json_is_integer(v)) {
		c->oom_score_adj = (uint64_t)json_integer_value(v);
		p->b->oom_score_set = true;
	}
	if (parse_user(p, proc) < 0 || parse_caps(p, proc) < 0 || parse_rlimits(p, proc) < 0)
		return -p->err->code;
	v = json_object_get(proc, "consoleSize");
	if (json_is_object(v)) {
		spec_whole(json_object_get(v, "height"), &c->rows);
		spec_whole(json_object_get(v, "width"), &c->cols);
	}
	return 0;
}

static char *absolute(const char *dir, const char *path)
{
	char *s;

	if (path[0] == '/')
		return strdup(path);
	return asprintf(&s, "%s/%s", dir, path) < 0 ? NULL : s;
}

static int parse_root(struct parser *p, json_t *top)
{
	json_t *root = json_object_get(top, "root");
	const struct rt_conf *conf = p->r->conf;
	struct boot_conf *c = &p->r->boot;
	auto_free char *path = NULL;
	char real[PATH_MAX];
	struct boot_mount *m;
	bool ro = false, overlay;
	const char *s;
	struct stat st;

	if (!json_is_object(root))
		return spec_bad(p, "root", "is missing");
	if (spec_get_str(p, root, "path", "root.path", &s) < 0 ||
	    spec_get_bool(p, root, "readonly", "root.readonly", &ro) < 0)
		return -EINVAL;
	if (!s || !*s)
		return spec_bad(p, "root.path", "is missing");
	path = absolute(p->b->dir, s);
	if (!path)
		return spec_nomem(p);
	if (!realpath(path, real) || stat(real, &st) < 0)
		return rt_fail(p->err, errno, "config.json: root.path: %s: %s", path,
			       strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return spec_bad(p, "root.path", "is no directory");
	p->b->root = strdup(real);
	overlay = strcmp(conf->overlay2, "none") != 0;
	if (boot_mount_add(c, &m) < 0)
		return spec_nomem(p);
	m->type = strdup("gofer");
	m->src = strdup(real);
	m->dst = strdup("/");
	if (launch_add_tree(p->r, real, ro || overlay, &m->gofer_mount) < 0 || !m->type ||
	    !m->src || !m->dst || !p->b->root)
		return spec_nomem(p);
	if (ro)
		c->flags |= BOOT_ROOT_RDONLY;
	if (overlay)
		c->flags |= BOOT_ROOT_OVERLAY;
	if (strcmp(conf->file_access, "shared") == 0)
		c->flags |= BOOT_ROOT_SHARED;
	return 0;
}

struct mount_option {
	const char *name;
	uint64_t set, clear;
	bool bind, copyup, ignored;
};

/* clang-format off */
static const struct mount_option mount_options[] = {
	{ "ro", .set = LX_MS_RDONLY }, { "rw", .clear = LX_MS_RDONLY },
	{ "nosuid", .set = LX_MS_NOSUID }, { "suid", .clear = LX_MS_NOSUID },
	{ "nodev", .set = LX_MS_NODEV }, { "dev", .clear = LX_MS_NODEV },
	{ "noexec", .set = LX_MS_NOEXEC }, { "exec", .clear = LX_MS_NOEXEC },
	{ "sync", .set = LX_MS_SYNCHRONOUS }, { "async", .clear = LX_MS_SYNCHRONOUS },
	{ "noatime", .set = LX_MS_NOATIME }, { "atime", .clear = LX_MS_NOATIME },
	{ "nodiratime", .set = LX_MS_NODIRATIME }, { "diratime", .clear = LX_MS_NODIRATIME },
	{ "relatime", .set = LX_MS_RELATIME }, { "norelatime", .clear = LX_MS_RELATIME },
	{ "strictatime", .set = LX_MS_STRICTATIME }, { "nostrictatime", .clear = LX_MS_STRICTATIME },
	/* the recursive forms: a bind mount is one mount inside, whatever it has below it outside */
	{ "rro", .set = LX_MS_RDONLY }, { "rrw", .clear = LX_MS_RDONLY },
	{ "rnosuid", .set = LX_MS_NOSUID }, { "rsuid", .clear = LX_MS_NOSUID },
	{ "rnodev", .set = LX_MS_NODEV }, { "rdev", .clear = LX_MS_NODEV },
	{ "rnoexec", .set = LX_MS_NOEXEC }, { "rexec", .clear = LX_MS_NOEXEC },
	{ "rnoatime", .set = LX_MS_NOATIME }, { "ratime", .clear = LX_MS_NOATIME },
	{ "rnodiratime", .set = LX_MS_NODIRATIME }, { "rdiratime", .clear = LX_MS_NODIRATIME },
	{ "rrelatime", .set = LX_MS_RELATIME }, { "rnorelatime", .clear = LX_MS_RELATIME },
	{ "rstrictatime", .set = LX_MS_STRICTATIME }, { "rnostrictatime", .clear = LX_MS_STRICTATIME },
	{ "nosymfollow", .set = LX_MS_NOSYMFOLLOW }, { "symfollow", .clear = LX_MS_NOSYMFOLLOW },
	{ "tmpcopyup", .copyup = true },
	{ "bind", .bind = true }, { "rbind", .bind = true },
	/* propagation has no meaning between the host and a sandbox */
	{ "private", .ignored = true }, { "rprivate", .ignored = true }, { "slave", .ignored = true },
	{ "rslave", .ignored = true }, { "shared", .ignored = true }, { "rshared", .ignored = true },
	{ "unbindable", .ignored = true }, { "runbindable", .ignored = true }, { "defaults", .ignored = true },
	{ "silent", .ignored = true }, { "loud", .ignored = true }, { "dirsync", .ignored = true },
};
/* clang-format on */

static int mount_flags(struct parser *p, json_t *v, uint64_t *ret_flags, bool *ret_bind,
		       bool *ret_copyup, char **ret_rest)
{
	auto_free char *rest = NULL;
	uint64_t flags = 0;
	json_t *e;
	size_t i;

	if (v && !json_is_null(v) && !json_is_array(v))
		return spec_bad(p, "mounts[].options", "is not a list");
	json_array_foreach(v, i, e)
	{
		const char *s = json_string_value(e);
		const struct mount_option *o = NULL;
		char *joined;

		if (!s)
			return spec_bad(p, "mounts[].options", "has an entry that is not a string");
		for (size_t k = 0; k < ARRAY_SIZE(mount_options) && !o; k++) {
			if (strcmp(mount_options[k].name, s) == 0)
				o = &mount_options[k];
		}
		if (o) {
			flags = (flags & ~o->clear) | o->set;
			*ret_bind |= o->bind;
			*ret_copyup |= o->copyup;
			continue;
		}
		if (asprintf(&joined, "%s%s%s", rest ? rest : "", rest ? "," : "", s) < 0)
			return spec_nomem(p);
		free(rest);
		rest = joined;
	}
	*ret_flags = flags;
	*ret_rest = STEAL(rest);
	return 0;
}

static int parse_mount(struct parser *p, json_t *e)
{
	static const char *const known[] = { "proc",   "sysfs",  "tmpfs",   "devpts",
					     "mqueue", "cgroup", "cgroup2", "devtmpfs" };
	const char *dst, *type, *src;
	auto_free char *rest = NULL, *abs = NULL;
	struct boot_mount *m;
	uint64_t flags = 0;
	bool bind = false, copyup = false, ok = false;
	char real[PATH_MAX];

	if (!json_is_object(e))
		return spec_bad(p, "mounts[]", "is not an object");
	if (spec_get_str(p, e, "destination", "mounts[].destination", &dst) < 0 ||
	    spec_get_str(p, e, "type", "mounts[].type", &type) < 0 ||
	    spec_get_str(p, e, "source", "mounts[].source", &src) < 0 ||
	    mount_flags(p, json_object_get(e, "options"), &flags, &bind, &copyup, &rest) < 0)
		return -p->err->code;
	if (!dst || dst[0] != '/')
		return spec_bad(p, "mounts[].destination", "is not an absolute path");
	if (type && strcmp(type, "bind") == 0)
		bind = true;
	/* the host's own trees, where an engine leaves the namespaces to the host: ours instead */
	if (bind && src && strcmp(src, dst) == 0 &&
	    (strcmp(dst, "/sys") == 0 || strcmp(dst, "/proc") == 0)) {
		type = dst[1] == 's' ? "sysfs" : "proc";
		bind = false;
	}
	if (!bind && (!type || !*type))
		return spec_bad(p, "mounts[].type", "is missing");
	if (bind) {
		if (!src)
			return spec_bad(p, "mounts[].source", "is missing for a bind mount");
		abs = absolute(p->b->dir, src);
		if (!abs)
			return spec_nomem(p);
		if (!realpath(abs, real))
			return rt_fail(p->err, errno, "config.json: mounts[].source: %s: %s", abs,
				       strerror(errno));
		if (boot_mount_add(&p->r->boot, &m) < 0)
			return spec_nomem(p);
		m->flags = flags;
		return spec_bind_mount(p->r, m, real, dst, flags & LX_MS_RDONLY, p->err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		ok |= strcmp(known[i], type) == 0;
	if (!ok)
		return rt_fail(p->err, ENODEV, "config.json: mounts[].type: no file system '%s'",
			       type);
	if (boot_mount_add(&p->r->boot, &m) < 0)
		return spec_nomem(p);
	/* engines ask for a tmpfs at /dev and expect the device nodes in it */
	if (strcmp(dst, "/dev") == 0 && strcmp(type, "tmpfs") == 0)
		type = "devtmpfs";
	m->type = strdup(type);
	m->dst = strdup(dst);
	m->src = strdup(src ? src : type);
	m->flags = flags;
	m->kind = copyup && strcmp(type, "tmpfs") == 0 ? BOOT_MOUNT_COPYUP : BOOT_MOUNT_DIR;
	m->options = STEAL(rest);
	return m->type && m->dst && m->src ? 0 : spec_nomem(p);
}

/* /proc and /dev are needed by nearly everything; a spec without them gets none, as with runc. */
static int parse_mounts(struct parser *p, json_t *top)
{
	json_t *v = json_object_get(top, "mounts"), *e;
	size_t i;

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return spec_bad(p, "mounts", "is not a list");
	json_array_foreach(v, i, e)
	{
		if (parse_mount(p, e) < 0)
			return -p->err->code;
	}
	return 0;
}

json_t *spec_json(const char *text, size_t size, json_error_t *ret_e)
{
	json_t *top = json_loadb(text, size, 0, ret_e);

	if (!top && strstr(ret_e->text, "too big integer"))
		top = json_loadb(text, size, JSON_DECODE_INT_AS_REAL, ret_e);
	return top;
}

int spec_process(json_t *proc, struct launch_req *r, struct bundle *b, struct rt_err *err)
{
	struct parser p = { r, b, err };

	return parse_process(&p, proc);
}

int spec_parse(const char *text, size_t size, const char *dir, struct launch_req *r,
	       struct bundle *b, struct rt_err *err)
{
	struct parser p = { r, b, err };
	struct boot_conf *c = &r->boot;
	json_error_t je;
	json_t *top, *ann;
	const char *s;
	int ret;

	top = spec_json(text, size, &je);
	if (!top)
		return rt_fail(err, EINVAL, "%s/config.json line %d: %s", dir, je.line, je.text);
	ret = json_is_object(top) ? 0 : spec_bad(&p, "(top level)", "is not an object");
	if (ret == 0)
		ret = spec_get_str(&p, top, "ociVersion", "ociVersion", &s);
	if (ret == 0 && (!s || strncmp(s, "1.", 2) != 0))
		ret = spec_bad(&p, "ociVersion", "is not 1.x");
	if (ret == 0)
		ret = spec_get_str(&p, top, "hostname", "hostname", &s);
	if (ret == 0 && s)
		c->hostname = strdup(s);
	if (ret == 0)
		ret = spec_get_str(&p, top, "domainname", "domainname", &s);
	if (ret == 0 && s)
		c->domainname = strdup(s);
	if (ret == 0)
		ret = parse_process(&p, json_object_get(top, "process"));
	if (ret == 0)
		ret = parse_root(&p, top);
	if (ret == 0)
		ret = parse_mounts(&p, top);
	if (ret == 0)
		ret = spec_linux(&p, top);
	ann = ret == 0 ? json_object_get(top, "annotations") : NULL;
	if (json_is_object(ann))
		b->annotations = json_dumps(ann, JSON_COMPACT);
	b->config = top;
	return ret;
}

int spec_load(const char *dir, struct launch_req *r, struct bundle *ret_b, struct rt_err *err)
{
	char real[PATH_MAX], path[PATH_MAX + 16];
	auto_close int fd = -1;
	struct stat st;
	ssize_t n;

	if (!realpath(dir, real))
		return rt_fail(err, errno, "--bundle: %s: %s", dir, strerror(errno));
	ret_b->dir = strdup(real);
	snprintf(path, sizeof(path), "%s/config.json", real);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return rt_fail(err, errno, "%s: %s ('husk spec' writes one)", path,
			       strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > CONFIG_MAX)
		return rt_fail(err, EINVAL, "%s is not a regular file below 4 MiB", path);
	ret_b->text = calloc(1, (size_t)st.st_size + 1);
	if (!ret_b->text || !ret_b->dir)
		return rt_fail(err, ENOMEM, "out of memory");
	n = read(fd, ret_b->text, (size_t)st.st_size);
	if (n < 0)
		return rt_fail(err, errno, "%s: %s", path, strerror(errno));
	return spec_parse(ret_b->text, (size_t)n, real, r, ret_b, err);
}

void bundle_fini(struct bundle *b)
{
	free(b->dir);
	free(b->root);
	free(b->text);
	free(b->annotations);
	free(b->net_path);
	for (size_t i = 0; i < SPEC_NS_NR; i++)
		free(b->ns_path[i]);
	json_decref(b->config);
	*b = (struct bundle){ 0 };
}

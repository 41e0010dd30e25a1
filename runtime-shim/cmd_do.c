/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk do: a command in a sandbox over a tree of the host, `/` unless told otherwise. Writes stay
 * in the sandbox and are gone with it; only volumes are written through. Nothing is kept on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <grp.h>

#include "attend.h"
#include "base/bits.h"
#include "spec.h"

extern char **environ;

struct do_flags {
	const char *root, *cwd, *hostname;
	struct strlist volumes, env;
	long uid, gid;
	bool quiet, readonly, clear_env;
};

#define F(field) offsetof(struct do_flags, field)
/* clang-format off */
static const struct flag do_flags[] = {
	{ "root", FLAG_STR, F(root), "DIR", "the tree the command sees, read-only below an overlay (/)" },
	{ "cwd", FLAG_STR, F(cwd), "DIR", "working directory (the present one, if it exists there)" },
	{ "volume", FLAG_LIST, F(volumes), "SRC:DST[:ro]", "a directory or file that is shared with the host" },
	{ "v", FLAG_LIST, F(volumes), NULL, NULL },
	{ "env", FLAG_LIST, F(env), "K=V", "set an environment variable; K alone removes it" },
	{ "clear-env", FLAG_BOOL, F(clear_env), NULL, "start from an empty environment" },
	{ "uid", FLAG_INT, F(uid), "N", "user id inside (the caller's)" },
	{ "gid", FLAG_INT, F(gid), "N", "group id inside (the caller's, or N of --uid)" },
	{ "hostname", FLAG_STR, F(hostname), "NAME", "host name inside (the host's)" },
	{ "readonly", FLAG_BOOL, F(readonly), NULL, "no writes to the root at all" },
	{ "quiet", FLAG_BOOL, F(quiet), NULL, "no messages but errors" },
	{ "force-overlay", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "ip", FLAG_VOID, 0, NULL, NULL },
	{ "erofs", FLAG_VOID, 0, NULL, NULL },
	{ "uid-map", FLAG_VOID, 0, NULL, NULL },
	{ "gid-map", FLAG_VOID, 0, NULL, NULL },
};
/* clang-format on */

static void usage(void)
{
	printf("usage: husk [flags] do [flags] [--] COMMAND [arguments]\n\n");
	flags_help(do_flags, ARRAY_SIZE(do_flags));
}

static int set_env(struct boot_strv *env, const char *kv)
{
	size_t klen = strcspn(kv, "=");

	for (size_t i = 0; i < env->nr; i++) {
		if (strncmp(env->v[i], kv, klen) == 0 && env->v[i][klen] == '=') {
			free(env->v[i]);
			memmove(&env->v[i], &env->v[i + 1], (env->nr - i) * sizeof(env->v[0]));
			env->nr--;
			break;
		}
	}
	return kv[klen] == '=' ? boot_strv_add(env, kv, strlen(kv)) : 0;
}

static int environment(const struct do_flags *f, struct boot_conf *b, struct rt_err *err)
{
	for (char **e = environ; *e && !f->clear_env; e++) {
		if (boot_strv_add(&b->env, *e, strlen(*e)) < 0)
			return rt_fail(err, ENOMEM, "the environment is too large");
	}
	for (size_t i = 0; i < f->env.nr; i++) {
		if (f->env.v[i][0] == '=' || f->env.v[i][0] == '\0')
			return rt_fail(err, EINVAL, "--env: '%s' is not NAME=VALUE", f->env.v[i]);
		if (set_env(&b->env, f->env.v[i]) < 0)
			return rt_fail(err, ENOMEM, "the environment is too large");
	}
	return 0;
}

/* The present directory as the sandbox knows it: below --root it has another name. */
static int working_dir(const struct do_flags *f, const char *root, struct boot_conf *b,
		       struct rt_err *err)
{
	char cwd[PATH_MAX], inside[PATH_MAX + 8];
	size_t len = strlen(root);
	struct stat st;

	if (f->cwd && f->cwd[0] == '/') {
		b->cwd = strdup(f->cwd);
		return b->cwd ? 0 : rt_fail(err, ENOMEM, "out of memory");
	}
	if (!getcwd(cwd, sizeof(cwd) - NAME_MAX - 2))
		return rt_fail(err, errno, "the present directory cannot be named: %s (use --cwd)",
			       strerror(errno));
	if (f->cwd && strcmp(f->cwd, ".") != 0) {
		if (strlen(cwd) + strlen(f->cwd) + 2 > sizeof(cwd))
			return rt_fail(err, ENAMETOOLONG, "--cwd: the path is too long");
		strcat(strcat(cwd, "/"), f->cwd);
	}
	if (len > 1 && strncmp(cwd, root, len) == 0 && (cwd[len] == '/' || cwd[len] == '\0'))
		snprintf(inside, sizeof(inside), "%s", cwd[len] ? cwd + len : "/");
	else if (len > 1)
		snprintf(inside, sizeof(inside), "%s", "/");
	else
		snprintf(inside, sizeof(inside), "%s", cwd);
	if (f->cwd && stat(cwd, &st) < 0)
		return rt_fail(err, errno, "--cwd: %s: %s", cwd, strerror(errno));
	b->cwd = strdup(inside);
	return b->cwd ? 0 : rt_fail(err, ENOMEM, "out of memory");
}

static int credentials(const struct do_flags *f, struct boot_conf *b, struct rt_err *err)
{
	gid_t groups[256];
	int n;

	if (f->uid < -1 || f->uid > (long)UINT32_MAX - 1 || f->gid < -1 ||
	    f->gid > (long)UINT32_MAX - 1)
		return rt_fail(err, ERANGE, "--uid, --gid: not an id");
	b->uid = f->uid >= 0 ? (uint64_t)f->uid : geteuid();
	b->gid = f->gid >= 0 ? (uint64_t)f->gid : f->uid >= 0 ? (uint64_t)f->uid : getegid();
	if (f->uid < 0 && f->gid < 0) {
		n = getgroups(ARRAY_SIZE(groups), groups);
		for (int i = 0; i < n; i++) {
			if (boot_group_add(b, groups[i]) < 0)
				return rt_fail(err, ENOMEM, "out of memory");
		}
	}
	b->umask = umask(0);
	umask((mode_t)b->umask);
	b->cap_bounding = SPEC_CAPS_ALL;
	if (b->uid == 0)
		b->cap_effective = b->cap_permitted = SPEC_CAPS_ALL;
	return 0;
}

/* SRC:DST[:ro] or SRC. */
static int volume(struct launch_req *r, const char *spec, struct rt_err *err)
{
	char *copy = strdup(spec), *dst, *mode, real[PATH_MAX];
	struct boot_mount *m;
	struct stat st;
	bool ro = false;
	int ret = -EINVAL;

	if (!copy)
		return rt_fail(err, ENOMEM, "out of memory");
	dst = strchr(copy, ':');
	mode = dst ? strchr(dst + 1, ':') : NULL;
	if (dst)
		*dst++ = '\0';
	if (mode)
		*mode++ = '\0';
	if (mode && strcmp(mode, "ro") == 0)
		ro = true;
	else if (mode && strcmp(mode, "rw") != 0)
		ret = rt_fail(err, EINVAL, "--volume %s: '%s' is neither ro nor rw", spec, mode);
	if (!err->code && (!realpath(copy, real) || stat(real, &st) < 0))
		ret = rt_fail(err, errno, "--volume %s: %s: %s", spec, copy, strerror(errno));
	if (!err->code && (dst ? dst : copy)[0] != '/')
		ret = rt_fail(err, EINVAL, "--volume %s: '%s' is not an absolute path", spec,
			      dst ? dst : copy);
	if (!err->code) {
		ret = boot_mount_add(&r->boot, &m);
		if (ret == 0)
			ret = spec_bind_mount(r, m, real, dst ? dst : real, ro, err);
	}
	free(copy);
	return ret;
}

static int own_limits(struct boot_conf *b)
{
	for (unsigned int res = 0; res < BOOT_MAX_RLIMIT; res++) {
		struct rlimit l;

		if (getrlimit((__rlimit_resource_t)res, &l) == 0)
			b->rlimits[b->nr_rlimits++] =
				(struct boot_rlimit){ res, l.rlim_cur, l.rlim_max };
	}
	return 0;
}

static int fill(struct launch_req *r, const struct do_flags *f, int argc, char **argv,
		struct rt_err *err)
{
	const struct rt_conf *conf = r->conf;
	struct boot_conf *b = &r->boot;
	char root[PATH_MAX], id[32];
	struct boot_mount *m;
	struct utsname u;
	struct stat st;
	bool overlay;

	if (!realpath(f->root, root) || stat(root, &st) < 0)
		return rt_fail(err, errno, "--root: %s: %s", f->root, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return rt_fail(err, ENOTDIR, "--root: %s is no directory", f->root);
	overlay = strcmp(conf->overlay2, "none") != 0;
	snprintf(id, sizeof(id), "do-%d", getpid());
	uname(&u);
	b->id = strdup(id);
	b->hostname = strdup(f->hostname ? f->hostname : u.nodename);
	for (int i = 0; i < argc; i++) {
		if (boot_strv_add(&b->args, argv[i], strlen(argv[i])) < 0)
			return rt_fail(err, E2BIG, "too many arguments");
	}
	own_limits(b);
	if (environment(f, b, err) < 0 || working_dir(f, root, b, err) < 0 ||
	    credentials(f, b, err) < 0)
		return -err->code;
	spec_common(b, conf);
	/* the host's own tree is never written, with or without an overlay */
	b->flags |= BOOT_FOREGROUND | BOOT_ROOT_SHARED | BOOT_PLAIN_INIT;
	if (overlay && !f->readonly)
		b->flags |= BOOT_ROOT_OVERLAY;
	else
		b->flags |= BOOT_ROOT_RDONLY;
	if (boot_mount_add(b, &m) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	m->type = strdup("gofer");
	m->dst = strdup("/");
	m->src = strdup(root);
	if (launch_add_tree(r, root, true, &m->gofer_mount) < 0 || !m->type || !m->dst || !m->src)
		return rt_fail(err, ENOMEM, "out of memory");
	if (spec_default_mounts(b) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < f->volumes.nr; i++) {
		if (volume(r, f->volumes.v[i], err) < 0)
			return -err->code;
	}
	return 0;
}

int cmd_do(const struct rt_conf *conf, int argc, char **argv)
{
	struct do_flags f = { .root = "/", .uid = -1, .gid = -1 };
	struct rt_err err = { 0 };
	struct launch_req r;
	struct sandbox sb;
	bool exec = false;
	int i, ret;

	i = flags_parse(do_flags, ARRAY_SIZE(do_flags), &f, argc, argv, &err);
	if (i == -ENODATA) {
		usage();
		return 0;
	}
	if (i < 0)
		return rt_report(&err, "do");
	if (i >= argc) {
		fprintf(stderr, "husk: do: no command given (husk do -- COMMAND)\n");
		return 2;
	}
	launch_req_init(&r, conf);
	sandbox_init(&sb);
	r.foreground = true;
	r.host_net = strcmp(r.conf->network, "host") == 0;
	if (fill(&r, &f, argc - i, argv + i, &err) < 0)
		return rt_report(&err, "do");
	spec_stdio(&r);
	attend_block_signals();
	ret = launch(&r, &sb, &err);
	if (ret == 0)
		ret = attend_start(&sb, &exec, &err);
	launch_req_fini(&r);
	if (ret < 0) {
		rt_report(&err, exec ? NULL : "do");
		/* as a shell does: not found, or found and not executable */
		return !exec ? 128 : err.code == ENOENT ? 127 : 126;
	}
	ret = attend(&sb, STDIN_FILENO, STDOUT_FILENO, &err);
	if (ret < 0) {
		rt_report(&err, "do");
		return 128;
	}
	return ret;
}

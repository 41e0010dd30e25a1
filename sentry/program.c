/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs started from outside: see program.h. What an engine reads from our error texts (127 for
 * a command that is not there, 126 for one that cannot be executed) decides their wording.
 *
 * Locking: none; a program belongs to the thread that makes it until it runs.
 */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/linux/capability.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "base/auto.h"
#include "base/bits.h"
#include "console.h"
#include "fs/devpts/devpts.h"
#include "fs/devpts/tty.h"
#include "fs/hostfd/hostfd.h"
#include "kernel/exec.h"
#include "kernel/rlimit.h"
#include "kernel/seccomp.h"
#include "kernel/task.h"
#include "syscalls/exec.h"
#include "vfs/file.h"
#include "vfs/mount.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PASSWD_MAX   (256u << 10)

void program_init(struct program *p, struct kernel *k, const struct boot_conf *c, struct mntns *ns)
{
	*p = (struct program){ .conf = c, .kernel = k, .ns = ns };
}

/* The first failure's sentence; returns err. */
static int fail(struct program *p, int err, const char *what)
{
	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s: %s", what, strerror(-err));
	return err;
}

int program_load(struct task *t, const struct exec_request *req, struct exec_image *ret_img)
{
	struct program *p = container_of(req, struct program, req.exec);

	int ret;

	if (p->tty)
		tty_open_ctty(p->tty, t);
	ret = exec_load_request(t, req, ret_img);
	/* from the first instruction on: loading is ours, not the program's */
	if (ret == 0 && p->filter) {
		ret = seccomp_attach(t, p->filter, false);
		if (ret == 0)
			p->filter = NULL;
		else
			exec_image_fini(ret_img);
	}
	return ret;
}

static int cmp_gid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int make_cred(const struct boot_conf *c, struct cred **ret_cred)
{
	auto_put(cred) struct cred *cred = NULL;
	int ret = cred_new_root(&cred);

	if (ret < 0)
		return ret;
	cred->uid = cred->euid = cred->suid = cred->fsuid = (uint32_t)c->uid;
	cred->gid = cred->egid = cred->sgid = cred->fsgid = (uint32_t)c->gid;
	cred->cap_permitted = c->cap_permitted & LX_CAP_FULL_SET;
	cred->cap_effective = c->cap_effective & LX_CAP_FULL_SET;
	cred->cap_inheritable = c->cap_inheritable & LX_CAP_FULL_SET;
	cred->cap_bounding = c->cap_bounding & LX_CAP_FULL_SET;
	cred->cap_ambient = c->cap_ambient & LX_CAP_FULL_SET;
	if (c->nr_groups) {
		cred->groups = calloc(c->nr_groups, sizeof(*cred->groups));
		if (!cred->groups)
			return -ENOMEM;
		memcpy(cred->groups, c->groups, c->nr_groups * sizeof(*cred->groups));
		qsort(cred->groups, c->nr_groups, sizeof(*cred->groups), cmp_gid);
		cred->nr_groups = (unsigned int)c->nr_groups;
	}
	*ret_cred = STEAL(cred);
	return 0;
}

static void make_rlimits(struct program *p)
{
	const struct boot_conf *c = p->conf;

	rlimits_default(p->rlim, &p->kernel->config);
	for (size_t i = 0; i < c->nr_rlimits; i++) {
		const struct boot_rlimit *l = &c->rlimits[i];

		if (l->resource < LX_RLIM_NLIMITS && l->soft <= l->hard)
			p->rlim[l->resource] = (struct lx_rlimit){ l->soft, l->hard };
	}
}

/* A stream that cannot be taken over (a directory, say) is the launcher's to close. */
static int make_fds(struct program *p, struct program_fds *from)
{
	struct fdtable *fds;
	int *stdio = from->stdio, ret = fdtable_new(&fds);

	if (ret < 0)
		return ret;
	for (int i = 0; i < 3; i++) {
		auto_put(file) struct file *f = NULL;
		int same = (int)(p->conf->stdio_same >> (4 * i) & 15);

		if (same < i)
			f = fd_get_any(fds, same);
		else if (p->tty_slave && p->conf->tty_mask >> i & 1)
			f = file_get(p->tty_slave);
		else if (stdio[i] >= 0)
			ret = hostfd_new(stdio[i], p->req.cred, &f);
		if (ret < 0) {
			fdtable_put(fds);
			return ret;
		}
		if (f && !(same < i) && !(p->tty_slave && p->conf->tty_mask >> i & 1))
			stdio[i] = -1;
		if (f)
			fd_install_at(fds, i, f, 0);
	}
	for (size_t i = 0; i < p->conf->nr_fds; i++) {
		auto_put(file) struct file *f = NULL;

		ret = from->extra[i] < 0 ? -EBADF : hostfd_new(from->extra[i], p->req.cred, &f);
		if (ret == 0) {
			from->extra[i] = -1;
			ret = fd_install_at(fds, (int)p->conf->fds[i], f, 0);
		}
		if (ret < 0) {
			fdtable_put(fds);
			return ret;
		}
	}
	p->req.fds = fds;
	return 0;
}

static int make_filter(struct program *p)
{
	const struct boot_conf *c = p->conf;

	if (!c->seccomp_size)
		return 0;
	return seccomp_filter_new(c->seccomp,
				  (unsigned int)(c->seccomp_size / sizeof(struct lx_sock_filter)),
				  &p->filter);
}

/* The home directory that passwd(5) text gives uid; false if it names none. */
static bool passwd_home(const char *text, uint64_t uid, char *home, size_t size)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		const char *f = text;
		unsigned long long n = 0;
		int colon = 0;

		for (; f < text + line && colon < 5; f++) {
			if (*f != ':')
				continue;
			colon++;
			if (colon == 2 && sscanf(f + 1, "%20llu", &n) != 1)
				break;
		}
		if (colon == 5 && n == uid) {
			snprintf(home, size, "%.*s", (int)strcspn(f, ":\n"), f);
			return home[0] == '/';
		}
		text += line + (text[line] == '\n');
	}
	return false;
}

static void find_home(const struct vfs_caller *caller, uint64_t uid, char *home, size_t size)
{
	const struct vfs_open_how how = { .flags = LX_O_RDONLY };
	auto_put(file) struct file *f = NULL;
	auto_free char *text = NULL;
	size_t len = 0;
	int64_t pos = 0;

	snprintf(home, size, "/");
	if (vfs_open(caller, NULL, "/etc/passwd", &how, &f) < 0 ||
	    (f->inode->mode & LX_S_IFMT) != LX_S_IFREG)
		return;
	text = calloc(1, PASSWD_MAX + 1);
	while (text && len < PASSWD_MAX) {
		struct uio u;
		ssize_t n;

		uio_init_kernel(&u, text + len, PASSWD_MAX - len);
		n = vfs_read(f, &u, &pos, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (text && !passwd_home(text, uid, home, size))
		snprintf(home, size, "/");
}

/* Of a variable that is set more than once the last value counts. */
static bool set_again(const struct boot_conf *c, size_t i)
{
	size_t n = strcspn(c->env.v[i], "=");

	for (size_t k = i + 1; k < c->env.nr; k++) {
		if (strncmp(c->env.v[k], c->env.v[i], n) == 0 && c->env.v[k][n] == '=')
			return true;
	}
	return false;
}

/* The environment with HOME, which engines leave to the runtime. */
static int make_env(struct program *p, const struct vfs_caller *root)
{
	const struct boot_conf *c = p->conf;
	char home[512] = "HOME=";
	bool has = c->flags & BOOT_PLAIN_INIT;

	for (size_t i = 0; i < c->env.nr; i++) {
		/* empty is as good as none: runc sees it so */
		if (strncmp(c->env.v[i], "HOME=", 5) == 0 && c->env.v[i][5])
			has = true;
	}
	for (size_t i = 0; i < c->env.nr; i++) {
		if (!has && strncmp(c->env.v[i], "HOME=", 5) == 0)
			continue;
		if (!(c->flags & BOOT_PLAIN_INIT) && set_again(c, i))
			continue;
		if (boot_strv_add(&p->env, c->env.v[i], strlen(c->env.v[i])) < 0)
			return -ENOMEM;
	}
	if (has)
		return 0;
	find_home(root, c->uid, home + 5, sizeof(home) - 5);
	return boot_strv_add(&p->env, home, strlen(home));
}

/* As execvp: the first file on PATH that may be executed. A name with a slash is left alone. */
static int may_execute(const struct vfs_caller *caller, const char *name)
{
	auto_path struct path found = { 0 };
	int ret = vfs_walk(caller, NULL, name, WALK_FOLLOW, &found);

	if (ret < 0)
		return ret;
	if ((found.dentry->inode->mode & LX_S_IFMT) == LX_S_IFDIR)
		return -EISDIR;
	if ((found.dentry->inode->mode & LX_S_IFMT) != LX_S_IFREG)
		return -EACCES;
	return path_permission(&found, caller, VFS_MAY_EXEC);
}

static int find_program(const struct vfs_caller *caller, const struct boot_conf *c, char **ret_path)
{
	const char *name = c->args.nr ? c->args.v[0] : "", *list = DEFAULT_PATH;
	int ret = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		/* execve has the last word, and the right one for each file system */
		ret = may_execute(caller, name);
		if (ret < 0)
			return ret;
		*ret_path = strdup(name);
		return *ret_path ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < c->env.nr; i++) {
		if (strncmp(c->env.v[i], "PATH=", 5) == 0)
			list = c->env.v[i] + 5;
	}
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ":");
		char *full;
		int r;

		if (asprintf(&full, "%.*s%s%s", (int)n, p, n ? "/" : "", name) < 0)
			return -ENOMEM;
		r = may_execute(caller, full);
		if (r == 0) {
			*ret_path = full;
			return 0;
		}
		free(full);
		if (r == -EACCES)
			ret = r;
		p += n;
		if (!*p)
			return ret;
	}
}

/* In the words engines know: they take 126 and 127 from them. */
static void say_exec_failed(struct program *p, int err)
{
	const char *name = p->conf->args.nr ? p->conf->args.v[0] : "";
	bool plain = p->conf->flags & BOOT_PLAIN_INIT, path = strchr(name, '/');

	p->exec_failed = true;
	if (plain && err == -ENOENT && !path)
		snprintf(p->why, sizeof(p->why), "%.200s: command not found", name);
	else if (plain)
		/* as a shell has it */
		snprintf(p->why, sizeof(p->why), "%.200s: %s", name,
			 strerror(err == -EISDIR ? EACCES : -err));
	else if (err == -ENOENT && !path)
		snprintf(p->why, sizeof(p->why),
			 "exec: \"%.200s\": executable file not found in $PATH", name);
	else if (err == -ENOENT)
		snprintf(p->why, sizeof(p->why),
			 "exec: \"%.200s\": stat %.200s: no such file or directory", name, name);
	else
		snprintf(p->why, sizeof(p->why), "exec: \"%.200s\": %s", name,
			 err == -EACCES  ? "permission denied" :
			 err == -EISDIR  ? "is a directory" :
			 err == -ENOTDIR ? "not a directory" :
			 err == -ENOEXEC ? "exec format error" :
					   strerror(-err));
}

static int make_directories(const struct vfs_caller *root, const char *path)
{
	auto_free char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *s = copy + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		vfs_mkdir(root, NULL, copy, 0755);
		*s = '/';
	}
	return vfs_mkdir(root, NULL, copy, 0755);
}

static int change_directory(struct program *p, const struct vfs_caller *caller,
			    const struct vfs_caller *root, bool make)
{
	const char *cwd = p->conf->cwd && *p->conf->cwd ? p->conf->cwd : "/";
	auto_path struct path path = { 0 };
	int ret = vfs_walk(caller, NULL, cwd, WALK_FOLLOW | WALK_DIRECTORY, &path);

	if (ret == -ENOENT && make && make_directories(root, cwd) == 0)
		ret = vfs_walk(caller, NULL, cwd, WALK_FOLLOW | WALK_DIRECTORY, &path);
	/* a directory that only root may enter is no reason not to start there: as runc */
	if (ret == -EACCES && make)
		ret = vfs_walk(root, NULL, cwd, WALK_FOLLOW | WALK_DIRECTORY, &path);
	if (ret < 0) {
		snprintf(p->why, sizeof(p->why), "working directory %.300s: %s", cwd,
			 strerror(-ret));
		return ret;
	}
	fscontext_set_cwd(p->req.fs, &path);
	return 0;
}

int program_prepare(struct program *p, struct program_fds *fds, bool make_cwd)
{
	auto_put(cred) struct cred *root_cred = NULL;
	struct vfs_caller caller, root;
	int ret;

	ret = make_cred(p->conf, &p->req.cred);
	if (ret == 0)
		ret = cred_new_root(&root_cred);
	if (ret == 0)
		ret = fscontext_new(p->ns, &p->req.fs);
	if (ret < 0)
		return fail(p, ret, "first task");
	p->req.fs->umask = (uint32_t)p->conf->umask & 0777;
	caller = (struct vfs_caller){ .cred = p->req.cred,
				      .fs = p->req.fs,
				      .fsize_limit = UINT64_MAX };
	root = caller;
	root.cred = root_cred;
	ret = change_directory(p, &caller, &root, make_cwd);
	if (ret < 0)
		return ret;
	make_rlimits(p);
	ret = make_fds(p, fds);
	if (ret < 0)
		return fail(p, ret, "standard streams");
	ret = make_filter(p);
	if (ret < 0)
		return fail(p, ret, "linux.seccomp");
	ret = make_env(p, &root);
	if (ret < 0)
		return fail(p, ret, "environment");
	ret = find_program(&caller, p->conf, &p->path);
	if (ret < 0)
		say_exec_failed(p, ret);
	return ret;
}

int program_start(struct program *p, struct tgroup **ret_tg)
{
	const struct boot_conf *c = p->conf;
	int ret;

	p->req.rlim = p->rlim;
	p->req.exec = (struct exec_request){ .path = p->path,
					     .argv = c->args.v,
					     .envp = p->env.nr ? p->env.v : NULL };
	p->req.no_new_privs = c->flags & BOOT_NO_NEW_PRIVS;
	p->req.oom_score_adj = (int)(int64_t)c->oom_score_adj;
	p->req.niceness = (int)CLAMP((int64_t)c->niceness, INT64_C(-20), INT64_C(19));
	ret = kernel_spawn(p->kernel, &p->req, ret_tg);
	if (ret < 0)
		say_exec_failed(p, ret);
	return ret;
}

void program_fini(struct program *p)
{
	if (p->req.fds)
		fdtable_put(STEAL(p->req.fds));
	if (p->req.fs)
		fscontext_put(STEAL(p->req.fs));
	if (p->req.cred)
		cred_put(STEAL(p->req.cred));
	if (p->tty_slave)
		file_put(STEAL(p->tty_slave));
	p->tty = NULL;
	seccomp_filter_put(STEAL(p->filter));
	boot_strv_fini(&p->env);
	free(p->path);
	p->env = (struct boot_strv){ 0 };
	p->path = NULL;
}

int program_console(struct program *p, struct super_block *pts, int sock)
{
	struct file *master;
	int ret;

	if (!(p->conf->flags & BOOT_TTY))
		return 0;
	if (!pts)
		return fail(p, -ENODEV, "a terminal needs a devpts mount");
	ret = devpts_open_pair(pts, &master, &p->tty_slave);
	if (ret < 0)
		return fail(p, ret, "terminal");
	p->tty = p->tty_slave->priv;
	ret = console_start(sock, master, p->tty, &p->console);
	if (ret < 0) {
		file_put(master);
		return fail(p, ret, "terminal");
	}
	console_resize(p->console, (uint16_t)p->conf->rows, (uint16_t)p->conf->cols, 0, 0);
	return 0;
}

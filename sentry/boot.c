/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a sandbox up and takes it down. The order matters: the platform forks its zygote while
 * nothing secret is in memory and there is one thread; everything that needs the host beyond the
 * filter's list comes before the lock-down; the first guest task comes after it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/linux/capability.h"
#include "abi/linux/resource.h"
#include "abi/linux/stat.h"
#include "base/auto.h"
#include "base/bits.h"
#include "base/hash.h"
#include "boot.h"
#include "boot_mounts.h"
#include "console.h"
#include "control.h"
#include "fs/devpts/devpts.h"
#include "fs/devpts/tty.h"
#include "fs/gofer/conn.h"
#include "fs/hostfd/hostfd.h"
#include "fs/memfd/memfd.h"
#include "fs/pipe/pipe.h"
#include "fs/tmpfs/tmpfs.h"
#include "host/filter.h"
#include "host/host.h"
#include "kernel/exec.h"
#include "kernel/fown.h"
#include "ipc/ipc.h"
#include "kernel/kernel.h"
#include "kernel/rlimit.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "mm/mm.h"
#include "platform/platform.h"
#include "syscalls/dispatch.h"
#include "syscalls/exec.h"
#include "syscalls/trace.h"
#include "vfs/file.h"
#include "vfs/mount.h"

#define LOG_TAG "boot"
#include "base/log.h"

#define SIGPIPE_NR   13   /* of the host */
#define FD_TABLE     4096 /* descriptors the table is made for before there are threads */
#define MAX_PIDS     32768
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct boot {
	const struct boot_fds *fds;
	const struct boot_conf *conf;
	struct platform *platform;
	struct control *ctl;
	struct gofer_conn *gofer;
	struct kernel *kernel;
	struct mntns *ns;
	struct console *console;
	struct file *tty_slave; /* owned */
	struct tty *tty;        /* borrowed from tty_slave */
	uint64_t start_ns;
	char why[512];
	bool exec_failed;
};

/* The first failure's sentence; returns err. */
static int fail(struct boot *b, int err, const char *what)
{
	if (!b->why[0])
		snprintf(b->why, sizeof(b->why), "%s: %s", what, strerror(-err));
	return err;
}

static void step(struct boot *b, const char *what)
{
	log_dbg("%llu us: %s", (unsigned long long)((host_now_ns() - b->start_ns) / 1000), what);
}

static int open_platform(struct boot *b)
{
	const struct platform_ops *ops =
		platform_find(b->conf->platform ? b->conf->platform : "auto");
	struct platform_params params = {
		.nr_cpus = (int)b->conf->nr_cpus,
		.patch = !(b->conf->flags & BOOT_NO_PATCH),
		.device_fd = b->fds->kvm,
	};
	const char *why = NULL;
	int ret;

	if (!ops)
		return fail(b, -ENOENT, "no such platform");
	ret = ops->probe ? ops->probe(&why) : 0;
	if (ret < 0) {
		snprintf(b->why, sizeof(b->why), "platform %s cannot run here: %s", ops->name,
			 why ? why : strerror(-ret));
		return ret;
	}
	ret = ops->open(&params, &b->platform);
	return ret < 0 ? fail(b, ret, "opening the platform") : 0;
}

/* --- the first task --- */

static struct boot *g_boot;

/* Runs on the new task's thread, before its first instruction. */
static int load_program(struct task *t, const struct exec_request *req, struct exec_image *ret_img)
{
	if (g_boot->tty && t->tg->is_init)
		tty_open_ctty(g_boot->tty, t);
	return exec_load_request(t, req, ret_img);
}

static void init_stopped(int sig)
{
	if (g_boot->ctl)
		control_send_stopped(g_boot->ctl, sig);
}

static const struct kernel_upcalls upcalls = {
	.syscall = syscall_dispatch,
	.exec_load = load_program,
	.init_stopped = init_stopped,
	.signal_taken = trace_signal,
	.task_sleeps = trace_block,
	.task_ended = trace_task_exit,
};

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

static void make_rlimits(struct boot *b, struct lx_rlimit *rlim)
{
	const struct boot_conf *c = b->conf;

	rlimits_default(rlim, &b->kernel->config);
	for (size_t i = 0; i < c->nr_rlimits; i++) {
		const struct boot_rlimit *l = &c->rlimits[i];

		if (l->resource < LX_RLIM_NLIMITS && l->soft <= l->hard)
			rlim[l->resource] = (struct lx_rlimit){ l->soft, l->hard };
	}
}

static int make_fds(struct boot *b, const struct cred *cred, struct fdtable **ret_fds)
{
	struct fdtable *fds;
	int ret = fdtable_new(&fds);

	if (ret < 0)
		return ret;
	for (int i = 0; i < 3; i++) {
		auto_put(file) struct file *f = NULL;
		int same = (int)(b->conf->stdio_same >> (4 * i) & 15);

		if (same < i)
			f = fd_get_any(fds, same);
		else if (b->tty_slave && b->conf->tty_mask >> i & 1)
			f = file_get(b->tty_slave);
		else if (b->fds->stdio[i] >= 0)
			ret = hostfd_new(b->fds->stdio[i], cred, &f);
		if (ret < 0) {
			fdtable_put(fds);
			return ret;
		}
		if (f)
			fd_install_at(fds, i, f, 0);
	}
	*ret_fds = fds;
	return 0;
}

/* As execvp: the first file on PATH that may be executed. A name with a slash is left alone. */
static int find_program(const struct vfs_caller *caller, const struct boot_conf *c, char **ret_path)
{
	const char *name = c->args.v[0], *list = DEFAULT_PATH;
	int ret = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		*ret_path = strdup(name);
		return *ret_path ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < c->env.nr; i++) {
		if (strncmp(c->env.v[i], "PATH=", 5) == 0)
			list = c->env.v[i] + 5;
	}
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ":");
		struct path found = { 0 };
		char *full;
		int r;

		if (asprintf(&full, "%.*s%s%s", (int)n, p, n ? "/" : "", name) < 0)
			return -ENOMEM;
		r = vfs_walk(caller, NULL, full, WALK_FOLLOW, &found);
		if (r == 0) {
			r = (found.dentry->inode->mode & LX_S_IFMT) != LX_S_IFREG ?
				    -EACCES :
				    path_permission(&found, caller, VFS_MAY_EXEC);
			path_put(&found);
		}
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

static int start_program(struct boot *b, struct tgroup **ret_init)
{
	const struct boot_conf *c = b->conf;
	struct lx_rlimit rlim[LX_RLIM_NLIMITS];
	struct spawn_request req = { .rlim = rlim };
	auto_free char *prog = NULL;
	auto_path struct path cwd = { 0 };
	struct vfs_caller caller;
	int ret;

	ret = make_cred(c, &req.cred);
	if (ret == 0)
		ret = fscontext_new(b->ns, &req.fs);
	if (ret < 0)
		return fail(b, ret, "first task");
	req.fs->umask = (uint32_t)c->umask & 0777;
	caller = (struct vfs_caller){ .cred = req.cred, .fs = req.fs, .fsize_limit = UINT64_MAX };
	ret = vfs_walk(&caller, NULL, c->cwd && *c->cwd ? c->cwd : "/",
		       WALK_FOLLOW | WALK_DIRECTORY, &cwd);
	if (ret < 0) {
		snprintf(b->why, sizeof(b->why), "working directory %s: %s", c->cwd,
			 strerror(-ret));
		return ret;
	}
	fscontext_set_cwd(req.fs, &cwd);
	make_rlimits(b, rlim);
	ret = make_fds(b, req.cred, &req.fds);
	if (ret < 0)
		return fail(b, ret, "standard streams");
	ret = find_program(&caller, c, &prog);
	if (ret == 0) {
		req.exec = (struct exec_request){ .path = prog,
						  .argv = c->args.v,
						  .envp = c->env.nr ? c->env.v : NULL };
		req.no_new_privs = c->flags & BOOT_NO_NEW_PRIVS;
		req.oom_score_adj = (int)(int64_t)c->oom_score_adj;
		req.niceness = (int)CLAMP((int64_t)c->niceness, INT64_C(-20), INT64_C(19));
		ret = kernel_spawn(b->kernel, &req, ret_init);
	}
	if (ret < 0) {
		b->exec_failed = true;
		if (ret == -ENOENT && !strchr(c->args.v[0], '/'))
			snprintf(b->why, sizeof(b->why), "%.200s: command not found", c->args.v[0]);
		else
			snprintf(b->why, sizeof(b->why), "%.200s: %s", c->args.v[0],
				 strerror(-ret));
	}
	return ret;
}

/* --- the whole --- */

static int start_trace(struct boot *b)
{
	const char *bad = NULL;
	int ret;

	if (!(b->conf->flags & BOOT_STRACE))
		return 0;
	/* without a log there is still standard error, for `husk --strace do` at a prompt */
	if (b->fds->trace >= 0)
		trace_set_fd(b->fds->trace);
	ret = syscall_trace_init(b->conf->strace_syscalls, &bad);
	if (ret == -EINVAL && bad)
		snprintf(b->why, sizeof(b->why), "--strace-syscalls: no system call '%.*s'",
			 (int)strcspn(bad, ","), bad);
	return ret < 0 ? fail(b, ret, "tracing") : 0;
}

static int make_kernel(struct boot *b)
{
	const struct boot_conf *c = b->conf;
	struct kernel_config cfg = {
		.upcalls = &upcalls,
		.protect_init = !(c->flags & BOOT_PLAIN_INIT),
		.platform = b->platform,
		.nr_cpus = (unsigned int)CLAMP(c->nr_cpus, UINT64_C(1), UINT64_C(1024)),
		.hostname = c->hostname ? c->hostname : "husk",
		.strace = c->flags & BOOT_STRACE,
		.strace_syscalls = c->strace_syscalls,
		.total_memory = c->total_memory,
		.max_pids = MAX_PIDS,
	};
	int ret = kernel_new(&cfg, &b->kernel);

	if (ret < 0)
		return fail(b, ret, "kernel");
	ipc_init();
	g_tty_ops = &devpts_kernel_ops;
	return 0;
}

static int make_console(struct boot *b, struct super_block *pts)
{
	struct file *master;
	int ret;

	if (!(b->conf->flags & BOOT_TTY))
		return 0;
	if (!pts)
		return fail(b, -ENODEV, "a terminal needs a devpts mount");
	ret = devpts_open_pair(pts, &master, &b->tty_slave);
	if (ret < 0)
		return fail(b, ret, "terminal");
	b->tty = b->tty_slave->priv;
	ret = console_start(b->fds->tty, master, b->tty, &b->console);
	if (ret < 0)
		return fail(b, ret, "terminal");
	console_resize(b->console, (uint16_t)b->conf->rows, (uint16_t)b->conf->cols, 0, 0);
	return 0;
}

static int set_up(struct boot *b)
{
	struct super_block *pts = NULL;
	struct hash_key key;
	const char *what = "";
	int ret;

	host_signal_ignore(SIGPIPE_NR);
	host_fdtable_grow(FD_TABLE);
	host_heap_init();
	ret = open_platform(b);
	if (ret < 0)
		return ret;
	step(b, "platform");
	ret = mm_system_init(b->platform);
	if (ret < 0)
		return fail(b, ret, "memory file");
	host_getrandom(&key, sizeof(key));
	ret = vfs_init(&key);
	if (ret < 0)
		return fail(b, ret, "file system layer");
	vfs_fown_free = fown_free;
	pipe_init();
	tmpfs_set_memory(b->conf->total_memory);
	ret = memfd_init();
	if (ret < 0)
		return fail(b, ret, "memory files");
	boot_register_types();
	ret = make_kernel(b);
	if (ret == 0)
		ret = start_trace(b);
	if (ret < 0)
		return ret;
	ret = control_start(b->fds->ctl, b->fds->listen, b->conf->flags & BOOT_FOREGROUND, &b->ctl);
	if (ret == 0)
		ret = hostfd_init();
	if (ret < 0)
		return fail(b, ret, "service threads");
	ret = gofer_conn_new(b->fds->gofer, &b->gofer);
	if (ret < 0)
		return fail(b, ret, "connection to the gofer");
	step(b, "kernel");
	ret = boot_mounts(b->conf, b->gofer, &b->ns, &pts, &what);
	if (ret < 0) {
		snprintf(b->why, sizeof(b->why), "mount of %s: %s", what, strerror(-ret));
		return ret;
	}
	step(b, "mounts");
	ret = make_console(b, pts);
	if (ret < 0)
		return ret;
	ret = host_filter_install();
	if (ret < 0)
		return fail(b, ret, "system call filter");
	step(b, "locked down");
	return 0;
}

static int run(struct boot *b)
{
	struct tgroup *init;
	int status, ret;

	if (b->conf->flags & BOOT_WAIT_START) {
		control_send_ready(b->ctl);
		control_wait_start(b->ctl);
	}
	ret = start_program(b, &init);
	if (ret < 0)
		return ret;
	step(b, "program");
	control_set_init(b->ctl, init, b->console);
	if (!(b->conf->flags & BOOT_WAIT_START))
		control_send_ready(b->ctl);
	status = kernel_wait_exit(b->kernel, init);
	step(b, "program ended");
	kernel_shutdown(b->kernel);
	control_set_init(b->ctl, NULL, NULL);
	console_stop(b->console);
	control_send_exit(b->ctl, status);
	step(b, "sandbox ended");
	return 0;
}

int boot(const struct boot_fds *fds, const struct boot_conf *conf)
{
	struct boot b = { .fds = fds, .conf = conf, .start_ns = host_now_ns() };
	int ret;

	log_set_level(conf->flags & BOOT_LOG_STDERR ? LOG_LEVEL_ERR :
		      conf->flags & BOOT_DEBUG      ? LOG_LEVEL_DBG :
						      LOG_LEVEL_INFO);
	log_set_json(conf->flags & BOOT_LOG_JSON);
	lockcheck_set_names(lock_class_name);
	g_boot = &b;
	ret = set_up(&b);
	if (ret == 0)
		ret = run(&b);
	if (ret < 0) {
		log_info("%s", b.why[0] ? b.why : strerror(-ret));
		control_send_failed(fds->ctl, -ret, b.exec_failed,
				    b.why[0] ? b.why : strerror(-ret));
		/* what the command makes of it; it ends us */
		return b.exec_failed ? 127 : 128;
	}
	return 0;
}

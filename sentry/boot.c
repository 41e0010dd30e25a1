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
#include "program.h"
#include "syscalls/dispatch.h"
#include "syscalls/exec.h"
#include "syscalls/seccomp.h"
#include "syscalls/trace.h"
#include "net/host/hostnet.h"
#include "vfs/file.h"
#include "vfs/mount.h"

#define LOG_TAG "boot"
#include "base/log.h"

#define SIGPIPE_NR 13   /* of the host */
#define FD_TABLE   4096 /* descriptors the table is made for before there are threads */
#define MAX_PIDS   32768

struct boot {
	const struct boot_fds *fds;
	const struct boot_conf *conf;
	struct platform *platform;
	struct control *ctl;
	struct gofer_conn *gofer;
	struct kernel *kernel;
	struct mntns *ns;
	struct program prog;
	uint64_t start_ns;
	char why[512];
	char warnings[1024]; /* what was asked for and could not be had: one per line */
	bool exec_failed;
};

/* The first failure's sentence; returns err. */
static int fail(struct boot *b, int err, const char *what)
{
	if (!b->why[0])
		snprintf(b->why, sizeof(b->why), "%s: %s", what, strerror(-err));
	return err;
}

/* What a program's making or start says of its failure is what boot says. */
static int of_program(struct boot *b, int err)
{
	if (!b->why[0])
		snprintf(b->why, sizeof(b->why), "%s", b->prog.why);
	b->exec_failed = b->prog.exec_failed;
	return err;
}

static void step(struct boot *b, const char *what)
{
	log_dbg("%llu us: %s", (unsigned long long)((host_now_ns() - b->start_ns) / 1000), what);
}

/* CPUs that can be busy all the time: what a quota gives beyond whole ones is none to spin on. */
static uint64_t busy_cpus(const struct boot_conf *c)
{
	uint64_t nr = c->nr_cpus;

	if (c->cpu_quota)
		nr = MIN(nr, c->cpu_quota / (c->cpu_period ? c->cpu_period : UINT64_C(100000)));
	return MAX(nr, UINT64_C(1));
}

static int open_platform(struct boot *b)
{
	const struct platform_ops *ops =
		platform_find(b->conf->platform ? b->conf->platform : "auto");
	struct platform_params params = {
		.nr_cpus = (int)busy_cpus(b->conf),
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

static struct boot *g_boot;

static void init_stopped(int sig)
{
	if (g_boot->ctl)
		control_send_stopped(g_boot->ctl, sig);
}

static const struct kernel_upcalls upcalls = {
	.syscall = syscall_dispatch,
	.exec_load = program_load,
	.init_stopped = init_stopped,
	.signal_taken = trace_signal,
	.task_sleeps = trace_block,
	.task_ended = trace_task_exit,
};

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
		.memory_max = c->memory_max,
		.pids_max = c->pids_max,
		.cpu_quota = c->cpu_quota,
		.cpu_period = c->cpu_period,
		.max_tasks = c->max_tasks && c->max_tasks < MAX_PIDS ? c->max_tasks : MAX_PIDS,
	};
	int ret;

	seccomp_describe(&cfg);
	ret = kernel_new(&cfg, &b->kernel);

	if (ret < 0)
		return fail(b, ret, "kernel");
	if (c->domainname)
		snprintf(b->kernel->uts->domainname, sizeof(b->kernel->uts->domainname), "%s",
			 c->domainname);
	ipc_init();
	g_tty_ops = &devpts_kernel_ops;
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
	if (ret == 0 && b->fds->broker >= 0)
		ret = hostnet_init(b->fds->broker);
	if (ret < 0)
		return fail(b, ret, "service threads");
	ret = gofer_conn_new(b->fds->gofer, &b->gofer);
	if (ret < 0)
		return fail(b, ret, "connection to the gofer");
	step(b, "kernel");
	ret = boot_mounts(b->conf, b->gofer, &b->ns, &pts, &what, b->warnings, sizeof(b->warnings));
	if (ret < 0) {
		snprintf(b->why, sizeof(b->why), "mount of %s: %s", what, strerror(-ret));
		return ret;
	}
	step(b, "mounts");
	program_init(&b->prog, b->kernel, b->conf, b->ns);
	ret = program_console(&b->prog, pts, b->fds->tty);
	if (ret < 0)
		return of_program(b, ret);
	control_set_space(b->ctl, b->kernel, b->ns, pts);
	ret = host_filter_install(b->fds->broker >= 0);
	if (ret < 0)
		return fail(b, ret, "system call filter");
	step(b, "locked down");
	return 0;
}

static int run(struct boot *b)
{
	bool wait = b->conf->flags & BOOT_WAIT_START;
	struct program_fds fds;
	struct tgroup *init;
	int status, ret;

	for (int i = 0; i < 3; i++)
		fds.stdio[i] = b->fds->stdio[i];
	for (int i = 0; i < (int)BOOT_MAX_FDS; i++)
		fds.extra[i] =
			b->fds->extra < 0 || i >= (int)b->conf->nr_fds ? -1 : b->fds->extra + i;
	ret = program_prepare(&b->prog, &fds, wait);
	if (ret < 0)
		return of_program(b, ret);
	if (wait) {
		control_send_ready(b->ctl, b->warnings);
		control_wait_start(b->ctl);
	}
	ret = program_start(&b->prog, &init);
	if (ret < 0) {
		of_program(b, ret);
		if (wait)
			control_started(b->ctl, ret, b->exec_failed, b->why);
		return ret;
	}
	step(b, "program");
	control_set_init(b->ctl, init, b->prog.console);
	if (wait)
		control_started(b->ctl, 0, false, NULL);
	else
		control_send_ready(b->ctl, b->warnings);
	status = kernel_wait_exit(b->kernel, init);
	step(b, "program ended");
	kernel_shutdown(b->kernel);
	control_set_init(b->ctl, NULL, NULL);
	console_stop(b->prog.console);
	control_wait_idle(b->ctl);
	/* whoever waits for the end may not wait for the log */
	mm_system_log();
	if (b->platform->ops->log)
		b->platform->ops->log(b->platform);
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

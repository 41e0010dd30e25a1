/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/<pid> and /proc/<pid>/task/<tid>: the tables of files of a process and of a thread, and the
 * small ones among them. See proc(5).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/dirent.h>
#include <abi/linux/resource.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/proc/proc.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "mm/mm.h"

static int comm_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	char comm[TASK_COMM_LEN];

	mutex_lock(&x->task->lock);
	memcpy(comm, x->task->comm, sizeof(comm));
	mutex_unlock(&x->task->lock);
	strbuf_printf(out, "%s\n", comm);
	return 0;
}

/* Only threads of the same process may rename each other. */
static ssize_t comm_store(const struct pseudo_ctx *x, char *buf, size_t n)
{
	struct task *t = x->task;

	if (!x->c->task || x->c->task->tg != t->tg)
		return -EINVAL;
	mutex_lock(&t->lock);
	memset(t->comm, 0, sizeof(t->comm));
	memcpy(t->comm, buf, MIN(n, sizeof(t->comm) - 1));
	mutex_unlock(&t->lock);
	return (ssize_t)n;
}

static const struct {
	const char *name, *unit;
} g_limits[LX_RLIM_NLIMITS] = {
	[LX_RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[LX_RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[LX_RLIMIT_DATA] = { "Max data size", "bytes" },
	[LX_RLIMIT_STACK] = { "Max stack size", "bytes" },
	[LX_RLIMIT_CORE] = { "Max core file size", "bytes" },
	[LX_RLIMIT_RSS] = { "Max resident set", "bytes" },
	[LX_RLIMIT_NPROC] = { "Max processes", "processes" },
	[LX_RLIMIT_NOFILE] = { "Max open files", "files" },
	[LX_RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[LX_RLIMIT_AS] = { "Max address space", "bytes" },
	[LX_RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[LX_RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[LX_RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[LX_RLIMIT_NICE] = { "Max nice priority", "" },
	[LX_RLIMIT_RTPRIO] = { "Max realtime priority", "" },
	[LX_RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void limit_text(uint64_t v, char *buf, size_t size)
{
	if (v == LX_RLIM_INFINITY)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%llu", (unsigned long long)v);
}

static int limits_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct lx_rlimit rlim[LX_RLIM_NLIMITS];
	char soft[24], hard[24];

	mutex_lock(&x->task->tg->limit_lock);
	memcpy(rlim, x->task->tg->rlim, sizeof(rlim));
	mutex_unlock(&x->task->tg->limit_lock);
	strbuf_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
		      "Units");
	for (unsigned int i = 0; i < LX_RLIM_NLIMITS; i++) {
		limit_text(rlim[i].rlim_cur, soft, sizeof(soft));
		limit_text(rlim[i].rlim_max, hard, sizeof(hard));
		strbuf_printf(out, "%-25s %-20s %-20s %-10s\n", g_limits[i].name, soft, hard,
			      g_limits[i].unit);
	}
	return 0;
}

static int cgroup_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "0::/\n");
	return 0;
}

static int io_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct lx_rusage_acc *u = &x->task->usage;

	strbuf_printf(
		out,
		"rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: %llu\nwrite_bytes: %llu\n"
		"cancelled_write_bytes: 0\n",
		(unsigned long long)u->inblock * 512, (unsigned long long)u->oublock * 512);
	return 0;
}

static int oom_score_adj_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%d\n", x->task->tg->oom_score_adj);
	return 0;
}

static ssize_t oom_score_adj_store(const struct pseudo_ctx *x, char *buf, size_t n)
{
	struct tgroup *tg = x->task->tg;
	int64_t v;
	int ret = pseudo_parse_int(buf, -1000, 1000, &v);

	if (ret < 0)
		return ret;
	if (v < tg->oom_score_adj && !cred_capable(x->c->cred, LX_CAP_SYS_RESOURCE))
		return -EACCES;
	tg->oom_score_adj = (int)v;
	return (ssize_t)n;
}

static int oom_score_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct mm *mm = task_mm_get(x->task);
	struct mm_stats st = { 0 };
	int64_t score;

	if (mm) {
		mm_stats_get(mm, &st);
		mm_put(mm);
	}
	score = (int64_t)((st.rss_anon + st.rss_shmem) * 1000 /
			  MAX(g_kernel->config.total_memory, (uint64_t)1)) *
			2 / 3 +
		666 + x->task->tg->oom_score_adj * 2 / 3;
	strbuf_printf(out, "%lld\n", (long long)MAX(score, (int64_t)0));
	return 0;
}

static int personality_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%08x\n", x->task->personality);
	return 0;
}

static int schedstat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct lx_rusage_acc *u = &x->task->usage;

	strbuf_printf(out, "%llu 0 %llu\n", (unsigned long long)(u->utime_ns + u->stime_ns),
		      (unsigned long long)u->nvcsw);
	return 0;
}

static int timerslack_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%llu\n", (unsigned long long)x->task->timer_slack_ns);
	return 0;
}

static int wchan_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "0");
	return 0;
}

static int syscall_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "running\n");
	return 0;
}

static const char g_id_map[] = "         0          0 4294967295\n";

/*
 * --- ns: the identity of each namespace; entering them by these comes with the breadth of
 * namespaces ---
 */

static const struct {
	const char *name;
	unsigned int ino;
} g_ns[] = {
	{ "cgroup", 4026531835u }, { "ipc", 4026531839u },
	{ "mnt", 4026531841u },    { "net", 4026531840u },
	{ "pid", 4026531836u },    { "pid_for_children", 4026531836u },
	{ "time", 4026531834u },   { "time_for_children", 4026531834u },
	{ "user", 4026531837u },   { "uts", 4026531838u },
};

static ssize_t ns_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	const char *name = g_ns[x->arg].name;

	return snprintf(buf, size, "%.*s:[%u]", (int)strcspn(name, "_"), name, g_ns[x->arg].ino);
}

static const struct pseudo_node g_ns_link = {
	.name = "ns",
	.mode = LX_S_IFLNK | 0777,
	.flags = PSEUDO_PTRACE,
	.readlink = ns_readlink,
};

static int ns_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		     struct pseudo_child *ret_child)
{
	for (size_t i = 0; i < ARRAY_SIZE(g_ns); i++) {
		if (strlen(g_ns[i].name) == len && memcmp(name, g_ns[i].name, len) == 0) {
			ret_child->node = &g_ns_link;
			ret_child->arg = i;
			return 0;
		}
	}
	return -ENOENT;
}

static int ns_next(const struct pseudo_ctx *x, uint64_t cursor, char *name, unsigned int *ret_type,
		   uint64_t *ret_cursor)
{
	if (cursor >= ARRAY_SIZE(g_ns))
		return -ENOENT;
	snprintf(name, 32, "%s", g_ns[cursor].name);
	*ret_type = LX_DT_LNK;
	*ret_cursor = cursor + 1;
	return 0;
}

/* --- task --- */

static const struct pseudo_node g_tid_dir = {
	.name = "tid",
	.mode = LX_S_IFDIR | 0555,
	.children = proc_tid_nodes,
};

static int task_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		       struct pseudo_child *ret_child)
{
	struct task *t;
	int tid = 0;

	if (len == 0 || len > 9 || name[0] == '0')
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		tid = tid * 10 + (name[i] - '0');
	}
	t = task_find(g_kernel, tid);
	if (!t)
		return -ENOENT;
	if (t->tg != x->task->tg) {
		task_put(t);
		return -ENOENT;
	}
	ret_child->node = &g_tid_dir;
	ret_child->task = t;
	return 0;
}

static int task_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		     unsigned int *ret_type, uint64_t *ret_cursor)
{
	struct task *t;
	int best = INT32_MAX;

	mutex_lock(&g_kernel->tasklist_lock);
	list_for_each_entry(t, &x->task->tg->threads, tg_link) {
		if ((uint64_t)t->tid >= cursor && t->tid < best)
			best = t->tid;
	}
	mutex_unlock(&g_kernel->tasklist_lock);
	if (best == INT32_MAX)
		return -ENOENT;
	snprintf(name, 32, "%d", best);
	*ret_type = LX_DT_DIR;
	*ret_cursor = (uint64_t)best + 1;
	return 0;
}

static int children_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct tgroup *c;

	mutex_lock(&g_kernel->tasklist_lock);
	list_for_each_entry(c, &x->task->tg->children, sibling) {
		if (c->parent_tid == x->task->tid || x->task->tid == x->task->tg->tgid)
			strbuf_printf(out, "%d ", c->tgid);
	}
	mutex_unlock(&g_kernel->tasklist_lock);
	return 0;
}

#define REG(n, m, fn)                                                                              \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | (m), .show = fn                                    \
	}
#define SECRET(n, m, fn)                                                                           \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | (m), .show = fn, .flags = PSEUDO_PTRACE            \
	}
#define TXT(n, m, t)                                                                               \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | (m), .text = t                                     \
	}

/* What a process and a thread both have. */
#define COMMON_NODES                                                                               \
	SECRET("auxv", 0400, proc_auxv_show), REG("cgroup", 0444, cgroup_show),                    \
		REG("cmdline", 0444, proc_cmdline_show),                                           \
		{ .name = "comm",                                                                  \
		  .mode = LX_S_IFREG | 0644,                                                       \
		  .show = comm_show,                                                               \
		  .store = comm_store },                                                           \
		TXT("cpuset", 0444, "/\n"),                                                        \
		{ .name = "cwd",                                                                   \
		  .mode = LX_S_IFLNK | 0777,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .readlink = proc_cwd_readlink,                                                   \
		  .follow = proc_cwd_follow },                                                     \
		SECRET("environ", 0400, proc_environ_show),                                        \
		{ .name = "exe",                                                                   \
		  .mode = LX_S_IFLNK | 0777,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .readlink = proc_exe_readlink,                                                   \
		  .follow = proc_exe_follow },                                                     \
		{ .name = "fd",                                                                    \
		  .mode = LX_S_IFDIR | 0500,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .lookup = proc_fd_lookup,                                                        \
		  .next = proc_fd_next },                                                          \
		{ .name = "fdinfo",                                                                \
		  .mode = LX_S_IFDIR | 0555,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .lookup = proc_fdinfo_lookup,                                                    \
		  .next = proc_fdinfo_next },                                                      \
		TXT("gid_map", 0644, g_id_map), SECRET("io", 0400, io_show),                       \
		REG("limits", 0644, limits_show), TXT("loginuid", 0644, "4294967295"),             \
		SECRET("maps", 0444, proc_maps_show),                                              \
		{ .name = "mem",                                                                   \
		  .mode = LX_S_IFREG | 0600,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .open = proc_mem_open },                                                         \
		REG("mountinfo", 0444, proc_mountinfo_show),                                       \
		REG("mounts", 0444, proc_mounts_show),                                             \
		{ .name = "net",                                                                   \
		  .mode = LX_S_IFDIR | 0555,                                                       \
		  .children = proc_net_nodes,                                                      \
		  .flags = PSEUDO_OWNER_ROOT },                                                    \
		{ .name = "ns", .mode = LX_S_IFDIR | 0511, .lookup = ns_lookup, .next = ns_next }, \
		REG("oom_score", 0444, oom_score_show),                                            \
		{ .name = "oom_score_adj",                                                         \
		  .mode = LX_S_IFREG | 0644,                                                       \
		  .show = oom_score_adj_show,                                                      \
		  .store = oom_score_adj_store },                                                  \
		SECRET("personality", 0400, personality_show),                                     \
		{ .name = "root",                                                                  \
		  .mode = LX_S_IFLNK | 0777,                                                       \
		  .flags = PSEUDO_PTRACE,                                                          \
		  .readlink = proc_root_readlink,                                                  \
		  .follow = proc_root_follow },                                                    \
		REG("schedstat", 0444, schedstat_show), TXT("sessionid", 0444, "4294967295"),      \
		TXT("setgroups", 0644, "allow\n"), SECRET("smaps", 0444, proc_smaps_show),         \
		SECRET("smaps_rollup", 0444, proc_smaps_rollup_show),                              \
		REG("statm", 0444, proc_statm_show), REG("status", 0444, proc_status_show),        \
		SECRET("syscall", 0400, syscall_show), TXT("uid_map", 0644, g_id_map),             \
		REG("wchan", 0444, wchan_show)

const struct pseudo_node proc_pid_nodes[] = {
	COMMON_NODES,
	TXT("coredump_filter", 0644, "00000033\n"),
	SECRET("mountstats", 0400, proc_mountstats_show),
	REG("stat", 0444, proc_stat_show),
	{ .name = "task", .mode = LX_S_IFDIR | 0555, .lookup = task_lookup, .next = task_next },
	REG("timerslack_ns", 0666, timerslack_show),
	{ 0 },
};

const struct pseudo_node proc_tid_nodes[] = {
	COMMON_NODES,
	REG("children", 0444, children_show),
	REG("stat", 0444, proc_tid_stat_show),
	{ 0 },
};

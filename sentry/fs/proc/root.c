/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc itself: the system-wide files, the process directories, self. What is shown is the sandbox:
 * its CPUs, its memory limit, its processes. See proc(5). Differs from Linux: there are no
 * interrupts, disks or modules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/sched.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/proc/proc.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/pid.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "kernel/uname.h"
#include "time/clock.h"
#include "vfs/chrdev.h"

#define PROC_MAGIC 0x9fa0u
#define TICK_NS    10000000ull

static int g_cpuinfo_fd = -1; /* const after boot */

void proc_set_cpuinfo_fd(int fd)
{
	g_cpuinfo_fd = fd;
}

/* --- cpuinfo --- */

/* The block of the first CPU of the host's text; *ret_len without the blank line. */
static char *host_cpu_block(size_t *ret_len)
{
	size_t cap = 16384, len = 0;
	char *buf, *end;
	ssize_t n;

	if (g_cpuinfo_fd < 0)
		return NULL;
	buf = malloc(cap + 1);
	if (!buf)
		return NULL;
	while (len < cap) {
		n = host_pread(g_cpuinfo_fd, buf + len, cap - len, (int64_t)len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = 0;
	end = strstr(buf, "\n\n");
	*ret_len = end ? (size_t)(end - buf) + 1 : len;
	return buf;
}

/* Fields that number the CPU; everything else is the same for all. */
static bool cpu_number_field(const char *line, size_t len, unsigned int cpu, struct strbuf *out)
{
	static const char *const per_cpu[] = { "processor", "core id", "apicid", "initial apicid" };

	for (size_t i = 0; i < ARRAY_SIZE(per_cpu); i++) {
		size_t n = strlen(per_cpu[i]);
		const char *colon = memchr(line, ':', len);

		if (len > n && memcmp(line, per_cpu[i], n) == 0 &&
		    (line[n] == '\t' || line[n] == ' ') && colon) {
			strbuf_add(out, line, (size_t)(colon - line) + 2);
			strbuf_printf(out, "%u\n", cpu);
			return true;
		}
	}
	return false;
}

static int cpuinfo_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	size_t len = 0;
	char *block = host_cpu_block(&len);

	for (unsigned int cpu = 0; cpu < g_kernel->config.nr_cpus; cpu++) {
		if (!block) {
			strbuf_printf(out, "processor\t: %u\n\n", cpu);
			continue;
		}
		for (const char *p = block; p < block + len;) {
			const char *nl = memchr(p, '\n', (size_t)(block + len - p));
			size_t n = nl ? (size_t)(nl - p) : (size_t)(block + len - p);
			unsigned int cpus = g_kernel->config.nr_cpus;

			if (n > 8 &&
			    (memcmp(p, "siblings", 8) == 0 || memcmp(p, "cpu cores", 9) == 0)) {
				const char *colon = memchr(p, ':', n);

				strbuf_add(out, p, colon ? (size_t)(colon - p) + 1 : n);
				strbuf_printf(out, " %u\n", cpus);
			} else if (!cpu_number_field(p, n, cpu, out)) {
				strbuf_add(out, p, n);
				strbuf_puts(out, "\n");
			}
			p += n + 1;
		}
		strbuf_puts(out, "\n");
	}
	free(block);
	return 0;
}

/* --- times and load --- */

void proc_cpu_times(struct proc_cpu_times *ret_times)
{
	struct kernel *k = g_kernel;
	uint64_t up = (uint64_t)clock_boottime_ns() * k->config.nr_cpus;
	struct proc_cpu_times ct = { 0 };
	struct tgroup *tg;
	struct task *t;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		ct.user_ns += tg->dead_usage.utime_ns;
		ct.system_ns += tg->dead_usage.stime_ns;
		list_for_each_entry(t, &tg->threads, tg_link) {
			ct.user_ns += t->usage.utime_ns;
			ct.system_ns += t->usage.stime_ns;
		}
		if (tg == tg->container->init) {
			ct.user_ns += tg->child_usage.utime_ns;
			ct.system_ns += tg->child_usage.stime_ns;
		}
	}
	mutex_unlock(&k->tasklist_lock);
	ct.idle_ns = up > ct.user_ns + ct.system_ns ? up - ct.user_ns - ct.system_ns : 0;
	*ret_times = ct;
}

static unsigned int count_running(unsigned int *ret_total)
{
	struct kernel *k = g_kernel;
	unsigned int running = 0, total = 0;
	struct tgroup *tg;
	struct task *t;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container->pid_ns != pid_ns_current())
			continue;
		list_for_each_entry(t, &tg->threads, tg_link) {
			total++;
			running += proc_task_state(t) == 'R';
		}
	}
	mutex_unlock(&k->tasklist_lock);
	*ret_total = total;
	return running;
}

static int stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	unsigned int n = g_kernel->config.nr_cpus, total;
	struct proc_cpu_times ct;
	uint64_t u, s, i;

	proc_cpu_times(&ct);
	u = ct.user_ns / TICK_NS;
	s = ct.system_ns / TICK_NS;
	i = ct.idle_ns / TICK_NS;
	strbuf_printf(out, "cpu  %llu 0 %llu %llu 0 0 0 0 0 0\n", (unsigned long long)u,
		      (unsigned long long)s, (unsigned long long)i);
	/* Which CPU a thread ran on is the host's business: shares are shown. */
	for (unsigned int c = 0; c < n; c++)
		strbuf_printf(out, "cpu%u %llu 0 %llu %llu 0 0 0 0 0 0\n", c,
			      (unsigned long long)(u / n), (unsigned long long)(s / n),
			      (unsigned long long)(i / n));
	strbuf_printf(out, "intr 0\nctxt 0\nbtime %lld\nprocesses %llu\n",
		      (long long)(g_kernel->boot_realtime_ns / 1000000000),
		      (unsigned long long)g_kernel->nr_forks);
	strbuf_printf(out, "procs_running %u\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
		      MAX(1u, count_running(&total)));
	return 0;
}

static int loadavg_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	unsigned int total, running = count_running(&total);
	uint32_t load[3];

	kernel_loadavg(load);
	for (int i = 0; i < 3; i++)
		strbuf_printf(out, "%u.%02u ", load[i] / 65536, (load[i] % 65536) * 100 / 65536);
	strbuf_printf(out, "%u/%u %d\n", MAX(1u, running), total, pid_last());
	return 0;
}

static int uptime_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint64_t up = (uint64_t)clock_boottime_ns();
	struct proc_cpu_times ct;

	proc_cpu_times(&ct);
	strbuf_printf(out, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / 1000000000),
		      (unsigned long long)(up / TICK_NS % 100),
		      (unsigned long long)(ct.idle_ns / 1000000000),
		      (unsigned long long)(ct.idle_ns / TICK_NS % 100));
	return 0;
}

/* --- memory --- */

static int meminfo_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint64_t total, used;
	uint64_t avail;
	static const char *const zero[] = { "Buffers", "Cached", "SwapCached", "Active",
					    "Inactive" };

	container_meminfo(&total, &used);
	total /= 1024;
	used /= 1024;
	avail = total > used ? total - used : 0;
	strbuf_printf(
		out,
		"MemTotal:       %8llu kB\nMemFree:        %8llu kB\nMemAvailable:   %8llu kB\n",
		(unsigned long long)total, (unsigned long long)avail, (unsigned long long)avail);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++) {
		uint64_t v = strcmp(zero[i], "Active") == 0 ? used : 0;

		strbuf_printf(out, "%s:%*s%8llu kB\n", zero[i], (int)(15 - strlen(zero[i])), "",
			      (unsigned long long)v);
	}
	strbuf_printf(
		out,
		"Active(anon):   %8llu kB\nInactive(anon):        0 kB\nActive(file):          0 kB\n"
		"Inactive(file):        0 kB\nUnevictable:           0 kB\nMlocked:               0 kB\n"
		"SwapTotal:             0 kB\nSwapFree:              0 kB\nDirty:                 0 kB\n"
		"Writeback:             0 kB\nAnonPages:      %8llu kB\nMapped:                0 kB\n"
		"Shmem:                 0 kB\nKReclaimable:          0 kB\nSlab:                  0 kB\n"
		"SReclaimable:          0 kB\nSUnreclaim:            0 kB\nKernelStack:           0 kB\n"
		"PageTables:            0 kB\nNFS_Unstable:          0 kB\nBounce:                0 kB\n"
		"WritebackTmp:          0 kB\nCommitLimit:    %8llu kB\nCommitted_AS:   %8llu kB\n"
		"VmallocTotal:   34359738367 kB\nVmallocUsed:           0 kB\nVmallocChunk:          0 kB\n"
		"HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
		"HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n",
		(unsigned long long)used, (unsigned long long)used, (unsigned long long)(total / 2),
		(unsigned long long)used);
	return 0;
}

static int vmstat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint64_t total, used;

	container_meminfo(&total, &used);
	total /= 4096;
	used /= 4096;
	strbuf_printf(
		out,
		"nr_free_pages %llu\nnr_anon_pages %llu\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n",
		(unsigned long long)(total > used ? total - used : 0), (unsigned long long)used);
	strbuf_puts(out, "pgfault 0\npgmajfault 0\noom_kill 0\n");
	return 0;
}

/* --- the rest --- */

static int version_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%s version %s (husk) %s\n", UNAME_SYSNAME, UNAME_RELEASE,
		      UNAME_VERSION);
	return 0;
}

static int filesystems_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	const struct fstype *t;

	for (unsigned int i = 0; (t = fstype_at(i)) != NULL; i++)
		strbuf_printf(out, "%s\t%s\n", t->flags & FS_NODEV ? "nodev" : "", t->name);
	return 0;
}

static int devices_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "Character devices:\n");
	for (const struct chrdev *d = chrdev_table(); d && d->name; d++)
		strbuf_printf(out, "%3u %s\n", d->major, d->name);
	strbuf_puts(out, "\nBlock devices:\n");
	return 0;
}

static const char g_cgroups[] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";
static const char g_partitions[] = "major minor  #blocks  name\n\n";
static const char g_swaps[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
static const char g_tty_drivers[] =
	"/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
	"/dev/ptmx            /dev/ptmx       5       2 system\n"
	"pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
	"pty_master           /dev/ptm      128 0-1048575 pty:master\n";

static const struct pseudo_node g_tty_nodes[] = {
	{ .name = "drivers", .mode = LX_S_IFREG | 0444, .text = g_tty_drivers },
	{ 0 },
};

static int cmdline_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "BOOT_IMAGE=/vmlinuz-" UNAME_RELEASE " quiet\n");
	return 0;
}

/* --- process directories --- */

struct tgroup *proc_tgroup_from(int tgid)
{
	struct kernel *k = g_kernel;
	struct tgroup *tg, *best = NULL;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container->pid_ns == pid_ns_current() && tg->tgid >= tgid &&
		    (!best || tg->tgid < best->tgid))
			best = tg;
	}
	if (best)
		tgroup_get(best);
	mutex_unlock(&k->tasklist_lock);
	return best;
}

static const struct pseudo_node g_pid_dir = {
	.name = "pid",
	.mode = LX_S_IFDIR | 0555,
	.children = proc_pid_nodes,
};

static int parse_id(const char *name, size_t len)
{
	int v = 0;

	if (len == 0 || len > 9 || (name[0] == '0'))
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		v = v * 10 + (name[i] - '0');
	}
	return v;
}

static int root_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		       struct pseudo_child *ret_child)
{
	int id = parse_id(name, len);
	struct task *t;

	if (id < 0)
		return id;
	t = task_find(g_kernel, id); /* threads have a directory too, which readdir does not show */
	if (!t)
		return -ENOENT;
	ret_child->node = &g_pid_dir;
	ret_child->task = t;
	return 0;
}

static int root_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		     unsigned int *ret_type, uint64_t *ret_cursor)
{
	struct tgroup *tg = cursor > INT32_MAX ? NULL : proc_tgroup_from((int)cursor);

	if (!tg)
		return -ENOENT;
	snprintf(name, 32, "%d", tg->tgid);
	*ret_cursor = (uint64_t)tg->tgid + 1;
	*ret_type = LX_DT_DIR;
	tgroup_put(tg);
	return 0;
}

static ssize_t self_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	struct task *t = task_current();

	return t ? snprintf(buf, size, "%d", t->tg->tgid) : -ENOENT;
}

static ssize_t thread_self_readlink(const struct pseudo_ctx *x, char *buf, size_t size)
{
	struct task *t = task_current();

	return t ? snprintf(buf, size, "%d/task/%d", t->tg->tgid, t->tid) : -ENOENT;
}

#define FILE_NODE(n, fn)                                                                           \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = fn                                   \
	}
#define TEXT_NODE(n, t)                                                                            \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .text = t                                    \
	}
#define LINK_NODE(n, to)                                                                           \
	{                                                                                          \
		.name = n, .mode = LX_S_IFLNK | 0777, .target = to                                 \
	}

static const struct pseudo_node g_root_nodes[] = {
	{ .name = "self", .mode = LX_S_IFLNK | 0777, .readlink = self_readlink },
	{ .name = "thread-self", .mode = LX_S_IFLNK | 0777, .readlink = thread_self_readlink },
	TEXT_NODE("cgroups", g_cgroups),
	FILE_NODE("cmdline", cmdline_show),
	TEXT_NODE("consoles", ""),
	FILE_NODE("cpuinfo", cpuinfo_show),
	FILE_NODE("devices", devices_show),
	TEXT_NODE("diskstats", ""),
	FILE_NODE("filesystems", filesystems_show),
	TEXT_NODE("interrupts", ""),
	FILE_NODE("loadavg", loadavg_show),
	TEXT_NODE("locks", ""),
	FILE_NODE("meminfo", meminfo_show),
	TEXT_NODE("modules", ""),
	LINK_NODE("mounts", "self/mounts"),
	LINK_NODE("net", "self/net"),
	TEXT_NODE("partitions", g_partitions),
	FILE_NODE("stat", stat_show),
	TEXT_NODE("swaps", g_swaps),
	{ .name = "sys", .mode = LX_S_IFDIR | 0555, .children = proc_sys_nodes },
	{ .name = "sysvipc", .mode = LX_S_IFDIR | 0555, .children = proc_sysvipc_nodes },
	{ .name = "tty", .mode = LX_S_IFDIR | 0555, .children = g_tty_nodes },
	FILE_NODE("uptime", uptime_show),
	FILE_NODE("version", version_show),
	FILE_NODE("vmstat", vmstat_show),
	{ 0 },
};

static const struct pseudo_node g_root = {
	.name = "/",
	.mode = LX_S_IFDIR | 0555,
	.children = g_root_nodes,
	.lookup = root_lookup,
	.next = root_next,
};

static int proc_mount(const struct fstype *t, const char *source, const char *options,
		      void *boot_data, struct super_block **ret_sb)
{
	return pseudo_mount(t, PROC_MAGIC, &g_root, SB_NO_NEGATIVE | SB_NO_DCACHE, ret_sb);
}

const struct fstype proc_type = {
	.name = "proc",
	.flags = FS_NODEV,
	.mount = proc_mount,
};

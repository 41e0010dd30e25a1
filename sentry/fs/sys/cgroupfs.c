/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs as a container sees it: one group of version 2, its own, with the limits it was started
 * with and what it uses (cgroups(7), the kernel's cgroup-v2.rst). Mounted under either name: what
 * programs in containers ask is how much memory and how many CPUs they have. Read-only: groups
 * inside cannot be made.
 */
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/pseudo/pseudo.h"
#include "fs/sys/sys.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "mm/mm.h"

#define CGROUP2_MAGIC 0x63677270u

static int number_or_max(struct strbuf *out, uint64_t v)
{
	if (v)
		strbuf_printf(out, "%llu\n", (unsigned long long)v);
	else
		strbuf_puts(out, "max\n");
	return 0;
}

static int memory_max_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return number_or_max(out, container_current()->limits.memory_max);
}

static int memory_current_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%llu\n",
		      (unsigned long long)container_memory(g_kernel, container_current()));
	return 0;
}

static int memory_stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out,
		      "anon %llu\nfile 0\nkernel 0\nshmem 0\nfile_mapped 0\nfile_dirty 0\n"
		      "file_writeback 0\ninactive_anon 0\nactive_anon 0\ninactive_file 0\n"
		      "active_file 0\nunevictable 0\npgfault 0\npgmajfault 0\n",
		      (unsigned long long)container_memory(g_kernel, container_current()));
	return 0;
}

static int memory_events_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	unsigned long long kills = atomic_load(&container_current()->oom_kills);

	strbuf_printf(out, "low 0\nhigh 0\nmax %llu\noom %llu\noom_kill %llu\noom_group_kill 0\n",
		      kills, kills, kills);
	return 0;
}

static int pids_max_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return number_or_max(out, container_current()->limits.pids_max);
}

static int pids_current_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%u\n", container_current()->nr_tasks);
	return 0;
}

static int cpu_max_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	const struct container_limits *c = &container_current()->limits;

	if (c->cpu_quota)
		strbuf_printf(out, "%llu ", (unsigned long long)c->cpu_quota);
	else
		strbuf_puts(out, "max ");
	strbuf_printf(out, "%llu\n", (unsigned long long)(c->cpu_period ? c->cpu_period : 100000));
	return 0;
}

static int cpu_stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint64_t user, sys;

	container_cpu(g_kernel, container_current(), &user, &sys);
	strbuf_printf(out, "usage_usec %llu\nuser_usec %llu\nsystem_usec %llu\n",
		      (unsigned long long)((user + sys) / 1000), (unsigned long long)(user / 1000),
		      (unsigned long long)(sys / 1000));
	return 0;
}

static int cpus_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	unsigned int n = g_kernel->config.nr_cpus;

	strbuf_printf(out, n > 1 ? "0-%u\n" : "%u\n", n - 1);
	return 0;
}

static int procs_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct tgroup *tg;

	mutex_lock(&g_kernel->tasklist_lock);
	list_for_each_entry(tg, &g_kernel->tgroups, table_link) {
		if (tg->container == container_current())
			strbuf_printf(out, "%d\n", tg->tgid);
	}
	mutex_unlock(&g_kernel->tasklist_lock);
	return 0;
}

/* clang-format off */
#define RO(n, t)     { .name = n, .mode = LX_S_IFREG | 0444, .text = t }
#define SHOW(n, fn) { .name = n, .mode = LX_S_IFREG | 0444, .show = fn }
/* clang-format on */

static const struct pseudo_node g_files[] = {
	RO("cgroup.controllers", "cpuset cpu memory pids\n"),
	RO("cgroup.events", "populated 1\nfrozen 0\n"),
	RO("cgroup.freeze", "0\n"),
	RO("cgroup.max.depth", "max\n"),
	RO("cgroup.max.descendants", "max\n"),
	SHOW("cgroup.procs", procs_show),
	RO("cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0\n"),
	RO("cgroup.subtree_control", ""),
	RO("cgroup.type", "domain\n"),
	SHOW("cpu.max", cpu_max_show),
	SHOW("cpu.stat", cpu_stat_show),
	RO("cpu.weight", "100\n"),
	SHOW("cpuset.cpus", cpus_show),
	SHOW("cpuset.cpus.effective", cpus_show),
	RO("cpuset.mems", "0\n"),
	RO("cpuset.mems.effective", "0\n"),
	SHOW("memory.current", memory_current_show),
	SHOW("memory.events", memory_events_show),
	RO("memory.high", "max\n"),
	RO("memory.low", "0\n"),
	SHOW("memory.max", memory_max_show),
	RO("memory.min", "0\n"),
	SHOW("memory.stat", memory_stat_show),
	RO("memory.swap.current", "0\n"),
	RO("memory.swap.max", "0\n"),
	SHOW("pids.current", pids_current_show),
	SHOW("pids.max", pids_max_show),
	{ 0 },
};
static const struct pseudo_node g_root = { .name = "/",
					   .mode = LX_S_IFDIR | 0555,
					   .children = g_files };

static int cgroupfs_mount(const struct fstype *t, const char *source, const char *options,
			  void *boot_data, struct super_block **ret_sb)
{
	return pseudo_mount(t, CGROUP2_MAGIC, &g_root, 0, ret_sb);
}

const struct fstype cgroup2_type = {
	.name = "cgroup2",
	.flags = FS_NODEV,
	.mount = cgroupfs_mount,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysfs as a container needs it: CPU numbers and topology (nproc, lscpu, glibc, JVMs, Go), one
 * memory node. See sysfs(5). Differs from Linux: every CPU is a core of its own in one package;
 * there are no devices.
 */
#include "fs/sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/pseudo/pseudo.h"
#include "kernel/kernel.h"
#include "mm/mm.h"

#define SYSFS_MAGIC 0x62656572u

#define RO(n, t)                                                                                   \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .text = t, .flags = PSEUDO_SIZE_4K           \
	}
#define SHOW(n, fn)                                                                                \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = fn, .flags = PSEUDO_SIZE_4K          \
	}
#define DIR(n, ch)                                                                                 \
	{                                                                                          \
		.name = n, .mode = LX_S_IFDIR | 0755, .children = ch                               \
	}

static unsigned int nr_cpus(void)
{
	return g_kernel->config.nr_cpus;
}

/* "0-3" */
static int all_list_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, nr_cpus() > 1 ? "0-%u\n" : "%u\n", nr_cpus() - 1);
	return 0;
}

static void mask_text(uint64_t cpu_or_all, struct strbuf *out)
{
	unsigned int n = nr_cpus();

	for (int w = (int)(n - 1) / 32; w >= 0; w--) {
		unsigned int bits = w == (int)(n - 1) / 32 ? (n - 1) % 32 + 1 : 32;
		uint32_t v = bits == 32 ? ~0u : (1u << bits) - 1;

		if (cpu_or_all != UINT64_MAX)
			v = cpu_or_all / 32 == (uint64_t)w ? 1u << (cpu_or_all % 32) : 0;
		strbuf_printf(out, "%0*x%s", (int)(bits + 3) / 4, v, w ? "," : "\n");
	}
}

static int all_mask_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	mask_text(UINT64_MAX, out);
	return 0;
}

static int own_list_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%llu\n", (unsigned long long)x->arg);
	return 0;
}

static int own_mask_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	mask_text(x->arg, out);
	return 0;
}

static const struct pseudo_node g_topology[] = {
	SHOW("core_cpus", own_mask_show),
	SHOW("core_cpus_list", own_list_show),
	SHOW("core_id", own_list_show),
	SHOW("core_siblings", all_mask_show),
	SHOW("core_siblings_list", all_list_show),
	RO("die_id", "0\n"),
	SHOW("package_cpus", all_mask_show),
	SHOW("package_cpus_list", all_list_show),
	RO("physical_package_id", "0\n"),
	SHOW("thread_siblings", own_mask_show),
	SHOW("thread_siblings_list", own_list_show),
	{ 0 },
};

/* --- caches: arg is cpu | index << 32 --- */

static int cache_of(const struct pseudo_ctx *x, struct cpu_cache *ret)
{
	return cpu_cache_info((unsigned int)(x->arg >> 32), ret);
}

#define CACHE_FILE(fn, fmt, value)                                                                 \
	static int fn(const struct pseudo_ctx *x, struct strbuf *out)                              \
	{                                                                                          \
		struct cpu_cache c;                                                                \
		int ret = cache_of(x, &c);                                                         \
                                                                                                   \
		if (ret == 0)                                                                      \
			strbuf_printf(out, fmt, value);                                            \
		return ret;                                                                        \
	}

CACHE_FILE(cache_level_show, "%u\n", c.level)
CACHE_FILE(cache_line_show, "%u\n", c.line)
CACHE_FILE(cache_sets_show, "%u\n", c.sets)
CACHE_FILE(cache_size_show, "%lluK\n", (unsigned long long)(c.size / 1024))
CACHE_FILE(cache_type_show, "%s\n", c.type)
CACHE_FILE(cache_ways_show, "%u\n", c.ways)

static bool cache_is_shared(const struct pseudo_ctx *x)
{
	struct cpu_cache c;

	return cache_of(x, &c) == 0 && c.level >= 3;
}

static int cache_shared_list_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	if (cache_is_shared(x))
		return all_list_show(x, out);
	strbuf_printf(out, "%u\n", (uint32_t)x->arg);
	return 0;
}

static int cache_shared_map_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	mask_text(cache_is_shared(x) ? UINT64_MAX : (uint32_t)x->arg, out);
	return 0;
}

static int cache_id_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%u\n", cache_is_shared(x) ? 0 : (uint32_t)x->arg);
	return 0;
}

static const struct pseudo_node g_cache_index[] = {
	SHOW("coherency_line_size", cache_line_show),
	SHOW("id", cache_id_show),
	SHOW("level", cache_level_show),
	SHOW("number_of_sets", cache_sets_show),
	RO("physical_line_partition", "1\n"),
	SHOW("shared_cpu_list", cache_shared_list_show),
	SHOW("shared_cpu_map", cache_shared_map_show),
	SHOW("size", cache_size_show),
	SHOW("type", cache_type_show),
	SHOW("ways_of_associativity", cache_ways_show),
	{ 0 },
};

static const struct pseudo_node g_cache_index_dir = DIR("index", g_cache_index);

/* name is prefix and a number below limit: the number, or -ENOENT */
static int64_t numbered(const char *name, size_t len, const char *prefix, uint64_t limit)
{
	size_t n = strlen(prefix);
	uint64_t v = 0;

	if (len <= n || len > n + 6 || memcmp(name, prefix, n) != 0 ||
	    (name[n] == '0' && len > n + 1))
		return -ENOENT;
	for (size_t i = n; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		v = v * 10 + (uint64_t)(name[i] - '0');
	}
	return v < limit ? (int64_t)v : -ENOENT;
}

static int next_numbered(const char *prefix, uint64_t cursor, uint64_t limit, char *name,
			 unsigned int *ret_type, uint64_t *ret_cursor)
{
	if (cursor >= limit)
		return -ENOENT;
	snprintf(name, 32, "%s%llu", prefix, (unsigned long long)cursor);
	*ret_type = LX_DT_DIR;
	*ret_cursor = cursor + 1;
	return 0;
}

static uint64_t nr_caches(void)
{
	struct cpu_cache c;
	unsigned int n = 0;

	while (cpu_cache_info(n, &c) == 0)
		n++;
	return n;
}

static int cache_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			struct pseudo_child *ret_child)
{
	int64_t n = numbered(name, len, "index", nr_caches());

	if (n < 0)
		return (int)n;
	ret_child->node = &g_cache_index_dir;
	ret_child->arg = x->arg | (uint64_t)n << 32;
	return 0;
}

static int cache_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		      unsigned int *ret_type, uint64_t *ret_cursor)
{
	return next_numbered("index", cursor, nr_caches(), name, ret_type, ret_cursor);
}

static const struct pseudo_node g_cpu_nodes[] = {
	{ .name = "cache", .mode = LX_S_IFDIR | 0755, .lookup = cache_lookup, .next = cache_next },
	DIR("topology", g_topology),
	{ 0 },
};

static const struct pseudo_node g_cpu_dir = DIR("cpu", g_cpu_nodes);

static int cpus_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		       struct pseudo_child *ret_child)
{
	int64_t n = numbered(name, len, "cpu", nr_cpus());

	if (n < 0)
		return (int)n;
	ret_child->node = &g_cpu_dir;
	ret_child->arg = (uint64_t)n;
	return 0;
}

static int cpus_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		     unsigned int *ret_type, uint64_t *ret_cursor)
{
	return next_numbered("cpu", cursor, nr_cpus(), name, ret_type, ret_cursor);
}

static int kernel_max_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%u\n", nr_cpus() - 1);
	return 0;
}

static const struct pseudo_node g_cpus[] = {
	RO("isolated", "\n"),
	SHOW("kernel_max", kernel_max_show),
	RO("offline", "\n"),
	SHOW("online", all_list_show),
	SHOW("possible", all_list_show),
	SHOW("present", all_list_show),
	{ 0 },
};

/* --- one memory node --- */

static int node_meminfo_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint64_t total = g_kernel->config.total_memory / 1024, used = mm_system_usage() / 1024;

	strbuf_printf(
		out,
		"Node 0 MemTotal:       %8llu kB\nNode 0 MemFree:        %8llu kB\nNode 0 MemUsed:        %8llu kB\n",
		(unsigned long long)total, (unsigned long long)(total > used ? total - used : 0),
		(unsigned long long)used);
	return 0;
}

static const struct pseudo_node g_node0[] = {
	SHOW("cpulist", all_list_show),
	SHOW("cpumap", all_mask_show),
	RO("distance", "10\n"),
	SHOW("meminfo", node_meminfo_show),
	{ 0 },
};
static const struct pseudo_node g_nodes[] = {
	RO("has_cpu", "0\n"),
	RO("has_memory", "0\n"),
	RO("has_normal_memory", "0\n"),
	DIR("node0", g_node0),
	RO("online", "0\n"),
	RO("possible", "0\n"),
	{ 0 },
};

static const struct pseudo_node g_system[] = {
	{ .name = "cpu",
	  .mode = LX_S_IFDIR | 0755,
	  .children = g_cpus,
	  .lookup = cpus_lookup,
	  .next = cpus_next },
	DIR("node", g_nodes),
	{ 0 },
};

/* --- the rest: network interfaces are in net/sys_net.c --- */

#define DYNAMIC(n, lk, nx)                                                                         \
	{                                                                                          \
		.name = n, .mode = LX_S_IFDIR | 0755, .lookup = lk, .next = nx                     \
	}

static const struct pseudo_node g_virtual[] = {
	DYNAMIC("net", sys_devices_net_lookup, sys_devices_net_next), { 0 }
};
static const struct pseudo_node g_devices[] = { DIR("system", g_system),
						DIR("virtual", g_virtual),
						{ 0 } };
static const struct pseudo_node g_empty[] = { { 0 } };
static const struct pseudo_node g_class[] = { DIR("block", g_empty),
					      DYNAMIC("net", sys_class_net_lookup,
						      sys_class_net_next),
					      DIR("tty", g_empty),
					      { 0 } };
static const struct pseudo_node g_dev[] = { DIR("block", g_empty), DIR("char", g_empty), { 0 } };
static const struct pseudo_node g_fs[] = { DIR("cgroup", g_empty), DIR("fuse", g_empty), { 0 } };
static const struct pseudo_node g_thp[] = {
	RO("defrag", "always defer defer+madvise [madvise] never\n"),
	RO("enabled", "always madvise [never]\n"),
	RO("hpage_pmd_size", "2097152\n"),
	RO("shmem_enabled", "always within_size advise [never] deny force\n"),
	RO("use_zero_page", "1\n"),
	{ 0 },
};
static const struct pseudo_node g_mm[] = { DIR("hugepages", g_empty),
					   DIR("transparent_hugepage", g_thp),
					   { 0 } };
static const struct pseudo_node g_kernel_nodes[] = {
	DIR("debug", g_empty), DIR("mm", g_mm), DIR("security", g_empty), { 0 }
};

static const struct pseudo_node g_root_nodes[] = {
	DIR("block", g_empty),
	DIR("bus", g_empty),
	DIR("class", g_class),
	DIR("dev", g_dev),
	DIR("devices", g_devices),
	DIR("firmware", g_empty),
	DIR("fs", g_fs),
	DIR("kernel", g_kernel_nodes),
	DIR("module", g_empty),
	DIR("power", g_empty),
	{ 0 },
};
static const struct pseudo_node g_root = DIR("/", g_root_nodes);

static int sysfs_mount(const struct fstype *t, const char *source, const char *options,
		       void *boot_data, struct super_block **ret_sb)
{
	return pseudo_mount(t, SYSFS_MAGIC, &g_root, 0, ret_sb);
}

const struct fstype sysfs_type = {
	.name = "sysfs",
	.flags = FS_NODEV,
	.mount = sysfs_mount,
};

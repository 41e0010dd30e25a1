/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/sys: the values that programs read. Those that a guest may change change something; the
 * others are read-only and say what husk does. See proc_sys(5). Differs from Linux: only what is
 * listed here exists.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/proc/proc.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "kernel/uname.h"

static void uuid_text(const uint8_t *b, struct strbuf *out)
{
	for (unsigned int i = 0; i < 16; i++)
		strbuf_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      b[i]);
	strbuf_puts(out, "\n");
}

static int make_uuid(uint8_t *b)
{
	int ret = host_getrandom(b, 16);

	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return ret;
}

static int uuid_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	uint8_t b[16];
	int ret = make_uuid(b);

	if (ret == 0)
		uuid_text(b, out);
	return ret;
}

static int boot_id_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	static struct mutex lock = MUTEX_INIT(LC_UNRANKED);
	static uint8_t id[16];
	static bool made;
	int ret = 0;

	mutex_lock(&lock);
	if (!made) {
		ret = make_uuid(id);
		made = ret == 0;
	}
	mutex_unlock(&lock);
	if (ret == 0)
		uuid_text(id, out);
	return ret;
}

/* --- names --- */

static int name_show(const struct pseudo_ctx *x, bool domain, struct strbuf *out)
{
	struct uts_ns *uts = x->c && x->c->task ? x->c->task->uts : g_kernel->uts;

	mutex_lock(&uts->lock);
	strbuf_printf(out, "%s\n", domain ? uts->domainname : uts->nodename);
	mutex_unlock(&uts->lock);
	return 0;
}

static ssize_t name_store(const struct pseudo_ctx *x, bool domain, char *buf, size_t n)
{
	struct uts_ns *uts = x->c && x->c->task ? x->c->task->uts : g_kernel->uts;
	size_t len = strcspn(buf, "\n");
	char *to = domain ? uts->domainname : uts->nodename;

	if (x->c->task && !cred_capable(x->c->cred, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (len > 64)
		return -EINVAL;
	mutex_lock(&uts->lock);
	memset(to, 0, 65);
	memcpy(to, buf, len);
	mutex_unlock(&uts->lock);
	return (ssize_t)n;
}

static int hostname_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return name_show(x, false, out);
}

static int domainname_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return name_show(x, true, out);
}

static ssize_t hostname_store(const struct pseudo_ctx *x, char *buf, size_t n)
{
	return name_store(x, false, buf, n);
}

static ssize_t domainname_store(const struct pseudo_ctx *x, char *buf, size_t n)
{
	return name_store(x, true, buf, n);
}

static int pid_max_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_printf(out, "%llu\n", (unsigned long long)g_kernel->config.max_pids);
	return 0;
}

static int file_nr_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	strbuf_puts(out, "0\t0\t9223372036854775807\n");
	return 0;
}

#define RO(n, t)                                                                                   \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .text = t                                    \
	}
#define SHOW(n, fn)                                                                                \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = fn                                   \
	}
#define RW(n, fn, st)                                                                              \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0644, .show = fn, .store = st                      \
	}
#define DIR(n, nodes)                                                                              \
	{                                                                                          \
		.name = n, .mode = LX_S_IFDIR | 0555, .children = nodes                            \
	}

static const struct pseudo_node g_random[] = {
	SHOW("boot_id", boot_id_show),
	RO("entropy_avail", "256\n"),
	RO("poolsize", "256\n"),
	RO("urandom_min_reseed_secs", "60\n"),
	SHOW("uuid", uuid_show),
	RO("write_wakeup_threshold", "256\n"),
	{ 0 },
};

static const struct pseudo_node g_keys[] = {
	RO("maxkeys", "200\n"),
	RO("maxbytes", "20000\n"),
	RO("root_maxkeys", "1000000\n"),
	{ 0 },
};

static const struct pseudo_node g_kernel_nodes[] = {
	RO("cap_last_cap", "40\n"),
	RO("core_pattern", "core\n"),
	RO("core_uses_pid", "0\n"),
	RO("ctrl-alt-del", "0\n"),
	RW("domainname", domainname_show, domainname_store),
	RW("hostname", hostname_show, hostname_store),
	DIR("keys", g_keys),
	RO("kptr_restrict", "1\n"),
	RO("dmesg_restrict", "1\n"),
	RO("msgmax", "8192\n"),
	RO("msgmnb", "16384\n"),
	RO("msgmni", "32000\n"),
	RO("ngroups_max", "65536\n"),
	RO("osrelease", UNAME_RELEASE "\n"),
	RO("ostype", UNAME_SYSNAME "\n"),
	RO("overflowgid", "65534\n"),
	RO("overflowuid", "65534\n"),
	RO("panic", "0\n"),
	RO("perf_event_paranoid", "3\n"),
	SHOW("pid_max", pid_max_show),
	RO("printk", "4\t4\t1\t7\n"),
	DIR("random", g_random),
	RO("randomize_va_space", "2\n"),
	RO("sched_child_runs_first", "0\n"),
	RO("sched_rt_period_us", "1000000\n"),
	RO("sched_rt_runtime_us", "950000\n"),
	RO("sem", "32000\t1024000000\t500\t32000\n"),
	RO("shm_rmid_forced", "0\n"),
	RO("shmall", "18446744073692774399\n"),
	RO("shmmax", "18446744073692774399\n"),
	RO("shmmni", "4096\n"),
	RO("tainted", "0\n"),
	SHOW("threads-max", pid_max_show),
	RO("unprivileged_bpf_disabled", "2\n"),
	RO("version", UNAME_VERSION "\n"),
	{ 0 },
};

static const struct pseudo_node g_vm[] = {
	RO("admin_reserve_kbytes", "8192\n"),
	RO("dirty_background_ratio", "10\n"),
	RO("dirty_expire_centisecs", "3000\n"),
	RO("dirty_ratio", "20\n"),
	RO("dirty_writeback_centisecs", "500\n"),
	RO("drop_caches", "0\n"),
	RO("max_map_count", "65530\n"),
	RO("min_free_kbytes", "67584\n"),
	RO("mmap_min_addr", "65536\n"),
	RO("nr_hugepages", "0\n"),
	RO("oom_kill_allocating_task", "0\n"),
	RO("overcommit_kbytes", "0\n"),
	RO("overcommit_memory", "0\n"),
	RO("overcommit_ratio", "50\n"),
	RO("page-cluster", "3\n"),
	RO("panic_on_oom", "0\n"),
	RO("swappiness", "60\n"),
	RO("user_reserve_kbytes", "131072\n"),
	RO("vfs_cache_pressure", "100\n"),
	{ 0 },
};

static const struct pseudo_node g_inotify[] = {
	RO("max_queued_events", "16384\n"),
	RO("max_user_instances", "128\n"),
	RO("max_user_watches", "65536\n"),
	{ 0 },
};
static const struct pseudo_node g_epoll[] = { RO("max_user_watches", "1048576\n"), { 0 } };
static const struct pseudo_node g_mqueue[] = {
	RO("msg_default", "10\n"),   RO("msg_max", "10\n"),     RO("msgsize_default", "8192\n"),
	RO("msgsize_max", "8192\n"), RO("queues_max", "256\n"), { 0 },
};

static const struct pseudo_node g_fs[] = {
	RO("aio-max-nr", "65536\n"),
	RO("aio-nr", "0\n"),
	RO("dentry-state", "0\t0\t45\t0\t0\t0\n"),
	DIR("epoll", g_epoll),
	RO("file-max", "9223372036854775807\n"),
	SHOW("file-nr", file_nr_show),
	RO("inode-nr", "0\t0\n"),
	DIR("inotify", g_inotify),
	RO("lease-break-time", "45\n"),
	RO("leases-enable", "1\n"),
	RO("mount-max", "100000\n"),
	DIR("mqueue", g_mqueue),
	RO("nr_open", "1048576\n"),
	RO("overflowgid", "65534\n"),
	RO("overflowuid", "65534\n"),
	RO("pipe-max-size", "1048576\n"),
	RO("pipe-user-pages-hard", "0\n"),
	RO("pipe-user-pages-soft", "16384\n"),
	RO("protected_fifos", "1\n"),
	RO("protected_hardlinks", "1\n"),
	RO("protected_regular", "2\n"),
	RO("protected_symlinks", "1\n"),
	RO("suid_dumpable", "0\n"),
	{ 0 },
};

/* --- net: constants, but for those that the configuration of the container sets --- */

#define NET_SET_MAX 64

static struct {
	struct mutex lock; /* LC_UNRANKED: guards all */
	struct {
		const struct pseudo_node *node;
		char *value; /* owned, for as long as the sandbox lives */
	} e[NET_SET_MAX];
	unsigned int nr;
} g_net_set = { .lock = MUTEX_INIT(LC_UNRANKED) };

static int net_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	const char *value = x->node->text;

	mutex_lock(&g_net_set.lock);
	for (unsigned int i = 0; i < g_net_set.nr; i++) {
		if (g_net_set.e[i].node == x->node)
			value = g_net_set.e[i].value;
	}
	strbuf_puts(out, value);
	mutex_unlock(&g_net_set.lock);
	return 0;
}

#define NET(n, t)                                                                                  \
	{                                                                                          \
		.name = n, .mode = LX_S_IFREG | 0444, .show = net_show, .text = t                  \
	}

static const struct pseudo_node g_net_core[] = {
	NET("default_qdisc", "pfifo_fast\n"),
	NET("netdev_max_backlog", "1000\n"),
	NET("optmem_max", "131072\n"),
	NET("rmem_default", "212992\n"),
	NET("rmem_max", "4194304\n"),
	NET("somaxconn", "4096\n"),
	NET("wmem_default", "212992\n"),
	NET("wmem_max", "4194304\n"),
	{ 0 },
};
static const struct pseudo_node g_net_ipv4[] = {
	NET("ip_default_ttl", "64\n"),
	NET("ip_forward", "0\n"),
	NET("ip_local_port_range", "32768\t60999\n"),
	NET("ip_local_reserved_ports", "\n"),
	NET("ip_nonlocal_bind", "0\n"),
	NET("ip_unprivileged_port_start", "1024\n"),
	NET("ping_group_range", "1\t0\n"),
	NET("tcp_available_congestion_control", "reno cubic\n"),
	NET("tcp_congestion_control", "cubic\n"),
	NET("tcp_ecn", "2\n"),
	NET("tcp_fastopen", "0\n"),
	NET("tcp_fin_timeout", "60\n"),
	NET("tcp_keepalive_intvl", "75\n"),
	NET("tcp_keepalive_probes", "9\n"),
	NET("tcp_keepalive_time", "7200\n"),
	NET("tcp_max_syn_backlog", "1024\n"),
	NET("tcp_mem", "88605\t118141\t177210\n"),
	NET("tcp_retries2", "15\n"),
	NET("tcp_rmem", "4096\t131072\t6291456\n"),
	NET("tcp_sack", "1\n"),
	NET("tcp_syn_retries", "6\n"),
	NET("tcp_syncookies", "1\n"),
	NET("tcp_timestamps", "1\n"),
	NET("tcp_tw_reuse", "2\n"),
	NET("tcp_window_scaling", "1\n"),
	NET("tcp_wmem", "4096\t16384\t4194304\n"),
	{ 0 },
};
static const struct pseudo_node g_net_ipv6_all[] = { NET("disable_ipv6", "0\n"),
						     NET("forwarding", "0\n"),
						     { 0 } };
static const struct pseudo_node g_net_ipv6_conf[] = {
	DIR("all", g_net_ipv6_all),
	DIR("default", g_net_ipv6_all),
	DIR("lo", g_net_ipv6_all),
	{ 0 },
};
static const struct pseudo_node g_net_ipv6[] = {
	NET("bindv6only", "0\n"),
	DIR("conf", g_net_ipv6_conf),
	{ 0 },
};
static const struct pseudo_node g_net_unix[] = { NET("max_dgram_qlen", "512\n"), { 0 } };
static const struct pseudo_node g_net[] = {
	DIR("core", g_net_core),
	DIR("ipv4", g_net_ipv4),
	DIR("ipv6", g_net_ipv6),
	DIR("unix", g_net_unix),
	{ 0 },
};

int proc_sys_net_set(const char *name, const char *value)
{
	const struct pseudo_node *at = g_net;
	const char *p = name;
	char *text;
	int ret = 0;

	for (;;) {
		size_t n = strcspn(p, "/");

		while (at->name && (strlen(at->name) != n || memcmp(at->name, p, n) != 0))
			at++;
		if (!at->name)
			return -ENOENT;
		p += n;
		if (!*p)
			break;
		if (!at->children)
			return -ENOENT;
		at = at->children;
		p++;
	}
	if (at->children)
		return -EISDIR;
	if (asprintf(&text, "%s\n", value) < 0)
		return -ENOMEM;
	mutex_lock(&g_net_set.lock);
	if (g_net_set.nr < NET_SET_MAX) {
		g_net_set.e[g_net_set.nr].node = at;
		g_net_set.e[g_net_set.nr++].value = text;
	} else {
		ret = -ENOSPC;
		free(text);
	}
	mutex_unlock(&g_net_set.lock);
	return ret;
}

static const struct pseudo_node g_user[] = {
	RO("max_user_namespaces", "0\n"),
	RO("max_mnt_namespaces", "0\n"),
	RO("max_pid_namespaces", "0\n"),
	{ 0 },
};

static const struct pseudo_node g_empty[] = { { 0 } };

const struct pseudo_node proc_sys_nodes[] = {
	DIR("abi", g_empty),
	DIR("debug", g_empty),
	DIR("dev", g_empty),
	DIR("fs", g_fs),
	DIR("kernel", g_kernel_nodes),
	DIR("net", g_net),
	DIR("user", g_user),
	DIR("vm", g_vm),
	{ 0 },
};

/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup's files into the metrics messages that containerd passes on. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "shim/metrics.pb-c.h"
#include "usage.h"

#define MAX_DEVICES 64

static FILE *open_in(const char *dir, const char *file)
{
	char name[4200];

	if (!dir)
		return NULL;
	snprintf(name, sizeof(name), "%s/%s", dir, file);
	return fopen(name, "re");
}

/* A file that is one number; "max" is the largest. 0 if it is not there. */
static uint64_t number(const char *dir, const char *file)
{
	FILE *f = open_in(dir, file);
	char word[32] = "";
	uint64_t v = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%31s", word) == 1)
		v = strcmp(word, "max") == 0 ? UINT64_MAX : strtoull(word, NULL, 10);
	fclose(f);
	return v;
}

struct key {
	const char *name;
	size_t offset;
};

/* A file of "name number" lines into fields of a message. */
static void keyed(const char *dir, const char *file, const struct key *keys, size_t nr, void *msg)
{
	FILE *f = open_in(dir, file);
	char name[64];
	uint64_t v;

	while (f && fscanf(f, "%63s %" SCNu64, name, &v) == 2) {
		for (size_t i = 0; i < nr; i++) {
			if (strcmp(keys[i].name, name) == 0)
				*(uint64_t *)((char *)msg + keys[i].offset) = v;
		}
	}
	if (f)
		fclose(f);
}

#define M1(file_name, field)                                                                       \
	{                                                                                          \
		file_name, offsetof(Shim__Memory1, field)                                          \
	}
static const struct key memory1_keys[] = {
	M1("cache", cache),
	M1("rss", rss),
	M1("rss_huge", rss_huge),
	M1("mapped_file", mapped_file),
	M1("dirty", dirty),
	M1("writeback", writeback),
	M1("pgpgin", pgpgin),
	M1("pgpgout", pgpgout),
	M1("pgfault", pgfault),
	M1("pgmajfault", pgmajfault),
	M1("inactive_anon", inactive_anon),
	M1("active_anon", active_anon),
	M1("inactive_file", inactive_file),
	M1("active_file", active_file),
	M1("unevictable", unevictable),
	M1("hierarchical_memory_limit", hierarchical_memory_limit),
	M1("hierarchical_memsw_limit", hierarchical_memsw_limit),
	M1("total_cache", total_cache),
	M1("total_rss", total_rss),
	M1("total_rss_huge", total_rss_huge),
	M1("total_mapped_file", total_mapped_file),
	M1("total_dirty", total_dirty),
	M1("total_writeback", total_writeback),
	M1("total_pgpgin", total_pgpgin),
	M1("total_pgpgout", total_pgpgout),
	M1("total_pgfault", total_pgfault),
	M1("total_pgmajfault", total_pgmajfault),
	M1("total_inactive_anon", total_inactive_anon),
	M1("total_active_anon", total_active_anon),
	M1("total_inactive_file", total_inactive_file),
	M1("total_active_file", total_active_file),
	M1("total_unevictable", total_unevictable),
};

#define C1(file_name, field)                                                                       \
	{                                                                                          \
		file_name, offsetof(Shim__Throttle1, field)                                        \
	}
static const struct key throttle1_keys[] = {
	C1("nr_periods", periods),
	C1("nr_throttled", throttled_periods),
	C1("throttled_time", throttled_time),
};

#define U1(file_name, field)                                                                       \
	{                                                                                          \
		file_name, offsetof(Shim__CpuUsage1, field)                                        \
	}
static const struct key usage1_keys[] = { U1("user", user), U1("system", kernel) };

static void entry1(const char *dir, const char *prefix, Shim__MemoryEntry1 *e)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.limit_in_bytes", prefix);
	e->limit = number(dir, name);
	snprintf(name, sizeof(name), "%s.usage_in_bytes", prefix);
	e->usage = number(dir, name);
	snprintf(name, sizeof(name), "%s.max_usage_in_bytes", prefix);
	e->max = number(dir, name);
	snprintf(name, sizeof(name), "%s.failcnt", prefix);
	e->failcnt = number(dir, name);
}

struct blkio {
	Shim__BlkioEntry1 entry[MAX_DEVICES], *ptr[MAX_DEVICES];
	char op[MAX_DEVICES][16];
	size_t nr;
};

static void blkio_file(const char *dir, const char *file, struct blkio *b)
{
	FILE *f = open_in(dir, file);
	unsigned int major, minor;
	char line[128];
	uint64_t v;

	while (f && b->nr < MAX_DEVICES && fgets(line, sizeof(line), f)) {
		Shim__BlkioEntry1 *e = &b->entry[b->nr];

		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, b->op[b->nr], &v) != 4)
			continue;
		shim__blkio_entry1__init(e);
		e->op = b->op[b->nr];
		e->major = major;
		e->minor = minor;
		e->value = v;
		b->ptr[b->nr++] = e;
	}
	if (f)
		fclose(f);
}

static uint8_t *pack(const ProtobufCMessage *m, size_t *ret_size)
{
	uint8_t *data = malloc(protobuf_c_message_get_packed_size(m) + 1);

	if (data)
		*ret_size = protobuf_c_message_pack(m, data);
	return data;
}

static uint8_t *metrics_v1(const struct cgroup_paths *p, const struct usage *u, size_t *ret_size)
{
	Shim__V1Metrics m = SHIM__V1_METRICS__INIT;
	Shim__Pids pids = SHIM__PIDS__INIT;
	Shim__Cpu1 cpu = SHIM__CPU1__INIT;
	Shim__CpuUsage1 usage = SHIM__CPU_USAGE1__INIT;
	Shim__Throttle1 throttle = SHIM__THROTTLE1__INIT;
	Shim__Memory1 memory = SHIM__MEMORY1__INIT;
	Shim__MemoryEntry1 e[4] = { SHIM__MEMORY_ENTRY1__INIT, SHIM__MEMORY_ENTRY1__INIT,
				    SHIM__MEMORY_ENTRY1__INIT, SHIM__MEMORY_ENTRY1__INIT };
	Shim__Blkio1 blkio = SHIM__BLKIO1__INIT;
	Shim__Oom1 oom = SHIM__OOM1__INIT;
	static const struct key oom_keys[] = {
		{ "oom_kill_disable", offsetof(Shim__Oom1, oom_kill_disable) },
		{ "under_oom", offsetof(Shim__Oom1, under_oom) },
		{ "oom_kill", offsetof(Shim__Oom1, oom_kill) },
	};
	struct blkio *bytes = calloc(1, sizeof(*bytes)), *ops = calloc(1, sizeof(*ops));
	uint64_t per_cpu[1024];
	uint8_t *data = NULL;
	FILE *f;

	if (!bytes || !ops)
		goto out;
	m.pids = &pids;
	pids.current = number(p->pids, "pids.current");
	pids.limit = number(p->pids, "pids.max");
	m.cpu = &cpu;
	cpu.usage = &usage;
	cpu.throttling = &throttle;
	usage.total = number(p->cpuacct, "cpuacct.usage");
	keyed(p->cpuacct, "cpuacct.stat", usage1_keys, ARRAY_SIZE(usage1_keys), &usage);
	usage.user *= 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	usage.kernel *= 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	f = open_in(p->cpuacct, "cpuacct.usage_percpu");
	while (f && usage.n_per_cpu < ARRAY_SIZE(per_cpu) &&
	       fscanf(f, "%" SCNu64, &per_cpu[usage.n_per_cpu]) == 1)
		usage.n_per_cpu++;
	usage.per_cpu = per_cpu;
	if (f)
		fclose(f);
	keyed(p->cpu, "cpu.stat", throttle1_keys, ARRAY_SIZE(throttle1_keys), &throttle);
	m.memory = &memory;
	keyed(p->memory, "memory.stat", memory1_keys, ARRAY_SIZE(memory1_keys), &memory);
	entry1(p->memory, "memory", &e[0]);
	entry1(p->memory, "memory.memsw", &e[1]);
	entry1(p->memory, "memory.kmem", &e[2]);
	entry1(p->memory, "memory.kmem.tcp", &e[3]);
	memory.usage = &e[0];
	memory.swap = &e[1];
	memory.kernel = &e[2];
	memory.kernel_tcp = &e[3];
	keyed(p->memory, "memory.oom_control", oom_keys, ARRAY_SIZE(oom_keys), &oom);
	m.oom = &oom;
	if (u) {
		pids.current = u->pids;
		usage.total = usage.user = u->cpu;
		usage.kernel = usage.n_per_cpu = 0;
		e[0].usage = memory.rss = memory.total_rss = u->memory;
		memory.cache = memory.total_cache = 0;
		memory.inactive_file = memory.total_inactive_file = 0;
		oom.oom_kill = u->oom_kills;
	}
	blkio_file(p->blkio, "blkio.throttle.io_service_bytes_recursive", bytes);
	blkio_file(p->blkio, "blkio.throttle.io_serviced_recursive", ops);
	blkio.service_bytes = bytes->ptr;
	blkio.n_service_bytes = bytes->nr;
	blkio.serviced = ops->ptr;
	blkio.n_serviced = ops->nr;
	m.blkio = &blkio;
	data = pack(&m.base, ret_size);
out:
	free(bytes);
	free(ops);
	return data;
}

#define M2(file_name, field)                                                                       \
	{                                                                                          \
		file_name, offsetof(Shim__Memory2, field)                                          \
	}
static const struct key memory2_keys[] = {
	M2("anon", anon),
	M2("file", file),
	M2("kernel_stack", kernel_stack),
	M2("slab", slab),
	M2("sock", sock),
	M2("shmem", shmem),
	M2("file_mapped", file_mapped),
	M2("file_dirty", file_dirty),
	M2("file_writeback", file_writeback),
	M2("anon_thp", anon_thp),
	M2("inactive_anon", inactive_anon),
	M2("active_anon", active_anon),
	M2("inactive_file", inactive_file),
	M2("active_file", active_file),
	M2("unevictable", unevictable),
	M2("slab_reclaimable", slab_reclaimable),
	M2("slab_unreclaimable", slab_unreclaimable),
	M2("pgfault", pgfault),
	M2("pgmajfault", pgmajfault),
};

#define C2(field)                                                                                  \
	{                                                                                          \
#field, offsetof(Shim__Cpu2, field)                                                \
	}
static const struct key cpu2_keys[] = { C2(usage_usec), C2(user_usec),    C2(system_usec),
					C2(nr_periods), C2(nr_throttled), C2(throttled_usec) };

#define E2(file_name, field)                                                                       \
	{                                                                                          \
		file_name, offsetof(Shim__MemoryEvents2, field)                                    \
	}
static const struct key events2_keys[] = { E2("low", low), E2("high", high), E2("max", max),
					   E2("oom", oom), E2("oom_kill", oom_kill) };

static uint8_t *metrics_v2(const struct cgroup_paths *p, const struct usage *u, size_t *ret_size)
{
	Shim__V2Metrics m = SHIM__V2_METRICS__INIT;
	Shim__Pids pids = SHIM__PIDS__INIT;
	Shim__Cpu2 cpu = SHIM__CPU2__INIT;
	Shim__Memory2 memory = SHIM__MEMORY2__INIT;
	Shim__MemoryEvents2 events = SHIM__MEMORY_EVENTS2__INIT;
	Shim__Io2 io = SHIM__IO2__INIT;
	Shim__Io2Entry entry[MAX_DEVICES], *ptr[MAX_DEVICES];
	const char *dir = p->unified;
	FILE *f = open_in(dir, "io.stat");
	char line[512];

	pids.current = number(dir, "pids.current");
	pids.limit = number(dir, "pids.max");
	keyed(dir, "cpu.stat", cpu2_keys, ARRAY_SIZE(cpu2_keys), &cpu);
	keyed(dir, "memory.stat", memory2_keys, ARRAY_SIZE(memory2_keys), &memory);
	keyed(dir, "memory.events", events2_keys, ARRAY_SIZE(events2_keys), &events);
	memory.usage = number(dir, "memory.current");
	memory.usage_limit = number(dir, "memory.max");
	memory.swap_usage = number(dir, "memory.swap.current");
	memory.swap_limit = number(dir, "memory.swap.max");
	if (u) {
		pids.current = u->pids;
		cpu.usage_usec = cpu.user_usec = u->cpu / 1000;
		cpu.system_usec = 0;
		memory.usage = memory.anon = u->memory;
		memory.file = memory.inactive_file = 0;
		events.oom_kill = u->oom_kills;
	}
	while (f && io.n_usage < MAX_DEVICES && fgets(line, sizeof(line), f)) {
		Shim__Io2Entry *e = &entry[io.n_usage];

		shim__io2_entry__init(e);
		if (sscanf(line,
			   "%" SCNu64 ":%" SCNu64 " rbytes=%" SCNu64 " wbytes=%" SCNu64
			   " rios=%" SCNu64 " wios=%" SCNu64,
			   &e->major, &e->minor, &e->rbytes, &e->wbytes, &e->rios, &e->wios) == 6)
			ptr[io.n_usage++] = e;
	}
	if (f)
		fclose(f);
	io.usage = ptr;
	m.pids = &pids;
	m.cpu = &cpu;
	m.memory = &memory;
	m.io = &io;
	m.memory_events = &events;
	return pack(&m.base, ret_size);
}

bool cgroup_was_full(const struct cgroup_paths *p)
{
	uint64_t limit = p->v2 ? number(p->unified, "memory.max") :
				 number(p->memory, "memory.limit_in_bytes");
	uint64_t most = p->v2 ? number(p->unified, "memory.peak") :
				number(p->memory, "memory.max_usage_in_bytes");

	/* The sentry ends the largest program somewhat before the host would. */
	return limit && limit < (uint64_t)1 << 60 && most >= limit - limit / 8;
}

int cgroup_metrics(const struct cgroup_paths *p, const struct usage *u, uint8_t **ret_data,
		   size_t *ret_size, const char **ret_type)
{
	uint8_t *data = p->v2 ? metrics_v2(p, u, ret_size) : metrics_v1(p, u, ret_size);

	if (!data)
		return -ENOMEM;
	*ret_data = data;
	*ret_type = p->v2 ? "io.containerd.cgroups.v2.Metrics" : "io.containerd.cgroups.v1.Metrics";
	return 0;
}

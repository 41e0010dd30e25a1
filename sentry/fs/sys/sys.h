/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sysfs of a container: CPUs, memory node, the loopback device, and the folders that programs
 * expect.
 */
#pragma once

#include "vfs/inode.h"

extern const struct fstype sysfs_type;
extern const struct fstype cgroup2_type; /* cgroupfs.c */

struct pseudo_child;
struct pseudo_ctx;

/* net/sys_net.c: the directories of network interfaces */
int sys_class_net_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			 struct pseudo_child *ret_child);
int sys_class_net_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		       unsigned int *ret_type, uint64_t *ret_cursor);
int sys_devices_net_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
			   struct pseudo_child *ret_child);
int sys_devices_net_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
			 unsigned int *ret_type, uint64_t *ret_cursor);

/* The caches of a CPU, level by level; arch/<cpu>/cache.c. */
struct cpu_cache {
	unsigned int level, line, ways, sets;
	const char *type; /* "Data", "Instruction", "Unified" */
	uint64_t size;
};
/* Cache index n of CPU 0: 0, or -ENOENT past the last. */
int cpu_cache_info(unsigned int n, struct cpu_cache *ret_cache);

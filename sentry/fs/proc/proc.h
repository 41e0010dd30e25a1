/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proc file system (proc(5)): what it shows of the kernel, and the pieces its files are spread
 * over.
 */
#pragma once

#include <stdint.h>

#include "fs/pseudo/pseudo.h"

struct tgroup;

extern const struct fstype proc_type;

/*
 * A descriptor of the host's /proc/cpuinfo, opened by the launcher; read whenever a guest reads its
 * own. -1: the file names only what the sentry can find out by itself. Before the first mount;
 * consumed.
 */
void proc_set_cpuinfo_fd(int fd);

/* --- the directories, one file each --- */
extern const struct pseudo_node proc_pid_nodes[];     /* pid.c: /proc/<pid> */
extern const struct pseudo_node proc_tid_nodes[];     /* pid.c: /proc/<pid>/task/<tid> */
extern const struct pseudo_node proc_sys_nodes[];     /* sysctl.c: /proc/sys */
extern const struct pseudo_node proc_sysvipc_nodes[]; /* root.c */
/* net.c of the network: /proc/<pid>/net */
extern const struct pseudo_node proc_net_nodes[];

/* --- pid_fd.c --- */
int proc_fd_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		   struct pseudo_child *ret_child);
int proc_fdinfo_lookup(const struct pseudo_ctx *x, const char *name, size_t len,
		       struct pseudo_child *ret_child);
int proc_fd_next(const struct pseudo_ctx *x, uint64_t cursor, char *name, unsigned int *ret_type,
		 uint64_t *ret_cursor);
int proc_fdinfo_next(const struct pseudo_ctx *x, uint64_t cursor, char *name,
		     unsigned int *ret_type, uint64_t *ret_cursor);
/* exe, cwd, root */
ssize_t proc_exe_readlink(const struct pseudo_ctx *x, char *buf, size_t size);
int proc_exe_follow(const struct pseudo_ctx *x, struct path *ret_path);
ssize_t proc_cwd_readlink(const struct pseudo_ctx *x, char *buf, size_t size);
int proc_cwd_follow(const struct pseudo_ctx *x, struct path *ret_path);
ssize_t proc_root_readlink(const struct pseudo_ctx *x, char *buf, size_t size);
int proc_root_follow(const struct pseudo_ctx *x, struct path *ret_path);
int proc_mounts_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_mountinfo_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_mountstats_show(const struct pseudo_ctx *x, struct strbuf *out);

/* --- pid_mem.c --- */
int proc_maps_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_smaps_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_smaps_rollup_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_cmdline_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_environ_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_auxv_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_mem_open(const struct pseudo_ctx *x, struct file *f);

/* --- pid_stat.c --- */
int proc_stat_show(const struct pseudo_ctx *x, struct strbuf *out);     /* of the whole process */
int proc_tid_stat_show(const struct pseudo_ctx *x, struct strbuf *out); /* of one thread */
int proc_statm_show(const struct pseudo_ctx *x, struct strbuf *out);
int proc_status_show(const struct pseudo_ctx *x, struct strbuf *out);
/* Letter of the state: the leader of a group whose threads are all gone is a zombie. */
char proc_task_state(struct task *t);

/* --- sysctl.c --- */
/* What net/name shows from now on. -ENOENT: there is no such file. */
int proc_sys_net_set(const char *name, const char *value);

/* --- root.c --- */
struct proc_cpu_times {
	/* idle may be short of what the CPUs had: never negative */
	uint64_t user_ns, system_ns, idle_ns;
};
void proc_cpu_times(struct proc_cpu_times *ret_times);
/* Referenced group with the smallest id >= tgid that is not reaped; NULL at the end. */
struct tgroup *proc_tgroup_from(int tgid);

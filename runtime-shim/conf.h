/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The global flags, as every command gets them, and the table of commands. Meanings are runsc's;
 * flags that only make sense for runsc's own machinery are accepted with one warning.
 */
#pragma once

#include <stdbool.h>

#include "flags.h"

#define OCI_VERSION "1.2.0"

struct rt_conf {
	const char *root; /* state directory */
	const char *log, *log_format;
	bool debug;
	const char *debug_log, *debug_log_format;
	const char *platform;
	const char *network; /* "": none for `do`, host for containers */
	const char *overlay2;
	const char *file_access, *file_access_mounts;
	bool strace;
	const char *strace_syscalls;
	bool oci_seccomp;
	bool no_patch, rootless, ignore_cgroups, systemd_cgroup;
	const char *host_uds, *host_fifo;
	long fdlimit;
	char root_buf[256];
};

struct command {
	const char *name;
	int (*main)(const struct rt_conf *conf, int argc, char **argv);
	const char *help; /* NULL: not for people */
};

extern const struct command commands[];
const struct command *command_find(const char *name);

int cmd_do(const struct rt_conf *conf, int argc, char **argv);
int cmd_create(const struct rt_conf *conf, int argc, char **argv);
int cmd_start(const struct rt_conf *conf, int argc, char **argv);
int cmd_exec(const struct rt_conf *conf, int argc, char **argv);
int cmd_ps(const struct rt_conf *conf, int argc, char **argv);
int cmd_wait(const struct rt_conf *conf, int argc, char **argv);
int cmd_pause(const struct rt_conf *conf, int argc, char **argv);
int cmd_resume(const struct rt_conf *conf, int argc, char **argv);
int cmd_events(const struct rt_conf *conf, int argc, char **argv);
int cmd_update(const struct rt_conf *conf, int argc, char **argv);
int cmd_run(const struct rt_conf *conf, int argc, char **argv);
int cmd_spec(const struct rt_conf *conf, int argc, char **argv);
int cmd_list(const struct rt_conf *conf, int argc, char **argv);
int cmd_state(const struct rt_conf *conf, int argc, char **argv);
int cmd_kill(const struct rt_conf *conf, int argc, char **argv);
int cmd_delete(const struct rt_conf *conf, int argc, char **argv);
int cmd_help(const struct rt_conf *conf, int argc, char **argv);
int cmd_version(const struct rt_conf *conf, int argc, char **argv);
int cmd_features(const struct rt_conf *conf, int argc, char **argv);
int cmd_install(const struct rt_conf *conf, int argc, char **argv);
int cmd_doctor(const struct rt_conf *conf, int argc, char **argv);
int cmd_later(const struct rt_conf *conf, int argc, char **argv);

void global_help(void);
/*
 * Opens the file that --debug-log names for this command (dir/ gets a name; %ID% and so on filled
 * in); -1: none.
 */
int debug_log_open(const struct rt_conf *conf, const char *id, const char *command,
		   struct rt_err *err);

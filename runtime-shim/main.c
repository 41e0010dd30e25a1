/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The husk command. Owns the global flags and the table of sub-commands: argv selects a role of the
 * process (boot, gofer) or a command of the command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "conf.h"
#include "idmap.h"
#include "proto/roles.h"

/* clang-format off */
const struct command commands[] = {
	{ "do",         cmd_do,       "run a command in a sandbox over the host's file tree" },
	{ "create",     cmd_create,   "create a container from an OCI bundle" },
	{ "start",      cmd_start,    "start the program of a created container" },
	{ "run",        cmd_run,      "create and start a container from an OCI bundle" },
	{ "exec",       cmd_exec,     "run one more program in a container" },
	{ "spec",       cmd_spec,     "write a config.json to start from" },
	{ "list",       cmd_list,     "list the containers of this state directory" },
	{ "state",      cmd_state,    "print the state of a container as JSON" },
	{ "kill",       cmd_kill,     "send a signal to a container" },
	{ "ps",         cmd_ps,       "list the processes of a container" },
	{ "wait",       cmd_wait,     "wait for the end of a container and print its status" },
	{ "pause",      cmd_pause,    "stop a container's processes where they are" },
	{ "resume",     cmd_resume,   "let a paused container go on" },
	{ "events",     cmd_events,   "print what a container uses, once or again and again" },
	{ "update",     cmd_update,   "change the limits of a container" },
	{ "delete",     cmd_delete,   "remove a container that has stopped" },
	{ "features",   cmd_features, "print what this runtime supports, as the OCI specification asks" },
	{ "install",    cmd_install,  "make docker and containerd know the runtime" },
	{ "doctor",     cmd_doctor,   "say what this host can do for husk and what is missing" },
	{ "help",       cmd_help,     "this help; 'help syscalls' lists the system calls" },
	{ "version",    cmd_version,  "print the version" },
	{ "checkpoint", cmd_later, NULL }, { "restore", cmd_later, NULL }, { "debug", cmd_later, NULL },
	{ "fscheckpoint", cmd_later, NULL }, { "tar", cmd_later, NULL }, { "port-forward", cmd_later, NULL },
	{ "usage", cmd_later, NULL }, { "trace", cmd_later, NULL }, { "metric-server", cmd_later, NULL },
	{ "export-metrics", cmd_later, NULL }, { "read", cmd_later, NULL },
	{ NULL, NULL, NULL },
};

#define F(field) offsetof(struct rt_conf, field)
static const struct flag global_flags[] = {
	{ "root", FLAG_STR, F(root), "DIR", "directory for the state of containers" },
	{ "platform", FLAG_STR, F(platform), "auto|ptrace", "how guest code is run" },
	{ "network", FLAG_STR, F(network), "none|host|sandbox", "none: loopback only; host: the network namespace's own sockets" },
	{ "overlay2", FLAG_STR, F(overlay2), "root:self|none", "where writes to the root go" },
	{ "file-access", FLAG_CHOICE, F(file_access), "exclusive|shared", "caching of the root" },
	{ "file-access-mounts", FLAG_CHOICE, F(file_access_mounts), "exclusive|shared", "caching of bind mounts" },
	{ "debug", FLAG_BOOL, F(debug), NULL, "log much more" },
	{ "debug-log", FLAG_STR, F(debug_log), "FILE|DIR/", "where debug logs go; %ID%, %COMMAND%, %TIMESTAMP%" },
	{ "debug-log-format", FLAG_CHOICE, F(debug_log_format), "text|json|json-k8s", "form of the debug log" },
	{ "log", FLAG_STR, F(log), "FILE", "where errors are logged besides stderr" },
	{ "log-format", FLAG_CHOICE, F(log_format), "text|json|json-k8s", "form of that log" },
	{ "strace", FLAG_BOOL, F(strace), NULL, "log every system call of the guest" },
	{ "strace-syscalls", FLAG_STR, F(strace_syscalls), "LIST", "only these, comma-separated" },
	{ "no-patch", FLAG_BOOL, F(no_patch), NULL, "never rewrite system call instructions" },
	{ "rootless", FLAG_BOOL, F(rootless), NULL, "accepted: an ordinary user needs no flag" },
	{ "ignore-cgroups", FLAG_BOOL, F(ignore_cgroups), NULL, "do not touch cgroups" },
	{ "oci-seccomp", FLAG_BOOL, F(oci_seccomp), NULL, "apply linux.seccomp of config.json inside (true)" },
	{ "systemd-cgroup", FLAG_BOOL, F(systemd_cgroup), NULL, "cgroups through systemd" },
	{ "host-uds", FLAG_CHOICE, F(host_uds), "none|open|create|all", "host Unix sockets in mounts" },
	{ "host-fifo", FLAG_CHOICE, F(host_fifo), "none|open", "host FIFOs in mounts" },
	{ "fdlimit", FLAG_INT, F(fdlimit), "N", "descriptor limit of the sandbox's own processes" },
	{ "systrap-disable-syscall-patching", FLAG_BOOL, F(no_patch), NULL, NULL },
	{ "alsologtostderr", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "panic-log", FLAG_VOID, 0, NULL, NULL },
	{ "panic-signal", FLAG_VOID, 0, NULL, NULL },
	{ "traceback", FLAG_VOID, 0, NULL, NULL },
	{ "coverage-report", FLAG_VOID, 0, NULL, NULL },
	{ "directfs", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "watchdog-action", FLAG_VOID, 0, NULL, NULL },
	{ "ref-leak-mode", FLAG_VOID, 0, NULL, NULL },
	{ "profile", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "profile-block", FLAG_VOID, 0, NULL, NULL },
	{ "profile-cpu", FLAG_VOID, 0, NULL, NULL },
	{ "profile-heap", FLAG_VOID, 0, NULL, NULL },
	{ "profile-mutex", FLAG_VOID, 0, NULL, NULL },
	{ "profile-gc-interval", FLAG_VOID, 0, NULL, NULL },
	{ "shared-root", FLAG_VOID, 0, NULL, NULL },
	{ "dcache", FLAG_VOID, 0, NULL, NULL },
	{ "iouring", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "systrap-disable-fast-path", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "host-settings", FLAG_VOID, 0, NULL, NULL },
	{ "app-huge-pages", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "enable-core-tags", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "buffer-pooling", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "vfs2", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "fuse", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "lisafs", FLAG_VOID_BOOL, 0, NULL, NULL },
	{ "cgroupfs", FLAG_VOID_BOOL, 0, NULL, NULL },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(name, c->name) == 0)
			return c;
	}
	return NULL;
}

void global_help(void)
{
	printf("usage: husk [flags] COMMAND [flags] [arguments]\n\ncommands:\n");
	for (const struct command *c = commands; c->name; c++) {
		if (c->help)
			printf("  %-10s %s\n", c->name, c->help);
	}
	printf("\nflags:\n");
	flags_help(global_flags, ARRAY_SIZE(global_flags));
	printf("\n'husk COMMAND --help' shows the flags of a command.\n");
}

int cmd_later(const struct rt_conf *conf, int argc, char **argv)
{
	struct rt_err err = { 0 };

	rt_fail(&err, ENOSYS, "not in this version of husk: it comes in a later one");
	return rt_report(&err, argv[0]);
}

/* What the values of the flags must be for this version; names what comes later. */
static int check(struct rt_conf *c, struct rt_err *err)
{
	if (strcmp(c->platform, "kvm") == 0) {
		rt_warn("--platform=kvm is not in this version: auto is used");
		c->platform = "auto";
	}
	if (strcmp(c->platform, "auto") != 0 && strcmp(c->platform, "ptrace") != 0 &&
	    strcmp(c->platform, "systrap") != 0)
		return rt_fail(err, EINVAL, "--platform: '%s' is none of auto, systrap, ptrace",
			       c->platform);
	if (strcmp(c->network, "sandbox") == 0) {
		rt_warn("--network=sandbox is not in this version: host is used");
		c->network = "host";
	}
	if (*c->network && strcmp(c->network, "none") != 0 && strcmp(c->network, "host") != 0)
		return rt_fail(err, EINVAL, "--network: '%s' is none of none, host, sandbox",
			       c->network);
	if (strcmp(c->overlay2, "none") != 0 && strncmp(c->overlay2, "root:", 5) != 0 &&
	    strncmp(c->overlay2, "all:", 4) != 0)
		return rt_fail(
			err, EINVAL,
			"--overlay2: '%s' is none of none, root:self, root:memory, all:memory",
			c->overlay2);
	return 0;
}

static int roles(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "boot") == 0)
		return sentry_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "gofer") == 0)
		return gofer_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "monitor") == 0)
		return monitor_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "broker") == 0)
		return broker_main(argc - 1, argv + 1);
	return -1;
}

static void defaults(struct rt_conf *c)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	/* root of a user namespace has a /run that is not its own */
	if (run && *run && (geteuid() != 0 || (ids_rootless() && access("/run", W_OK) < 0)))
		snprintf(c->root_buf, sizeof(c->root_buf), "%s/husk", run);
	else if (geteuid() != 0 || (ids_rootless() && access("/run", W_OK) < 0))
		snprintf(c->root_buf, sizeof(c->root_buf), "/tmp/husk-%u", (unsigned int)geteuid());
	else
		snprintf(c->root_buf, sizeof(c->root_buf), "/run/husk");
	c->root = c->root_buf;
	c->log = c->debug_log = "";
	c->log_format = c->debug_log_format = "text";
	c->platform = "auto";
	c->network = "";
	c->overlay2 = "root:self";
	c->file_access = "exclusive";
	c->file_access_mounts = "shared";
	c->host_uds = c->host_fifo = "none";
	c->oci_seccomp = true;
	c->fdlimit = -1;
}

int main(int argc, char **argv)
{
	struct rt_err err = { 0 };
	struct rt_conf conf = { 0 };
	const struct command *cmd;
	int i;

	i = roles(argc, argv);
	if (i >= 0)
		return i;
	defaults(&conf);
	i = flags_parse(global_flags, ARRAY_SIZE(global_flags), &conf, argc, argv, &err);
	if (i == -ENODATA) {
		global_help();
		return 0;
	}
	if (i < 0 || rt_log_open(conf.log, conf.log_format, conf.debug, &err) < 0 ||
	    check(&conf, &err) < 0) {
		rt_report(&err, NULL);
		return 128;
	}
	if (i >= argc) {
		global_help();
		return 2;
	}
	cmd = command_find(argv[i]);
	if (!cmd) {
		fprintf(stderr, "husk: no command '%s' (see 'husk help')\n", argv[i]);
		return 2;
	}
	return cmd->main(&conf, argc - i, argv + i);
}

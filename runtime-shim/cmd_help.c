/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that only print: help, version, features, doctor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "conf.h"
#include "platform/platform.h"
#include "proto/roles.h"

int cmd_help(const struct rt_conf *conf, int argc, char **argv)
{
	const char *format = "table";

	if (argc < 2) {
		global_help();
		return 0;
	}
	if (strcmp(argv[1], "syscalls") == 0) {
		for (int i = 2; i < argc; i++) {
			const char *s = argv[i];

			if (strncmp(s, "--", 2) == 0)
				s++;
			if (strncmp(s, "-format=", 8) == 0)
				format = s + 8;
			else if ((strcmp(s, "-format") == 0 || strcmp(s, "-o") == 0) &&
				 i + 1 < argc)
				format = argv[++i];
		}
		return syscall_table_main(format);
	}
	if (strcmp(argv[1], "platforms") == 0) {
		for (unsigned int i = 0; platform_at(i); i++)
			printf("%s\n", platform_at(i)->name);
		return 0;
	}
	if (command_find(argv[1])) {
		char *help[] = { argv[1], (char *)"--help", NULL };

		return command_find(argv[1])->main(conf, 2, help);
	}
	fprintf(stderr, "husk: no help on '%s'\n", argv[1]);
	return 2;
}

int cmd_version(const struct rt_conf *conf, int argc, char **argv)
{
	printf("husk version %s\nspec: 1.2.0\n", HUSK_VERSION);
	return 0;
}

int cmd_features(const struct rt_conf *conf, int argc, char **argv)
{
	puts("{\n"
	     "  \"ociVersionMin\": \"1.0.0\",\n"
	     "  \"ociVersionMax\": \"1.2.0\",\n"
	     "  \"hooks\": [],\n"
	     "  \"mountOptions\": [\"ro\", \"rw\", \"bind\", \"rbind\", \"nosuid\", \"suid\", \"nodev\", \"dev\",\n"
	     "    \"noexec\", \"exec\", \"noatime\", \"relatime\", \"strictatime\"],\n"
	     "  \"linux\": {\n"
	     "    \"namespaces\": [\"ipc\", \"mount\", \"network\", \"pid\", \"user\", \"uts\"],\n"
	     "    \"cgroup\": { \"v1\": true, \"v2\": true, \"systemd\": false, \"systemdUser\": false },\n"
	     "    \"seccomp\": { \"enabled\": false },\n"
	     "    \"apparmor\": { \"enabled\": false },\n"
	     "    \"selinux\": { \"enabled\": false }\n"
	     "  }\n"
	     "}");
	return 0;
}

static void line(const char *what, bool ok, const char *detail)
{
	printf("%-28s %-4s %s\n", what, ok ? "ok" : "NO", detail);
}

/* True if a child can be made in new namespaces. */
static bool can_clone(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return false;
	return waitpid((pid_t)pid, NULL, 0) == pid;
}

static long read_long(const char *path, long dflt)
{
	char buf[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	long v = dflt;

	if (fd >= 0)
		close(fd);
	if (n > 0) {
		buf[n] = '\0';
		sscanf(buf, "%ld", &v);
	}
	return v;
}

int cmd_doctor(const struct rt_conf *conf, int argc, char **argv)
{
	const char *why;
	struct utsname u;
	int major = 0, minor = 0;
	bool ok, all = true;

	uname(&u);
	sscanf(u.release, "%d.%d", &major, &minor);
	ok = major > 5 || (major == 5 && minor >= 10);
	all &= ok;
	line("kernel 5.10 or newer", ok, u.release);
	ok = can_clone(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
		       CLONE_NEWNET);
	all &= ok;
	line("namespaces", ok,
	     ok ? "" : "set kernel.unprivileged_userns_clone=1, user.max_user_namespaces>0");
	ok = read_long("/proc/sys/kernel/yama/ptrace_scope", 0) <= 1;
	all &= ok;
	line("yama ptrace_scope <= 1", ok, ok ? "" : "needed by --platform=ptrace");
	for (unsigned int i = 0; platform_at(i); i++) {
		char name[64];

		why = "";
		snprintf(name, sizeof(name), "platform %s", platform_at(i)->name);
		line(name, platform_at(i)->probe(&why) == 0, why ? why : "");
	}
	ok = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	line("cgroup v2", ok, ok ? "" : "limits of containers need it in a later version");
	return all ? 0 : 1;
}

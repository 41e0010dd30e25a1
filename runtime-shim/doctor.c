/* SPDX-License-Identifier: Apache-2.0 */
/*
 * husk doctor: what this host can and cannot do for husk, and why. A line that says NO names what
 * is missing and what follows; only what no sandbox can do without makes the command fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "conf.h"
#include "platform/platform.h"

/* Bits of CapEff. */
#define CAP_NR_SYS_ADMIN    21
#define CAP_NR_SYS_RESOURCE 24

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

/* The number after key in a file, or the first one if key is NULL. */
static bool find_number(const char *path, const char *key, const char *format, void *ret)
{
	FILE *f = fopen(path, "re");
	char text[256];
	bool found = false;

	while (f && !found && fgets(text, sizeof(text), f)) {
		if (!key)
			found = sscanf(text, format, ret) == 1;
		else if (strncmp(text, key, strlen(key)) == 0)
			found = sscanf(text + strlen(key), format, ret) == 1;
	}
	if (f)
		fclose(f);
	return found;
}

static bool has_cap(int nr)
{
	unsigned long long caps = 0;

	find_number("/proc/self/status", "CapEff:", "%llx", &caps);
	return caps >> nr & 1;
}

static bool controller_v1(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/tasks", name);
	return access(path, F_OK) == 0;
}

static void cgroups(void)
{
	static const char *const wanted[] = { "memory", "cpu", "pids" };
	bool v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	bool v1 = controller_v1("memory") || controller_v1("cpu") || controller_v1("pids");
	char have[512] = "", missing[64] = "";
	FILE *f = v2 ? fopen("/sys/fs/cgroup/cgroup.controllers", "re") : NULL;
	char *got = f ? fgets(have, sizeof(have), f) : NULL;
	const char *root = v1 ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";

	if (f)
		fclose(f);
	line("cgroups", v1 || v2,
	     v2 ? "version 2" :
	     v1 ? "version 1 (or hybrid)" :
		  "none are mounted: containers run without limits and statistics");
	if (!v1 && !v2)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (v2 ? !got || !strstr(have, wanted[i]) : !controller_v1(wanted[i]))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", wanted[i]);
	}
	if (*missing)
		printf("%-28s NO   missing:%s: these limits cannot be kept\n", "cgroup controllers",
		       missing);
	else
		line("cgroup controllers", true, "memory, cpu, pids");
	line("cgroups can be made", access(root, W_OK) == 0,
	     access(root, W_OK) == 0 ? "" :
				       "read-only or not yours: containers run without limits");
	line("systemd cgroup driver", access("/run/systemd/system", F_OK) == 0,
	     access("/run/systemd/system", F_OK) == 0 ?
		     "" :
		     "systemd is not the init here: engines must use the cgroupfs driver");
}

static void privileges(void)
{
	bool root = geteuid() == 0, resource = has_cap(CAP_NR_SYS_RESOURCE);
	struct rlimit files;

	line("root", root && has_cap(CAP_NR_SYS_ADMIN),
	     root ? has_cap(CAP_NR_SYS_ADMIN) ? "" :
						"root without CAP_SYS_ADMIN: as an ordinary user" :
		    "rootless: no engine's networks, and cgroups only where delegated");
	line("CAP_SYS_RESOURCE", resource,
	     resource ?
		     "" :
		     "limits above the hard ones and a lower oom_score_adj are warnings, not set");
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < 65536)
		printf("%-28s NO   %llu: a sandbox with many open files needs more (ulimit -Hn)\n",
		       "descriptors >= 65536", (unsigned long long)files.rlim_max);
	else
		line("descriptors >= 65536", true, "");
}

static void engines(void)
{
	static const char *const names[] = { "dockerd", "containerd", "containerd-shim-husk-v1",
					     "podman" };
	static const char *const dirs[] = { "/usr/local/bin", "/usr/local/sbin", "/usr/bin",
					    "/usr/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];
		bool found = false;

		for (size_t d = 0; d < ARRAY_SIZE(dirs) && !found; d++) {
			snprintf(path, sizeof(path), "%s/%s", dirs[d], names[i]);
			found = access(path, X_OK) == 0;
		}
		printf("%-28s %-4s %s\n", names[i], found ? "ok" : "-",
		       found ? path : "not installed");
	}
}

int cmd_doctor(const struct rt_conf *conf, int argc, char **argv)
{
	int major = 0, minor = 0, scope = 0;
	bool ok, all = true, any = false;
	struct utsname u;
	const char *why;

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
	ok = prctl(PR_GET_SECCOMP) >= 0 &&
	     access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0;
	all &= ok;
	line("seccomp filters", ok, ok ? "" : "the kernel needs CONFIG_SECCOMP_FILTER");
	find_number("/proc/sys/kernel/yama/ptrace_scope", NULL, "%d", &scope);
	line("yama ptrace_scope <= 1", scope <= 1, scope <= 1 ? "" : "needed by --platform=ptrace");
	for (unsigned int i = 0; platform_at(i); i++) {
		char name[64];

		why = "";
		snprintf(name, sizeof(name), "platform %s", platform_at(i)->name);
		ok = platform_at(i)->probe(&why) == 0;
		any |= ok;
		line(name, ok, why ? why : "");
	}
	all &= any;
	privileges();
	cgroups();
	engines();
	printf("%s\n",
	       all ? "husk works here." : "husk does not work here: see the lines with NO.");
	return all ? 0 : 1;
}

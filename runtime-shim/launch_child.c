/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two children do between clone and exec: give up everything. Runs single-threaded on a
 * copy of the command's memory; errors go to the command as CTL_FAILED on the control socket
 * (sentry) or stderr (gofer).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "launch.h"
#include "proto/control.h"

#define FIRST_FD 3
#define MAX_CAP  63

static int g_report_fd = -1;

static __noreturn void child_fail(const char *what)
{
	int code = errno;
	struct ctl_failed f = { .code = (uint32_t)code, .stage = CTL_STAGE_BOOT };
	char text[256];
	uint64_t buf[64];
	int n = snprintf(text, sizeof(text), "%s: %s", what, strerror(code));

	if (g_report_fd >= 0 && n > 0) {
		size_t size = ctl_encode(buf, CTL_FAILED, 0, &f, text, (size_t)n);

		send(g_report_fd, buf, size, MSG_NOSIGNAL);
	} else {
		fprintf(stderr, "husk: gofer: %s\n", text);
	}
	_exit(128);
}

int launch_move_fds(int *const *fds, size_t nr)
{
	int next = FIRST_FD, high = FIRST_FD + (int)nr;

	/* out of the way first: a descriptor may stand where another has to go */
	for (size_t i = 0; i < nr; i++) {
		if (*fds[i] >= 0) {
			*fds[i] = fcntl(*fds[i], F_DUPFD, high);
			if (*fds[i] < 0)
				return -errno;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		if (*fds[i] >= 0) {
			if (dup2(*fds[i], next) < 0)
				return -errno;
			*fds[i] = next++;
		}
	}
	if (syscall(SYS_close_range, next, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static void wait_for_go(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		_exit(128); /* the command gave up on us */
}

/* Signals as a fresh process has them, and no terminal that could send any. */
static void fresh_process(bool pdeath)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	umask(0);
	if (pdeath && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		child_fail("parent-death signal");
}

static void drop_caps(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };

	for (int cap = 0; cap <= MAX_CAP; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* past the last capability of this kernel */
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &h, d) < 0)
		child_fail("dropping capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail("no_new_privs");
}

/*
 * Capabilities in a user namespace of one's own end with exec, unless they are ambient: the gofer
 * needs them to make its mounts, and drops them itself.
 */
static void keep_caps(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		child_fail("reading capabilities");
	d[0].inheritable = d[0].permitted;
	d[1].inheritable = d[1].permitted;
	if (syscall(SYS_capset, &h, d) < 0)
		child_fail("keeping capabilities");
	for (int cap = 0; cap <= MAX_CAP; cap++) {
		if (d[cap / 32].permitted >> (cap % 32) & 1)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	}
}

/* An empty, read-only root. The tree of the host is detached, not only hidden. */
static void empty_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		child_fail("making mounts private");
	if (mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=4k,nr_inodes=2,mode=555") < 0)
		child_fail("mounting an empty root");
	if (chdir("/proc") < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		child_fail("changing the root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		child_fail("leaving the old root");
}

static void arg_fd(char **argv, size_t *argc, const char *name, int fd)
{
	if (fd < 0)
		return;
	if (asprintf(&argv[*argc], "--%s=%d", name, fd) < 0)
		child_fail("arguments");
	(*argc)++;
}

static void stdio_null(int keep_stderr)
{
	/* 0 to 2 must be something: a later descriptor must not land there. Nothing can be opened
	 * once the root is empty, so it happens now. */
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		child_fail("/dev/null");
	dup2(null, 0);
	dup2(null, 1);
	if (!keep_stderr)
		dup2(null, 2);
	if (null > 2)
		close(null);
}

__noreturn void launch_sentry_child(const struct sentry_start *start)
{
	struct sentry_start s = *start;
	int extra[BOOT_MAX_FDS];
	int *fds[24 + BOOT_MAX_FDS] = { &s.exe_fd,   &s.broker_fd, &s.ctl_fd,     &s.conf_fd,
					&s.gofer_fd, &s.tty_fd,    &s.listen_fd,  &s.log_fd,
					&s.trace_fd, &s.kvm_fd,    &s.cpuinfo_fd, &s.meminfo_fd,
					&s.stdio[0], &s.stdio[1],  &s.stdio[2] };
	char *argv[32], *envp[] = { NULL };
	size_t argc = 0, nr = 0;

	while (fds[nr])
		nr++;
	/* in one row at the end: the sentry is told the first */
	for (size_t i = 0; i < s.nr_extra; i++) {
		extra[i] = s.extra[i];
		fds[nr++] = &extra[i];
	}
	g_report_fd = s.ctl_fd;
	wait_for_go(s.go_fd);
	if (s.groups && setgroups(0, NULL) < 0)
		child_fail("dropping groups");
	if (setresgid(s.gid, s.gid, s.gid) < 0 || setresuid(s.uid, s.uid, s.uid) < 0)
		child_fail("changing to the sandbox's user");
	fresh_process(s.pdeath);
	if (launch_move_fds(fds, nr) < 0)
		child_fail("placing descriptors");
	g_report_fd = s.ctl_fd;
	stdio_null(0);
	/* the last words of the C library */
	if (s.log_fd >= 0)
		dup2(s.log_fd, STDERR_FILENO);
	empty_root();
	drop_caps();
	fcntl(s.exe_fd, F_SETFD, FD_CLOEXEC);
	argv[argc++] = (char *)"husk";
	argv[argc++] = (char *)"boot";
	if (asprintf(&argv[argc++], "--id=%s", s.id) < 0)
		child_fail("arguments");
	arg_fd(argv, &argc, "ctl-fd", s.ctl_fd);
	arg_fd(argv, &argc, "conf-fd", s.conf_fd);
	arg_fd(argv, &argc, "gofer-fd", s.gofer_fd);
	arg_fd(argv, &argc, "broker-fd", s.broker_fd);
	arg_fd(argv, &argc, "tty-fd", s.tty_fd);
	arg_fd(argv, &argc, "listen-fd", s.listen_fd);
	arg_fd(argv, &argc, "log-fd", s.log_fd);
	arg_fd(argv, &argc, "trace-fd", s.trace_fd);
	arg_fd(argv, &argc, "kvm-fd", s.kvm_fd);
	arg_fd(argv, &argc, "cpuinfo-fd", s.cpuinfo_fd);
	arg_fd(argv, &argc, "meminfo-fd", s.meminfo_fd);
	arg_fd(argv, &argc, "stdin-fd", s.stdio[0]);
	arg_fd(argv, &argc, "stdout-fd", s.stdio[1]);
	arg_fd(argv, &argc, "stderr-fd", s.stdio[2]);
	if (s.nr_extra > 0)
		arg_fd(argv, &argc, "extra-fd", extra[0]);
	argv[argc] = NULL;
	/* under a debugger or setarch -R: the stubs' place must stay free, and addresses unknown */
	personality(personality(0xffffffff) & ~(unsigned long)ADDR_NO_RANDOMIZE);
	syscall(SYS_execveat, s.exe_fd, "", argv, envp, AT_EMPTY_PATH);
	child_fail("executing the husk binary (it must be executable by everybody)");
}

__noreturn void launch_gofer_child(const struct gofer_start *start)
{
	struct gofer_start s = *start;
	int *fds[] = { &s.exe_fd, &s.sock_fd };
	char **argv = calloc(2 * s.req->nr_mounts + 8, sizeof(*argv)), *envp[] = { NULL };
	size_t argc = 0;

	if (!argv)
		child_fail("arguments");
	wait_for_go(s.go_fd);
	/* root of the container's files; an ordinary user's map of one id forbids setgroups */
	if (s.uids && ((setgroups(0, NULL) < 0 && errno != EPERM) || setresgid(0, 0, 0) < 0 ||
		       setresuid(0, 0, 0) < 0))
		child_fail("changing to the root of the user namespace");
	fresh_process(s.pdeath);
	if (launch_move_fds(fds, ARRAY_SIZE(fds)) < 0)
		child_fail("placing descriptors");
	stdio_null(!s.quiet);
	if (s.user_ns)
		keep_caps();
	fcntl(s.exe_fd, F_SETFD, FD_CLOEXEC);
	argv[argc++] = (char *)"husk";
	argv[argc++] = (char *)"gofer";
	argv[argc++] = (char *)"--conn-fd";
	if (asprintf(&argv[argc++], "%d", s.sock_fd) < 0)
		child_fail("arguments");
	argv[argc++] = (char *)"--new-net";
	if (s.allow_connect)
		argv[argc++] = (char *)"--host-uds";
	for (size_t i = 0; i < s.req->nr_mounts; i++) {
		const struct launch_mount *m = &s.req->mounts[i];

		argv[argc++] = (char *)"--mount";
		if (asprintf(&argv[argc++], "%s,path=%s", m->ro ? "ro" : "rw", m->path) < 0)
			child_fail("arguments");
	}
	argv[argc] = NULL;
	syscall(SYS_execveat, s.exe_fd, "", argv, envp, AT_EMPTY_PATH);
	child_fail("executing the husk binary");
}

__noreturn void launch_broker_child(const struct gofer_start *start)
{
	struct gofer_start s = *start;
	/* the connection first: its number is fixed */
	int *fds[] = { &s.sock_fd, &s.exe_fd };
	char *argv[] = { (char *)"husk", (char *)"broker", (char *)"--serve", NULL };
	char *envp[] = { NULL };

	wait_for_go(s.go_fd);
	fresh_process(s.pdeath);
	if (launch_move_fds(fds, ARRAY_SIZE(fds)) < 0)
		child_fail("placing descriptors");
	stdio_null(!s.quiet);
	if (s.user_ns)
		keep_caps();
	fcntl(s.exe_fd, F_SETFD, FD_CLOEXEC);
	syscall(SYS_execveat, s.exe_fd, "", argv, envp, AT_EMPTY_PATH);
	child_fail("executing the husk binary");
}

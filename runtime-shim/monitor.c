/* SPDX-License-Identifier: Apache-2.0 */
/* The container monitor: see monitor.h. */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "proto/roles.h"
#include "state.h"

/* More of a long command line than this is nobody's reading. */
#define SHOWN_ARGS 64

__noreturn void monitor_exec(const struct monitor *m)
{
	int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC), null = open("/dev/null", O_RDWR);
	int ctl = m->sb->ctl, tty = m->sb->tty, slave = m->slave, dir = m->dir_fd;
	int *fds[] = { &exe, &ctl, &tty, &slave, &dir };
	char opts[10][32], *argv[SHOWN_ARGS + 12], *envp[] = { NULL };
	size_t argc = 0, nr = 0;

	if (exe < 0 || null < 0)
		_exit(128);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (launch_move_fds(fds, ARRAY_SIZE(fds)) < 0)
		_exit(128);
	fcntl(exe, F_SETFD, FD_CLOEXEC);
	argv[argc++] = (char *)"husk";
	argv[argc++] = (char *)"monitor";
	const struct {
		const char *name;
		int value;
	} table[] = {
		{ "ctl", ctl },
		{ "tty", tty },
		{ "slave", slave },
		{ "dir", dir },
		{ "sentry", m->sb->sentry },
		{ "gofer", m->sb->gofer },
		{ "broker", m->sb->broker },
		{ "container", m->sb->container ? (int)m->sb->container : -1 },
		{ "joined", m->sb->joined ? m->sb->gofer_stays : -1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].value < 0)
			continue;
		snprintf(opts[nr], sizeof(opts[nr]), "--%s=%d", table[i].name, table[i].value);
		argv[argc++] = opts[nr++];
	}
	argv[argc++] = (char *)m->id;
	for (size_t i = 0; i < m->nr_args && i < SHOWN_ARGS; i++)
		argv[argc++] = m->args[i];
	argv[argc] = NULL;
	syscall(SYS_execveat, exe, "", argv, envp, AT_EMPTY_PATH);
	_exit(128);
}

static void parse(int argc, char **argv, struct sandbox *sb, int *ret_slave, int *ret_dir)
{
	int container = 0, joined = -1;
	const struct {
		const char *name;
		int *v;
	} table[] = {
		{ "--ctl=", &sb->ctl },       { "--tty=", &sb->tty },
		{ "--slave=", ret_slave },    { "--dir=", ret_dir },
		{ "--sentry=", &sb->sentry }, { "--gofer=", &sb->gofer },
		{ "--broker=", &sb->broker }, { "--container=", &container },
		{ "--joined=", &joined },
	};

	for (int i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(table); k++) {
			size_t n = strlen(table[k].name);

			if (strncmp(argv[i], table[k].name, n) == 0)
				*table[k].v = atoi(argv[i] + n);
		}
	}
	sb->container = (uint32_t)container;
	sb->joined = joined >= 0;
	sb->gofer_stays = joined > 0;
}

int monitor_main(int argc, char **argv)
{
	struct rt_err err = { 0 };
	int slave = -1, dir = -1, ret;
	struct sandbox sb;

	sandbox_init(&sb);
	parse(argc, argv, &sb, &slave, &dir);
	if (sb.ctl < 0) {
		fprintf(stderr, "husk monitor: started by other husk commands only\n");
		return 2;
	}
	prctl(PR_SET_NAME, "husk-monitor");
	attend_block_signals();
	for (int fd = 3; fd < 9; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (sb.sentry > 0)
		sb.sentry_pidfd = (int)syscall(SYS_pidfd_open, sb.sentry, 0);
	if (sb.gofer > 0)
		sb.gofer_pidfd = (int)syscall(SYS_pidfd_open, sb.gofer, 0);
	if (sb.broker > 0)
		sb.broker_pidfd = (int)syscall(SYS_pidfd_open, sb.broker, 0);
	ret = attend(&sb, slave, slave, &err);
	/* of a sandbox that somebody killed, or that had no memory left, engines expect 137 */
	if (ret < 0)
		ret = sb.killed_by ? 128 + sb.killed_by : 128;
	if (dir >= 0)
		state_write_exit(dir, ret, sb.oom_kills);
	return ret;
}

static int console_connect(const char *path, struct rt_err *err)
{
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	auto_close int at = open(path, O_PATH | O_CLOEXEC);
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	/* socket addresses are short: a long name goes through a descriptor */
	if (strlen(path) < sizeof(sa.sun_path))
		snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	else
		snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", at);
	if (sock < 0 || connect(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return rt_fail(err, errno, "--console-socket: %s: %s", path, strerror(errno));
	return STEAL_FD(sock);
}

int monitor_console_check(const char *path, struct rt_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return rt_fail(err, errno, "--console-socket: %s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return rt_fail(err, ENOTSOCK, "--console-socket: %s is no socket", path);
	return 0;
}

static int send_master(const char *path, int master, const char *name, struct rt_err *err)
{
	auto_close int sock = console_connect(path, err);
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)name, strlen(name) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };

	if (sock < 0)
		return -err->code;
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &master, sizeof(int));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return rt_fail(err, errno, "--console-socket: %s: %s", path, strerror(errno));
	return 0;
}

int monitor_console(const char *path, uint64_t rows, uint64_t cols, struct rt_err *err)
{
	auto_close int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	struct termios t;
	char name[64];

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, name, sizeof(name)) != 0)
		return rt_fail(err, errno, "a pseudo-terminal cannot be made: %s", strerror(errno));
	/* by the master: /dev/pts of here may be another instance */
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &t) < 0)
		return rt_fail(err, errno, "%s: %s", name, strerror(errno));
	cfmakeraw(&t);
	if (tcsetattr(slave, TCSANOW, &t) < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return rt_fail(err, errno, "%s: %s", name, strerror(errno));
	if (rows || cols)
		ioctl(slave, TIOCSWINSZ, &ws);
	if (send_master(path, master, name, err) < 0)
		return -err->code;
	return STEAL_FD(slave);
}

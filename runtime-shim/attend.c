/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command in the foreground. One poll loop over the control socket, the deaths of both processes,
 * the signals sent to us, and the terminal. Keyboard signals go to the guest's foreground group,
 * others to its first process; when that is stopped by job control, so are we, and the shell sees
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "console.h"
#include "proto/control.h"

#define GOFER_GRACE_MS 200
/* A container that lost its gofer is killed: its end is waited for so long. */
#define LOST_MS 3000

static const int taken[] = { SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1, SIGUSR2,
			     SIGTSTP, SIGCONT, SIGWINCH, SIGALRM, SIGIO };

static sigset_t taken_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct sigaction sa;

		/* nohup: what was ignored stays ignored */
		if (sigaction(taken[i], NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, taken[i]);
	}
	return set;
}

void attend_block_signals(void)
{
	sigset_t set = taken_set();

	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct attendant {
	struct sandbox *sb;
	struct console *con;
	bool ended;
	int status; /* wait status of the guest's program */
	bool stopped;
	bool gone; /* the sentry's end of the control socket */
	bool lost; /* the gofer: why is in err already */
	uint64_t tag;
};

static void ctl_send(struct attendant *a, uint16_t op, const void *fixed)
{
	uint64_t buf[32];
	size_t n = ctl_encode_for(buf, a->sb->container, op, ++a->tag, fixed, NULL, 0);

	if (send(a->sb->ctl, buf, n, MSG_NOSIGNAL) < 0)
		rt_dbg("control socket: %s", strerror(errno));
}

static void send_signal(struct attendant *a, int sig, bool foreground)
{
	struct ctl_signal s = { .sig = sig, .foreground = foreground };

	ctl_send(a, CTL_SIGNAL, &s);
}

static void send_size(struct attendant *a)
{
	struct winsize ws;
	struct ctl_resize r;

	if (!a->con)
		return;
	console_size(a->con, &ws);
	r = (struct ctl_resize){ ws.ws_row, ws.ws_col, ws.ws_xpixel, ws.ws_ypixel };
	ctl_send(a, CTL_RESIZE, &r);
}

/* We stop as the guest did; when continued, the guest continues. */
static void stop_self(struct attendant *a)
{
	if (a->con)
		console_restore(a->con);
	raise(SIGSTOP);
	if (a->con) {
		console_raw(a->con);
		send_size(a);
	}
	send_signal(a, SIGCONT, true);
}

static void on_signal(struct attendant *a, int sfd)
{
	struct signalfd_siginfo si;

	if (read(sfd, &si, sizeof(si)) != sizeof(si))
		return;
	switch (si.ssi_signo) {
	case SIGWINCH:
		send_size(a);
		break;
	case SIGCONT:
		send_signal(a, SIGCONT, true);
		break;
	default:
		/* from the keyboard the whole group gets it, from kill(1) the one process */
		send_signal(a, (int)si.ssi_signo, si.ssi_code == SI_KERNEL);
	}
}

static int ctl_receive(struct sandbox *sb, void *buf, struct ctl_msg *ret_m)
{
	ssize_t n = recv(sb->ctl, buf, CTL_MSG_MAX, 0);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
	if (n == 0)
		return -EPIPE;
	return ctl_decode(buf, (size_t)n, ret_m);
}

static char g_msg[CTL_MSG_MAX] __aligned(8);

static void on_ctl(struct attendant *a)
{
	struct ctl_msg m;
	int ret = ctl_receive(a->sb, g_msg, &m);

	if (ret < 0) {
		a->gone |= ret != -EAGAIN && ret != -EBADMSG;
		return;
	}
	if (m.op == CTL_EXIT) {
		a->ended = true;
		a->status = (int)((const struct ctl_exit *)m.fixed)->status;
		a->sb->oom_kills = ((const struct ctl_exit *)m.fixed)->oom_kills;
	} else if (m.op == CTL_FAILED) {
		/* it was to start later, and could not be executed */
		a->ended = true;
		a->status = (((const struct ctl_failed *)m.fixed)->code == ENOENT ? 127 : 126) << 8;
	} else if (m.op == CTL_STOPPED) {
		stop_self(a);
	} else if (m.op == CTL_REPLY && m.tag == ATTEND_WAIT_TAG) {
		/* deleted before it could end */
		a->ended = true;
		a->status = SIGKILL;
	}
}

/* Why a process of the sandbox ended, in words. */
static void describe(const char *who, pid_t *pid, struct sandbox *sb, struct rt_err *err)
{
	int status;

	if (*pid <= 0 || waitpid(*pid, &status, 0) != *pid)
		return;
	*pid = -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		sb->killed_by = SIGKILL;
	if (WIFSIGNALED(status))
		rt_fail(err, EIO, "the sandbox's %s was killed by signal %d (%s)%s", who,
			WTERMSIG(status), strsignal(WTERMSIG(status)),
			WTERMSIG(status) == SIGSYS ? ": a host call outside its filter" : "");
	else
		rt_fail(err, EIO, "the sandbox's %s ended unexpectedly with status %d", who,
			WEXITSTATUS(status));
}

/*
 * Where the host itself runs out of memory it should end a stub, which is one process of the guest,
 * and not the sentry, which is all of them. The zygote is the sentry's first child and all stubs
 * inherit from it. An ordinary user may not: then nothing is gained or lost.
 */
static void prefer_stubs(pid_t sentry)
{
	char path[64], text[] = "800";
	FILE *f;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", sentry, sentry);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		auto_close int fd = -1;

		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
			rt_dbg("%s: %s", path, strerror(errno));
	}
	if (f)
		fclose(f);
}

int attend_start(struct sandbox *sb, bool *ret_exec, struct rt_err *err)
{
	struct ctl_msg m;
	const struct ctl_failed *f;
	int ret;

	do {
		ret = ctl_receive(sb, g_msg, &m);
	} while (ret == -EAGAIN);
	if (ret < 0) {
		describe("sentry", &sb->sentry, sb, err);
		sandbox_kill(sb);
		return -err->code;
	}
	if (m.op == CTL_READY) {
		if (m.text_size > 0)
			sb->warnings = strndup(m.text, m.text_size);
		prefer_stubs(sb->sentry);
		return 0;
	}
	if (m.op != CTL_FAILED) {
		sandbox_kill(sb);
		return rt_fail(err, EPROTO, "the sentry sent message %u instead of READY", m.op);
	}
	f = m.fixed;
	*ret_exec = f->stage == CTL_STAGE_EXEC;
	rt_fail(err, (int)f->code, "%.*s", (int)m.text_size, m.text);
	sandbox_kill(sb);
	return -err->code;
}

void attend_warnings(struct sandbox *sb)
{
	char *save = NULL;

	for (char *s = sb->warnings ? strtok_r(sb->warnings, "\n", &save) : NULL; s;
	     s = strtok_r(NULL, "\n", &save))
		rt_warn("%s", s);
	free(sb->warnings);
	sb->warnings = NULL;
}

/*
 * The gofer follows a sentry that dies, and may be seen first. Without one of several containers'
 * gofers the sandbox lives, but the container must not, whose files are no more: its end comes as
 * any other. True: go on.
 */
static bool gofer_ended(struct attendant *a, struct rt_err *err)
{
	const struct ctl_signal s = { .sig = SIGKILL, .pid = -1 };
	struct sandbox *sb = a->sb;
	struct pollfd dead = { sb->sentry_pidfd, POLLIN, 0 };

	if (sb->joined)
		dead = (struct pollfd){ sb->ctl, 0, 0 };
	if (poll(&dead, 1, GOFER_GRACE_MS) <= 0) {
		describe("gofer", &sb->gofer, sb, err);
		if (!sb->joined)
			return false;
		a->lost = true;
		ctl_send(a, CTL_SIGNAL, &s);
	} else if (!sb->joined) {
		describe("sentry", &sb->sentry, sb, err);
		return false;
	}
	close(sb->gofer_pidfd);
	sb->gofer_pidfd = -1;
	return true;
}

static int loop(struct attendant *a, int sfd, struct rt_err *err)
{
	enum { CTL, SENTRY, GOFER, BROKER, SIG, IN, OUT, SOCK, NR };
	struct console *c = a->con;
	struct pollfd p[NR];
	int ret;

	for (;;) {
		p[CTL] = (struct pollfd){ a->gone ? -1 : a->sb->ctl, POLLIN, 0 };
		p[SENTRY] = (struct pollfd){ a->sb->sentry_pidfd, POLLIN, 0 };
		p[GOFER] = (struct pollfd){ a->sb->gofer_pidfd, POLLIN, 0 };
		p[BROKER] = (struct pollfd){ a->sb->broker_pidfd, POLLIN, 0 };
		p[SIG] = (struct pollfd){ sfd, POLLIN, 0 };
		p[IN] = (struct pollfd){ c && console_want_in(c) ? c->in : -1, POLLIN, 0 };
		p[OUT] = (struct pollfd){ c && console_want_out(c) ? c->out : -1, POLLOUT, 0 };
		p[SOCK] = (struct pollfd){ c && console_want_sock(c) ? c->sock : -1,
					   c ? console_want_sock(c) : 0, 0 };
		ret = poll(p, NR, a->lost ? LOST_MS : -1);
		if (ret < 0) {
			if (errno == EINTR)
				continue;
			return rt_fail(err, errno, "poll: %s", strerror(errno));
		}
		if (ret == 0)
			return -EIO;
		if (p[SIG].revents)
			on_signal(a, sfd);
		if (c && (p[IN].revents || p[OUT].revents || p[SOCK].revents))
			console_handle(c, p[IN].revents, p[OUT].revents, p[SOCK].revents);
		if (p[CTL].revents & POLLIN)
			on_ctl(a);
		if (a->ended)
			return a->lost ? -EIO : 0;
		if (p[SENTRY].revents) {
			describe("sentry", &a->sb->sentry, a->sb, err);
			return -EIO;
		}
		if (p[GOFER].revents && !gofer_ended(a, err))
			return -EIO;
		if (p[BROKER].revents) {
			/*
			 * what is open goes on working; the sentry reports what cannot be had any
			 * more
			 */
			waitpid(a->sb->broker, NULL, 0);
			close(a->sb->broker_pidfd);
			a->sb->broker = a->sb->broker_pidfd = -1;
			rt_warn("the network broker of this sandbox ended: no new sockets can be made");
		}
		/* whoever is no child of ours ends with its sandbox: others are seen to end */
		if (a->gone && a->sb->sentry < 0) {
			a->status = SIGKILL;
			return a->lost ? -EIO : 0;
		}
	}
}

int attend(struct sandbox *sb, int in, int out, struct rt_err *err)
{
	static struct console con;
	struct attendant a = { .sb = sb };
	sigset_t set = taken_set();
	auto_close int sfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	int ret;

	if (sfd < 0) {
		ret = rt_fail(err, errno, "signalfd: %s", strerror(errno));
		sandbox_kill(sb);
		return ret;
	}
	if (sb->tty >= 0) {
		console_init(&con, in, out, sb->tty);
		a.con = &con;
		console_raw(&con);
	}
	ret = loop(&a, sfd, err);
	if (a.con) {
		console_drain(&con);
		console_restore(&con);
	}
	sandbox_kill(sb);
	if (ret < 0)
		return ret;
	return WIFSIGNALED(a.status) ? 128 + WTERMSIG(a.status) : WEXITSTATUS(a.status);
}

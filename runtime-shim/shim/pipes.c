/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up and taking down the streams of one process. */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "copy.h"
#include "log.h"
#include "reap.h"

#define LOGGER_READY_MS 10000
#define LOGGER_WORDS    64

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int stdio_init(struct stdio *io, const char *in, const char *out, const char *err, bool terminal)
{
	const char *path[3] = { in, out, terminal ? "" : err };

	memset(io, 0, sizeof(*io));
	io->terminal = terminal;
	io->console = -1;
	for (int i = 0; i < 3; i++) {
		io->child[i] = io->hold[i] = -1;
		io->path[i] = strdup(path[i] ? path[i] : "");
	}
	return io->path[0] && io->path[1] && io->path[2] ? 0 : -ENOMEM;
}

/* Where bytes of stream i go or come from, outside: a descriptor, or -errno. */
static int open_outside(struct stdio *io, int i, struct rt_err *err)
{
	const char *p = io->path[i];
	bool in = i == 0;
	struct stat st;
	int fd;

	if (strncmp(p, "file://", 7) == 0) {
		fd = open(p + 7, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		return fd < 0 ? rt_fail(err, errno, "%s: %s", p, strerror(errno)) : fd;
	}
	if (stat(p, &st) < 0)
		return rt_fail(err, errno, "%s: %s", p, strerror(errno));
	if (!S_ISFIFO(st.st_mode)) {
		fd = open(p, in ? O_RDONLY | O_CLOEXEC : O_WRONLY | O_APPEND | O_CLOEXEC);
		return fd < 0 ? rt_fail(err, errno, "%s: %s", p, strerror(errno)) : fd;
	}
	/* A reader must exist before a writer can be opened without waiting. */
	fd = open(p, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return rt_fail(err, errno, "%s: %s", p, strerror(errno));
	io->hold[i] = open(p, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (io->hold[i] < 0) {
		int e = errno;

		close(fd);
		return rt_fail(err, e, "%s: %s", p, strerror(e));
	}
	if (!in) {
		int w = io->hold[i];

		io->hold[i] = fd;
		fd = w;
	}
	return fd;
}

/* binary:///path?key=value&...: the words after the path, "%xx" undone. */
static int logger_argv(char *uri, char **argv)
{
	char *q = strchr(uri, '?');
	int n = 0;

	argv[n++] = uri;
	if (q)
		*q++ = '\0';
	while (q && *q && n < LOGGER_WORDS - 3) {
		char *amp = strchr(q, '&'), *eq;

		if (amp)
			*amp++ = '\0';
		eq = strchr(q, '=');
		if (eq)
			*eq++ = '\0';
		argv[n++] = q;
		if (eq && *eq)
			argv[n++] = eq;
		q = amp;
	}
	argv[n] = NULL;
	for (int i = 0; i < n; i++) {
		char *w = argv[i];

		for (char *r = argv[i]; *r; r++) {
			unsigned int hex;

			if (*r == '%' && sscanf(r + 1, "%2x", &hex) == 1) {
				*w++ = (char)hex;
				r += 2;
			} else {
				*w++ = *r == '+' ? ' ' : *r;
			}
		}
		*w = '\0';
	}
	return n;
}

/*
 * Starts the logging program of a binary:// URI: it reads stdout as 3, stderr as 4, and closes 5
 * when it is ready. The process writes straight into its pipes.
 */
static int open_logger(struct stdio *io, const char *ns, const char *id, struct rt_err *err)
{
	auto_free char *uri = strdup(io->path[1] + strlen("binary://"));
	char *argv[LOGGER_WORDS], cid[300], cns[300];
	char *env[] = { cid, cns, NULL };
	int out[2] = { -1, -1 }, er[2] = { -1, -1 }, ready[2] = { -1, -1 };
	int fds[3];
	struct spawn s = {
		.argv = argv, .env = env, .in = -1, .out = -1, .err = -1, .extra = fds, .nr_extra = 3
	};
	struct pollfd p = { .events = POLLIN };
	pid_t pid = -ENOMEM;

	snprintf(cid, sizeof(cid), "CONTAINER_ID=%s", id);
	snprintf(cns, sizeof(cns), "CONTAINER_NAMESPACE=%s", ns);
	if (uri && pipe2(out, O_CLOEXEC) == 0 && pipe2(er, O_CLOEXEC) == 0 &&
	    pipe2(ready, O_CLOEXEC) == 0) {
		logger_argv(uri, argv);
		fds[0] = out[0];
		fds[1] = er[0];
		fds[2] = ready[1];
		pid = reap_spawn(&s);
	}
	close_fd(&out[0]);
	close_fd(&er[0]);
	close_fd(&ready[1]);
	if (pid < 0) {
		close_fd(&out[1]);
		close_fd(&er[1]);
		close_fd(&ready[0]);
		return rt_fail(err, -pid, "%s: the logging program did not start: %s", io->path[1],
			       strerror(-pid));
	}
	p.fd = ready[0];
	poll(&p, 1, LOGGER_READY_MS);
	close_fd(&ready[0]);
	io->logger = pid;
	io->child[1] = out[1];
	io->child[2] = er[1];
	return 0;
}

static bool to_logger(const struct stdio *io)
{
	return strncmp(io->path[1], "binary://", 9) == 0;
}

int stdio_open(struct stdio *io, uid_t uid, gid_t gid, const char *ns, const char *id,
	       struct rt_err *err)
{
	if (to_logger(io)) {
		int ret = open_logger(io, ns, id, err);

		if (ret < 0)
			return ret;
	}
	for (int i = 0; i < 3; i++) {
		int fd, p[2];

		if (!io->path[i][0] || io->child[i] >= 0)
			continue;
		fd = open_outside(io, i, err);
		if (fd < 0)
			return fd;
		if (pipe2(p, O_CLOEXEC) < 0) {
			int e = errno;

			close(fd);
			return rt_fail(err, e, "pipe: %s", strerror(e));
		}
		io->child[i] = p[i ? 1 : 0];
		if ((uid || gid) && fchown(io->child[i], uid, gid) < 0)
			slog_warn("chown of a pipe: errno %d", errno);
		io->stream[i] = i ? copy_start(p[0], fd) : copy_start(fd, p[1]);
		if (!io->stream[i])
			return rt_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

int stdio_open_console(struct stdio *io, int master, const char *ns, const char *id,
		       struct rt_err *err)
{
	io->console = master;
	if (to_logger(io)) {
		int ret = open_logger(io, ns, id, err);

		if (ret < 0)
			return ret;
		close_fd(&io->child[2]);
	}
	for (int i = 0; i < 2; i++) {
		int fd, m;

		if (!io->path[i][0])
			continue;
		fd = io->child[i];
		io->child[i] = -1;
		if (fd < 0)
			fd = open_outside(io, i, err);
		if (fd < 0)
			return fd;
		m = fcntl(master, F_DUPFD_CLOEXEC, 3);
		if (m < 0) {
			int e = errno;

			close(fd);
			return rt_fail(err, e, "dup: %s", strerror(e));
		}
		io->stream[i] = i ? copy_start(m, fd) : copy_start(fd, m);
		if (!io->stream[i])
			return rt_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

void stdio_started(struct stdio *io)
{
	for (int i = 0; i < 3; i++)
		close_fd(&io->child[i]);
}

void stdio_close_stdin(struct stdio *io)
{
	close_fd(&io->hold[0]);
}

int stdio_resize(struct stdio *io, unsigned int width, unsigned int height)
{
	struct winsize ws = { .ws_col = (unsigned short)width, .ws_row = (unsigned short)height };

	if (io->console < 0)
		return 0;
	return ioctl(io->console, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}

void stdio_finish(struct stdio *io, int ms)
{
	if (io->stream[0])
		copy_stop(io->stream[0]);
	for (int i = 1; i < 3; i++) {
		if (!io->stream[i])
			continue;
		if (!copy_wait(io->stream[i], ms))
			copy_cut(io->stream[i]);
	}
}

void stdio_fini(struct stdio *io)
{
	stdio_started(io);
	for (int i = 0; i < 3; i++) {
		if (io->stream[i])
			copy_put(io->stream[i]);
		io->stream[i] = NULL;
		close_fd(&io->hold[i]);
		free(io->path[i]);
		io->path[i] = NULL;
	}
	close_fd(&io->console);
	if (io->logger > 0)
		reap_forget(io->logger);
	io->logger = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, their terminals, and their errors. */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "log.h"
#include "reap.h"

#define MAX_ARGS   128
#define OUTPUT_MAX (1u << 20)
#define CONSOLE_MS 10000

struct args {
	const char *v[MAX_ARGS + 1];
	size_t nr;
	char root[4200], log[4200];
};

static void add(struct args *a, const char *s)
{
	if (a->nr < MAX_ARGS) {
		a->v[a->nr++] = s;
		a->v[a->nr] = NULL;
	}
}

/* Binary, global flags, and the command's name. The log has a name of its own: commands overlap. */
static void begin(struct args *a, const struct container *c, const char *what)
{
	static atomic_uint serial;
	const struct options *o = &c->opt;

	a->nr = 0;
	snprintf(a->root, sizeof(a->root), "%s/%s", o->root, g_shim.ns);
	snprintf(a->log, sizeof(a->log), "%s/log-%u.json", c->bundle, atomic_fetch_add(&serial, 1));
	add(a, o->binary);
	for (size_t i = 0; i < o->nr_flags; i++)
		add(a, o->flags[i]);
	add(a, "--root");
	add(a, a->root);
	add(a, "--log");
	add(a, a->log);
	add(a, "--log-format");
	add(a, "json");
	if (o->systemd_cgroup)
		add(a, "--systemd-cgroup");
	add(a, what);
}

static char *read_text(int fd, size_t max)
{
	char *text = malloc(max + 1);
	size_t n = 0;
	ssize_t k;

	while (text && n < max && (k = pread(fd, text + n, max - n, (off_t)n)) > 0)
		n += (size_t)k;
	if (text)
		text[n] = '\0';
	return text;
}

/* The message of the last error in a log of JSON lines: malloc, NULL if there is none. */
static char *last_error(const char *log)
{
	auto_close int fd = open(log, O_RDONLY | O_CLOEXEC);
	auto_free char *text = fd < 0 ? NULL : read_text(fd, OUTPUT_MAX);
	char *found = NULL, *save, *line;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *j = json_loads(line, 0, NULL);
		const char *level = json_string_value(json_object_get(j, "level"));
		const char *msg = json_string_value(json_object_get(j, "msg"));

		if (level && msg && (strcmp(level, "error") == 0 || strcmp(level, "fatal") == 0)) {
			free(found);
			found = strdup(msg);
		}
		json_decref(j);
	}
	return found;
}

/* How a command that failed is reported: its log, else the last line it wrote to stderr. */
static int failed(const struct args *a, const char *what, int status, int out, struct rt_err *err)
{
	auto_free char *msg = last_error(a->log);
	auto_free char *text = !msg && out >= 0 ? read_text(out, 65536) : NULL;
	char how[64];

	if (text) {
		size_t n = strlen(text);
		char *line;

		while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
			text[--n] = '\0';
		line = strrchr(text, '\n');
		msg = strdup(line ? line + 1 : text);
	}
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	if (msg && *msg)
		return rt_fail(err, EIO, "OCI runtime %s failed: %s", what, msg);
	return rt_fail(err, EIO, "OCI runtime %s failed: %s did not say why: %s", what, a->v[0],
		       how);
}

/* Runs a; out takes both outputs unless io gives them. 0, or what went wrong. */
static int run(const struct args *a, const char *what, int in, int out, const struct stdio *io,
	       const char *cwd, struct rt_err *err)
{
	struct spawn s = {
		.argv = (char *const *)a->v, .cwd = cwd, .in = in, .out = out, .err = out
	};
	pid_t pid;
	int status;

	if (io) {
		s.in = io->child[0];
		s.out = io->child[1];
		s.err = io->child[2];
	}
	if (g_log_debug) {
		char line[1024];
		size_t n = 0;

		for (size_t i = 0; i < a->nr && n < sizeof(line); i++)
			n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", a->v[i]);
		slog_dbg("runs%s", line);
	}
	pid = reap_spawn(&s);
	if (pid < 0)
		return rt_fail(err, -pid, "OCI runtime %s failed: %s: %s", what, a->v[0],
			       pid == -ENOENT ? "the runtime's binary is not on PATH" :
						strerror(-pid));
	status = reap_wait(pid);
	if (status == 0) {
		unlink(a->log);
		return 0;
	}
	status = failed(a, what, status, out, err);
	unlink(a->log);
	return status;
}

/* Where a runtime sends a terminal's master. */
struct console {
	char dir[64], path[108];
	int fd;
};

static int console_open(struct console *k, struct rt_err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int e;

	snprintf(k->dir, sizeof(k->dir), "/run/containerd/s/pty-XXXXXX");
	if (!mkdtemp(k->dir)) {
		snprintf(k->dir, sizeof(k->dir), "/tmp/husk-pty-XXXXXX");
		if (!mkdtemp(k->dir))
			return rt_fail(err, errno, "%s: %s", k->dir, strerror(errno));
	}
	snprintf(k->path, sizeof(k->path), "%s/s", k->dir);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", k->path);
	k->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd >= 0 && bind(k->fd, (struct sockaddr *)&un, sizeof(un)) == 0 &&
	    listen(k->fd, 1) == 0)
		return 0;
	e = errno;
	if (k->fd >= 0)
		close(k->fd);
	rmdir(k->dir);
	return rt_fail(err, e, "%s: %s", k->path, strerror(e));
}

static void console_close(struct console *k)
{
	close(k->fd);
	unlink(k->path);
	rmdir(k->dir);
}

/* The master that came; the command has ended, so it is there or will never be. */
static int console_take(const struct console *k, struct rt_err *err)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} u;
	char buf[4096];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	auto_close int c = -1;
	struct cmsghdr *h;
	int fd;

	if (poll(&p, 1, CONSOLE_MS) == 1)
		c = accept4(k->fd, NULL, NULL, SOCK_CLOEXEC);
	p.fd = c;
	if (c < 0 || poll(&p, 1, CONSOLE_MS) != 1 || recvmsg(c, &m, MSG_CMSG_CLOEXEC) < 0)
		return rt_fail(err, EIO, "the runtime sent no terminal");
	h = CMSG_FIRSTHDR(&m);
	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len < CMSG_LEN(sizeof(int)))
		return rt_fail(err, EIO, "the runtime sent no terminal");
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	for (size_t i = 1; CMSG_LEN((i + 1) * sizeof(int)) <= h->cmsg_len; i++) {
		int more;

		memcpy(&more, CMSG_DATA(h) + i * sizeof(int), sizeof(more));
		close(more);
	}
	return fd;
}

static int read_pid(const char *file, pid_t *ret_pid, struct rt_err *err)
{
	FILE *f = fopen(file, "re");
	int pid = 0;

	if (!f || fscanf(f, "%d", &pid) != 1 || pid <= 0) {
		if (f)
			fclose(f);
		return rt_fail(err, EIO, "%s: the runtime wrote no process number", file);
	}
	fclose(f);
	*ret_pid = pid;
	return 0;
}

/* `create` and `exec` after their flags: streams or a terminal around the command. */
static int run_with_stdio(struct args *a, struct container *c, struct proc *p, const char *what,
			  const char *process, const char *pid_file, pid_t *ret_pid,
			  struct rt_err *err)
{
	struct console k = { .fd = -1 };
	struct stdio *io = &p->io;
	int ret, fd;

	if (io->terminal) {
		ret = console_open(&k, err);
		if (ret < 0)
			return ret;
		add(a, "--console-socket");
		add(a, k.path);
	} else {
		ret = stdio_open(io, c->opt.io_uid, c->opt.io_gid, g_shim.ns, c->id, err);
		if (ret < 0)
			return ret;
	}
	add(a, "--pid-file");
	add(a, pid_file);
	if (process) {
		add(a, "--process");
		add(a, process);
		add(a, "--detach");
	} else {
		add(a, "--bundle");
		add(a, c->bundle);
	}
	add(a, c->id);
	unlink(pid_file);
	if (io->terminal) {
		auto_close int out = memfd_create("output", MFD_CLOEXEC);

		ret = run(a, what, -1, out, NULL, c->bundle, err);
	} else {
		ret = run(a, what, -1, -1, io, c->bundle, err);
		stdio_started(io);
	}
	if (ret == 0 && io->terminal) {
		fd = console_take(&k, err);
		ret = fd < 0 ? fd : stdio_open_console(io, fd, g_shim.ns, c->id, err);
	}
	if (io->terminal)
		console_close(&k);
	if (ret == 0)
		ret = read_pid(pid_file, ret_pid, err);
	return ret;
}

int runtime_create(struct container *c, pid_t *ret_pid, struct rt_err *err)
{
	char pid_file[4200];
	struct args a;

	begin(&a, c, "create");
	if (c->opt.no_pivot)
		add(&a, "--no-pivot");
	if (c->opt.no_new_keyring)
		add(&a, "--no-new-keyring");
	snprintf(pid_file, sizeof(pid_file), "%s/init.pid", c->bundle);
	return run_with_stdio(&a, c, &c->init, "create", NULL, pid_file, ret_pid, err);
}

int runtime_exec(struct proc *p, pid_t *ret_pid, struct rt_err *err)
{
	char pid_file[4200];
	struct args a;
	int ret;

	begin(&a, p->c, "exec");
	snprintf(pid_file, sizeof(pid_file), "%s/%s.pid", p->c->bundle, p->exec_id);
	ret = run_with_stdio(&a, p->c, p, "exec", p->spec, pid_file, ret_pid, err);
	unlink(pid_file);
	return ret;
}

static int run_va(const struct container *c, int in, int out, struct rt_err *err, const char *what,
		  va_list ap)
{
	struct args a;
	const char *s;

	begin(&a, c, what);
	while ((s = va_arg(ap, const char *)))
		add(&a, s);
	return run(&a, what, in, out, NULL, c->bundle, err);
}

int runtime_command(const struct container *c, struct rt_err *err, const char *what, ...)
{
	auto_close int out = memfd_create("output", MFD_CLOEXEC);
	va_list ap;
	int ret;

	va_start(ap, what);
	ret = run_va(c, -1, out, err, what, ap);
	va_end(ap);
	return ret;
}

int runtime_command_in(const struct container *c, const void *text, size_t size, struct rt_err *err,
		       const char *what, ...)
{
	auto_close int in = memfd_create("input", MFD_CLOEXEC);
	auto_close int out = memfd_create("output", MFD_CLOEXEC);
	va_list ap;
	int ret;

	if (in < 0 || write(in, text, size) != (ssize_t)size || lseek(in, 0, SEEK_SET) < 0)
		return rt_fail(err, EIO, "cannot hand over %zu bytes", size);
	va_start(ap, what);
	ret = run_va(c, in, out, err, what, ap);
	va_end(ap);
	return ret;
}

int runtime_output(const struct container *c, char **ret_out, struct rt_err *err, const char *what,
		   ...)
{
	auto_close int out = memfd_create("output", MFD_CLOEXEC);
	va_list ap;
	char *text;
	int ret;

	va_start(ap, what);
	ret = run_va(c, -1, out, err, what, ap);
	va_end(ap);
	if (ret < 0)
		return ret;
	text = read_text(out, OUTPUT_MAX);
	if (!text)
		return rt_fail(err, ENOMEM, "out of memory");
	*ret_out = text;
	return 0;
}

int runtime_oom_kills(const struct container *c)
{
	char name[4600];
	unsigned int kills = 0;
	int status, n = 0;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s/%s/exit", c->opt.root, g_shim.ns, c->id);
	f = fopen(name, "re");
	if (f) {
		n = fscanf(f, "%d %u", &status, &kills);
		fclose(f);
	}
	return n == 2 ? (int)(kills & INT_MAX) : -ENOENT;
}

bool runtime_usage(const struct container *c, struct usage *ret_u)
{
	char state[4200];

	snprintf(state, sizeof(state), "%s/%s", c->opt.root, g_shim.ns);
	return usage_ask(state, c->id, ret_u);
}

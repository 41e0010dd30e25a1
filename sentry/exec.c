/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that commands start in a running container: see exec.h. One thread each: it makes the
 * program, says so, waits for its end and says that. It works on its own copy of the connection,
 * so that the control thread may close its one at any time.
 *
 * Locking: none of its own.
 */
#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/bits.h"
#include "console.h"
#include "host/host.h"
#include "kernel/container.h"
#include "kernel/kernel.h"
#include "program.h"
#include "vfs/mount.h"

#define LOG_TAG "exec"
#include "base/log.h"

struct job {
	struct exec_job j;
	struct tgroup *tg; /* owned */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		host_close(*fd);
	*fd = -1;
}

void exec_job_drop(struct exec_job *j)
{
	container_put(STEAL(j->ct));
	if (j->ns)
		mntns_put(STEAL(j->ns));
}

static void job_free(struct job *w)
{
	close_fd(&w->j.conf_fd);
	close_fd(&w->j.tty_fd);
	for (int i = 0; i < 3; i++)
		close_fd(&w->j.fds.stdio[i]);
	for (size_t i = 0; i < BOOT_MAX_FDS; i++)
		close_fd(&w->j.fds.extra[i]);
	close_fd(&w->j.fd);
	exec_job_drop(&w->j);
	if (w->tg)
		tgroup_put(w->tg);
	free(w);
}

int exec_read_conf(int fd, struct boot_conf *ret_c)
{
	auto_free char *buf = NULL;
	struct host_stat st;
	ssize_t n;
	int ret = host_fstat(fd, &st);

	if (ret < 0)
		return ret;
	if (st.size > BOOT_MAX_SIZE)
		return -E2BIG;
	buf = malloc(st.size + 1);
	if (!buf)
		return -ENOMEM;
	n = host_pread(fd, buf, st.size, 0);
	return n < 0 ? (int)n : boot_conf_decode(buf, (size_t)n, ret_c);
}

/* The program from its making to its end: its wait status in *ret_status. */
static int run_program(struct job *w, struct program *p, int *ret_status)
{
	struct exec_job *j = &w->j;
	int ret;

	ret = program_console(p, j->pts, j->tty_fd);
	if (ret < 0)
		return ret;
	if (p->console)
		j->tty_fd = -1;
	ret = program_prepare(p, &j->fds, false);
	if (ret == 0)
		ret = program_start(p, &w->tg);
	if (ret < 0)
		return ret;
	if (!control_attach(j->ctl, j->conn, w->tg, p->console))
		signal_send_tgroup(w->tg, LX_SIGKILL, NULL);
	control_reply(j->fd, j->tag, 0, w->tg->tgid, NULL);
	program_fini(p);
	*ret_status = kernel_wait_exit(j->kernel, w->tg);
	control_detach(j->ctl, j->conn);
	return 0;
}

static void exec_main(void *arg)
{
	struct job *w = arg;
	struct control *ctl = w->j.ctl;
	void (*done)(struct control * c) = w->j.done;
	struct boot_conf conf = { 0 };
	struct program p;
	int status, ret;

	program_init(&p, w->j.kernel, &conf, w->j.ns);
	p.req.container = w->j.ct;
	ret = exec_read_conf(w->j.conf_fd, &conf);
	if (ret == 0)
		ret = run_program(w, &p, &status);
	if (ret < 0)
		control_reply(w->j.fd, w->j.tag, ret,
			      p.exec_failed ? CTL_STAGE_EXEC : CTL_STAGE_BOOT,
			      p.why[0] ? p.why : strerror(-ret));
	program_fini(&p);
	console_stop(p.console);
	if (ret == 0)
		control_send_exit_to(w->j.fd, w->j.tag, w->j.ct, status);
	boot_conf_fini(&conf);
	job_free(w);
	done(ctl);
}

static void wait_main(void *arg)
{
	struct job *w = arg;
	struct control *ctl = w->j.ctl;
	void (*done)(struct control * c) = w->j.done;

	control_send_exit_to(w->j.fd, w->j.tag, w->j.ct, kernel_wait_exit(w->j.kernel, w->tg));
	job_free(w);
	done(ctl);
}

static int start(struct job *w, void (*fn)(void *arg))
{
	struct host_thread *th;
	int ret = host_thread_start("husk-exec", HOST_STACK_TASK, fn, w, &th);

	if (ret < 0) {
		job_free(w);
		return ret;
	}
	host_thread_detach(th);
	return 0;
}

int exec_begin(const struct exec_job *job, uint32_t which, const int *fds, unsigned int nr)
{
	struct job *w = calloc(1, sizeof(*w));
	unsigned int want = 1 + (unsigned int)__builtin_popcount(which & CTL_FD_ALL), n = 0;

	if (!w || which & ~CTL_FD_ALL || nr < want || nr > want + BOOT_MAX_FDS) {
		struct exec_job drop = *job;

		for (unsigned int i = 0; i < nr; i++)
			host_close(fds[i]);
		close_fd(&drop.fd);
		exec_job_drop(&drop);
		free(w);
		return w ? -EINVAL : -ENOMEM;
	}
	w->j = *job;
	w->j.conf_fd = fds[n++];
	for (int i = 0; i < 3; i++)
		w->j.fds.stdio[i] = which & CTL_FD_STDIN << i ? fds[n++] : -1;
	w->j.tty_fd = which & CTL_FD_TTY ? fds[n++] : -1;
	for (unsigned int i = 0; i < BOOT_MAX_FDS; i++)
		w->j.fds.extra[i] = n < nr ? fds[n++] : -1;
	return start(w, exec_main);
}

int exec_wait_begin(const struct exec_job *job, struct tgroup *tg)
{
	struct job *w = calloc(1, sizeof(*w));

	if (!w) {
		struct exec_job drop = *job;

		close_fd(&drop.fd);
		exec_job_drop(&drop);
		tgroup_put(tg);
		return -ENOMEM;
	}
	w->j = *job;
	w->j.conf_fd = w->j.tty_fd = -1;
	for (int i = 0; i < 3; i++)
		w->j.fds.stdio[i] = -1;
	for (unsigned int i = 0; i < BOOT_MAX_FDS; i++)
		w->j.fds.extra[i] = -1;
	w->tg = tg;
	return start(w, wait_main);
}

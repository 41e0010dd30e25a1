/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls on processes: children that touch shared state and end, limits, names. */
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void op_fork(void)
{
	int how = (int)rnd(4), fd = rnd_fd(), status = 0;
	pid_t pid;

	call("(%d)", how);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (write(fd, "child", 5) != 5)
			close(fd);
		chmod("a", 0600);
		if (how == 0)
			raise(SIGKILL);
		_exit(how);
	}
	if (result_ok(pid) > 0 && waitpid(pid, &status, 0) == pid)
		printf("  status %#x\n", (unsigned int)status);
}

static void op_wait(void)
{
	static const int options[] = { WNOHANG, WNOHANG | WUNTRACED, 0x1000 };
	int status, option = PICK(options);

	call("(%#x)", (unsigned int)option);
	result(waitpid(-1, &status, option));
}

static void op_rlimit(void)
{
	static const int which[] = { RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CORE, 99 };
	int w = PICK(which);
	struct rlimit r = { 20 + rnd(20), 64 };

	if (w == RLIMIT_FSIZE)
		r.rlim_cur = r.rlim_max = RLIM_INFINITY;
	if (w == RLIMIT_CORE)
		r.rlim_cur = r.rlim_max = 0;
	call("(%d, %lu, %lu)", w, (unsigned long)r.rlim_cur, (unsigned long)r.rlim_max);
	result(setrlimit(w, &r));
	if (getrlimit(w, &r) == 0)
		printf("  now %ld %ld\n", (long)r.rlim_cur, (long)r.rlim_max);
}

static void op_prctl(void)
{
	static const int opts[] = { PR_GET_DUMPABLE,
				    PR_SET_PDEATHSIG,
				    PR_GET_KEEPCAPS,
				    PR_SET_KEEPCAPS,
				    PR_GET_NO_NEW_PRIVS,
				    PR_GET_TIMERSLACK,
				    9999 };
	int opt = PICK(opts);
	unsigned long arg = rnd(3);

	call("(%d, %lu)", opt, arg);
	result(prctl(opt, arg, 0, 0, 0));
}

static void op_name(void)
{
	char name[24], now[16] = "";
	size_t len = rnd(20);

	memset(name, 'x', sizeof(name));
	name[len] = '\0';
	call("(%zu)", len);
	result(prctl(PR_SET_NAME, name));
	prctl(PR_GET_NAME, now);
	printf("  \"%s\"\n", now);
}

static void op_ids(void)
{
	call("()");
	printf(" %d %d %d %d", getuid(), geteuid(), getgid(), getegid());
	result(getpgid(0) == getpgrp());
}

static void op_sched(void)
{
	struct sched_param p = { .sched_priority = (int)rnd(3) };

	call("(%d)", p.sched_priority);
	result(sched_setscheduler(0, once_in(10) ? 99 : SCHED_OTHER, &p));
	printf("  policy %d\n", sched_getscheduler(0));
}

/* clang-format off */
const struct op proc_ops[] = {
	{ "fork", op_fork, 6 }, { "waitpid", op_wait, 2 }, { "rlimit", op_rlimit, 2 }, { "prctl", op_prctl, 3 },
	{ "name", op_name, 2 }, { "ids", op_ids, 1 }, { "sched", op_sched, 1 },
	{ NULL, NULL, 0 },
};
/* clang-format on */

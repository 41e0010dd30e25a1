/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLONE_PARENT_SETTID, CHILD_SETTID, CHILD_CLEARTID with its futex wake, CLONE_PIDFD, exit signals,
 * CLONE_PARENT.
 */
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lib/show.h"

static int g_ptid, g_ctid = -1;
static char g_stack[65536] __attribute__((aligned(16)));
static volatile int g_hit;

static int thread_fn(void *arg)
{
	g_hit = 1;
	return 3;
}

static void handler(int sig, siginfo_t *si, void *uc)
{
	g_hit = sig;
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	int status, pidfd = -1, tid;
	struct pollfd p;
	long pid;

	pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &g_ptid,
		      &g_ctid, 0);
#ifdef __aarch64__
	pid = pid; /* tls and child tid are the other way round there */
#endif
	if (pid == 0)
		_exit(g_ctid == (int)syscall(SYS_gettid) ? 0 : 1);
	SHOW(g_ptid == (int)pid);
	SHOW(g_ctid);
	SHOW(waitpid((pid_t)pid, &status, 0) == pid);
	show_status("settid", status);

	g_ctid = 77;
	tid = clone(thread_fn, g_stack + sizeof(g_stack),
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		    NULL, &g_ptid, NULL, &g_ctid);
	SHOW(tid > 0);
	while (__atomic_load_n(&g_ctid, __ATOMIC_SEQ_CST) != 0)
		syscall(SYS_futex, &g_ctid, FUTEX_WAIT, 77, NULL, NULL, 0);
	SHOW(g_ctid);
	SHOW(g_hit);
	SHOW(g_ptid == tid);
	SHOW(waitpid(tid, &status, __WALL));

	pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &pidfd, 0, 0);
	if (pid == 0)
		_exit(5);
	SHOW(pidfd >= 0);
	p = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	SHOW(poll(&p, 1, 5000));
	SHOW(p.revents & POLLIN);
	SHOW(waitpid((pid_t)pid, &status, 0) == pid);
	show_status("pidfd", status);

	sigaction(SIGUSR2, &sa, NULL);
	g_hit = 0;
	pid = syscall(SYS_clone, SIGUSR2, 0, 0, 0, 0);
	if (pid == 0)
		_exit(6);
	SHOW(waitpid((pid_t)pid, &status, 0));
	SHOW(waitpid((pid_t)pid, &status, __WCLONE) == pid);
	show_status("wclone", status);
	SHOW(g_hit == SIGUSR2);

	g_hit = 0;
	sigaction(SIGCHLD, &sa, NULL);
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(8);
	SHOW(waitpid(-1, &status, 0));
	SHOW(waitpid(-1, &status, __WALL) == pid);
	show_status("no signal", status);
	SHOW(g_hit);

	pid = fork();
	if (pid == 0) {
		long c = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

		if (c == 0) {
			usleep(20000);
			_exit(11);
		}
		errno = 0;
		_exit(waitpid((pid_t)c, NULL, 0) == -1 && errno == ECHILD ? 10 : 1);
	}
	while (waitpid((pid_t)pid, &status, 0) == -1 && errno == EINTR)
		;
	show_status("first", status);
	while (waitpid(-1, &status, 0) == -1 && errno == EINTR)
		;
	show_status("its sibling", status);
	return 0;
}

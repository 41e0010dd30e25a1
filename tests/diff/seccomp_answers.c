/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters over calls that are cheap to answer: one that forbids them is obeyed, by its own thread,
 * by children, and by a thread that it was given to while that was calling; one that looks at
 * arguments sees them.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/show.h"

#define NR_OFF     offsetof(struct seccomp_data, nr)
#define ARG_OFF(n) offsetof(struct seccomp_data, args[n])

static int install(struct sock_filter *f, unsigned short n, unsigned int flags)
{
	struct sock_fprog p = { n, f };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

/* Forbids one call with an errno that none of them gives. */
static int forbid(int nr, unsigned int flags)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR_OFF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return install(f, 4, flags);
}

static const int g_calls[] = {
	SYS_getpid,       SYS_gettid,  SYS_getppid,        SYS_getuid, SYS_geteuid,
	SYS_getgid,       SYS_getegid, SYS_getpgid,        SYS_getsid, SYS_clock_gettime,
	SYS_gettimeofday, SYS_getcpu,  SYS_rt_sigprocmask, SYS_futex,  SYS_sched_yield,
	SYS_umask,        SYS_fcntl,
};

static long call(int nr)
{
	static unsigned int word = 1;
	static long room[4];

	switch (nr) {
	case SYS_clock_gettime:
		return syscall(nr, CLOCK_MONOTONIC, room);
	case SYS_gettimeofday:
	case SYS_getcpu:
		return syscall(nr, room, NULL, NULL);
	case SYS_rt_sigprocmask:
		return syscall(nr, SIG_BLOCK, NULL, room, 8);
	case SYS_futex:
		return syscall(nr, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	case SYS_umask:
		return syscall(nr, 022);
	case SYS_fcntl:
		return syscall(nr, 1, F_GETFD);
	default:
		return syscall(nr, 0);
	}
}

static void each_alone(void)
{
	for (size_t i = 0; i < sizeof(g_calls) / sizeof(g_calls[0]); i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			int others = 0, grandchild;

			for (int n = 0; n < 3; n++)
				call(g_calls[i]); /* known by now */
			NEED(forbid(g_calls[i], 0) == 0);
			if (!(call(g_calls[i]) == -1 && errno == EXDEV))
				_exit(1);
			for (size_t k = 0; k < sizeof(g_calls) / sizeof(g_calls[0]); k++)
				others += k != i && call(g_calls[k]) == -1;
			if (others)
				_exit(2);
			grandchild = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
			if (!grandchild)
				_exit(call(g_calls[i]) == -1 && errno == EXDEV ? 0 : 3);
			NEED(waitpid(grandchild, &status, 0) == grandchild);
			_exit(WEXITSTATUS(status));
		}
		NEED(waitpid(pid, &status, 0) == pid);
		printf("call %zu: %d\n", i, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
}

static void by_argument(void)
{
	/* signals may be blocked but not unblocked */
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR_OFF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG_OFF(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIG_UNBLOCK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	unsigned long set = 1ul << (SIGUSR1 - 1), now = 0;

	NEED(install(f, 6, 0) == 0);
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8));
	SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &now, 8));
	SHOW(now);
}

static atomic_int g_seen, g_started;

static void *caller(void *arg)
{
	g_started = 1;
	while (syscall(SYS_getppid) != -1)
		;
	g_seen = errno;
	return NULL;
}

static void given_to_others(void)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		NEED(pthread_create(&t[i], NULL, caller, NULL) == 0);
	while (!g_started)
		sched_yield();
	usleep(10000);
	SHOW(forbid(SYS_getppid, SECCOMP_FILTER_FLAG_TSYNC));
	for (int i = 0; i < 3; i++)
		NEED(pthread_join(t[i], NULL) == 0);
	SHOW(g_seen == EXDEV);
}

int main(void)
{
	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	each_alone();
	by_argument();
	given_to_others();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the sentry, and the signals and deaths of processes. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "host/host.h"
#include "rawcall.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

struct host_thread {
	pthread_t pt;
	char name[16];
	void (*fn)(void *arg);
	void *arg;
	unsigned int nr_refs; /* the creator's and the thread's own */
	bool near;
};

/* Where threads begin that do not begin where their creator is; empty: they do. */
static struct {
	uint64_t mask[16];
	size_t nr_words;
} g_home;

/* Where threads that serve guests shall be now: a CPU, or -1, at home; and the count of changes. */
static struct {
	int cpu;
	unsigned int gen;
} g_now = { .cpu = -1 };

static _Thread_local unsigned int t_seen;

void host_threads_at(int cpu)
{
	__atomic_store_n(&g_now.cpu, cpu, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&g_now.gen, 1, __ATOMIC_SEQ_CST);
}

void host_thread_follow(void)
{
	unsigned int gen = __atomic_load_n(&g_now.gen, __ATOMIC_ACQUIRE);
	uint64_t mask[ARRAY_SIZE(g_home.mask)] = { 0 };
	int cpu;

	if (likely(gen == t_seen))
		return;
	t_seen = gen;
	cpu = __atomic_load_n(&g_now.cpu, __ATOMIC_ACQUIRE);
	if (cpu >= 0)
		mask[cpu / 64] = 1ull << cpu % 64;
	host_sched_setaffinity(0, cpu >= 0 ? mask : g_home.mask, g_home.nr_words);
}

void host_threads_home(const uint64_t *mask, size_t nr_words)
{
	memcpy(g_home.mask, mask, MIN(nr_words, ARRAY_SIZE(g_home.mask)) * sizeof(*mask));
	g_home.nr_words = MIN(nr_words, ARRAY_SIZE(g_home.mask));
}

static void drop(struct host_thread *th)
{
	if (__atomic_sub_fetch(&th->nr_refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(th);
}

static void *thread_main(void *p)
{
	struct host_thread *th = p;
	void (*fn)(void *) = th->fn;
	void *arg = th->arg;

	host_thread_set_name(th->name);
	if (!th->near && g_home.nr_words)
		host_sched_setaffinity(0, g_home.mask, g_home.nr_words);
	drop(th);
	fn(arg);
	return NULL;
}

static int start(const char *name, size_t stack_size, bool near, void (*fn)(void *arg), void *arg,
		 struct host_thread **ret_thread)
{
	auto_free struct host_thread *th = calloc(1, sizeof(*th));
	pthread_attr_t attr;
	int ret;

	if (!th)
		return -ENOMEM;
	strncpy(th->name, name, sizeof(th->name) - 1);
	th->near = near;
	th->fn = fn;
	th->nr_refs = 2;
	th->arg = arg;
	ret = pthread_attr_init(&attr);
	if (ret)
		return -ret;
	/* The C library's least size differs: 16 KiB on x86-64, 128 KiB on arm64. */
	ret = pthread_attr_setstacksize(&attr, MAX(stack_size, (size_t)PTHREAD_STACK_MIN));
	if (ret == 0)
		ret = pthread_create(&th->pt, &attr, thread_main, th);
	pthread_attr_destroy(&attr);
	if (ret)
		return -ret;
	*ret_thread = STEAL(th);
	return 0;
}

int host_thread_start(const char *name, size_t stack_size, void (*fn)(void *arg), void *arg,
		      struct host_thread **ret_thread)
{
	return start(name, stack_size, false, fn, arg, ret_thread);
}

int host_thread_start_near(const char *name, size_t stack_size, void (*fn)(void *arg), void *arg,
			   struct host_thread **ret_thread)
{
	return start(name, stack_size, true, fn, arg, ret_thread);
}

void host_thread_join(struct host_thread *th)
{
	pthread_join(th->pt, NULL);
	drop(th);
}

void host_thread_detach(struct host_thread *th)
{
	pthread_detach(th->pt);
	drop(th);
}

void host_thread_set_name(const char *name)
{
	HOST_CALL(SYS_prctl, PR_SET_NAME, name);
}

int host_tgkill(int tgid, int tid, int sig)
{
	return (int)HOST_CALL(SYS_tgkill, tgid, tid, sig);
}

int host_pidfd_open(int pid)
{
	return (int)HOST_CALL(SYS_pidfd_open, pid, 0);
}

int host_pidfd_kill(int pidfd, int sig)
{
	return (int)HOST_CALL(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* waitid gives si_code and si_status; the classic encoding is what everybody reads. */
static int encode_status(const siginfo_t *si)
{
	switch (si->si_code) {
	case CLD_EXITED:
		return (si->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return (si->si_status & 0x7f) | 0x80;
	default:
		return si->si_status & 0x7f;
	}
}

int host_pidfd_wait(int pidfd, bool nohang, int *ret_status)
{
	siginfo_t si;
	long ret;

	memset(&si, 0, sizeof(si));
	do {
		ret = HOST_CALL(SYS_waitid, P_PIDFD, pidfd, &si, WEXITED | (nohang ? WNOHANG : 0),
				NULL);
	} while (ret == -EINTR);
	if (ret < 0)
		return (int)ret;
	if (si.si_pid == 0)
		return 0;
	if (ret_status)
		*ret_status = encode_status(&si);
	return 1;
}

bool host_pidfd_dead(int pidfd)
{
	struct host_pollfd p = { .fd = pidfd, .events = HOST_POLLIN };

	return host_poll(&p, 1, 0) > 0;
}

void host_exit(int code)
{
	for (;;)
		HOST_CALL(SYS_exit_group, code);
}

int host_signal_handle(int sig, void (*handler)(int sig))
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	return sigaction(sig, &sa, NULL) < 0 ? -errno : 0;
}

int host_signal_ignore(int sig)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	return sigaction(sig, &sa, NULL) < 0 ? -errno : 0;
}

int host_signal_quiet_children(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP };

	return sigaction(SIGCHLD, &sa, NULL) < 0 ? -errno : 0;
}

int host_signals_block_all(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);
	sigdelset(&set, SIGTRAP);
	sigdelset(&set, SIGSYS);
	/*
	 * ignored by default, and then dropped where it is raised, but only while it is not blocked
	 */
	sigdelset(&set, SIGCHLD);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that sleep on private futexes and what may end that: wakes of every kind and number, bit
 * sets, deadlines on both clocks, signals with and without restart, requeues, a fork meanwhile, a
 * stop, and the end of the process.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/show.h"

#define N 6

static _Atomic unsigned int g_a, g_b;
static atomic_int g_tid[N], g_ended, g_ticks;
static unsigned int g_bits[N];
static long g_ret[N];
static int g_err[N], g_restart;

static long fx(void *a, int op, unsigned int v, const void *to, void *a2, unsigned int v3)
{
	return syscall(SYS_futex, a, op, v, to, a2, v3);
}

static char state_of(int tid)
{
	char path[64], line[256], *p;
	FILE *f;
	char c = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && (p = strrchr(line, ')')))
		c = p[2];
	if (f)
		fclose(f);
	return c;
}

static void until_asleep(int n)
{
	for (int i = 0; i < n; i++) {
		while (!g_tid[i])
			usleep(200);
		while (state_of(g_tid[i]) != 'S')
			usleep(200);
	}
	/* all the way */
	usleep(20000);
}

static void *sleeper(void *arg)
{
	long i = (long)arg;

	g_tid[i] = (int)syscall(SYS_gettid);
	g_ret[i] = fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, g_bits[i]);
	g_err[i] = g_ret[i] < 0 ? errno : 0;
	g_ended++;
	return NULL;
}

static void start(pthread_t *t, int n)
{
	g_a = 0;
	g_ended = 0;
	for (long i = 0; i < n; i++) {
		g_tid[i] = 0;
		NEED(pthread_create(&t[i], NULL, sleeper, (void *)i) == 0);
	}
	until_asleep(n);
}

static void until_ended(int n)
{
	while (g_ended < n)
		usleep(200);
	usleep(5000);
}

static void finish(pthread_t *t, int n)
{
	for (int i = 0; i < n; i++)
		NEED(pthread_join(t[i], NULL) == 0);
	for (int i = 0; i < n; i++)
		NEED(g_ret[i] == 0 && g_err[i] == 0);
}

static void wakes(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		g_bits[i] = ~0u;
	start(t, N);
	g_a = 1;
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	until_ended(1);
	SHOW(g_ended);
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0));
	until_ended(3);
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0));
	until_ended(4);
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0));
	until_ended(N);
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	finish(t, N);

	for (int i = 0; i < N; i++)
		g_bits[i] = i % 2 ? 2 : 1;
	start(t, N);
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 4));
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 2));
	until_ended(N / 2);
	SHOW(g_ended);
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 0));
	SHOW(fx(&g_a, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 1));
	until_ended(N);
	finish(t, N);
	for (int i = 0; i < N; i++)
		g_bits[i] = ~0u;
}

static void moves(void)
{
	pthread_t t[N];

	g_b = 0;
	start(t, N);
	SHOW(fx(&g_a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &g_b, 5));
	SHOW(fx(&g_a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &g_b, 0));
	until_ended(1);
	SHOW(fx(&g_b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	until_ended(2);
	SHOW(fx(&g_a, FUTEX_REQUEUE_PRIVATE, 0, (void *)1, &g_b, 0));
	SHOW(fx(&g_b, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0));
	until_ended(4);
	/* one here, by the old value of the other */
	SHOW(fx(&g_a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &g_b,
		FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 9)));
	until_ended(5);
	SHOW(g_b);
	SHOW(fx(&g_b, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &g_a,
		FUTEX_OP(FUTEX_OP_SET, 3, FUTEX_OP_CMP_EQ, 0)));
	until_ended(6);
	SHOW(g_a);
	finish(t, N);
}

static void deadlines(void)
{
	struct timespec ts;

	g_a = 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, ~0u));
	ts.tv_nsec += 30000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, ~0u));
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 1, &ts, NULL, ~0u));
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 30000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0u));
	ts.tv_nsec = 1000000000;
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, ~0u));
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, (void *)8, NULL, ~0u));
	SHOW(fx(&g_a, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0));
	ts = (struct timespec){ .tv_nsec = 20000000 };
	SHOW(fx(&g_a, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0));
	SHOW(fx((char *)&g_a + 1, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	SHOW(fx((void *)4096, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
}

static void on_signal(int sig)
{
	g_ticks++;
}

static void signals(int flags, const char *name)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };
	pthread_t t[1];

	printf("-- %s\n", name);
	sigaction(SIGUSR2, &sa, NULL);
	g_ticks = 0;
	start(t, 1);
	NEED(pthread_kill(t[0], SIGUSR2) == 0);
	while (!g_ticks)
		usleep(200);
	usleep(20000);
	SHOW(g_ended);
	if (!g_ended) {
		/* restarted: still to be woken */
		until_asleep(1);
		SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	}
	NEED(pthread_join(t[0], NULL) == 0);
	SHOW(g_ret[0]);
	printf("%s\n", g_err[0] ? strerrorname_np(g_err[0]) : "no error");
	SHOW(g_ticks);
}

static void others(void)
{
	pthread_t t[N];
	int status, p[2];
	pid_t pid;

	/* a fork makes all pages copies on write; the sleepers stay where they are */
	start(t, N);
	pid = fork();
	if (!pid) {
		g_a = 77;
		_exit(fx(&g_a, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0) == 0 ? 3 : 4);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	SHOW(WEXITSTATUS(status));
	SHOW(g_ended);
	SHOW(g_a);
	g_a = 1;
	SHOW(fx(&g_a, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0));
	until_ended(N);
	finish(t, N);

	/* stopped and continued, then ended, with threads asleep */
	NEED(pipe(p) == 0);
	pid = fork();
	if (!pid) {
		char c = 'x';

		start(t, N);
		NEED(write(p[1], &c, 1) == 1);
		for (;;)
			pause();
	}
	NEED(read(p[0], &g_restart, 1) == 1);
	kill(pid, SIGSTOP);
	SHOW(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGCONT);
	SHOW(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	kill(pid, SIGTERM);
	SHOW(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	SHOW(WTERMSIG(status));
}

static void *ponger(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		while (g_a != (unsigned int)(2 * i + 1))
			fx(&g_a, FUTEX_WAIT_PRIVATE, (unsigned int)(2 * i), NULL, NULL, 0);
		g_a++;
		fx(&g_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void ping_pong(void)
{
	pthread_t t;

	g_a = 0;
	NEED(pthread_create(&t, NULL, ponger, NULL) == 0);
	for (int i = 0; i < 20000; i++) {
		g_a++;
		fx(&g_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		while (g_a != (unsigned int)(2 * i + 2))
			fx(&g_a, FUTEX_WAIT_PRIVATE, (unsigned int)(2 * i + 1), NULL, NULL, 0);
	}
	NEED(pthread_join(t, NULL) == 0);
	SHOW(g_a);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	wakes();
	moves();
	deadlines();
	signals(0, "no restart");
	signals(SA_RESTART, "restart");
	others();
	ping_pong();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setscheduler, sched_setparam and their queries: what is valid, what needs a privilege. */
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/caps.h"

static long set(pid_t pid, int policy, int prio)
{
	struct sched_param p = { prio };

	return syscall(SYS_sched_setscheduler, pid, policy, &p);
}

static void show_policy(void)
{
	struct sched_param p = { -1 };
	long policy = syscall(SYS_sched_getscheduler, 0);

	NEED(syscall(SYS_sched_getparam, 0, &p) == 0);
	printf("  policy %#lx priority %d\n", policy, p.sched_priority);
}

static void unprivileged(void)
{
	struct rlimit rt = { 5, 5 };
	struct sched_param p = { 3 };

	SHOW(set(0, SCHED_FIFO, 1));
	SHOW(set(0, SCHED_BATCH, 0));
	SHOW(set(0, SCHED_BATCH, 1));
	SHOW(set(0, SCHED_IDLE, 0));
	show_policy();
	SHOW(set(0, SCHED_OTHER, 0));
	SHOW(set(0, SCHED_IDLE, 0));
	SHOW(setrlimit(RLIMIT_NICE, &(struct rlimit){ 20, 20 }));
	SHOW(set(0, SCHED_OTHER, 0));
	SHOW(set(0, SCHED_BATCH, 0));
	SHOW(set(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
	show_policy();
	SHOW(set(0, SCHED_BATCH, 0));
	SHOW(setrlimit(RLIMIT_RTPRIO, &rt));
	SHOW(set(0, SCHED_FIFO | SCHED_RESET_ON_FORK, 5));
	SHOW(set(0, SCHED_FIFO | SCHED_RESET_ON_FORK, 6));
	SHOW(syscall(SYS_sched_setparam, 0, &p));
	show_policy();
}

static void reset_on_fork(void)
{
	SHOW(set(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
	SHOW(setpriority(PRIO_PROCESS, 0, 5));
	fflush(stdout);
	if (fork() == 0) {
		show_policy();
		SHOW(getpriority(PRIO_PROCESS, 0));
		exit(0);
	}
	wait(NULL);
	show_policy();
}

static void inherited(void)
{
	SHOW(set(0, SCHED_IDLE, 0));
	fflush(stdout);
	if (fork() == 0) {
		show_policy();
		exit(0);
	}
	wait(NULL);
}

int main(void)
{
	struct sched_param p = { 0 };
	struct timespec ts;

	NEED(getuid() == 0);
	caps_start();
	show_policy();
	for (int policy = -1; policy < 9; policy++) {
		printf("policy %d\n", policy);
		SHOW(syscall(SYS_sched_get_priority_max, policy));
		SHOW(syscall(SYS_sched_get_priority_min, policy));
	}
	SHOW(set(0, 4, 0));
	SHOW(set(0, 99, 0));
	SHOW(set(0, -1, 0));
	SHOW(set(-1, SCHED_OTHER, 0));
	SHOW(set(999999999, SCHED_OTHER, 0));
	SHOW(set(0, SCHED_OTHER, 1));
	SHOW(set(0, SCHED_FIFO, 0));
	SHOW(set(0, SCHED_FIFO, 100));
	SHOW(set(0, 6, 0));
	SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
	SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8L));
	SHOW(syscall(SYS_sched_setparam, 0, NULL));
	SHOW(syscall(SYS_sched_setparam, -1, &p));
	SHOW(syscall(SYS_sched_getparam, 0, NULL));
	SHOW(syscall(SYS_sched_getparam, 999999999, &p));
	SHOW(syscall(SYS_sched_getscheduler, -1));
	SHOW(syscall(SYS_sched_getscheduler, 999999999));
	SHOW(syscall(SYS_sched_rr_get_interval, -1, &ts));
	SHOW(syscall(SYS_sched_rr_get_interval, 999999999, &ts));
	SHOW(syscall(SYS_sched_rr_get_interval, 0, &ts));
	SHOW(syscall(SYS_sched_yield));
	show_child("unprivileged", unprivileged);
	show_child("reset on fork", reset_on_fork);
	show_child("inherited", inherited);
	return 0;
}

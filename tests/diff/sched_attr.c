/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setattr(2) and sched_getattr(2): sizes, unknown bytes, nice values. */
#include <sched.h>
#include <sys/syscall.h>

#include "lib/caps.h"

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
	uint64_t future[4];
};

static void show_attr(void)
{
	struct attr a;

	memset(&a, 0xff, sizeof(a));
	SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 0));
	printf("  size %u policy %u flags %llx nice %d priority %u\n", a.size, a.policy,
	       (unsigned long long)a.flags, a.nice, a.priority);
}

int main(void)
{
	struct attr a = { .size = 48 };

	NEED(getuid() == 0);
	caps_start();
	show_attr();
	a.nice = 7;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.nice = 100;
	a.policy = SCHED_BATCH;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.nice = -1;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.nice = 3;
	a.size = 0;
	a.flags = 1; /* reset on fork */
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.nice = 19;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.flags = 1 | 8 | 16; /* keep policy and parameters */
	a.policy = SCHED_OTHER;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	show_attr();
	a.flags = 0x1000;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.flags = 1;

	a.size = 47;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	SHOW(a.size >= 48);
	a.size = 5000;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	SHOW(a.size >= 48);
	a.size = sizeof(a);
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.size = sizeof(a);
	a.future[3] = 1;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.size = 48;
	a.policy = -1;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.policy = SCHED_DEADLINE;
	SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
	a.policy = SCHED_OTHER;
	SHOW(syscall(SYS_sched_setattr, 0, NULL, 0));
	SHOW(syscall(SYS_sched_setattr, 0, 8L, 0));
	SHOW(syscall(SYS_sched_setattr, -1, &a, 0));
	SHOW(syscall(SYS_sched_setattr, 999999999, &a, 0));
	SHOW(syscall(SYS_sched_setattr, 0, &a, 1));
	SHOW(syscall(SYS_sched_getattr, 0, &a, 47, 0));
	SHOW(syscall(SYS_sched_getattr, 0, &a, 5000, 0));
	SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 1));
	SHOW(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
	SHOW(syscall(SYS_sched_getattr, -1, &a, 48, 0));
	SHOW(syscall(SYS_sched_getattr, 999999999, &a, 48, 0));
	SHOW(syscall(SYS_sched_getattr, 0, 8L, 48, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ioprio_set(2) and ioprio_get(2). */
#include <linux/ioprio.h>
#include <sys/syscall.h>

#include "lib/caps.h"

#define PRIO(class, level) ((class) << 13 | (level))

static long set(int which, int who, int prio)
{
	return syscall(SYS_ioprio_set, which, who, prio);
}

static long get(int which, int who)
{
	return syscall(SYS_ioprio_get, which, who);
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	SHOW(set(IOPRIO_WHO_PROCESS, 0, PRIO(IOPRIO_CLASS_BE, 6)));
	SHOWX(get(IOPRIO_WHO_PROCESS, 0));
	SHOWX(get(IOPRIO_WHO_PROCESS, getpid()));
	SHOW(set(IOPRIO_WHO_PROCESS, 0, PRIO(IOPRIO_CLASS_IDLE, 0)));
	SHOWX(get(IOPRIO_WHO_PROCESS, 0));
	SHOW(set(IOPRIO_WHO_PROCESS, 0, PRIO(IOPRIO_CLASS_RT, 0)));
	SHOW(set(IOPRIO_WHO_PROCESS, 0, PRIO(IOPRIO_CLASS_NONE, 3)));
	SHOW(set(IOPRIO_WHO_PROCESS, 0, PRIO(5, 0)));
	SHOW(set(0, 0, PRIO(IOPRIO_CLASS_BE, 0)));
	SHOW(set(4, 0, PRIO(IOPRIO_CLASS_BE, 0)));
	SHOW(set(IOPRIO_WHO_PROCESS, 999999999, PRIO(IOPRIO_CLASS_BE, 0)));
	SHOW(set(IOPRIO_WHO_PGRP, 999999999, PRIO(IOPRIO_CLASS_BE, 0)));
	SHOW(get(0, 0));
	SHOW(get(IOPRIO_WHO_PROCESS, 999999999));
	SHOW(get(IOPRIO_WHO_USER, 123456));
	fflush(stdout);
	if (fork() == 0) {
		SHOWX(get(IOPRIO_WHO_PROCESS, 0));
		NEED(setpgid(0, 0) == 0);
		SHOW(set(IOPRIO_WHO_PGRP, 0, PRIO(IOPRIO_CLASS_BE, 2)));
		SHOWX(get(IOPRIO_WHO_PGRP, getpgrp()));
		exit(0);
	}
	wait(NULL);
	SHOW(set(IOPRIO_WHO_PROCESS, 0, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* setpriority(2) and getpriority(2): process, group and user, with and without the right to. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/caps.h"

/* the kernel's own result: 20 - nice */
static long get(int which, int who)
{
	return syscall(SYS_getpriority, which, who);
}

static void unprivileged(void)
{
	NEED(syscall(SYS_setresuid, 1000, 1000, 1000) == 0);
	SHOW(setpriority(PRIO_PROCESS, 0, 4));
	SHOW(setpriority(PRIO_PROCESS, 0, 3));
	SHOW(setpriority(PRIO_PROCESS, 0, -1));
	SHOW(get(PRIO_PROCESS, 0));
	SHOW(setpriority(PRIO_PROCESS, 1, 4));
	SHOW(get(PRIO_USER, 1000));
	SHOW(setpriority(PRIO_USER, 1000, 6));
	SHOW(get(PRIO_USER, 0));
	SHOW(get(PRIO_PROCESS, 0));
}

static void group(void)
{
	int p[2];
	char c;

	NEED(pipe(p) == 0);
	NEED(setpgid(0, 0) == 0);
	fflush(stdout);
	if (fork() == 0) {
		close(p[1]);
		(void)!read(p[0], &c, 1);
		SHOW(get(PRIO_PROCESS, 0));
		exit(0);
	}
	SHOW(setpriority(PRIO_PROCESS, 0, 2));
	SHOW(get(PRIO_PGRP, 0));
	SHOW(setpriority(PRIO_PGRP, 0, 9));
	SHOW(get(PRIO_PGRP, getpgrp()));
	close(p[1]);
	wait(NULL);
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	SHOW(get(PRIO_PROCESS, 0));
	SHOW(get(PRIO_PROCESS, getpid()));
	SHOW(get(PRIO_PROCESS, 999999999));
	SHOW(get(PRIO_PGRP, 999999999));
	SHOW(get(PRIO_USER, 123456));
	SHOW(get(3, 0));
	SHOW(get(-1, 0));
	SHOW(setpriority(3, 0, 0));
	SHOW(setpriority(PRIO_PROCESS, 999999999, 0));
	SHOW(setpriority(PRIO_PROCESS, 0, 1));
	SHOW(setpriority(PRIO_PROCESS, 0, 0));
	SHOW(setrlimit(RLIMIT_NICE, &(struct rlimit){ 20, 20 }));
	SHOW(nice(0));
	show_child("group", group);
	show_child("unprivileged", unprivileged);
	SHOW(setpriority(PRIO_PROCESS, 0, 1000));
	SHOW(get(PRIO_PROCESS, 0));
	return 0;
}

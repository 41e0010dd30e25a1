/* SPDX-License-Identifier: Apache-2.0 */
/* kcmp(2): what parent and child share, what two descriptors share. */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long kcmp(pid_t a, pid_t b, int type, unsigned long x, unsigned long y)
{
	return syscall(SYS_kcmp, a, b, type, x, y);
}

/* 1 and 2 say which pointer is larger: not for printing */
static long same(long ret)
{
	return ret > 0 ? 1 : ret;
}

int main(void)
{
	int fd = open("/dev/null", O_RDONLY), dup_fd = dup(fd), other = open("/dev/null", O_RDONLY);
	pid_t me = getpid(), pid;
	int status;

	SHOW(kcmp(me, me, KCMP_VM, 0, 0));
	SHOW(kcmp(me, me, KCMP_FILES, 0, 0));
	SHOW(kcmp(me, me, KCMP_FS, 0, 0));
	SHOW(kcmp(me, me, KCMP_SIGHAND, 0, 0));
	SHOW(kcmp(me, me, KCMP_SYSVSEM, 0, 0));
	SHOW(kcmp(me, me, KCMP_FILE, fd, dup_fd));
	SHOW(same(kcmp(me, me, KCMP_FILE, fd, other)));
	SHOW(kcmp(me, me, KCMP_FILE, fd, 999));
	SHOW(kcmp(me, me, 99, 0, 0));
	SHOW(kcmp(me, 999999999, KCMP_VM, 0, 0));
	SHOW(kcmp(999999999, 999999999, 99, 0, 0));
	SHOW(same(kcmp(me, me, KCMP_FILE, fd, other) + kcmp(me, me, KCMP_FILE, other, fd) == 3));

	pid = fork();
	if (pid == 0) {
		pid_t parent = getppid(), self = getpid();

		SHOW(same(kcmp(parent, self, KCMP_VM, 0, 0)));
		SHOW(same(kcmp(parent, self, KCMP_FILES, 0, 0)));
		SHOW(same(kcmp(parent, self, KCMP_FS, 0, 0)));
		SHOW(same(kcmp(parent, self, KCMP_SIGHAND, 0, 0)));
		SHOW(same(kcmp(parent, self, KCMP_FILE, fd, fd)));
		exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	return 0;
}

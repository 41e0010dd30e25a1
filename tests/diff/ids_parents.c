/* SPDX-License-Identifier: Apache-2.0 */
/* Process numbers across fork: pid, ppid, tid, getcpu and umask. */
#include <sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#include "lib/show.h"

int main(void)
{
	pid_t me = getpid(), pid;
	unsigned int cpu = -1, node = -1;
	int p[2], status;
	char c;

	SHOW(me == (pid_t)syscall(SYS_gettid));
	SHOW(pipe(p));
	pid = fork();
	if (pid == 0) {
		pid_t parent = getpid();

		SHOW(getppid() == me);
		SHOW(getpid() == (pid_t)syscall(SYS_gettid));
		SHOW(parent != me);
		/* a grandchild's parent dies: another takes its place */
		if (fork() == 0) {
			while (getppid() == parent)
				usleep(1000);
			(void)!write(p[1], getppid() != parent ? "y" : "n", 1);
			_exit(0);
		}
		_exit(3);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	close(p[1]);
	SHOW(read(p[0], &c, 1));
	SHOW(c == 'y');

	SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
	SHOW((int)cpu < sysconf(_SC_NPROCESSORS_CONF));
	SHOW(node);
	SHOW(syscall(SYS_getcpu, NULL, NULL, NULL));
	SHOW(syscall(SYS_getcpu, 8L, NULL, NULL));

	SHOWX(umask(077));
	SHOWX(umask(07777));
	SHOWX(umask(-1));
	SHOWX(umask(022));

	SHOWX(personality(0xffffffff));
	SHOWX(personality(ADDR_NO_RANDOMIZE | 0x10000000));
	SHOWX(personality(0xffffffff));
	SHOWX(personality(0));
	SHOW(syscall(SYS_set_tid_address, NULL) == me);
	return 0;
}

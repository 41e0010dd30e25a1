/* SPDX-License-Identifier: Apache-2.0 */
/* clone(2) and clone3(2): combinations that are refused, and why. */
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long c(unsigned long flags)
{
	long ret = syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (ret == 0)
		_exit(0);
	if (ret > 0) {
		waitpid((pid_t)ret, NULL, __WALL);
		ret = 1;
	}
	return ret;
}

static long c3(struct clone_args *a, size_t size)
{
	long ret = syscall(SYS_clone3, a, size);

	if (ret == 0)
		_exit(0);
	if (ret > 0) {
		waitpid((pid_t)ret, NULL, __WALL);
		ret = 1;
	}
	return ret;
}

int main(void)
{
	struct {
		struct clone_args a;
		unsigned long more[4];
	} big = { 0 };
	struct clone_args a = { 0 };

	SHOW(c(SIGCHLD));
	SHOW(c(0));
	SHOW(c(CLONE_THREAD));
	SHOW(c(CLONE_THREAD | CLONE_VM));
	SHOW(c(CLONE_SIGHAND | SIGCHLD));
	SHOW(c(CLONE_NEWNS | CLONE_FS | SIGCHLD));
	SHOW(c(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD));
	SHOW(c(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD));
	SHOW(c(CLONE_FS | CLONE_FILES | SIGCHLD));
	SHOW(c(CLONE_VM | CLONE_VFORK | SIGCHLD));
	SHOW(c(CLONE_SYSVSEM | CLONE_IO | CLONE_UNTRACED | SIGCHLD));
	SHOW(c3(&a, 63));
	SHOW(c3(&a, 5000));
	SHOW(c3((void *)8, 64));
	a.exit_signal = 65;
	SHOW(c3(&a, sizeof(a)));
	a.exit_signal = 0x100;
	SHOW(c3(&a, sizeof(a)));
	a.exit_signal = SIGCHLD;
	SHOW(c3(&a, sizeof(a)));
	SHOW(c3(&a, 64));
	a.stack_size = 4096;
	SHOW(c3(&a, sizeof(a)));
	a.stack_size = 0;
	a.stack = 4096;
	SHOW(c3(&a, sizeof(a)));
	a.stack = 0;
	a.flags = 1;
	SHOW(c3(&a, sizeof(a)));
	a.flags = CLONE_DETACHED;
	SHOW(c3(&a, sizeof(a)));
	a.flags = 1ull << 40;
	SHOW(c3(&a, sizeof(a)));
	a.flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND;
	SHOW(c3(&a, sizeof(a)));
	a.flags = CLONE_PARENT;
	SHOW(c3(&a, sizeof(a)));
	a.flags = CLONE_CLEAR_SIGHAND;
	SHOW(c3(&a, sizeof(a)));
	a.flags = 0;
	a.set_tid_size = 1;
	SHOW(c3(&a, sizeof(a)));
	a.set_tid_size = 33;
	a.set_tid = (unsigned long)&a;
	SHOW(c3(&a, sizeof(a)));
	a.set_tid_size = 0;
	SHOW(c3(&a, sizeof(a)));
	big.a.exit_signal = SIGCHLD;
	SHOW(c3(&big.a, sizeof(big)));
	big.more[3] = 1;
	SHOW(c3(&big.a, sizeof(big)));
	return 0;
}

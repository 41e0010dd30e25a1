/* SPDX-License-Identifier: Apache-2.0 */
/* vfork and CLONE_VM share memory; fork does not. */
#include <sched.h>

#include "lib/show.h"

static volatile int shared = 1;
static char stack[65536] __attribute__((aligned(16)));

static int thread_like(void *arg)
{
	shared = *(int *)arg;
	return mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

int main(void)
{
	int st, val = 7;
	char *p;
	pid_t pid = vfork();

	if (pid == 0) {
		shared = 2;
		_exit(0);
	}
	NEED(waitpid(pid, &st, 0) == pid);
	SHOW(shared);
	pid = clone(thread_like, stack + sizeof(stack), CLONE_VM | SIGCHLD, &val);
	NEED(waitpid(pid, &st, 0) == pid);
	show_status("clone", st);
	SHOW(shared);
	pid = clone(thread_like, stack + sizeof(stack), SIGCHLD, &(int){ 9 });
	NEED(waitpid(pid, &st, 0) == pid);
	show_status("clone without VM", st);
	SHOW(shared);
	/* a mapping made by the vfork child is there afterwards */
	static char *volatile from_child;
	pid = vfork();
	if (pid == 0) {
		from_child = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		from_child[0] = 'v';
		_exit(0);
	}
	waitpid(pid, &st, 0);
	p = from_child;
	SHOW(p[0]);
	return 0;
}

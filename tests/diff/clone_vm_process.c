/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that share memory, files or the file system view without being threads. */
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "lib/show.h"

static char g_stack[65536] __attribute__((aligned(16)));
static volatile int g_val;
static int g_fd = -1;

static int fn(void *arg)
{
	g_val = (int)(long)arg;
	g_fd = open("/dev/null", O_RDONLY);
	chdir("/");
	umask(0137);
	return 12;
}

static void run(const char *name, int flags)
{
	char cwd[256];
	int status;
	pid_t pid;

	g_val = 0;
	pid = clone(fn, g_stack + sizeof(g_stack), flags | SIGCHLD, (void *)5);
	NEED(pid > 0);
	NEED(waitpid(pid, &status, 0) == pid);
	show_status(name, status);
	SHOW(g_val);
	SHOW(fcntl(g_fd, F_GETFD) >= 0);
	SHOW(strcmp(getcwd(cwd, sizeof(cwd)), "/") == 0);
	SHOWX(umask(022));
}

int main(void)
{
	run("vm", CLONE_VM);
	run("vm files", CLONE_VM | CLONE_FILES);
	run("vm sighand", CLONE_VM | CLONE_SIGHAND);
	run("nothing", 0);
	run("fs", CLONE_FS);
	return 0;
}

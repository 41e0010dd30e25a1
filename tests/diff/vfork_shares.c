/* SPDX-License-Identifier: Apache-2.0 */
/* vfork(2): the parent sleeps, memory is shared, exec and exit let it go on; signals wait. */
#include <signal.h>

#include "lib/show.h"

static volatile int g_order, g_seen;

static void handler(int sig)
{
	g_seen = ++g_order;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid, me = getpid();

	if (argc > 1)
		return 9;
	signal(SIGUSR1, handler);
	pid = vfork();
	if (pid == 0) {
		g_order = 1;
		kill(me, SIGUSR1);
		usleep(20000);
		g_order = 2;
		_exit(4);
	}
	SHOW(g_order);
	SHOW(g_seen);
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("exit", status);
	pid = vfork();
	if (pid == 0) {
		execl("/nonexistent/program", "x", NULL);
		execl(argv[0], "x", "again", NULL);
		_exit(5);
	}
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("exec", status);
	return 0;
}

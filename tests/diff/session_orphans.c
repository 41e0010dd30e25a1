/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process group that becomes orphaned while a member is stopped gets SIGHUP and SIGCONT; TSTP
 * does nothing in one.
 */
#include <sys/prctl.h>

#include "lib/show.h"

static int g_out[2];

static void on_hup(int sig)
{
	write(g_out[1], "H", 1);
	_exit(6);
}

static void on_cont(int sig)
{
	write(g_out[1], "C", 1);
}

int main(void)
{
	char buf[4] = "";
	int status;
	pid_t leader;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pipe(g_out);
	leader = fork();
	if (leader == 0) {
		pid_t kid;

		setsid();
		kid = fork();
		if (kid == 0) {
			setpgid(0, 0);
			signal(SIGHUP, on_hup);
			signal(SIGCONT, on_cont);
			raise(SIGSTOP);
			for (;;)
				pause();
		}
		setpgid(kid, kid);
		NEED(waitpid(kid, &status, WUNTRACED) == kid);
		show_status("kid", status);
		_exit(0);
	}
	SHOW(waitpid(leader, &status, 0) == leader);
	SHOW(read(g_out[0], buf, 1));
	SHOW(read(g_out[0], buf + 1, 1));
	SHOW(strchr(buf, 'H') && strchr(buf, 'C'));
	SHOW(wait(&status) > 0);
	show_status("orphan", status);
	leader = fork();
	if (leader == 0) {
		setsid();
		raise(SIGTSTP);
		raise(SIGTTIN);
		raise(SIGTTOU);
		_exit(3);
	}
	SHOW(waitpid(leader, &status, WUNTRACED) == leader);
	show_status("not stopped", status);
	return 0;
}

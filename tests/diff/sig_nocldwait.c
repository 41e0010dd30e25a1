/* SPDX-License-Identifier: Apache-2.0 */
/* SIGCHLD ignored or SA_NOCLDWAIT: children leave no status; SA_NOCLDSTOP: no signal for stops. */
#include "lib/show.h"

static volatile sig_atomic_t nr;

static void handler(int sig)
{
	nr++;
}

static pid_t exit_with(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	return pid;
}

int main(void)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_NOCLDWAIT | SA_RESTART };
	int status;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = exit_with(1);
	SHOW(waitpid(pid, &status, 0));
	SHOW(wait(&status));
	sigaction(SIGCHLD, &sa, NULL);
	pid = exit_with(2);
	SHOW(waitpid(pid, &status, 0));
	SHOW(nr);
	sa.sa_flags = SA_NOCLDSTOP | SA_RESTART;
	sigaction(SIGCHLD, &sa, NULL);
	nr = 0;
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(3);
	}
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	SHOW(nr);
	kill(pid, SIGCONT);
	SHOW(waitpid(pid, &status, 0) == pid);
	SHOW(nr);
	show_status("end", status);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping and continuing a child: wait status, SIGCHLD codes, SIGCONT discards stops. */
#include "lib/show.h"

static void on_chld(int sig, siginfo_t *si, void *uc) {}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigset_t set;
	siginfo_t si;
	int status, p[2];
	pid_t pid;

	NEED(pipe(p) == 0);
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0) {
		char c;

		raise(SIGSTOP);
		read(p[0], &c, 1); /* the wait for "continued" has been seen */
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("stop", status);
	SHOW(sigwaitinfo(&set, &si));
	printf("code %d status %d\n", si.si_code, si.si_status);
	SHOW(waitpid(pid, &status, WUNTRACED | WNOHANG));
	SHOW(kill(pid, SIGCONT));
	SHOW(waitpid(pid, &status, WCONTINUED) == pid);
	show_status("cont", status);
	NEED(write(p[1], "x", 1) == 1);
	SHOW(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT));
	printf("code %d status %d\n", si.si_code, si.si_status);
	SHOW(waitid(P_PID, (id_t)pid, &si, WSTOPPED));
	SHOW(kill(pid, SIGTERM));
	SHOW(waitpid(pid, &status, WNOHANG));
	SHOW(kill(pid, SIGCONT));
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("end", status);
	pid = fork();
	if (pid == 0) {
		for (;;)
			pause();
	}
	SHOW(kill(pid, SIGSTOP));
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	SHOW(kill(pid, SIGKILL));
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("killed while stopped", status);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stop and continue reports: WUNTRACED, WCONTINUED, WNOWAIT, each told once; SIGCHLD with and
 * without SA_NOCLDSTOP.
 */
#include "lib/show.h"

static volatile int g_chld, g_code;

static void on_chld(int sig, siginfo_t *si, void *uc)
{
	g_chld++;
	g_code = si->si_code;
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART };
	siginfo_t si;
	int status;
	pid_t pid;

	sigaction(SIGCHLD, &sa, NULL);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("stop", status);
	SHOW(g_chld);
	SHOW(g_code == CLD_STOPPED);
	SHOW(waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	SHOW(waitid(P_PID, pid, &si, WCONTINUED | WNOWAIT));
	SHOW(si.si_code == CLD_CONTINUED);
	SHOW(si.si_status == SIGCONT);
	SHOW(waitpid(pid, &status, WCONTINUED) == pid);
	show_status("cont", status);
	SHOW(waitpid(pid, &status, WCONTINUED | WNOHANG));
	while (g_chld < 2)
		usleep(1000);
	SHOW(g_code == CLD_CONTINUED);
	/*
	 * a continue that was not waited for is forgotten at the next stop, and the other way round
	 */
	kill(pid, SIGSTOP);
	SHOW(waitid(P_PID, pid, &si, WSTOPPED | WNOWAIT));
	kill(pid, SIGCONT);
	SHOW(waitid(P_PID, pid, &si, WCONTINUED | WNOWAIT));
	SHOW(waitpid(pid, &status, WUNTRACED | WNOHANG));
	sa.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
	g_chld = 0;
	kill(pid, SIGTSTP);
	kill(pid, SIGSTOP);
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	SHOW(g_chld);
	kill(pid, SIGTERM);
	SHOW(waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("term, then cont", status);
	SHOW(g_code == CLD_KILLED);
	return 0;
}

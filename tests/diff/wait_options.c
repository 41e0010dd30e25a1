/* SPDX-License-Identifier: Apache-2.0 */
/* wait4(2) and waitid(2): selection, WNOHANG, WNOWAIT, bad arguments, what siginfo holds. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void show_info(const char *name, const siginfo_t *si, pid_t pid)
{
	printf("%s: signo %d code %d status %d pid %s uid %d\n", name, si->si_signo, si->si_code,
	       si->si_status,
	       si->si_pid == pid ? "child" :
	       si->si_pid        ? "other" :
				   "0",
	       (int)si->si_uid);
}

static pid_t child(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	return pid;
}

int main(void)
{
	struct rusage ru;
	siginfo_t si;
	int status;
	pid_t pid, slow;

	SHOW(wait4(-1, &status, 0, NULL));
	SHOW(wait4(-1, &status, 0x10, NULL));
	SHOW(wait4(getpid(), &status, 0, NULL));
	SHOW(wait4(1 << 22, &status, 0, NULL));
	SHOW(wait4((pid_t)0x80000000, &status, 0, NULL));
	SHOW(wait4(-99999, &status, 0, NULL));
	SHOW(waitid(P_ALL, 0, &si, 0));
	SHOW(waitid(P_ALL, 0, &si, WEXITED | 0x40));
	SHOW(waitid(9, 0, &si, WEXITED));
	SHOW(waitid(P_PID, 0, &si, WEXITED));
	SHOW(waitid(P_PGID, (id_t)-5, &si, WEXITED));
	SHOW(waitid(P_ALL, 0, &si, WEXITED));
	SHOW(waitid(P_PIDFD, (id_t)-1, &si, WEXITED));
	SHOW(waitid(P_PIDFD, 0, &si, WEXITED));

	slow = fork();
	if (slow == 0)
		for (;;)
			pause();
	memset(&si, 0x55, sizeof(si));
	SHOW(wait4(slow, &status, WNOHANG, &ru));
	SHOW(waitid(P_ALL, 0, &si, WEXITED | WNOHANG));
	show_info("nothing yet", &si, slow);
	pid = child(3);
	SHOW(waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	show_info("left there", &si, pid);
	SHOW(waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	SHOW(waitid(P_PID, pid, &si, WSTOPPED | WNOHANG));
	SHOW(waitid(P_PID, pid, &si, WEXITED));
	show_info("taken", &si, pid);
	SHOW(waitid(P_PID, pid, &si, WEXITED));
	pid = child(4);
	SHOW(wait4(0, &status, 0, &ru) == pid);
	show_status("own group", status);
	SHOW(ru.ru_maxrss > 0);
	pid = child(5);
	SHOW(waitid(P_PGID, 0, NULL, WEXITED));
	pid = child(6);
	SHOW(wait4(pid, (int *)8, 0, NULL));
	SHOW(wait4(pid, &status, 0, NULL));
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		_exit(7);
	}
	setpgid(pid, pid);
	SHOW(wait4(0, &status, WNOHANG, NULL));
	SHOW(wait4(-pid, &status, 0, NULL) == pid);
	show_status("its group", status);
	kill(slow, SIGKILL);
	SHOW(waitid(P_PID, slow, &si, WEXITED));
	show_info("killed", &si, slow);
	return 0;
}

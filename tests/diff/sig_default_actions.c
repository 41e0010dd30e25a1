/* SPDX-License-Identifier: Apache-2.0 */
/* What each signal does to a process that has not asked for anything. */
#include <sys/resource.h>

#include "lib/show.h"

int main(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	for (int sig = 1; sig <= 64; sig++) {
		int status;
		pid_t pid;

		if (sig == 32 || sig == 33)
			continue;
		pid = fork();
		if (pid == 0) {
			sigset_t none;

			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			signal(sig, SIG_DFL);
			kill(getpid(), sig);
			_exit(0);
		}
		NEED(waitpid(pid, &status, WUNTRACED) == pid);
		if (WIFSTOPPED(status)) {
			printf("%d: stopped by %d\n", sig, WSTOPSIG(status));
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
		} else if (WIFSIGNALED(status)) {
			printf("%d: killed by %d\n", sig, WTERMSIG(status));
		} else {
			printf("%d: ignored\n", sig);
		}
	}
	return 0;
}

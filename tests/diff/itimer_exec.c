/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm survives exec and ends the next program; a stopped process gets it when it goes on. */
#include <sys/time.h>

#include "lib/show.h"

int main(int argc, char **argv)
{
	struct itimerval it = { .it_value = { 1, 0 } };
	int status;
	pid_t pid;

	if (argc > 1) {
		struct itimerval left;

		getitimer(ITIMER_REAL, &left);
		SHOW(left.it_value.tv_sec + left.it_value.tv_usec > 0);
		for (;;)
			pause();
	}
	pid = fork();
	if (pid == 0) {
		setitimer(ITIMER_REAL, &it, NULL);
		execl(argv[0], argv[0], "x", NULL);
		_exit(1);
	}
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("across exec", status);
	pid = fork();
	if (pid == 0) {
		it.it_value = (struct timeval){ 0, 300000 };
		setitimer(ITIMER_REAL, &it, NULL);
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	SHOW(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("stopped", status);
	usleep(350000);
	SHOW(waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("continued", status);
	return 0;
}

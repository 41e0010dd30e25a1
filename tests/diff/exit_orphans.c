/* SPDX-License-Identifier: Apache-2.0 */
/* Orphans go to the nearest subreaper, who can wait for them; PR_SET_PDEATHSIG tells the child. */
#include <sys/prctl.h>

#include "lib/show.h"

int main(void)
{
	int status, pfd[2];
	char c;
	pid_t mid;

	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pipe(pfd);
	mid = fork();
	if (mid == 0) {
		if (fork() == 0) {
			pid_t parent = getppid();

			write(pfd[1], "x", 1);
			while (getppid() == parent)
				usleep(1000);
			_exit(17);
		}
		read(pfd[0], &c, 1);
		_exit(1);
	}
	SHOW(waitpid(mid, &status, 0) == mid);
	show_status("middle", status);
	SHOW(wait(&status) > 0);
	show_status("orphan", status);

	mid = fork();
	if (mid == 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			int sig = 0;

			prctl(PR_GET_PDEATHSIG, &sig);
			write(pfd[1], "x", 1);
			for (;;)
				pause();
		}
		read(pfd[0], &c, 1);
		_exit(2);
	}
	SHOW(waitpid(mid, &status, 0) == mid);
	SHOW(wait(&status) > 0);
	show_status("told by pdeathsig", status);
	SHOW(wait(&status));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to a process group, from inside and outside; killpg errors. */
#include "lib/show.h"

int main(void)
{
	int status, p[2];
	pid_t kid[3], leader = 0;
	char c;

	NEED(pipe(p) == 0);
	for (int i = 0; i < 3; i++) {
		kid[i] = fork();
		if (kid[i] == 0) {
			setpgid(0, leader);
			if (i == 2)
				signal(SIGUSR1, SIG_IGN);
			write(p[1], "x", 1);
			for (;;)
				pause();
		}
		setpgid(kid[i], leader ? leader : kid[i]);
		if (!leader)
			leader = kid[i];
		NEED(read(p[0], &c, 1) == 1);
	}
	SHOW(getpgid(kid[1]) == leader);
	SHOW(kill(-leader, 0));
	SHOW(kill(-leader, SIGUSR1));
	for (int i = 0; i < 2; i++) {
		NEED(waitpid(kid[i], &status, 0) == kid[i]);
		show_status("kid", status);
	}
	SHOW(waitpid(kid[2], &status, WNOHANG));
	SHOW(killpg(leader, SIGTERM));
	SHOW(waitpid(-leader, &status, 0) == kid[2]);
	show_status("kid", status);
	SHOW(kill(-leader, 0));
	SHOW(waitpid(-leader, &status, 0));
	SHOW(kill(-999999, SIGTERM));
	return 0;
}

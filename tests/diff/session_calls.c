/* SPDX-License-Identifier: Apache-2.0 */
/* setsid, setpgid, getpgid, getsid: who may do what to whom. */
#include "lib/asleep.h"
#include "lib/show.h"

int main(int argc, char **argv)
{
	pid_t kid, kid2;
	int status, go[2], ready[2];
	char c;

	setpgid(0, 0);
	SHOW(setpgid(0, -1));
	SHOW(setpgid(999999, 0));
	SHOW(getpgid(999999));
	SHOW(getsid(999999));
	SHOW(getpgid(0) == getpgrp());
	SHOW(getsid(0) == getsid(getpid()));
	pipe(go);
	pipe(ready);
	kid = fork();
	if (kid == 0) {
		SHOW(getpgrp() == getppid() || getpgrp() > 0);
		SHOW(setsid() == getpid());
		SHOW(setsid());
		SHOW(getpgrp() == getpid());
		SHOW(getsid(0) == getpid());
		SHOW(setpgid(0, 0));
		SHOW(setpgid(0, getppid()));
		write(ready[1], "r", 1);
		read(go[0], &c, 1);
		_exit(0);
	}
	read(ready[0], &c, 1);
	SHOW(setpgid(kid, 0));
	SHOW(setpgid(kid, getpid()));
	SHOW(getsid(kid) == kid);
	kid2 = fork();
	if (kid2 == 0) {
		pid_t g = fork();

		if (g == 0) {
			read(go[0], &c, 1);
			_exit(0);
		}
		SHOW(setpgid(g, g));
		SHOW(getpgid(g) == g);
		SHOW(setpgid(g, kid));
		SHOW(setpgid(0, g));
		SHOW(getpgrp() == g);
		SHOW(setpgid(getppid(), 0));
		write(ready[1], "r", 1);
		waitpid(g, &status, 0);
		_exit(0);
	}
	read(ready[0], &c, 1);
	SHOW(setpgid(kid2, 12345678));
	SHOW(setpgid(kid2, kid2));
	SHOW(getpgid(kid2) == kid2);
	write(go[1], "gg", 2);
	waitpid(kid, &status, 0);
	waitpid(kid2, &status, 0);
	SHOW(getpgid(kid2));
	/* after exec a parent may no longer move its child */
	kid = fork();
	if (kid == 0) {
		dup2(go[0], 0);
		execl("/bin/cat", "cat", NULL);
		_exit(1);
	}
	until_asleep(kid);
	SHOW(setpgid(kid, kid));
	kill(kid, SIGKILL);
	waitpid(kid, &status, 0);
	return 0;
}

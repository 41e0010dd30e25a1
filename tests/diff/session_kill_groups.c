/* SPDX-License-Identifier: Apache-2.0 */
/* kill(2) to groups, to everybody of one's own, to nobody. */
#include "lib/show.h"

int main(void)
{
	pid_t a, b, c;
	int status;

	SHOW(kill(-999999, 0));
	SHOW(kill(999999, 0));
	SHOW(kill((pid_t)0x80000000, 0));
	SHOW(kill(getpid(), 65));
	SHOW(kill(getpid(), -1));
	SHOW(kill(getpid(), 0));
	a = fork();
	if (a == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(a, a);
	b = fork();
	if (b == 0) {
		setpgid(0, a);
		for (;;)
			pause();
	}
	setpgid(b, a);
	c = fork();
	if (c == 0)
		for (;;)
			pause();
	SHOW(kill(-a, 0));
	SHOW(kill(-b, 0));
	SHOW(killpg(a, SIGTERM));
	SHOW(waitpid(a, &status, 0) == a);
	show_status("a", status);
	SHOW(waitpid(b, &status, 0) == b);
	show_status("b", status);
	SHOW(waitpid(c, &status, WNOHANG));
	SHOW(kill(-a, 0));
	signal(SIGUSR1, SIG_IGN);
	SHOW(kill(0, SIGUSR1));
	waitpid(c, &status, 0);
	show_status("c", status);
	return 0;
}

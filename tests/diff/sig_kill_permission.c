/* SPDX-License-Identifier: Apache-2.0 */
/* kill(2) between users; broadcast groups; signal 0. */
#include "lib/asleep.h"
#include "lib/show.h"

static pid_t child_as(uid_t uid)
{
	pid_t pid = fork();

	if (pid == 0) {
		NEED(setresuid(uid, uid, uid) == 0);
		for (;;)
			pause();
	}
	until_asleep(pid);
	return pid;
}

static pid_t root, user, peer;

static void as_user(void)
{
	NEED(setresuid(1000, 1000, 1000) == 0);
	SHOW(kill(root, 0));
	SHOW(kill(root, SIGTERM));
	SHOW(kill(user, 0));
	SHOW(kill(peer, SIGTERM));
	SHOW(kill(user, SIGTERM));
	SHOW(kill(1, 0));
}

int main(void)
{
	int status;

	NEED(geteuid() == 0);
	root = child_as(0);
	user = child_as(1000);
	peer = child_as(1001);
	show_child("user", as_user);
	waitpid(user, &status, 0);
	show_status("user", status);
	SHOW(waitpid(peer, &status, WNOHANG));
	SHOW(kill(peer, SIGKILL));
	waitpid(peer, &status, 0);
	show_status("peer", status);
	SHOW(kill(root, SIGINT));
	waitpid(root, &status, 0);
	show_status("root", status);
	SHOW(kill(root, 0));
	return 0;
}

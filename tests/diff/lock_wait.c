/* SPDX-License-Identifier: Apache-2.0 */
/* F_SETLKW waits for the holder, ends with EINTR on a signal, and notices a deadlock. */
#include <fcntl.h>

#include "lib/asleep.h"
#include "lib/show.h"

static int lock(int fd, int cmd, short type, long start)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1 };

	return fcntl(fd, cmd, &l);
}

static void on_alarm(int sig) {}

static int go[2], ready[2];

static void say(int *p)
{
	NEED(write(p[1], "x", 1) == 1);
}

static void await(int *p)
{
	char c;

	NEED(read(p[0], &c, 1) == 1);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = open("f", O_RDWR | O_CREAT, 0644), status;
	pid_t pid;

	NEED(pipe(go) == 0 && pipe(ready) == 0);
	sigaction(SIGALRM, &sa, NULL);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 0));
	pid = fork();
	if (pid == 0) {
		SHOW(lock(fd, F_SETLK, F_WRLCK, 0));
		ualarm(50000, 50000);
		SHOW(lock(fd, F_SETLKW, F_WRLCK, 0));
		ualarm(0, 0);
		SHOW(lock(fd, F_SETLKW, F_WRLCK, 1));
		say(ready);
		SHOW(lock(fd, F_SETLKW, F_WRLCK, 0));
		exit(0);
	}
	await(ready);
	until_asleep(pid); /* for 0 */
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 1));
	NEED(lock(fd, F_SETLKW, F_UNLCK, 0) == 0); /* silent: the child prints now */
	NEED(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 1));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A session on a pseudo-terminal: signal keys, foreground and background groups, hang-up. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "lib/show.h"

static volatile int g_last;

static void note(int sig)
{
	g_last = sig;
}

static void wait_for(int sig)
{
	sigset_t none;

	sigemptyset(&none);
	while (g_last != sig)
		sigsuspend(&none);
	printf("got %d\n", sig);
	g_last = 0;
}

static void session(const char *name, int go)
{
	int sigs[] = { SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGCONT, SIGTTOU };
	struct sigaction sa = { .sa_handler = note };
	sigset_t all;
	int tty, st, fd;
	pid_t child;
	char c;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		sigaction(sigs[i], &sa, NULL);
	SHOW(open("/dev/tty", O_RDWR));
	SHOW(setsid() == getpid());
	SHOW(open("/dev/tty", O_RDWR));
	tty = open(name, O_RDWR);
	SHOW(tty >= 0);
	SHOW(tcgetpgrp(tty) == getpgrp());
	SHOW(tcgetsid(tty) == getpid());
	SHOW((fd = open("/dev/tty", O_RDWR)) >= 0);
	SHOW(isatty(fd));
	if (write(go, "1", 1) != 1)
		exit(1);
	wait_for(SIGINT);
	write(go, "2", 1);
	wait_for(SIGQUIT);
	write(go, "3", 1);
	wait_for(SIGTSTP);
	write(go, "4", 1);
	wait_for(SIGWINCH);

	/* a background child that reads is stopped, and goes on in the foreground */
	child = fork();
	if (child == 0) {
		signal(SIGTTIN, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &all, NULL);
		setpgid(0, 0);
		c = 0;
		printf("child reads %zd\n", read(tty, &c, 1));
		printf("child %c\n", c);
		_exit(3);
	}
	setpgid(child, child);
	SHOW(waitpid(child, &st, WUNTRACED) == child);
	SHOW(WIFSTOPPED(st) && WSTOPSIG(st) == SIGTTIN);
	SHOW(tcsetpgrp(tty, child));
	SHOW(tcgetpgrp(tty) == child);
	kill(child, SIGCONT);
	write(go, "5", 1);
	SHOW(waitpid(child, &st, 0) == child);
	SHOW(WEXITSTATUS(st));
	/* we are in the background now; with SIGTTOU blocked we may still take the terminal back */
	SHOW(tcsetpgrp(tty, getpgrp()));
	SHOW(tcsetpgrp(tty, 99999));
	/* the output of a background group goes through unless TOSTOP */
	child = fork();
	if (child == 0) {
		struct termios t;

		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		SHOW(write(tty, "bg", 2));
		SHOW(tcgetattr(tty, &t));
		t.c_lflag |= TOSTOP;
		SHOW(tcsetattr(tty, TCSANOW, &t));
		SHOW(read(tty, &c, 1));
		signal(SIGTTIN, SIG_IGN);
		SHOW(read(tty, &c, 1));
		_exit(0);
	}
	waitpid(child, &st, 0);
	SHOW(WEXITSTATUS(st));
	write(go, "6", 1);
	wait_for(SIGHUP);
	SHOW(read(tty, &c, 1));
	SHOW(open("/dev/tty", O_RDWR));
	_exit(7);
}

int main(void)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY), go[2], st;
	struct winsize w = { 30, 90, 0, 0 };
	char name[64], c;
	pid_t p;

	NEED(m >= 0 && unlockpt(m) == 0 && pipe(go) == 0);
	snprintf(name, sizeof(name), "%s", ptsname(m));
	p = fork();
	if (p == 0) {
		close(m);
		close(go[0]);
		session(name, go[1]);
	}
	close(go[1]);
	for (int step = 0; step < 6; step++) {
		if (read(go[0], &c, 1) != 1)
			break;
		switch (c) {
		case '1':
			write(m, "\003", 1);
			break;
		case '2':
			write(m, "\034", 1);
			break;
		case '3':
			write(m, "\032", 1);
			break;
		case '4':
			ioctl(m, TIOCSWINSZ, &w);
			break;
		case '5':
			write(m, "Z\n", 2);
			break;
		default:
			close(m);
		}
	}
	SHOW(waitpid(p, &st, 0) == p);
	SHOW(WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st));
	return 0;
}

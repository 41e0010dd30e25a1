/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that are asked for again and again stay true: across setsid, setpgid by others, setuid in
 * one thread, a parent that dies, vfork and exec, and from freshly started threads.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static void ask_often(void)
{
	for (int i = 0; i < 50; i++) {
		getpid();
		getppid();
		getuid();
		geteuid();
		getgid();
		getegid();
		getpgrp();
		getpgid(0);
		getsid(0);
		syscall(SYS_gettid);
	}
}

struct shared {
	volatile int step;
};
static struct shared *sh;

static void until(int step)
{
	while (sh->step < step)
		ask_often();
}

/* The grandchild watches its parent's number change while it never leaves guest code for long. */
static void orphan(void)
{
	int p[2], status;
	pid_t mid;
	char c;

	SHOW(pipe(p));
	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
	mid = fork();
	if (mid == 0) {
		pid_t me = getpid();

		if (fork() == 0) {
			bool same = getppid() == me, adopted;

			sh->step = 1;
			while (getppid() == me)
				;
			adopted = getppid() != me && getppid() != getpid();
			c = same && adopted ? 'y' : 'n';
			write(p[1], &c, 1);
			_exit(0);
		}
		until(1);
		_exit(0);
	}
	waitpid(mid, &status, 0);
	read(p[0], &c, 1);
	SHOW(c);
	SHOW(wait(&status) > 0);
	close(p[0]);
	close(p[1]);
}

/* A parent moves its child to another group while the child asks. */
static void moved(void)
{
	int status;
	pid_t kid;

	sh->step = 0;
	kid = fork();
	if (kid == 0) {
		sh->step = 1;
		while (getpgrp() != getpid())
			;
		_exit(getpgid(0) == getpid() && getsid(0) != getpid() ? 3 : 4);
	}
	until(1);
	SHOW(setpgid(kid, kid));
	waitpid(kid, &status, 0);
	SHOW(WEXITSTATUS(status));
	kid = fork();
	if (kid == 0) {
		ask_often();
		setsid();
		_exit(getsid(0) == getpid() && getpgrp() == getpid() ? 3 : 4);
	}
	waitpid(kid, &status, 0);
	SHOW(WEXITSTATUS(status));
}

static void *in_thread(void *arg)
{
	ask_often();
	SHOW(syscall(SYS_gettid) != getpid());
	/* the raw call changes this thread alone */
	SHOW(syscall(SYS_setresuid, 1000, 1001, 1002));
	SHOW(getuid());
	SHOW(geteuid());
	return arg;
}

static void one_thread(void)
{
	pthread_t th;
	int status;

	if (fork() == 0) {
		pthread_create(&th, NULL, in_thread, NULL);
		pthread_join(th, NULL);
		SHOW(getuid());
		SHOW(geteuid());
		SHOW(setgid(77));
		SHOW(getgid());
		SHOW(getegid());
		_exit(0);
	}
	wait(&status);
	SHOW(status);
}

static void vforked(const char *self)
{
	pid_t me = getpid(), kid, seen;
	volatile pid_t in_kid = 0, parent_in_kid = 0;
	int status;

	kid = vfork();
	if (kid == 0) {
		in_kid = getpid();
		parent_in_kid = getppid();
		execl(self, self, "child", (char *)NULL);
		_exit(1);
	}
	seen = getpid();
	SHOW(seen == me);
	SHOW(in_kid == kid);
	SHOW(parent_in_kid == me);
	waitpid(kid, &status, 0);
	SHOW(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		pid_t pid = getpid();

		ask_often();
		return pid == (pid_t)syscall(SYS_gettid) && getppid() != pid && getpid() == pid ?
			       9 :
			       8;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ask_often();
	orphan();
	moved();
	one_thread();
	vforked(argv[0]);
	SHOW(getpgid(-1));
	SHOW(getsid(999999));
	return 0;
}

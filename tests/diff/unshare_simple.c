/* SPDX-License-Identifier: Apache-2.0 */
/* unshare(2) of what threads share: descriptors, directory, umask; and of the host's name. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/utsname.h>

#include "lib/caps.h"

static pthread_barrier_t meet;

static void *thread(void *arg)
{
	int fd;

	SHOW(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	SHOW(unshare(CLONE_VM));
	SHOW(unshare(CLONE_THREAD));
	SHOW(unshare(CLONE_SIGHAND));
	fd = open("/dev/null", O_RDONLY);
	SHOW(fd >= 0);
	SHOW(chdir("/"));
	SHOWX(umask(0));
	*(int *)arg = fd;
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	return NULL;
}

static void names(void)
{
	struct utsname before, after;

	NEED(uname(&before) == 0);
	if (fork() == 0) {
		SHOW(unshare(CLONE_NEWUTS));
		SHOW(sethostname("elsewhere", 9));
		SHOW(uname(&after));
		SHOWS(after.nodename);
		exit(0);
	}
	wait(NULL);
	NEED(uname(&after) == 0);
	SHOW(strcmp(before.nodename, after.nodename));
}

int main(void)
{
	char cwd[4096];
	pthread_t th;
	int fd = -1;

	NEED(getuid() == 0);
	names();
	caps_start();
	SHOW(unshare(0));
	SHOW(unshare(CLONE_VM));
	SHOW(unshare(CLONE_THREAD));
	SHOW(unshare(CLONE_SIGHAND));
	SHOW(unshare(CLONE_FILES));
	SHOW(unshare(CLONE_PTRACE));
	SHOW(unshare(1));
	SHOW(unshare(CLONE_NEWUTS));
	SHOW(unshare(CLONE_NEWNS));
	NEED(pthread_barrier_init(&meet, NULL, 2) == 0);
	NEED(pthread_create(&th, NULL, thread, &fd) == 0);
	pthread_barrier_wait(&meet);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/"));
	SHOWX(umask(022));
	pthread_barrier_wait(&meet);
	pthread_join(th, NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that wants too much: descriptors, processes, threads, mappings without end. It meets an
 * error, gives everything back, and can work as before; then it says "held". Argument: fd, fork (a
 * user under RLIMIT_NPROC), task (root, under no limit of its own), thread or map.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int flood_fd(void)
{
	struct rlimit r;
	int n, fd;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	for (n = 0;; n++) {
		switch (n % 4) {
		case 0:
			fd = open("/proc/self/exe", O_RDONLY);
			break;
		case 1:
			fd = eventfd(0, 0);
			break;
		case 2:
			fd = socket(AF_UNIX, SOCK_STREAM, 0);
			break;
		default:
			fd = memfd_create("m", 0);
		}
		if (fd < 0)
			break;
	}
	printf("%s\n",
	       errno == EMFILE || errno == ENFILE || errno == ENOMEM ? "refused" : strerror(errno));
	for (int i = 3; i < n + 3; i++)
		close(i);
	return open("/proc/self/exe", O_RDONLY) < 0;
}

static int flood_fork(void)
{
	struct rlimit r = { 3000, 3000 };
	pid_t p;
	int st;

	setrlimit(RLIMIT_NPROC, &r);
	if (setuid(65534) < 0) /* root is not counted */
		return 1;
	while ((p = fork()) > 0)
		;
	if (p == 0) {
		pause();
		_exit(0);
	}
	printf("%s\n", errno == EAGAIN ? "refused" : strerror(errno));
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	p = fork();
	if (p == 0)
		_exit(5);
	return waitpid(p, &st, 0) != p || WEXITSTATUS(st) != 5;
}

/* Root, whom RLIMIT_NPROC does not bind: the sandbox has a limit. */
static int flood_task(void)
{
	pid_t p, group = fork();
	int st, pipe_fd[2];
	char c;

	if (group == 0) {
		setpgid(0, 0);
		while ((p = fork()) > 0)
			;
		if (p == 0)
			for (;;)
				pause();
		printf("%s\n", errno == EAGAIN ? "refused" : strerror(errno));
		fflush(stdout);
		kill(0, SIGKILL);
		_exit(1);
	}
	if (group < 0 || waitpid(group, &st, 0) != group || !WIFSIGNALED(st))
		return 1;
	if (pipe(pipe_fd) < 0)
		return 1;
	for (int i = 0; i < 2000; i++) {
		p = fork();
		if (p >= 0)
			break;
		usleep(10000); /* orphans of the group are still being reaped */
	}
	if (p == 0)
		_exit(write(pipe_fd[1], "x", 1) == 1 ? 5 : 6);
	return p < 0 || waitpid(p, &st, 0) != p || WEXITSTATUS(st) != 5 ||
	       read(pipe_fd[0], &c, 1) != 1;
}

static void *wait_for_end(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int flood_thread(void)
{
	pthread_attr_t attr;
	pthread_t t;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	while ((err = pthread_create(&t, &attr, wait_for_end, NULL)) == 0)
		;
	printf("%s\n", err == EAGAIN ? "refused" : strerror(err));
	fflush(stdout);
	/* ends with all of them in place */
	return 0;
}

static int flood_map(void)
{
	unsigned int n = 0;
	void *p;

	/* alternating protections: no two of them can be one */
	while ((p = mmap(NULL, 4096, n & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0)) != MAP_FAILED &&
	       n < 200000)
		n++;
	printf("%s\n", p == MAP_FAILED && errno == ENOMEM ? "refused" : "not refused");
	fflush(stdout);
	/* one that ends with all of it in place must be cleaned up too */
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int st = 1;
	pid_t p = fork();

	if (p == 0) {
		int ret = strcmp(what, "fd") == 0     ? flood_fd() :
			  strcmp(what, "fork") == 0   ? flood_fork() :
			  strcmp(what, "task") == 0   ? flood_task() :
			  strcmp(what, "thread") == 0 ? flood_thread() :
			  strcmp(what, "map") == 0    ? flood_map() :
							2;

		exit(ret);
	}
	waitpid(p, &st, 0);
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0) {
		printf("the child ended with %#x\n", st);
		return 1;
	}
	printf("held\n");
	return 0;
}

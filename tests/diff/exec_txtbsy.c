/* SPDX-License-Identifier: Apache-2.0 */
/* A program that runs cannot be opened for writing, and one open for writing cannot run. */
#include <fcntl.h>
#include <limits.h>

#include "lib/show.h"

extern char **environ;

static void copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	NEED(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		NEED(write(out, buf, n) == n);
	close(in);
	close(out);
}

static void run(const char *path)
{
	char *argv[] = { "prog", "leave", NULL };

	execve(path, argv, environ);
	printf("execve: %s\n", errno_name(errno));
	_exit(0);
}

static void run_prog(void)
{
	run("./prog");
}

static void run_script(void)
{
	run("./script");
}

int main(int argc, char **argv)
{
	int go[2], ready[2], fd, st;
	char c;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "leave"))
		return 7;
	if (argc == 4) {
		NEED(write(atoi(argv[2]), "r", 1) == 1);
		return read(atoi(argv[3]), &c, 1) == 1 ? 5 : 6;
	}
	copy("/proc/self/exe", "prog");
	make_file("script", "#!./prog\n");
	NEED(chmod("script", 0755) == 0);
	fd = open("prog", O_RDWR);
	show_child("open for writing", run_prog);
	show_child("a script of it", run_script);
	close(fd);
	fd = open("prog", O_RDONLY);
	show_child("open for reading", run_prog);
	close(fd);
	fd = open("script", O_WRONLY);
	show_child("script open for writing", run_script);
	close(fd);
	show_child("script", run_script);
	NEED(pipe(go) == 0 && pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		char a[16], b[16];

		snprintf(a, sizeof(a), "%d", ready[1]);
		snprintf(b, sizeof(b), "%d", go[0]);
		execl("./prog", "prog", "wait", a, b, NULL);
		_exit(99);
	}
	NEED(read(ready[0], &c, 1) == 1);
	SHOW(open("prog", O_WRONLY));
	SHOW(open("prog", O_RDWR | O_APPEND));
	SHOW(truncate("prog", 0));
	SHOW_OK(open("prog", O_RDONLY));
	SHOW(rename("prog", "moved"));
	SHOW(open("moved", O_WRONLY));
	SHOW(unlink("moved"));
	NEED(write(go[1], "g", 1) == 1);
	NEED(waitpid(pid, &st, 0) == pid);
	show_status("waiter", st);
	return 0;
}

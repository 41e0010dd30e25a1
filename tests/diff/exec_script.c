/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpreter lines: argument splitting, nested scripts, what argv becomes; execveat by descriptor.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void script(const char *name, const char *text)
{
	make_file(name, text);
	chmod(name, 0755);
}

static void run(const char *path, ...)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(path, "zero", "one", "two words", NULL);
		printf("exec %s: %s\n", path, errno_name(errno));
		exit(99);
	}
	waitpid(pid, &status, 0);
	show_status(path, status);
}

int main(int argc, char **argv)
{
	char text[600], self[300];
	int status, fd;
	pid_t pid;

	if (argc > 1 && strcmp(argv[0], "zero") != 0 && strstr(argv[0], "exec_script")) {
		for (int i = 1; i < argc; i++)
			SHOWS(argv[i]);
		return argc;
	}
	NEED(realpath(argv[0], self));
	snprintf(text, sizeof(text), "#!%s\n", self);
	script("./plain", text);
	snprintf(text, sizeof(text), "#! \t%s   -a  b  \t\nrest\n", self);
	script("./args", text);
	script("./nested", "#!./args\n");
	snprintf(text, sizeof(text), "#!%s", self);
	script("./noeol", text);
	run("./plain");
	run("./args");
	run("./nested");
	run("./noeol");
	fd = open("./plain", O_RDONLY);
	fd = dup2(fd, 30);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", (char *[]){ "zero", "x", NULL }, environ,
			AT_EMPTY_PATH);
		_exit(98);
	}
	waitpid(pid, &status, 0);
	show_status("by descriptor", status);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What execve refuses; the caller goes on unharmed. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/probe.h"

extern char **environ;
static char *const args[] = { "x", NULL };

static void garbage(const char *name, const void *data, size_t n, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	NEED(fd >= 0 && write(fd, data, n) == (ssize_t)n && fchmod(fd, mode) == 0);
	close(fd);
}

int main(void)
{
	char longname[5000], *bad[] = { "x", (char *)1, NULL };
	int fd;

	SHOW(execve("/no/such", args, environ));
	SHOW(execve("", args, environ));
	SHOW(execve(bad_ptr(0), args, environ));
	SHOW(execve(bad_ptr(1), args, environ));
	SHOW(execve("/", args, environ));
	SHOW(execve("/etc/passwd", args, environ));
	SHOW(execve("/etc/passwd/x", args, environ));
	SHOW(execve("/dev/null", args, environ));
	memset(longname, 'a', sizeof(longname));
	longname[sizeof(longname) - 1] = 0;
	SHOW(execve(longname, args, environ));
	longname[300] = 0;
	SHOW(execve(longname, args, environ));
	garbage("noexec", "\177ELF", 4, 0644);
	SHOW(execve("./noexec", args, environ));
	garbage("short", "\177ELF", 4, 0755);
	SHOW(execve("./short", args, environ));
	garbage("text", "hello world, no magic here", 26, 0755);
	SHOW(execve("./text", args, environ));
	SHOW(execve("./text", bad, environ));
	SHOW(execve("./text", args, bad));
	SHOW(execve("./text", bad_ptr(1), environ));
	SHOW(execve("./text", args, bad_ptr(1)));
	symlink("loop", "loop");
	SHOW(execve("./loop", args, environ));
	/* execveat */
	fd = open(".", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_execveat, fd, "text", args, environ, 0));
	SHOW(syscall(SYS_execveat, fd, "", args, environ, 0));
	SHOW(syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH));
	SHOW(syscall(SYS_execveat, 999, "text", args, environ, 0));
	SHOW(syscall(SYS_execveat, 999, "/no/such", args, environ, 0));
	SHOW(syscall(SYS_execveat, fd, "loop", args, environ, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(SYS_execveat, fd, "text", args, environ, 0x8000));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* execve(2), execveat(2): every error, and the process is as it was after each. */
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/syscall.h>

#include "lib/show.h"

static char *const g_argv[] = { "x", NULL };

static int at(int fd, const char *path, int flags)
{
	return (int)syscall(SYS_execveat, fd, path, g_argv, environ, flags);
}

int main(void)
{
	static char longname[5000], big[140000];
	char *bigargs[] = { "x", big, NULL };
	int fd;

	memset(longname, 'a', sizeof(longname) - 1);
	memset(big, 'b', sizeof(big) - 1);
	make_file("noexec", "#!/bin/sh\n");
	make_file("garbage", "this is not a program\n");
	chmod("garbage", 0755);
	make_file("empty", "");
	chmod("empty", 0755);
	make_file("badinterp", "#!/nonexistent/interp\n");
	chmod("badinterp", 0755);
	make_file("dirinterp", "#!/\n");
	chmod("dirinterp", 0755);
	make_file("nointerp", "#!\n");
	chmod("nointerp", 0755);
	make_file("loop1", "#!loop1\n");
	chmod("loop1", 0755);
	make_file("elf",
		  "\177ELFxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	chmod("elf", 0755);
	symlink("garbage", "link");
	symlink("self", "self");
	mkdir("dir", 0755);
	SHOW(execve("nothing", g_argv, environ));
	SHOW(execve("", g_argv, environ));
	SHOW(execve("noexec", g_argv, environ));
	SHOW(execve("garbage", g_argv, environ));
	SHOW(execve("garbage/x", g_argv, environ));
	SHOW(execve("empty", g_argv, environ));
	SHOW(execve("dir", g_argv, environ));
	SHOW(execve("/dev/null", g_argv, environ));
	SHOW(execve("badinterp", g_argv, environ));
	SHOW(execve("dirinterp", g_argv, environ));
	SHOW(execve("nointerp", g_argv, environ));
	SHOW(execve("loop1", g_argv, environ));
	SHOW(execve("elf", g_argv, environ));
	SHOW(execve("link", g_argv, environ));
	SHOW(execve("self", g_argv, environ));
	SHOW(execve(longname, g_argv, environ));
	SHOW(execve((char *)8, g_argv, environ));
	SHOW(execve("/bin/true", (char **)8, environ));
	SHOW(execve("/bin/true", g_argv, (char **)8));
	SHOW(execve("/bin/true", (char *[]){ "x", (char *)8, NULL }, environ));
	SHOW(execve("/bin/true", bigargs, environ));
	SHOW(at(AT_FDCWD, "garbage", AT_SYMLINK_NOFOLLOW));
	SHOW(at(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW));
	SHOW(at(AT_FDCWD, "garbage", 0x40));
	SHOW(at(77, "garbage", 0));
	SHOW(at(77, "", AT_EMPTY_PATH));
	SHOW(at(AT_FDCWD, "", 0));
	fd = open("badinterp", O_RDONLY | O_CLOEXEC);
	SHOW(at(fd, "", AT_EMPTY_PATH));
	close(fd);
	fd = open("dir", O_RDONLY);
	SHOW(at(fd, "", AT_EMPTY_PATH));
	SHOW(at(fd, "x", 0));
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* chdir(2), fchdir(2), getcwd(2): links resolved, moves followed, small buffers, permission. */
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void where(void)
{
	char buf[PATH_MAX];

	if (getcwd(buf, sizeof(buf)))
		printf("in %s\n", strrchr(buf, '/'));
	else
		printf("getcwd: %s\n", errno_name(errno));
}

static void user(void)
{
	NEED(setresuid(1000, 1000, 1000) == 0);
	SHOW(chdir("locked"));
	SHOW(chdir("d"));
}

int main(void)
{
	char buf[PATH_MAX], tiny[2];
	int fd;

	NEED(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0 && symlink("d/e", "l") == 0);
	NEED(mkdir("locked", 0700) == 0 && chmod(".", 0755) == 0);
	make_file("f", "");
	show_child("user", user);
	SHOW(chdir("f"));
	SHOW(chdir("none"));
	fd = SHOW(open(".", O_RDONLY));
	SHOW(chdir("l"));
	where();
	SHOW(rename("../../d", "../../moved"));
	where();
	SHOW(chdir(".."));
	where();
	SHOW(fchdir(fd));
	SHOW(fchdir(-1));
	SHOW(fchdir(open("f", O_RDONLY)));
	SHOW(chdir("/"));
	where();
	SHOW(syscall(SYS_getcwd, buf, sizeof(buf)));
	SHOW(syscall(SYS_getcwd, tiny, 1));
	SHOW(syscall(SYS_getcwd, (void *)8, 100));
	SHOW(syscall(SYS_getcwd, buf, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set-id bits: when chown(2), write(2) and truncate(2) clear them, and for whom chmod(2) keeps
 * them.
 */
#include <fcntl.h>

#include "lib/show.h"

static void mode_of(const char *name)
{
	struct stat st;

	NEED(stat(name, &st) == 0);
	printf("%s: %06o %u %u\n", name, st.st_mode, st.st_uid, st.st_gid);
}

static void user(void)
{
	int fd;

	NEED(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	SHOW(chmod("u", 06755));
	mode_of("u");
	fd = SHOW(open("u", O_RDWR));
	SHOW(write(fd, "x", 1));
	mode_of("u");
	SHOW(chmod("u", 06755));
	SHOW(ftruncate(fd, 0));
	mode_of("u");
	SHOW(chmod("u", 02745));
	SHOW(write(fd, "x", 1));
	mode_of("u");
	SHOW(chmod("othergroup", 02755));
	mode_of("othergroup");
	SHOW(fchmod(fd, 01644));
	mode_of("u");
}

int main(void)
{
	int fd;

	umask(0);
	NEED(geteuid() == 0);
	make_file("f", "x");
	make_file("u", "x");
	make_file("othergroup", "x");
	NEED(chown("u", 1000, 1000) == 0 && chown("othergroup", 1000, 5) == 0 &&
	     chmod(".", 0755) == 0);
	SHOW(chmod("f", 06755));
	mode_of("f");
	SHOW(chown("f", 3, 4));
	mode_of("f");
	SHOW(chmod("f", 07777));
	SHOW(chown("f", -1, -1));
	mode_of("f");
	SHOW(chmod("f", 02644));
	SHOW(chown("f", 5, 5));
	mode_of("f");
	SHOW(chmod("f", 06755));
	fd = SHOW(open("f", O_RDWR));
	SHOW(write(fd, "y", 1));
	mode_of("f");
	SHOW(mkdir("d", 02755));
	mode_of("d");
	SHOW(chmod("d", 02755));
	SHOW(chown("d", 0, 9));
	mode_of("d");
	SHOW(mkdir("d/sub", 0755));
	mode_of("d/sub");
	make_file("d/file", "");
	mode_of("d/file");
	SHOW(chmod("none", 0));
	SHOW(chmod("f", 0170755));
	mode_of("f");
	show_child("user", user);
	return 0;
}

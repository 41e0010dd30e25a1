/* SPDX-License-Identifier: Apache-2.0 */
/* rename(2) and renameat2(2): replacing, directories, loops, flags. */
#include <fcntl.h>
#include <stdio.h>

#include "lib/show.h"

static void content(const char *name)
{
	char buf[32] = "";
	int fd = open(name, O_RDONLY);

	if (fd < 0 || read(fd, buf, 31) < 0)
		printf("%s: %s\n", name, errno_name(errno));
	else
		printf("%s: %s\n", name, buf);
	close(fd);
}

int main(void)
{
	make_file("a", "A");
	make_file("b", "B");
	NEED(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0 && mkdir("d/sub", 0755) == 0);
	make_file("e/x", "X");
	SHOW(rename("a", "b"));
	content("a");
	content("b");
	SHOW(rename("none", "c"));
	SHOW(rename("b", "b"));
	SHOW(rename("b", "d"));
	SHOW(rename("d", "b"));
	SHOW(rename("d", "e"));
	SHOW(rename("e", "d/sub"));
	content("d/sub/x");
	SHOW(rename("d", "d/sub/inside"));
	SHOW(rename("d", "d/inside"));
	SHOW(rename("d/sub", "d"));
	SHOW(rename("b", "c/"));
	SHOW(rename("b/", "c"));
	SHOW(rename("d/", "dd"));
	SHOW(rename("dd", "d/"));
	SHOW(link("b", "hard"));
	SHOW(rename("b", "hard"));
	content("b");
	content("hard");
	SHOW(renameat2(AT_FDCWD, "b", AT_FDCWD, "hard", RENAME_NOREPLACE));
	SHOW(renameat2(AT_FDCWD, "b", AT_FDCWD, "fresh", RENAME_NOREPLACE));
	SHOW(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "d", RENAME_EXCHANGE));
	content("d");
	SHOW(access("fresh/sub/x", F_OK));
	SHOW(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "none", RENAME_EXCHANGE));
	SHOW(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "fresh/sub", RENAME_EXCHANGE));
	SHOW(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "y", RENAME_EXCHANGE | RENAME_NOREPLACE));
	SHOW(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "y", 64));
	SHOW(symlink("nowhere", "l"));
	SHOW(rename("l", "l2"));
	SHOW(rename("hard", "l2"));
	content("l2");
	return 0;
}

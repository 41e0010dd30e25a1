/* SPDX-License-Identifier: Apache-2.0 */
/* link(2), symlink(2), readlink(2), unlink(2): counts and errors. */
#include "lib/show.h"

int main(void)
{
	char buf[300], longer[4200];
	struct stat st;

	make_file("a", "a");
	SHOW(mkdir("d", 0755));
	SHOW(link("a", "b"));
	SHOW(stat("a", &st));
	show_stat("a", &st);
	SHOW(link("a", "b"));
	SHOW(link("none", "c"));
	SHOW(link("d", "e"));
	SHOW(link("a", "none/x"));
	SHOW(link("a", "c/"));
	SHOW(unlink("a"));
	SHOW(stat("b", &st));
	show_stat("b", &st);
	SHOW(unlink("d"));
	SHOW(unlink("none"));
	SHOW(unlink("b/"));
	SHOW(symlink("", "empty"));
	SHOW(symlink("anything at all", "l"));
	SHOW(symlink("x", "l"));
	SHOW(readlink("l", buf, sizeof(buf)));
	show_bytes("buf", buf, 15);
	SHOW(readlink("l", buf, 3));
	SHOW(readlink("l", buf, 0));
	SHOW(readlink("l", buf, (size_t)-1));
	SHOW(readlink("b", buf, sizeof(buf)));
	SHOW(readlink("none", buf, sizeof(buf)));
	SHOW(readlink("l", NULL, 5));
	memset(longer, 'x', sizeof(longer));
	longer[4095] = 0;
	SHOW(symlink(longer, "long"));
	SHOW(lstat("long", &st));
	SHOW(st.st_size);
	longer[4095] = 'x';
	longer[4096] = 0;
	SHOW(symlink(longer, "longer"));
	SHOW(symlink("d", "dl"));
	SHOW(unlink("dl/"));
	SHOW(rmdir("dl"));
	SHOW(unlink("dl"));
	SHOW(symlink("l2", "l1"));
	SHOW(symlink("l1", "l2"));
	SHOW(stat("l1", &st));
	SHOW(lstat("l1", &st));
	return 0;
}

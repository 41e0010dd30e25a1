/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The at family: directory descriptors, AT_FDCWD, AT_EMPTY_PATH, absolute names, removed
 * directories.
 */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	struct stat st;
	int d, f;

	NEED(mkdir("d", 0755) == 0);
	make_file("d/a", "aaa");
	make_file("top", "t");
	d = SHOW(open("d", O_RDONLY | O_DIRECTORY));
	f = SHOW(open("top", O_RDONLY));
	SHOW(openat(d, "a", O_RDONLY));
	SHOW(openat(d, "../top", O_RDONLY));
	SHOW(openat(f, "a", O_RDONLY));
	SHOW(openat(-1, "a", O_RDONLY));
	SHOW(openat(99, "a", O_RDONLY));
	SHOW(openat(99, "/", O_RDONLY));
	SHOW(openat(AT_FDCWD, "top", O_RDONLY));
	SHOW(fstatat(d, "a", &st, 0));
	SHOW(fstatat(f, "", &st, 0));
	SHOW(fstatat(f, "", &st, AT_EMPTY_PATH));
	show_stat("top", &st);
	SHOW(fstatat(d, "a", &st, 0x40000000));
	SHOW(mkdirat(d, "sub", 0700));
	SHOW(symlinkat("a", d, "l"));
	SHOW(linkat(d, "a", AT_FDCWD, "hard", 0));
	SHOW(linkat(d, "l", AT_FDCWD, "hardlink-to-link", 0));
	SHOW(lstat("hardlink-to-link", &st));
	SHOW(S_ISLNK(st.st_mode));
	SHOW(linkat(d, "l", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW));
	SHOW(lstat("hard2", &st));
	show_stat("hard2", &st);
	SHOW(linkat(f, "", AT_FDCWD, "hard3", AT_EMPTY_PATH));
	SHOW(renameat(d, "a", AT_FDCWD, "moved"));
	SHOW(unlinkat(d, "sub", 0));
	SHOW(unlinkat(d, "sub", AT_REMOVEDIR));
	SHOW(unlinkat(d, "l", AT_REMOVEDIR));
	SHOW(unlinkat(d, "l", 0x1));
	SHOW(unlinkat(d, "l", 0));
	SHOW(faccessat(d, "none", F_OK, 0));
	SHOW(fchmodat(AT_FDCWD, "moved", 0640, 0));
	SHOW(fchownat(AT_FDCWD, "moved", 1, 2, 0));
	SHOW(stat("moved", &st));
	show_stat("moved", &st);
	SHOW(rmdir("d"));
	SHOW(openat(d, "x", O_CREAT | O_RDWR, 0600));
	SHOW(mkdirat(d, "x", 0700));
	SHOW(openat(d, ".", O_RDONLY));
	SHOW(openat(d, "..", O_RDONLY) >= 0);
	SHOW(fstat(d, &st));
	SHOW(st.st_nlink);
	return 0;
}

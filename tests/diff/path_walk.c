/* SPDX-License-Identifier: Apache-2.0 */
/* Names: dots, slashes, long ones, links in the middle, depth of links, search permission. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	static char name[5000];
	char link[32], target[32];
	struct stat st;

	NEED(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	make_file("d/e/f", "x");
	NEED(symlink("d/e", "de") == 0 && symlink("../d", "d/self") == 0);
	SHOW(stat("d//e///f", &st));
	SHOW(stat("./d/./e/../e/f", &st));
	SHOW(stat("de/f", &st));
	SHOW(stat("de/../e/f", &st));
	SHOW(stat("d/self/self/self/e/f", &st));
	SHOW(stat("d/e/f/.", &st));
	SHOW(stat("d/e/f/..", &st));
	SHOW(stat("d/none/..", &st));
	SHOW(lstat("de/", &st));
	SHOWX(st.st_mode & S_IFMT);
	SHOW(lstat("de", &st));
	SHOWX(st.st_mode & S_IFMT);
	SHOW(stat("/../../..", &st));
	SHOW(stat("//", &st));
	memset(name, 'a', 255);
	SHOW(mkdir(name, 0755));
	memset(name, 'a', 256);
	SHOW(mkdir(name, 0755));
	for (int i = 0; i < 4095; i++)
		name[i] = i % 2 ? '/' : '.';
	name[4095] = 0;
	SHOW(stat(name, &st));
	name[4095] = '/';
	name[4096] = 0;
	SHOW(stat(name, &st));
	NEED(symlink("d", "n0") == 0);
	for (int i = 1; i < 45; i++) {
		snprintf(link, sizeof(link), "n%d", i);
		snprintf(target, sizeof(target), "n%d", i - 1);
		NEED(symlink(target, link) == 0);
	}
	SHOW(stat("n39", &st));
	SHOW(stat("n40", &st));
	SHOW(stat("n41", &st));
	SHOW(rmdir("d/."));
	SHOW(rmdir("d/e/.."));
	SHOW(mkdir(".", 0700));
	SHOW(mkdir("..", 0700));
	SHOW(mkdir("d/new/", 0700));
	SHOW(rmdir("d/new//"));
	SHOW(mkdir("/", 0700));
	SHOW(rmdir("/"));
	SHOW(unlink("/"));
	SHOW(unlink("."));
	SHOW(rename("d/.", "x"));
	SHOW(rename("d", "."));
	return 0;
}

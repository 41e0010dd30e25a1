/* SPDX-License-Identifier: Apache-2.0 */
/* open(2): creation, exclusion, truncation, directories and links, by their errno values. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	struct stat st;

	umask(027);
	SHOW(open("a", O_RDONLY));
	SHOW(open("a", O_RDWR | O_CREAT, 0777));
	SHOW(stat("a", &st));
	show_stat("a", &st);
	SHOW(open("a", O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW(write(3, "hello", 5));
	SHOW(open("a", O_WRONLY | O_TRUNC));
	SHOW(fstat(3, &st));
	show_stat("a", &st);
	SHOW(mkdir("d", 0755));
	SHOW(open("d", O_RDONLY));
	SHOW(open("d", O_WRONLY));
	SHOW(open("d", O_RDWR));
	SHOW(open("d", O_RDONLY | O_CREAT, 0600));
	SHOW(open("d", O_RDONLY | O_CREAT | O_DIRECTORY, 0600));
	SHOW(open("a", O_RDONLY | O_DIRECTORY));
	SHOW(open("a/", O_RDONLY));
	SHOW(open("d/", O_RDONLY));
	SHOW(open("new/", O_RDWR | O_CREAT, 0600));
	SHOW(open("a/b", O_RDONLY));
	SHOW(open("", O_RDONLY));
	SHOW(open("d/none/x", O_CREAT | O_RDWR, 0600));
	SHOW(symlink("a", "l"));
	SHOW(symlink("target", "dangling"));
	SHOW(symlink("loop", "loop"));
	SHOW(open("l", O_RDONLY | O_NOFOLLOW));
	SHOW(open("l", O_RDONLY));
	SHOW(open("loop", O_RDONLY));
	SHOW(open("dangling", O_RDONLY));
	SHOW(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW(access("target", F_OK));
	SHOW(open("dangling", O_RDWR | O_CREAT, 0600));
	SHOW(access("target", F_OK));
	SHOW(open("a", O_RDONLY | O_TMPFILE, 0600));
	SHOW(open((char *)1, O_RDONLY));
	SHOW(open("a", O_ACCMODE));
	SHOW(read(12, (char[1]){ 0 }, 1));
	SHOW(write(12, "x", 1));
	return 0;
}

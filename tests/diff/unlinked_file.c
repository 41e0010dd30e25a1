/* SPDX-License-Identifier: Apache-2.0 */
/* A file without a name goes on living: contents, size, link count, a name again through /proc. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[16] = "", link[64], target[4096] = "";
	struct stat st;
	int fd = SHOW(open("f", O_RDWR | O_CREAT, 0644)), again;

	SHOW(write(fd, "text", 4));
	SHOW(unlink("f"));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	SHOW(pread(fd, buf, 16, 0));
	show_bytes("buf", buf, 4);
	SHOW(ftruncate(fd, 100));
	SHOW(pwrite(fd, "end", 3, 97));
	make_file("f", "another");
	SHOW(pread(fd, buf, 3, 97));
	show_bytes("buf", buf, 3);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	NEED(readlink(link, target, sizeof(target) - 1) > 0);
	SHOWS(strrchr(target, '/'));
	again = SHOW(open(link, O_RDONLY));
	SHOW(pread(again, buf, 4, 0));
	show_bytes("buf", buf, 4);
	fd = SHOW(open(".", O_TMPFILE | O_RDWR, 0600));
	SHOW(write(fd, "tmp", 3));
	SHOW(fstat(fd, &st));
	show_stat("tmp", &st);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	SHOW(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	SHOW(stat("named", &st));
	show_stat("named", &st);
	SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
	SHOW(open("f", O_TMPFILE | O_RDWR, 0600));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fallocate(2): sizes with and without KEEP_SIZE, punched holes read as zeros, errors. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[8] = "";
	struct stat st;
	int fd = open("f", O_RDWR | O_CREAT, 0644), ro = open("f", O_RDONLY), p[2];

	NEED(pipe(p) == 0);
	SHOW(fallocate(fd, 0, 0, 10000));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 50000));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	SHOW(pwrite(fd, "abcdefgh", 8, 4092));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096));
	SHOW(pread(fd, buf, 8, 4092));
	show_bytes("buf", buf, 8);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
	SHOW(fallocate(fd, 0, -1, 10));
	SHOW(fallocate(fd, 0, 0, 0));
	SHOW(fallocate(fd, 0, 10, -1));
	SHOW(fallocate(fd, 0x1000, 0, 10));
	SHOW(fallocate(ro, 0, 0, 10));
	SHOW(fallocate(p[1], 0, 0, 10));
	SHOW(fallocate(-1, 0, 0, 10));
	SHOW_ERR(posix_fallocate(fd, 20000, 10));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	return 0;
}

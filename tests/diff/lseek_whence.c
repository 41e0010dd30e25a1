/* SPDX-License-Identifier: Apache-2.0 */
/* lseek(2): each whence, ends, holes, things without a position. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	int fd = SHOW(open("f", O_RDWR | O_CREAT, 0644)), p[2];

	NEED(pipe(p) == 0);
	SHOW(write(fd, "0123456789", 10));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(lseek(fd, -3, SEEK_END));
	SHOW(lseek(fd, -3, SEEK_CUR));
	SHOW(lseek(fd, -30, SEEK_CUR));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(lseek(fd, -1, SEEK_SET));
	SHOW(lseek(fd, 1000, SEEK_SET));
	SHOW(lseek(fd, 0, 99));
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 0, SEEK_HOLE));
	SHOW(lseek(fd, 10, SEEK_DATA));
	SHOW(lseek(fd, 11, SEEK_HOLE));
	SHOW(lseek(p[0], 0, SEEK_SET));
	SHOW(lseek(-1, 0, SEEK_SET));
	SHOW(lseek(fd, INT64_MAX - 5, SEEK_END));
	return 0;
}

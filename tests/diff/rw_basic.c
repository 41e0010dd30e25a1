/* SPDX-License-Identifier: Apache-2.0 */
/* read(2) and write(2) on files: positions, ends, appending, bad buffers and descriptors. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[64] = "";
	int fd, app, ro, wo;

	fd = SHOW(open("f", O_RDWR | O_CREAT, 0644));
	SHOW(write(fd, "0123456789", 10));
	SHOW(read(fd, buf, sizeof(buf)));
	SHOW(lseek(fd, 3, SEEK_SET));
	SHOW(read(fd, buf, 4));
	show_bytes("buf", buf, 4);
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(write(fd, "AB", 2));
	SHOW(pread(fd, buf, sizeof(buf), 0));
	show_bytes("buf", buf, 10);
	app = SHOW(open("f", O_WRONLY | O_APPEND));
	SHOW(lseek(app, 2, SEEK_SET));
	SHOW(write(app, "end", 3));
	SHOW(lseek(app, 0, SEEK_CUR));
	SHOW(pwrite(app, "more", 4, 0));
	SHOW(pread(fd, buf, sizeof(buf), 0));
	show_bytes("buf", buf, 17);
	SHOW(lseek(fd, 20, SEEK_SET));
	SHOW(write(fd, "gap", 3));
	SHOW(pread(fd, buf, sizeof(buf), 15));
	show_bytes("buf", buf, 8);
	ro = SHOW(open("f", O_RDONLY));
	wo = SHOW(open("f", O_WRONLY));
	SHOW(write(ro, "x", 1));
	SHOW(read(wo, buf, 1));
	SHOW(read(fd, buf, 0));
	SHOW(read(-1, buf, 1));
	SHOW(read(ro, NULL, 10));
	SHOW(read(ro, NULL, 0));
	SHOW(write(wo, (char *)8, 10));
	SHOW(write(wo, (char *)8, 0));
	SHOW(pread(ro, buf, 1, -1));
	SHOW(pwrite(wo, buf, 1, -1));
	SHOW(pread(ro, buf, 1, 1000));
	SHOW(lseek(ro, 0, SEEK_CUR));
	SHOW(read(ro, buf, (size_t)-1));
	return 0;
}

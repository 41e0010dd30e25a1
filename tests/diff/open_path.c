/* SPDX-License-Identifier: Apache-2.0 */
/* O_PATH descriptors: what works on them and what is EBADF. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "lib/show.h"

int main(void)
{
	char buf[16];
	struct stat st;
	int fd, dir;

	make_file("a", "text");
	NEED(symlink("a", "l") == 0 && mkdir("d", 0700) == 0);
	make_file("d/x", "deep");
	fd = SHOW(open("a", O_PATH));
	SHOW(read(fd, buf, 1));
	SHOW(write(fd, buf, 1));
	SHOW(pread(fd, buf, 1, 0));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(fchmod(fd, 0600));
	SHOW(fchown(fd, 0, 0));
	SHOW(ftruncate(fd, 0));
	SHOW(ioctl(fd, FIONREAD, buf));
	SHOW(fsync(fd));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	SHOW(fstat(fd, &st));
	show_stat("a", &st);
	SHOWX(fcntl(fd, F_GETFL) & ~0100000);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
	SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
	SHOW(dup(fd));
	SHOW(close(fd));
	fd = SHOW(open("l", O_PATH | O_NOFOLLOW));
	SHOW(fstat(fd, &st));
	show_stat("l", &st);
	SHOW(readlinkat(fd, "", buf, sizeof(buf)));
	SHOW(faccessat(fd, "", R_OK, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
	dir = SHOW(open("d", O_PATH));
	SHOW(openat(dir, "x", O_RDONLY));
	SHOW(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	SHOW(fchdir(dir));
	SHOW(access("x", F_OK));
	SHOW(openat(fd, "x", O_RDONLY));
	SHOW(open("x", O_PATH | O_DIRECTORY));
	SHOW(open("none", O_PATH | O_CREAT, 0600));
	return 0;
}

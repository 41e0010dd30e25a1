/* SPDX-License-Identifier: Apache-2.0 */
/* null, zero, full, random: what they read, take, seek, map. */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "lib/show.h"

int main(void)
{
	static const char *const names[] = { "/dev/null", "/dev/zero", "/dev/full",
					     "/dev/urandom" };
	char buf[64], *p, *volatile nowhere = (char *)8;
	struct stat st;

	for (size_t i = 0; i < 4; i++) {
		int fd = open(names[i], O_RDWR);
		struct pollfd pf = { .fd = fd, .events = POLLIN | POLLOUT };

		printf("%s\n", names[i]);
		memset(buf, 'x', sizeof(buf));
		SHOW(fstat(fd, &st));
		printf("mode %o rdev %u:%u\n", st.st_mode, major(st.st_rdev), minor(st.st_rdev));
		SHOW(read(fd, buf, 16));
		if (i != 3)
			show_bytes("buf", buf, 18);
		SHOW(write(fd, buf, 16));
		SHOW(write(fd, buf, 0));
		SHOW(lseek(fd, 100, SEEK_SET));
		SHOW(poll(&pf, 1, 0));
		SHOWX(pf.revents);
		SHOW(ftruncate(fd, 0));
		SHOW(ioctl(fd, FIONREAD, &st));
		p = SHOWP(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
		if (p != MAP_FAILED) {
			p[5] = 7;
			SHOW(p[0] + p[5]);
		}
		close(fd);
	}
	SHOW(read(open("/dev/zero", O_RDONLY), nowhere, 4));
	return 0;
}

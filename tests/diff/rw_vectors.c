/* SPDX-License-Identifier: Apache-2.0 */
/* readv(2), writev(2), preadv2(2): limits, empty parts, flags. */
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>

#include "lib/show.h"

int main(void)
{
	char a[4] = "", b[4] = "", c[16] = "";
	struct iovec in[3] = { { a, 3 }, { NULL, 0 }, { b, 3 } };
	struct iovec out[3] = { { "one", 3 }, { "two", 3 }, { "three", 5 } };
	struct iovec bad[2] = { { "ok", 2 }, { (void *)8, 4 } };
	struct iovec huge[2] = { { c, SSIZE_MAX }, { c, 1 } };
	struct iovec neg[1] = { { c, (size_t)-1 } };
	static struct iovec many[1025];
	int fd = SHOW(open("f", O_RDWR | O_CREAT | O_TRUNC, 0644));

	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){ "x", 1 };
	SHOW(writev(fd, out, 3));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(readv(fd, in, 3));
	show_bytes("a", a, 3);
	show_bytes("b", b, 3);
	SHOW(writev(fd, out, 0));
	SHOW(writev(fd, out, -1));
	SHOW(writev(fd, many, 1024));
	SHOW(writev(fd, many, 1025));
	SHOW(writev(fd, huge, 2));
	SHOW(writev(fd, neg, 1));
	SHOW(writev(fd, NULL, 1));
	SHOW(writev(fd, NULL, 0));
	SHOW(pwritev(fd, out, 2, 100));
	SHOW(preadv(fd, &(struct iovec){ c, 6 }, 1, 100));
	show_bytes("c", c, 6);
	SHOW(preadv(fd, in, 3, -1));
	SHOW(preadv2(fd, in, 1, 0, 0x1000));
	SHOW(pwritev2(fd, out, 1, 5, RWF_APPEND));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(pwritev2(fd, out, 1, -1, 0));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(preadv2(fd, in, 1, -1, 0));
	SHOW(writev(fd, bad, 2) > 0 || errno == EFAULT);
	return 0;
}

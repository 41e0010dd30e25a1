/* SPDX-License-Identifier: Apache-2.0 */
/* splice(2), tee(2), vmsplice(2) between pipes and files. */
#include <fcntl.h>
#include <sys/uio.h>

#include "lib/show.h"

int main(void)
{
	char buf[64] = "";
	struct iovec iov[2] = { { "vec", 3 }, { "tor", 3 } };
	int a[2], b[2], in, out;
	loff_t off = 3;

	make_file("in", "0123456789");
	in = open("in", O_RDONLY);
	out = open("out", O_RDWR | O_CREAT, 0600);
	NEED(pipe2(a, O_NONBLOCK) == 0 && pipe2(b, O_NONBLOCK) == 0);
	SHOW(splice(in, &off, a[1], NULL, 4, 0));
	SHOW(off);
	SHOW(tee(a[0], b[1], 100, 0));
	SHOW(read(b[0], buf, 64));
	show_bytes("buf", buf, 4);
	SHOW(splice(a[0], NULL, out, NULL, 100, 0));
	SHOW(pread(out, buf, 64, 0));
	show_bytes("out", buf, 4);
	SHOW(splice(a[0], NULL, out, NULL, 100, SPLICE_F_NONBLOCK));
	SHOW(splice(in, NULL, out, NULL, 10, 0));
	SHOW(splice(a[0], &off, out, NULL, 10, 0));
	SHOW(splice(in, NULL, a[1], NULL, 10, 0x100));
	SHOW(splice(in, NULL, a[1], NULL, 0, 0));
	SHOW(splice(-1, NULL, a[1], NULL, 1, 0));
	SHOW(vmsplice(a[1], iov, 2, 0));
	SHOW(splice(a[0], NULL, b[1], NULL, 4, 0));
	SHOW(read(b[0], buf, 64));
	show_bytes("buf", buf, 4);
	SHOW(read(a[0], buf, 64));
	show_bytes("buf", buf, 2);
	SHOW(tee(a[0], a[1], 1, 0));
	SHOW(tee(a[0], out, 1, 0));
	SHOW(close(b[1]));
	SHOW(tee(b[0], a[1], 1, 0));
	return 0;
}

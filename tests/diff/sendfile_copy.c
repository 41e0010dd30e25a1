/* SPDX-License-Identifier: Apache-2.0 */
/* sendfile(2), copy_file_range(2): offsets, ends, same file, kinds of descriptors. */
#include <fcntl.h>
#include <sys/sendfile.h>

#include "lib/show.h"

int main(void)
{
	char buf[64] = "";
	off_t off = 2, out_off = 1;
	int in, out, app, p[2], ro;

	make_file("in", "0123456789");
	in = open("in", O_RDWR);
	out = open("out", O_RDWR | O_CREAT, 0644);
	app = open("app", O_RDWR | O_CREAT | O_APPEND, 0644);
	ro = open("in", O_RDONLY);
	NEED(pipe2(p, O_NONBLOCK) == 0);
	SHOW(sendfile(out, in, &off, 3));
	SHOW(off);
	SHOW(lseek(in, 0, SEEK_CUR));
	SHOW(sendfile(out, in, NULL, 100));
	SHOW(lseek(in, 0, SEEK_CUR));
	SHOW(sendfile(out, in, NULL, 100));
	SHOW(pread(out, buf, 64, 0));
	show_bytes("out", buf, 13);
	off = 0;
	SHOW(sendfile(p[1], in, &off, 5));
	SHOW(read(p[0], buf, 64));
	show_bytes("pipe", buf, 5);
	SHOW(sendfile(app, in, &off, 5));
	SHOW(sendfile(ro, in, &off, 5));
	SHOW(sendfile(out, p[0], NULL, 5));
	SHOW(sendfile(out, -1, NULL, 5));
	off = -1;
	SHOW(sendfile(out, in, &off, 5));
	SHOW(sendfile(out, in, (off_t *)8, 5));
	off = 0;
	SHOW(copy_file_range(in, &off, out, &out_off, 4, 0));
	SHOW(off);
	SHOW(out_off);
	SHOW(pread(out, buf, 64, 0));
	show_bytes("out", buf, 13);
	off = 100;
	SHOW(copy_file_range(in, &off, out, NULL, 4, 0));
	off = 0;
	out_off = 2;
	SHOW(copy_file_range(in, &off, in, &out_off, 4, 0));
	out_off = 6;
	SHOW(copy_file_range(in, &off, in, &out_off, 4, 0));
	SHOW(copy_file_range(in, &off, out, NULL, 4, 1));
	SHOW(copy_file_range(in, &off, app, NULL, 4, 0));
	SHOW(copy_file_range(in, &off, ro, NULL, 4, 0));
	SHOW(copy_file_range(in, NULL, p[1], NULL, 4, 0));
	SHOW(copy_file_range(in, NULL, open(".", O_RDONLY), NULL, 4, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* truncate(2), ftruncate(2): growing, shrinking, zeros behind the old end, errors. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[16] = "";
	struct stat st;
	int fd, ro, p[2];

	make_file("f", "0123456789");
	fd = SHOW(open("f", O_RDWR));
	ro = SHOW(open("f", O_RDONLY));
	SHOW(ftruncate(fd, 5));
	SHOW(ftruncate(fd, 12));
	SHOW(pread(fd, buf, sizeof(buf), 0));
	show_bytes("buf", buf, 12);
	SHOW(truncate("f", 100000));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	SHOW(truncate("f", -1));
	SHOW(ftruncate(ro, 0));
	SHOW(ftruncate(-1, 0));
	SHOW(truncate("none", 0));
	SHOW(mkdir("d", 0700));
	SHOW(truncate("d", 0));
	SHOW(truncate("f/x", 0));
	NEED(pipe(p) == 0);
	SHOW(ftruncate(p[1], 0));
	SHOW(truncate("f", 1LL << 62) == 0 || errno == EFBIG);
	return 0;
}

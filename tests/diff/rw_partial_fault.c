/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that end in the middle of what is asked for: the part before the fault counts. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("f", O_RDWR | O_CREAT, 0644), pfd[2];
	struct stat st;

	NEED(p != MAP_FAILED && fd >= 0 && pipe(pfd) == 0);
	memset(p, 'x', 3 * 4096);
	NEED(mprotect(p + 4096, 4096, PROT_NONE) == 0);
	SHOW(write(fd, p + 4096, 10));
	SHOW(pwrite(fd, p, 100, 0));
	SHOW(pread(fd, p + 4096, 10, 0));
	SHOW(read(fd, p + 4096, 1));
	SHOW(write(pfd[1], p + 4096, 1));
	SHOW(write(pfd[1], "abc", 3));
	SHOW(read(pfd[0], p + 4096, 3));
	SHOW(read(pfd[0], p, 3));
	SHOW(fstat(fd, &st));
	show_stat("f", &st);
	return 0;
}

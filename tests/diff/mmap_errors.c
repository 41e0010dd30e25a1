/* SPDX-License-Identifier: Apache-2.0 */
/* What mmap refuses, and with which errno. */
#include <fcntl.h>

#include "lib/show.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	int fd, rd, wr, fds[2];

	make_file("f", "hello");
	fd = open("f", O_RDWR);
	rd = open("f", O_RDONLY);
	wr = open("f", O_WRONLY);
	SHOWP(mmap(NULL, 0, PROT_READ, ANON, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 999, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 1));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096));
	SHOWP(mmap(NULL, 4096, PROT_READ, 0, fd, 0));
	SHOWP(mmap(NULL, -1ul, PROT_READ, ANON, -1, 0));
	SHOWP(mmap(NULL, 1ul << 60, PROT_READ, ANON, -1, 0));
	SHOWP(mmap(NULL, 1ul << 47, PROT_READ, ANON, -1, 0));
	SHOWP(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, -4096l));
	SHOWP(mmap((void *)1, 4096, PROT_READ, ANON | MAP_FIXED, -1, 0));
	SHOWP(mmap((void *)(1ul << 60), 4096, PROT_READ, ANON | MAP_FIXED, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, rd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, rd, 0));
	SHOWP(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, wr, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, wr, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE | 0x10000000 >> 5 << 2, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0));
	NEED(pipe(fds) == 0);
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fds[0], 0));
	fd = open(".", O_RDONLY);
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	fd = open("f", O_PATH);
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	return 0;
}

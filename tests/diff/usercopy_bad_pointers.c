/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that end in a hole, lie in one, may not be written, or cross mappings of several kinds.
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
	char *p = mmap(NULL, 16 * PG, RW, ANON, -1, 0), data[3 * PG];
	int fd = open("f", O_RDWR | O_CREAT, 0600), fds[2];
	struct iovec iov[2];

	memset(data, 'd', sizeof(data));
	NEED(write(fd, data, sizeof(data)) == sizeof(data));
	munmap(p + 4 * PG, PG);
	mprotect(p + 6 * PG, PG, PROT_READ);
	mprotect(p + 8 * PG, PG, PROT_NONE);
	SHOW(pread(fd, p + 4 * PG - 10, 10, 0));
	SHOW(pread(fd, p + 4 * PG, 10, 0));
	SHOW(pread(fd, p + 6 * PG, 10, 0));
	SHOW(pread(fd, p + 8 * PG, 10, 0));
	SHOW(pread(fd, bad_ptr(1), 10, 0));
	SHOW(pread(fd, bad_ptr(-1ul), 10, 0));
	SHOW(pread(fd, bad_ptr(0x800000000000), 10, 0));
	SHOW(pread(fd, NULL, 0, 0));
	SHOW(pwrite(fd, p + 6 * PG, 10, 0));
	SHOW(pwrite(fd, p + 8 * PG, 10, 0));
	SHOW(pwrite(fd, p + 4 * PG, 10, 0));
	NEED(pipe(fds) == 0);
	SHOW(write(fds[1], p + 4 * PG, 1));
	SHOW(write(fds[1], "xyz", 3));
	SHOW(read(fds[0], p + 4 * PG, 3));
	/* a page of everything: private, shared, file, not touched yet */
	mmap(p + 9 * PG, PG, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(p + 10 * PG, PG, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap(p + 11 * PG, PG, RW, MAP_PRIVATE | MAP_FIXED, fd, PG);
	iov[0] = (struct iovec){ p + 9 * PG + 1, 5 * PG };
	iov[1] = (struct iovec){ p, PG };
	memset(data, 'e', sizeof(data));
	NEED(pipe(fds) == 0 && fcntl(fds[1], F_SETPIPE_SZ, 65536) > 0);
	for (int i = 0; i < 2; i++)
		NEED(write(fds[1], data, sizeof(data)) == sizeof(data));
	SHOW(readv(fds[0], iov, 2));
	SHOW(p[9 * PG]);
	SHOW(p[9 * PG + 1]);
	SHOW(p[10 * PG]);
	SHOW(p[11 * PG]);
	SHOW(p[14 * PG]);
	SHOW(p[14 * PG + 1]);
	SHOW(p[0]);
	SHOW(pread(fd, data, 2, PG - 1));
	show_bytes("file", data, 2);
	/* into the mapping of the very file that is read */
	SHOW(pread(fd, p + 10 * PG, PG, PG));
	SHOW(p[10 * PG]);
	SHOW(pwrite(fd, p + 10 * PG, PG, PG));
	SHOW(access(bad_ptr(-1ul), R_OK));
	strcpy(p + 4 * PG - 2, "/");
	SHOW(access(p + 4 * PG - 2, F_OK));
	p[4 * PG - 1] = 'x';
	SHOW(access(p + 4 * PG - 2, F_OK));
	return 0;
}

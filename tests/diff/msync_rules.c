/* SPDX-License-Identifier: Apache-2.0 */
/* msync's arguments; remap_file_pages; pkeys of a machine without them are left out. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/probe.h"

#define PG 4096
#define RW (PROT_READ | PROT_WRITE)

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);
	char *p, *q;

	NEED(ftruncate(fd, 8 * PG) == 0);
	p = mmap(NULL, 8 * PG, RW, MAP_SHARED, fd, 0);
	for (int i = 0; i < 8; i++)
		p[i * PG] = 'A' + i;
	SHOW(msync(p, 8 * PG, MS_SYNC));
	SHOW(msync(p, 8 * PG, MS_ASYNC | MS_INVALIDATE));
	SHOW(msync(p, 8 * PG, 0));
	SHOW(msync(p, 8 * PG, MS_ASYNC | MS_SYNC));
	SHOW(msync(p, 8 * PG, 8));
	SHOW(msync(p + 1, PG, MS_SYNC));
	SHOW(msync(p, 0, MS_SYNC));
	SHOW(msync(p, 1, MS_SYNC));
	SHOW(msync(p, -PG, MS_SYNC));
	munmap(p + 4 * PG, PG);
	SHOW(msync(p, 8 * PG, MS_SYNC));
	SHOW(msync(p + 4 * PG, PG, MS_ASYNC));
	NEED(mlock(p, PG) == 0);
	SHOW(msync(p, PG, MS_INVALIDATE));
	SHOW(munlock(p, PG));
	q = mmap(NULL, 4 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW(msync(q, 4 * PG, MS_SYNC));
	/* other pages of the file under the same address */
	SHOW(syscall(SYS_remap_file_pages, p, 2 * PG, 0, 6, 0));
	SHOW(p[0]);
	SHOW(p[PG]);
	SHOW(p[2 * PG]);
	p[0] = 'x';
	char c;
	SHOW(pread(fd, &c, 1, 6 * PG));
	SHOW(c);
	SHOW(syscall(SYS_remap_file_pages, p, PG, 1, 0, 0));
	SHOW(syscall(SYS_remap_file_pages, q, PG, 0, 0, 0));
	SHOW(syscall(SYS_remap_file_pages, p + 4 * PG, PG, 0, 0, 0));
	return 0;
}

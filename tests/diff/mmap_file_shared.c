/* SPDX-License-Identifier: Apache-2.0 */
/* Shared file mappings and read(2), write(2) and a second mapping see the same bytes. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG 4096

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600), rd;
	char *p, *q, *r, buf[32] = "";

	NEED(fd >= 0);
	SHOW(ftruncate(fd, 3 * PG + 100));
	p = SHOWP(mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	SHOW(p[0] | p[3 * PG + 50]);
	strcpy(p + PG, "through the mapping");
	SHOW(pread(fd, buf, 20, PG));
	SHOWS(buf);
	SHOW(pwrite(fd, "through write", 14, 2 * PG));
	SHOWS(p + 2 * PG);
	rd = open("f", O_RDONLY);
	q = SHOWP(mmap(NULL, 2 * PG, PROT_READ, MAP_SHARED, rd, PG));
	SHOWS(q);
	SHOWS(q + PG);
	strcpy(p + PG, "again");
	SHOWS(q);
	SHOW(mprotect(q, PG, PROT_READ | PROT_WRITE));
	SHOW_WRITE(q);
	close(fd);
	close(rd);
	strcpy(p, "after close");
	fd = open("f", O_RDWR);
	memset(buf, 0, sizeof(buf));
	SHOW(read(fd, buf, 12));
	SHOWS(buf);
	SHOW(msync(p, 4 * PG, MS_SYNC));
	SHOW(msync(p, 4 * PG, MS_ASYNC));
	/* a private mapping of what a shared one writes; only untouched pages may follow */
	r = mmap(NULL, 2 * PG, PROT_READ, MAP_PRIVATE, fd, 0);
	SHOWS(r);
	if (fork() == 0) {
		strcpy(p + 2 * PG, "from the child");
		_exit(0);
	}
	wait(NULL);
	SHOWS(p + 2 * PG);
	SHOW(unlink("f"));
	strcpy(p, "unlinked");
	memset(buf, 0, sizeof(buf));
	SHOW(pread(fd, buf, 9, 0));
	SHOWS(buf);
	SHOW(munmap(p, 4 * PG));
	memset(buf, 0, sizeof(buf));
	SHOW(pread(fd, buf, 9, 0));
	SHOWS(buf);
	return 0;
}

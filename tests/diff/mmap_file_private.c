/* SPDX-License-Identifier: Apache-2.0 */
/* Private file mappings: the file's bytes, one's own writes, zeroes after the end. */
#include <fcntl.h>

#include "lib/probe.h"

#define PG  4096
#define BIG (600 * 1024)

static void small(int prot)
{
	int fd = open("f", O_RDWR);
	char *p = mmap(NULL, 2 * PG, prot, MAP_PRIVATE, fd, 0), buf[16] = "";

	NEED(p != MAP_FAILED);
	show_bytes("start", p, 8);
	show_bytes("end", p + 4998, 4);
	SHOW(p[2 * PG - 1]);
	if (prot & PROT_WRITE) {
		memcpy(p, "changed", 7);
		memcpy(p + 5000, "tail", 4);
		SHOW(pread(fd, buf, 7, 0));
		SHOWS(buf);
		SHOW(lseek(fd, 0, SEEK_END));
	}
	SHOW(munmap(p, 2 * PG));
	close(fd);
}

static void big(void)
{
	int fd = open("big", O_RDWR | O_CREAT, 0600), bad = 0;
	char *p;

	for (int i = 0; i < BIG; i += PG) {
		char page[PG];

		memset(page, i / PG, PG);
		NEED(pwrite(fd, page, PG, i) == PG);
	}
	p = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	for (int i = 0; i < BIG; i += 3 * PG)
		p[i + 1] = 77;
	for (int i = 0; i < BIG; i += PG) {
		bad += p[i] != (char)(i / PG);
		bad += p[i + 1] != (i % (3 * PG) ? (char)(i / PG) : 77);
	}
	SHOW(bad);
	bad = 0;
	for (int i = 0; i < BIG; i += PG) {
		char c[2];

		NEED(pread(fd, c, 2, i) == 2);
		bad += c[1] != (char)(i / PG);
	}
	SHOW(bad);
	/* the kernel writes into the mapping for us */
	SHOW(pread(fd, p + 10 * PG + 5, 3 * PG, 0));
	SHOW(p[10 * PG + 4]);
	SHOW(p[10 * PG + 5]);
	SHOW(p[12 * PG + 4]);
	SHOW(p[13 * PG + 5]);
}

int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	NEED(fd >= 0);
	for (int i = 0; i < 5000; i += 10)
		NEED(write(fd, "0123456789", 10) == 10);
	small(PROT_READ);
	small(PROT_READ | PROT_WRITE);
	small(PROT_READ);
	big();
	return 0;
}

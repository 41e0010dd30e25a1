/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_create(2) and seals: what each seal forbids. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[100] = "";
	int fd = SHOW(memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC)),
	    plain = memfd_create("p", 0);
	struct stat st;
	void *p;

	SHOW(write(fd, "hello", 5));
	SHOW(fstat(fd, &st));
	SHOW(st.st_size);
	SHOWX(st.st_mode);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(readlink("/proc/self/fd/3", buf, sizeof(buf)) > 0);
	SHOWS(buf);
	SHOWX(fcntl(plain, F_GET_SEALS));
	SHOW(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW));
	SHOWX(fcntl(fd, F_GET_SEALS));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(ftruncate(fd, 2));
	SHOW(ftruncate(fd, 10));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	SHOW(ftruncate(fd, 20));
	SHOW(pwrite(fd, "0123456789abc", 13, 0));
	SHOW(pwrite(fd, "z", 1, 10));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(munmap(p, 4096));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(pwrite(fd, "x", 1, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	SHOWP(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	SHOWX(fcntl(fd, F_GET_SEALS));
	SHOW(fcntl(fd, F_ADD_SEALS, 0x1000));
	SHOW(memfd_create("x", 0x4000));
	memset(buf, 'n', sizeof(buf));
	buf[99] = 0;
	SHOW(memfd_create(buf, 0) >= 0);
	SHOW(memfd_create((char *)8, 0));
	return 0;
}

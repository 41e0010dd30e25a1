/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd(2): adding, semaphore mode, a full counter, sizes, poll. */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "lib/show.h"

int main(void)
{
	int fd = SHOW(eventfd(3, EFD_NONBLOCK)),
	    sem = SHOW(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	uint64_t v = 0;

	SHOW(read(fd, &v, 8));
	SHOW(v);
	SHOW(read(fd, &v, 8));
	SHOW(write(fd, &(uint64_t){ 5 }, 8));
	SHOW(write(fd, &(uint64_t){ 6 }, 8));
	SHOW(poll(&p, 1, 0));
	SHOWX(p.revents);
	SHOW(read(fd, &v, 16));
	SHOW(v);
	SHOW(read(fd, &v, 7));
	SHOW(write(fd, &v, 7));
	SHOW(write(fd, &(uint64_t){ UINT64_MAX }, 8));
	SHOW(write(fd, &(uint64_t){ UINT64_MAX - 1 }, 8));
	SHOW(write(fd, &(uint64_t){ 1 }, 8));
	SHOW(write(fd, &(uint64_t){ 0 }, 8));
	SHOW(poll(&p, 1, 0));
	SHOWX(p.revents);
	SHOW(read(sem, &v, 8));
	SHOW(v);
	SHOW(read(sem, &v, 8));
	SHOW(v);
	SHOW(read(sem, &v, 8));
	SHOW(eventfd(0, 2));
	SHOW(fcntl(eventfd(0, EFD_CLOEXEC), F_GETFD));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(pread(fd, &v, 8, 0));
	SHOW(read(fd, (void *)8, 8));
	return 0;
}

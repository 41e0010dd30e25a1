/* SPDX-License-Identifier: Apache-2.0 */
/* poll(2) and ppoll(2) on files, pipes, closed ends, negative and bad descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/show.h"

static void poll_show(struct pollfd *p, unsigned int nr)
{
	printf("poll = %d:", poll(p, nr, 0));
	for (unsigned int i = 0; i < nr; i++)
		printf(" %#x", (unsigned int)p[i].revents);
	printf("\n");
}

int main(void)
{
	struct pollfd p[6];
	struct timespec ts = { 0, 1000000 };
	int a[2], b[2], f = open("f", O_RDWR | O_CREAT, 0600);
	short all = POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM | POLLRDHUP;

	NEED(pipe(a) == 0 && pipe(b) == 0);
	for (int i = 0; i < 6; i++)
		p[i] = (struct pollfd){ .fd = (int[]){ f, a[0], a[1], b[0], -1, 77 }[i],
					.events = all,
					.revents = 99 };
	poll_show(p, 6);
	write(a[1], "x", 1);
	close(b[1]);
	poll_show(p, 6);
	close(a[0]);
	p[1].fd = open("/dev/null", O_RDWR);
	poll_show(p, 6);
	p[0].events = 0;
	p[2].events = 0;
	p[3].events = 0;
	poll_show(p, 6);
	SHOW(poll(p, (nfds_t)-1, 0));
	SHOW(poll(NULL, 1, 0));
	SHOW(poll(NULL, 0, 5));
	SHOW(ppoll(NULL, 0, &ts, NULL));
	ts.tv_nsec = -1;
	SHOW(ppoll(NULL, 0, &ts, NULL));
	return 0;
}

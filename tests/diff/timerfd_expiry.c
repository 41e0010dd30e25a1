/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd: arming, counts, disarming, absolute times, errors. */
#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "lib/show.h"

int main(void)
{
	struct itimerspec its = { .it_value = { 0, 400000000 } }, cur;
	int fd = SHOW(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)),
	    block = timerfd_create(CLOCK_REALTIME, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t v = 0;

	SHOW(read(fd, &v, 8));
	SHOW(timerfd_settime(fd, 0, &its, &cur));
	SHOW(cur.it_value.tv_sec + cur.it_value.tv_nsec);
	SHOW(timerfd_gettime(fd, &cur));
	SHOW(cur.it_value.tv_sec == 0 && cur.it_value.tv_nsec > 0 &&
	     cur.it_value.tv_nsec <= 400000000);
	SHOW(read(fd, &v, 8));
	SHOW(poll(&p, 1, 2000));
	SHOWX(p.revents);
	SHOW(read(fd, &v, 8));
	SHOW(v);
	SHOW(timerfd_gettime(fd, &cur));
	SHOW(cur.it_value.tv_nsec);
	its.it_interval.tv_nsec = 5000000;
	SHOW(timerfd_settime(fd, 0, &its, NULL));
	usleep(100000);
	SHOW(read(fd, &v, 4));
	SHOW(read(fd, &v, 8));
	SHOW(v >= 5);
	SHOW(timerfd_settime(fd, 0, &(struct itimerspec){ 0 }, &cur));
	SHOW(cur.it_interval.tv_nsec);
	SHOW(poll(&p, 1, 20));
	its.it_value = (struct timespec){ 1, 0 };
	its.it_interval = (struct timespec){ 0, 0 };
	SHOW(timerfd_settime(block, TFD_TIMER_ABSTIME, &its, NULL));
	SHOW(read(block, &v, 8));
	SHOW(v);
	its.it_value.tv_nsec = 1000000000;
	SHOW(timerfd_settime(fd, 0, &its, NULL));
	its.it_value.tv_nsec = 0;
	SHOW(timerfd_settime(fd, 64, &its, NULL));
	SHOW(timerfd_settime(0, 0, &its, NULL));
	SHOW(timerfd_settime(-1, 0, &its, NULL));
	SHOW(timerfd_settime(fd, 0, NULL, NULL));
	SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	SHOW(timerfd_create(99, 0));
	SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
	SHOW(write(fd, &v, 8));
	return 0;
}

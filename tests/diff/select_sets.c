/* SPDX-License-Identifier: Apache-2.0 */
/* select(2), pselect(2): sets in and out, high descriptors, errors, time left. */
#include <fcntl.h>
#include <sys/select.h>

#include "lib/show.h"

int main(void)
{
	struct timeval tv = { 0, 0 }, bad = { 0, -1 }, some = { 0, 10000 };
	fd_set r, w;
	int p[2], nr;

	NEED(pipe(p) == 0 && dup2(p[0], 100) == 100);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(100, &r);
	FD_SET(p[1], &w);
	SHOW(select(101, &r, &w, NULL, &tv));
	SHOW(FD_ISSET(100, &r));
	SHOW(FD_ISSET(p[1], &w));
	write(p[1], "x", 1);
	FD_SET(100, &r);
	FD_SET(p[0], &r);
	SHOW(select(101, &r, &w, NULL, NULL));
	SHOW(FD_ISSET(100, &r));
	FD_SET(100, &r);
	SHOW(select(100, &r, NULL, NULL, &tv));
	FD_ZERO(&r);
	FD_SET(90, &r); /* closed, and below one that is open */
	SHOW(select(91, &r, NULL, NULL, &tv));
	SHOW(select(-1, NULL, NULL, NULL, &tv));
	SHOW(select(0, NULL, NULL, NULL, &bad));
	SHOW(select(0, NULL, NULL, NULL, &some));
	SHOW(some.tv_sec + some.tv_usec);
	SHOW(select(5, (fd_set *)8, NULL, NULL, &tv));
	SHOW(pselect(0, NULL, NULL, NULL, &(struct timespec){ 0, 1000000000 }, NULL));
	close(p[1]);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	read(p[0], &nr, 1);
	SHOW(select(p[0] + 1, &r, NULL, NULL, &tv));
	SHOW(read(p[0], &nr, 1));
	return 0;
}

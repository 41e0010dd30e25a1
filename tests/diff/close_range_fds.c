/* SPDX-License-Identifier: Apache-2.0 */
/* close_range(2): ranges, CLOEXEC, bad arguments, a private table. */
#include <fcntl.h>
#include <linux/close_range.h>

#include "lib/show.h"

int main(void)
{
	for (int i = 10; i < 20; i++)
		NEED(dup2(0, i) == i);
	SHOW(close_range(12, 14, 0));
	SHOW(fcntl(11, F_GETFD));
	SHOW(fcntl(12, F_GETFD));
	SHOW(fcntl(14, F_GETFD));
	SHOW(fcntl(15, F_GETFD));
	SHOW(close_range(15, 16, CLOSE_RANGE_CLOEXEC));
	SHOW(fcntl(15, F_GETFD));
	SHOW(fcntl(17, F_GETFD));
	SHOW(close_range(5, 4, 0));
	SHOW(close_range(5, 6, 128));
	SHOW(close_range(18, ~0u, CLOSE_RANGE_UNSHARE));
	SHOW(fcntl(18, F_GETFD));
	SHOW(close_range(~0u - 1, ~0u, 0));
	SHOW(close(10));
	return 0;
}

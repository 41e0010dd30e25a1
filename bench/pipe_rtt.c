/* SPDX-License-Identifier: Apache-2.0 */
/* One byte to another process through a pipe and back. */
#include <unistd.h>

#include "bench.h"

static int to[2], from[2];

static void op(long n)
{
	char c = 'x';

	while (n--) {
		must(write(to[1], &c, 1) == 1, "write");
		must(read(from[0], &c, 1) == 1, "read");
	}
}

int main(void)
{
	char c;
	int ret;

	must(pipe(to) == 0 && pipe(from) == 0, "pipe");
	if (fork() == 0) {
		close(to[1]);
		close(from[0]);
		while (read(to[0], &c, 1) == 1)
			must(write(from[1], &c, 1) == 1, "write");
		_exit(0);
	}
	close(to[0]);
	ret = measure("pipe_round_trip", op);
	close(to[1]);
	return ret;
}

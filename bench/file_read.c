/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open + fstat + read + close of a small file that is cached, as include paths and imports do it.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static const char *path;

static void op(long n)
{
	char buf[4096];
	struct stat st;

	while (n--) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		must(fd >= 0, path);
		must(fstat(fd, &st) == 0, "fstat");
		must(read(fd, buf, sizeof(buf)) >= 0, "read");
		close(fd);
	}
}

int main(int argc, char **argv)
{
	path = argc > 1 ? argv[1] : argv[0];
	return measure("open_fstat_read_close", op);
}

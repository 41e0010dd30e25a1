/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that no stub can answer: lseek on a tmpfs file, F_DUPFD and close. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static int fd;

static void seek(long n)
{
	while (n--)
		lseek(fd, 0, SEEK_SET);
}

static void dup_close(long n)
{
	while (n--) {
		int d = fcntl(fd, F_DUPFD, 10);

		must(d >= 0, "fcntl");
		close(d);
	}
}

int main(void)
{
	fd = memfd_create("bench", 0);
	must(fd >= 0, "memfd_create");
	measure("lseek_tmpfs", seek);
	return measure("dupfd_close", dup_close);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* stat of a name that does not exist, in a directory that does. */
#include <sys/stat.h>

#include "bench.h"

static char path[4096];

static void op(long n)
{
	struct stat st;

	while (n--)
		must(stat(path, &st) < 0, "stat succeeded");
}

int main(int argc, char **argv)
{
	snprintf(path, sizeof(path), "%s.missing", argc > 1 ? argv[1] : argv[0]);
	return measure("stat_missing", op);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* opendir + readdir of everything + closedir of one large directory. */
#include <dirent.h>

#include "bench.h"

static const char *path;

static void op(long n)
{
	while (n--) {
		DIR *d = opendir(path);

		must(d != NULL, path);
		while (readdir(d))
			;
		closedir(d);
	}
}

int main(int argc, char **argv)
{
	path = argc > 1 ? argv[1] : ".";
	return measure("getdents", op);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * umask(2): masks what open, mkdir, mknod create; a child has its own; bits above 0777 are dropped.
 */
#include <fcntl.h>

#include "lib/show.h"

static void child(void)
{
	SHOW(umask(0));
	SHOW(umask(077));
}

int main(void)
{
	struct stat st;

	SHOW(umask(012345));
	SHOW(umask(022));
	show_child("child", child);
	SHOW(umask(0137));
	close(open("f", O_CREAT | O_RDWR, 0777));
	NEED(mkdir("d", 0777) == 0 && mkfifo("p", 0777) == 0 && stat("f", &st) == 0);
	show_stat("f", &st);
	NEED(stat("d", &st) == 0);
	show_stat("d", &st);
	NEED(stat("p", &st) == 0);
	show_stat("p", &st);
	return 0;
}

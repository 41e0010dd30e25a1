/* SPDX-License-Identifier: Apache-2.0 */
/* In a sticky directory only the owner of the file or of the directory removes or renames. */
#include "lib/show.h"

static void user(void)
{
	NEED(setresuid(1000, 1000, 1000) == 0);
	SHOW(unlink("t/roots"));
	SHOW(rename("t/roots", "t/stolen"));
	SHOW(rename("t/mine", "t/roots"));
	SHOW(rename("t/mine", "t/still-mine"));
	SHOW(unlink("t/still-mine"));
	SHOW(rmdir("t/dir"));
}

int main(void)
{
	umask(0);
	NEED(geteuid() == 0 && chmod(".", 0755) == 0);
	NEED(mkdir("t", 01777) == 0 && mkdir("t/dir", 0777) == 0);
	make_file("t/roots", "r");
	make_file("t/mine", "m");
	NEED(chown("t/mine", 1000, 1000) == 0);
	show_child("user", user);
	SHOW(rename("t/roots", "t/renamed"));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mkdir(2), rmdir(2): modes, link counts, what is not empty, the current directory removed. */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	char buf[100];
	struct stat st;

	umask(022);
	SHOW(mkdir("d", 0777));
	SHOW(stat("d", &st));
	SHOWX(st.st_mode);
	SHOW(mkdir("d", 0777));
	SHOW(mkdir("t", 07777));
	SHOW(stat("t", &st));
	SHOWX(st.st_mode);
	make_file("d/f", "");
	SHOW(rmdir("d"));
	SHOW(unlink("d/f"));
	SHOW(rmdir("d"));
	SHOW(rmdir("d"));
	make_file("f", "");
	SHOW(rmdir("f"));
	SHOW(mkdir("f/x", 0700));
	SHOW(mkdir("n/x", 0700));
	SHOW(mkdir("here", 0755));
	SHOW(chdir("here"));
	SHOW(rmdir("../here"));
	SHOWP(getcwd(buf, sizeof(buf)));
	SHOW(open("x", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("x", 0700));
	SHOW(stat(".", &st));
	SHOW(st.st_nlink);
	SHOW(chdir(".."));
	SHOW(access("here", F_OK));
	return 0;
}

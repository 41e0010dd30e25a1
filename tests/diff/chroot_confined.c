/* SPDX-License-Identifier: Apache-2.0 */
/* chroot(2): the new root holds for names, dots and absolute links; getcwd outside of it. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/show.h"

int main(void)
{
	char buf[200] = "";
	int out;

	NEED(geteuid() == 0);
	NEED(mkdir("r", 0755) == 0 && mkdir("r/in", 0755) == 0);
	make_file("outside", "o");
	make_file("r/inside", "i");
	NEED(symlink("/inside", "r/abs") == 0 && symlink("../../outside", "r/rel") == 0);
	out = open(".", O_RDONLY | O_DIRECTORY);
	SHOW(chroot("none"));
	SHOW(chroot("outside"));
	SHOW(chroot("r"));
	SHOW(access("/inside", F_OK));
	SHOW(access("/abs", F_OK));
	SHOW(access("/rel", F_OK));
	SHOW(access("/../../outside", F_OK));
	SHOW(access("outside", F_OK));
	SHOW(syscall(SYS_getcwd, buf, sizeof(buf)) > 0);
	show_bytes("cwd", buf, 13);
	SHOW(chdir("/"));
	SHOW(access("../outside", F_OK));
	SHOW(syscall(SYS_getcwd, buf, sizeof(buf)));
	SHOWS(buf);
	SHOW(fchdir(out));
	SHOW(access("outside", F_OK));
	SHOW(setresuid(1000, 1000, 1000));
	SHOW(chroot("r"));
	return 0;
}

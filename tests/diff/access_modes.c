/* SPDX-License-Identifier: Apache-2.0 */
/* access(2) for root and for another user, with real and effective ids apart. */
#include <fcntl.h>

#include "lib/show.h"

static void as_user(void)
{
	SHOW(setresuid(1000, 1000, 1000));
	SHOW(access("open", R_OK | W_OK));
	SHOW(access("open", X_OK));
	SHOW(access("secret", R_OK));
	SHOW(access("secret", F_OK));
	SHOW(access("dir/x", F_OK));
	SHOW(access("none", F_OK));
	SHOW(open("secret", O_RDONLY));
	SHOW(open("dir/x", O_RDONLY));
	SHOW(open("group", O_RDONLY));
	SHOW(unlink("open"));
	SHOW(open("mine", O_RDWR));
	SHOW(chmod("open", 0600));
	SHOW(chmod("mine", 0600));
	SHOW(chown("mine", 0, 0));
	SHOW(chown("mine", 1000, -1));
}

static void effective_only(void)
{
	SHOW(setresuid(0, 1000, 0));
	SHOW(access("secret", R_OK));
	SHOW(faccessat(AT_FDCWD, "secret", R_OK, AT_EACCESS));
	SHOW(open("secret", O_RDONLY));
}

int main(void)
{
	umask(0);
	NEED(geteuid() == 0);
	make_file("open", "o");
	make_file("secret", "s");
	make_file("group", "g");
	make_file("mine", "m");
	NEED(chmod("secret", 0600) == 0 && mkdir("dir", 0700) == 0 && chmod(".", 0755) == 0);
	make_file("dir/x", "x");
	NEED(chmod("group", 0640) == 0 && chown("group", 0, 77) == 0 &&
	     chown("mine", 1000, 1000) == 0);
	SHOW(access("open", X_OK));
	SHOW(access("secret", R_OK | W_OK));
	SHOW(access("secret", X_OK));
	SHOW(access("dir", X_OK));
	SHOW(access("open", 8));
	SHOW(access("open/x", F_OK));
	SHOW(faccessat(AT_FDCWD, "open", R_OK, 0x4000));
	show_child("user", as_user);
	show_child("effective", effective_only);
	return 0;
}

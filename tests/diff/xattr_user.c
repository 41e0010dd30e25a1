/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of the user namespace: values, lists, flags, errors. */
#include <fcntl.h>
#include <sys/xattr.h>

#include "lib/show.h"

int main(void)
{
	char buf[64] = "";
	int fd;

	make_file("f", "");
	NEED(mkdir("d", 0755) == 0 && symlink("f", "l") == 0);
	if (setxattr("f", "user.probe", "x", 1, 0) != 0) {
		printf("SKIP: no attributes here: %s\n", errno_name(errno));
		return 77;
	}
	SHOW(removexattr("f", "user.probe"));
	SHOW(setxattr("f", "user.a", "value", 5, XATTR_CREATE));
	SHOW(setxattr("f", "user.a", "other", 5, XATTR_CREATE));
	SHOW(setxattr("f", "user.b", "v", 1, XATTR_REPLACE));
	SHOW(setxattr("f", "user.a", "other!", 6, XATTR_REPLACE));
	SHOW(getxattr("f", "user.a", buf, sizeof(buf)));
	show_bytes("a", buf, 6);
	SHOW(getxattr("f", "user.a", NULL, 0));
	SHOW(getxattr("f", "user.a", buf, 3));
	SHOW(getxattr("f", "user.none", buf, sizeof(buf)));
	SHOW(listxattr("f", buf, sizeof(buf)));
	show_bytes("list", buf, 7);
	SHOW(listxattr("f", buf, 2));
	SHOW(setxattr("f", "user.empty", "", 0, 0));
	SHOW(getxattr("f", "user.empty", buf, sizeof(buf)));
	SHOW(removexattr("f", "user.a"));
	SHOW(removexattr("f", "user.a"));
	SHOW(setxattr("f", "nonsense", "", 0, 0));
	SHOW(setxattr("f", "user.", "", 0, 0));
	SHOW(setxattr("f", "", "", 0, 0));
	SHOW(setxattr("f", "user.x", "", 0, 4));
	SHOW(setxattr("d", "user.on-dir", "1", 1, 0));
	SHOW(lsetxattr("l", "user.on-link", "1", 1, 0));
	fd = open("f", O_RDONLY);
	SHOW(fsetxattr(fd, "user.fd", "1", 1, 0));
	SHOW(fgetxattr(fd, "user.fd", buf, 10));
	SHOW(getxattr("l", "user.fd", buf, 10));
	SHOW(lgetxattr("l", "user.fd", buf, 10));
	SHOW(fgetxattr(-1, "user.fd", buf, 10));
	return 0;
}

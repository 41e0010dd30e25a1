/* SPDX-License-Identifier: Apache-2.0 */
/* openat2(2): its checks of struct open_how and the RESOLVE_ flags. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long how(int dir, const char *name, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how h = { .flags = flags, .mode = mode, .resolve = resolve };

	return syscall(SYS_openat2, dir, name, &h, sizeof(h));
}

int main(void)
{
	struct {
		struct open_how h;
		uint64_t more;
	} big = { { .flags = O_RDONLY }, 0 };
	int d;

	NEED(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	make_file("a", "x");
	make_file("d/b", "y");
	NEED(symlink("../a", "d/up") == 0 && symlink("b", "d/here") == 0 &&
	     symlink("/", "d/abs") == 0);
	d = open("d", O_PATH | O_DIRECTORY);
	SHOW(how(AT_FDCWD, "a", O_RDONLY, 0, 0));
	SHOW(how(AT_FDCWD, "a", O_RDONLY, 0600, 0));
	SHOW(how(AT_FDCWD, "n", O_RDWR | O_CREAT, 0600, 0));
	SHOW(how(AT_FDCWD, "n", O_RDWR | O_CREAT, 0200000, 0));
	SHOW(how(AT_FDCWD, "a", 1ull << 40, 0, 0));
	SHOW(how(AT_FDCWD, "a", O_RDONLY, 0, 0x1000));
	SHOW(how(AT_FDCWD, "a", O_PATH | O_RDWR, 0, 0));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "a", &big, sizeof(big)));
	big.more = 1;
	SHOW(syscall(SYS_openat2, AT_FDCWD, "a", &big, sizeof(big)));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "a", &big, 8));
	SHOW(syscall(SYS_openat2, AT_FDCWD, "a", NULL, sizeof(struct open_how)));
	SHOW(how(d, "b", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "../a", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "e/../b", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "up", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "here", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "abs", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "/", O_RDONLY, 0, RESOLVE_BENEATH));
	SHOW(how(d, "here", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
	SHOW(how(d, "b", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
	SHOW(how(d, "/b", O_RDONLY, 0, RESOLVE_IN_ROOT));
	SHOW(how(d, "../../../b", O_RDONLY, 0, RESOLVE_IN_ROOT));
	SHOW(how(d, "abs/b", O_RDONLY, 0, RESOLVE_IN_ROOT));
	SHOW(how(d, "up", O_RDONLY, 0, RESOLVE_IN_ROOT));
	SHOW(how(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
	SHOW(how(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_XDEV));
	return 0;
}

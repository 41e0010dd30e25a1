/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2): masks, flags, agreement with stat(2). */
#include <fcntl.h>

#include "lib/show.h"

int main(void)
{
	struct statx x;
	struct stat st;

	memset(&x, 0, sizeof(x));
	make_file("f", "1234");
	NEED(symlink("f", "l") == 0);
	SHOW(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &x));
	NEED(stat("f", &st) == 0);
	SHOWX(x.stx_mask & STATX_BASIC_STATS);
	SHOWX(x.stx_mode);
	SHOW(x.stx_size);
	SHOW(x.stx_nlink);
	SHOW(x.stx_ino == st.st_ino);
	SHOW(x.stx_mtime.tv_sec == st.st_mtim.tv_sec && x.stx_mtime.tv_nsec == st.st_mtim.tv_nsec);
	SHOW(x.stx_blocks == (uint64_t)st.st_blocks);
	SHOW(x.stx_dev_major == (unsigned int)(st.st_dev >> 8 & 0xfff));
	SHOW(statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x));
	SHOWX(x.stx_mode & S_IFMT);
	SHOW(statx(AT_FDCWD, "f", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, STATX_TYPE, &x));
	SHOW(statx(AT_FDCWD, "f", AT_STATX_DONT_SYNC, STATX_TYPE, &x));
	SHOW(statx(AT_FDCWD, "f", 0x80, STATX_TYPE, &x));
	SHOW(statx(AT_FDCWD, "f", 0, 0x80000000u, &x));
	SHOW(statx(AT_FDCWD, "f", 0, 0, &x));
	SHOW(statx(AT_FDCWD, "none", 0, STATX_TYPE, &x));
	SHOW(statx(AT_FDCWD, "", 0, STATX_TYPE, &x));
	SHOW(statx(open("f", O_RDONLY), "", AT_EMPTY_PATH, STATX_SIZE, &x));
	SHOW(statx(-1, "", AT_EMPTY_PATH, STATX_SIZE, &x));
	SHOW(statx(AT_FDCWD, "f", 0, STATX_TYPE, (struct statx *)8));
	return 0;
}

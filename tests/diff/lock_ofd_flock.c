/* SPDX-License-Identifier: Apache-2.0 */
/* Open file description locks and flock(2): owned by the description, not by the process. */
#include <fcntl.h>
#include <sys/file.h>

#include "lib/show.h"

static int ofd(int fd, int cmd, short type, long start, long len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
	int ret = fcntl(fd, cmd, &l);

	if (ret == 0 && cmd == F_OFD_GETLK)
		printf("  type %d start %ld len %ld pid %d\n", l.l_type, (long)l.l_start,
		       (long)l.l_len, l.l_pid);
	return ret;
}

int main(void)
{
	struct flock bad = { .l_type = F_WRLCK, .l_pid = 5 };
	int a = open("f", O_RDWR | O_CREAT, 0644), b = open("f", O_RDWR), c = dup(a),
	    ro = open("f", O_RDONLY);

	SHOW(ofd(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	SHOW(ofd(b, F_OFD_SETLK, F_WRLCK, 5, 1));
	SHOW(ofd(b, F_OFD_GETLK, F_WRLCK, 5, 1));
	SHOW(ofd(c, F_OFD_SETLK, F_RDLCK, 0, 10));
	SHOW(ofd(b, F_OFD_SETLK, F_RDLCK, 5, 1));
	SHOW(fcntl(a, F_OFD_SETLK, &bad));
	SHOW(close(a));
	SHOW(ofd(b, F_OFD_SETLK, F_WRLCK, 0, 1));
	SHOW(close(c));
	SHOW(ofd(b, F_OFD_SETLK, F_WRLCK, 0, 1));
	SHOW(close(b));
	a = open("f", O_RDWR);
	b = open("f", O_RDWR);
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_SH | LOCK_NB));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	SHOW(flock(b, LOCK_UN));
	SHOW(flock(ro, LOCK_EX | LOCK_NB));
	SHOW(flock(a, LOCK_UN));
	SHOW(flock(ro, LOCK_EX | LOCK_NB));
	SHOW(flock(a, 0));
	SHOW(flock(a, LOCK_SH | LOCK_EX));
	SHOW(flock(-1, LOCK_SH));
	return 0;
}

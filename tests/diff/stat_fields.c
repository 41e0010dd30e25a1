/* SPDX-License-Identifier: Apache-2.0 */
/* stat(2) and friends: types, sizes, links, times that move with the right calls. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>

#include "lib/show.h"

static int later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static void rest(void)
{
	nanosleep(&(struct timespec){ 0, 15000000 }, NULL);
}

int main(void)
{
	struct stat st, was;
	int p[2], fd;

	umask(0);
	make_file("f", "12345");
	SHOW(stat("f", &st));
	show_stat("f", &st);
	SHOW(st.st_blksize > 0);
	SHOW(symlink("f-target-name", "l"));
	SHOW(lstat("l", &st));
	show_stat("l", &st);
	SHOW(stat("l", &st));
	SHOW(mkfifo("p", 0620));
	SHOW(stat("p", &st));
	show_stat("p", &st);
	NEED(pipe(p) == 0);
	SHOW(fstat(p[0], &st));
	SHOWX(st.st_mode);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(fstat(fd, &st));
	SHOWX(st.st_mode);
	SHOW(stat("/dev/null", &st));
	show_stat("null", &st);
	SHOW(major(st.st_rdev));
	SHOW(minor(st.st_rdev));
	SHOW(stat("/dev/zero", &st));
	show_stat("zero", &st);
	SHOW(stat("f", (struct stat *)8));
	SHOW(fstat(-1, &st));
	SHOW(mknod("reg", S_IFREG | 0604, 0));
	SHOW(stat("reg", &st));
	show_stat("reg", &st);
	SHOW(mknod("dir", S_IFDIR | 0604, 0));
	/* times */
	fd = open("f", O_RDWR);
	fstat(fd, &was);
	rest();
	SHOW(write(fd, "x", 1));
	fstat(fd, &st);
	SHOW(later(st.st_mtim, was.st_mtim));
	SHOW(later(st.st_ctim, was.st_ctim));
	was = st;
	rest();
	SHOW(fchmod(fd, 0600));
	fstat(fd, &st);
	SHOW(later(st.st_mtim, was.st_mtim));
	SHOW(later(st.st_ctim, was.st_ctim));
	stat(".", &was);
	rest();
	SHOW(unlink("p"));
	stat(".", &st);
	SHOW(later(st.st_mtim, was.st_mtim));
	was = st;
	rest();
	SHOW(link("f", "f2"));
	stat(".", &st);
	SHOW(later(st.st_mtim, was.st_mtim));
	stat("f", &st);
	SHOW(later(st.st_ctim, was.st_ctim));
	show_stat("f", &st);
	return 0;
}

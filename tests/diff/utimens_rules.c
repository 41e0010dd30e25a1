/* SPDX-License-Identifier: Apache-2.0 */
/* utimensat(2), utime(2): special values, who may, links, errors. */
#include <fcntl.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

#include "lib/show.h"

static void times_of(const char *name, int flags)
{
	struct stat st;

	NEED(fstatat(AT_FDCWD, name, &st, flags) == 0);
	printf("%s: %ld.%09ld %ld.%09ld\n", name, st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void user(void)
{
	struct timespec ts[2] = { { 1, 0 }, { 2, 0 } };

	NEED(setresuid(1000, 1000, 1000) == 0);
	SHOW(utimensat(AT_FDCWD, "f", ts, 0));
	SHOW(utimensat(AT_FDCWD, "f", NULL, 0));
	SHOW(utimensat(AT_FDCWD, "w", ts, 0));
	SHOW(utimensat(AT_FDCWD, "w", NULL, 0));
}

int main(void)
{
	struct timespec ts[2] = { { 1000, 5 }, { 2000, 999999999 } };
	struct stat st;
	int fd;

	umask(0);
	make_file("f", "");
	make_file("w", "");
	NEED(chmod("f", 0644) == 0 && chmod("w", 0666) == 0 && chmod(".", 0755) == 0);
	NEED(symlink("f", "l") == 0);
	SHOW(utimensat(AT_FDCWD, "f", ts, 0));
	times_of("f", 0);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_sec = 77;
	ts[1].tv_nsec = 7;
	SHOW(utimensat(AT_FDCWD, "f", ts, 0));
	times_of("f", 0);
	ts[1].tv_nsec = UTIME_OMIT;
	SHOW(utimensat(AT_FDCWD, "f", ts, 0));
	SHOW(utimensat(AT_FDCWD, "none", ts, 0));
	ts[1].tv_nsec = 1000000000;
	SHOW(utimensat(AT_FDCWD, "f", ts, 0));
	ts[0] = (struct timespec){ 5, 0 };
	ts[1] = (struct timespec){ -5, 0 };
	SHOW(utimensat(AT_FDCWD, "l", ts, AT_SYMLINK_NOFOLLOW));
	times_of("l", AT_SYMLINK_NOFOLLOW);
	times_of("f", 0);
	fd = open("f", O_RDONLY);
	SHOW(futimens(fd, ts));
	times_of("f", 0);
	SHOW(utimensat(fd, NULL, ts, 0));
	SHOW(utimensat(AT_FDCWD, NULL, ts, 0));
	SHOW(utimensat(AT_FDCWD, "f", ts, 0x1000000));
	SHOW(utime("f", &(struct utimbuf){ 11, 22 }));
	times_of("f", 0);
	SHOW(utimes("f", (struct timeval[2]){ { 1, 2 }, { 3, 1000000 } }));
	SHOW(utimes("f", (struct timeval[2]){ { 1, 2 }, { 3, 4 } }));
	times_of("f", 0);
	SHOW(utime("f", NULL));
	NEED(stat("f", &st) == 0);
	SHOW(st.st_mtim.tv_sec >= time(NULL) - 5);
	show_child("user", user);
	return 0;
}

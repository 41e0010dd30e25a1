/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that looks for what lies outside its root: by every path it can think of, and by names
 * that the host changes under its hands (guest_escape.py does that). Prints what it finds and exits
 * with 1 if it finds the text that is only outside. Usage: guest_escape TEXT DIR SECONDS.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *g_text;
static int g_found;
static unsigned long g_opened;

static void look(int fd, const char *how)
{
	char buf[256] = "";
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, buf, sizeof(buf) - 1);
	if (n > 0) {
		g_opened++;
		if (strstr(buf, g_text)) {
			printf("found by %s\n", how);
			g_found = 1;
		}
	}
	close(fd);
}

static void try(const char *path)
{
	look(open(path, O_RDONLY | O_NONBLOCK), path);
}

static void try_all_paths(void)
{
	static const char *const starts[] = {
		"", "/", "/proc/self/root/", "/proc/1/root/", "/proc/self/cwd/", "d/", "up/"
	};
	static const char *const names[] = { "outside", "outdir/secret", "root/../outside",
					     "../outside" };
	char path[512];

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (int up = 0; up < 12; up++) {
			for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
				strcpy(path, starts[s]);
				for (int i = 0; i < up; i++)
					strcat(path, "../");
				strcat(path, names[n]);
				try(path);
			}
		}
	}
	try("link");
	try("abs");
	try("outdirlink/secret");
}

/* Its own links and hard links, and a root moved from under an open directory. */
static void try_links(void)
{
	int old = open(".", O_RDONLY | O_DIRECTORY), sub;

	symlink("../outside", "mine");
	try("mine");
	symlink("../../../../../../../../outside", "mine2");
	try("mine2");
	link("link", "hard");
	try("hard");
	linkat(AT_FDCWD, "link", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW);
	try("hard2");
	mkdir("jail", 0755);
	sub = open("jail", O_RDONLY | O_DIRECTORY);
	rename("jail", "d/jail");
	look(openat(sub, "../../../outside", O_RDONLY), "a moved directory");
	look(openat(sub, "../../outside", O_RDONLY), "a moved directory");
	if (chroot("d/jail") == 0) {
		fchdir(old);
		for (int i = 0; i < 64; i++)
			chdir("..");
		try("outside");
		try_all_paths();
	}
	/* Descriptors that were never ours. */
	for (int fd = 3; fd < 1024; fd++) {
		if (fd != old && fd != sub)
			look(openat(fd, "outside", O_RDONLY), "an inherited descriptor");
	}
}

static void race(long seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned int n = 0;

	do {
		int fd = open("x", (n & 1 ? O_RDWR : O_RDONLY) | O_NONBLOCK);

		look(fd, "x");
		try("d2/secret");
		try("d2/../outside");
		try("x/secret");
	} while (++n & 15 || time(NULL) < end);
}

int main(int argc, char **argv)
{
	if (argc != 4 || chdir(argv[2]) < 0)
		return 2;
	g_text = argv[1];
	try_all_paths();
	race(strtol(argv[3], NULL, 10));
	try_links();
	printf("opened %s\n", g_opened ? "something" : "nothing");
	return g_found;
}

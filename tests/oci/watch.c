/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the names of what is made in a directory, as they come. */
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buf[4096] __attribute__((aligned(8)));
	int fd = inotify_init1(0);
	ssize_t n;

	if (argc != 2 || fd < 0 || inotify_add_watch(fd, argv[1], IN_CREATE) < 0)
		return 1;
	puts("watching");
	fflush(stdout);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (struct inotify_event *)p;

			puts(e->name);
			p += sizeof(*e) + e->len;
		}
		fflush(stdout);
	}
	return 0;
}

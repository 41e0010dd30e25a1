/* SPDX-License-Identifier: Apache-2.0 */
/* inotify(7): events of creating, writing, moving and deleting, masks, cookies, removal. */
#include <fcntl.h>
#include <sys/inotify.h>

#include "lib/show.h"

static int in;

static void drain(const char *what)
{
	static char buf[8192] __attribute__((aligned(8)));
	ssize_t nr = read(in, buf, sizeof(buf));
	uint32_t cookie = 0;

	printf("%s: %s\n", what, nr < 0 ? errno_name(errno) : "");
	for (char *p = buf; nr > 0 && p < buf + nr;) {
		struct inotify_event *e = (struct inotify_event *)p;

		printf("  wd %d mask %#x name %s%s\n", e->wd, e->mask, e->len ? e->name : "-",
		       e->cookie ? e->cookie == cookie ? " same cookie" : " cookie" : "");
		cookie = e->cookie;
		p += sizeof(*e) + e->len;
	}
}

int main(void)
{
	int fd, wd, wf;

	NEED(mkdir("d", 0755) == 0);
	in = SHOW(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	drain("nothing");
	wd = SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	fd = open("d/f", O_RDWR | O_CREAT, 0600);
	drain("create");
	write(fd, "x", 1);
	drain("write");
	read(fd, &wf, 1);
	lseek(fd, 0, SEEK_SET);
	read(fd, &wf, 1);
	drain("read");
	close(fd);
	drain("close");
	chmod("d/f", 0644);
	drain("chmod");
	rename("d/f", "d/g");
	drain("rename");
	rename("d/g", "out");
	drain("move out");
	rename("out", "d/back");
	drain("move in");
	mkdir("d/sub", 0700);
	drain("mkdir");
	wf = SHOW(inotify_add_watch(in, "d/back", IN_DELETE_SELF | IN_ATTRIB | IN_ONESHOT));
	unlink("d/back");
	drain("unlink");
	rmdir("d/sub");
	drain("rmdir");
	SHOW(inotify_add_watch(in, "d", IN_CREATE));
	close(open("d/x", O_CREAT | O_RDWR, 0600));
	drain("only create");
	SHOW(inotify_rm_watch(in, wd));
	drain("removed");
	SHOW(inotify_rm_watch(in, wd));
	SHOW(inotify_add_watch(in, "none", IN_CREATE));
	SHOW(inotify_add_watch(in, "d", 0));
	SHOW(inotify_add_watch(in, "d/x", IN_CREATE | IN_ONLYDIR));
	SHOW(inotify_add_watch(0, "d", IN_CREATE));
	SHOW(inotify_init1(1));
	wd = SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	unlink("d/x");
	rmdir("d");
	drain("all gone");
	return 0;
}

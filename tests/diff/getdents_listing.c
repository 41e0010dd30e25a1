/* SPDX-License-Identifier: Apache-2.0 */
/* Reading directories: all names once, types, rewinding, removal meanwhile, small buffers. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/show.h"

static int cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list(DIR *d)
{
	static char names[600][32];
	size_t nr = 0;
	struct dirent *e;

	while ((e = readdir(d)) != NULL && nr < 600)
		snprintf(names[nr++], sizeof(names[0]), "%.20s %d", e->d_name, e->d_type);
	qsort(names, nr, sizeof(names[0]), cmp);
	printf("%zu names\n", nr);
	for (size_t i = 0; i<nr; i += nr> 20 ? 37 : 1)
		puts(names[i]);
}

int main(void)
{
	char name[32], buf[4096];
	struct stat st;
	DIR *d;
	int fd;

	NEED(mkdir("d", 0755) == 0 && mkdir("d/sub", 0755) == 0);
	make_file("d/file", "");
	NEED(symlink("x", "d/link") == 0 && mkfifo("d/fifo", 0600) == 0);
	d = opendir("d");
	NEED(d);
	list(d);
	rewinddir(d);
	list(d);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/n%d", i);
		make_file(name, "");
	}
	rewinddir(d);
	list(d);
	rewinddir(d);
	for (int i = 0; i < 500; i += 2) {
		snprintf(name, sizeof(name), "d/n%d", i);
		NEED(unlink(name) == 0);
	}
	rewinddir(d);
	list(d);
	closedir(d);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_getdents64, fd, buf, 10));
	SHOW(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
	SHOW(syscall(SYS_getdents64, fd, (void *)8, 4096));
	SHOW(syscall(SYS_getdents64, -1, buf, sizeof(buf)));
	SHOW(syscall(SYS_getdents64, open("d/file", O_RDONLY), buf, sizeof(buf)));
	SHOW(read(fd, buf, 10));
	SHOW(fstat(fd, &st));
	SHOW(system("rm -r d"));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	return 0;
}

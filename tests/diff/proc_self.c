/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/self: links, maps of own mappings, status fields, fd directory, mem, comm, limits - what
 * programs rely on.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "lib/show.h"

static void grep(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			printf("%s", line);
			n++;
		}
	}
	printf("%s %s: %d lines\n", path, key, n);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	static int word = 0x12345678;
	char buf[4096], path[64];
	int fd, n, seen = 0;
	ssize_t len;
	FILE *f;
	DIR *d;

	(void)argc;
	len = readlink("/proc/self", buf, sizeof(buf));
	snprintf(path, sizeof(path), "%d", getpid());
	SHOW(len == (ssize_t)strlen(path) && memcmp(buf, path, len) == 0);
	len = readlink("/proc/self/exe", buf, sizeof(buf));
	SHOW(len > 0 && strstr(argv[0], "proc_self") && memmem(buf, len, "proc_self", 9));
	SHOW(readlink("/proc/self/cwd", buf, sizeof(buf)) > 0);
	SHOW(readlink("/proc/self/nosuch", buf, sizeof(buf)));
	SHOW(readlink("/proc/999999999", buf, sizeof(buf)));
	prctl(PR_SET_NAME, "a name");
	grep("/proc/self/status", "Name:");
	grep("/proc/self/status", "State:");
	grep("/proc/self/status", "Threads:");
	grep("/proc/self/status", "SigBlk:");
	grep("/proc/self/status", "NoNewPrivs:");
	fd = open("/proc/self/comm", O_RDWR);
	SHOW(write(fd, "changed by write", 16));
	SHOW(pread(fd, buf, sizeof(buf), 0));
	show_bytes("comm", buf, 16);
	close(fd);
	fd = open("/proc/self/mem", O_RDWR);
	SHOW(pread(fd, &n, sizeof(n), (off_t)(uintptr_t)&word));
	SHOWX(n);
	n = 77;
	SHOW(pwrite(fd, &n, sizeof(n), (off_t)(uintptr_t)&word));
	SHOW(word);
	SHOW(pread(fd, &n, sizeof(n), 8));
	close(fd);
	fd = open("file", O_RDWR | O_CREAT | O_APPEND, 0600);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, buf, sizeof(buf));
	SHOW(len > 5 && memcmp(buf + len - 5, "/file", 5) == 0);
	unlink("file");
	len = readlink(path, buf, sizeof(buf));
	SHOW(len > 10 && memcmp(buf + len - 10, " (deleted)", 10) == 0);
	SHOW((n = open(path, O_RDONLY)) >= 0);
	d = opendir("/proc/self/fd");
	for (struct dirent *e; (e = readdir(d));) {
		if (atoi(e->d_name) == fd && e->d_name[0] != '.')
			seen++;
	}
	closedir(d);
	SHOW(seen);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	grep(path, "pos:");
	grep(path, "flags:");
	f = fopen("/proc/self/maps", "r");
	seen = 0;
	while (f && fgets(buf, sizeof(buf), f)) {
		unsigned long lo, hi;
		char perm[8];

		if (sscanf(buf, "%lx-%lx %7s", &lo, &hi, perm) != 3)
			printf("odd line %s", buf);
		if ((uintptr_t)&word >= lo && (uintptr_t)&word < hi)
			printf("data %s %d\n", perm, strstr(buf, "proc_self") != NULL);
		if ((uintptr_t)main >= lo && (uintptr_t)main < hi)
			printf("text %s\n", perm);
		if ((uintptr_t)&lo >= lo && (uintptr_t)&lo < hi)
			printf("stack %s %d\n", perm, strstr(buf, "[stack]") != NULL);
	}
	fclose(f);
	grep("/proc/self/limits", "Max address space");
	SHOW(open("/proc/self/status", O_WRONLY | O_TRUNC) >= 0);
	SHOW(open("/proc/nosuch", O_RDONLY | O_CREAT, 0600));
	SHOW(mkdir("/proc/dir", 0700));
	f = fopen("/proc/self/cmdline", "r");
	n = fread(buf, 1, sizeof(buf), f);
	SHOW(n == (int)strlen(argv[0]) + 1 && strcmp(buf, argv[0]) == 0);
	fclose(f);
	SHOW(access("/proc/self/task", R_OK | X_OK));
	SHOW(access("/dev/null", W_OK));
	SHOW(access("/dev/fd/0", F_OK));
	return 0;
}

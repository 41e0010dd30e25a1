/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/maps: rights, kinds and names of what this program maps itself, and the special ones.
 */
#include <fcntl.h>

#include "lib/show.h"

#define PG   4096ul
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void line_of(const char *what, void *p)
{
	unsigned long a, b, off, ino;
	char line[512], prot[8], dev[16], *name;
	FILE *f = fopen("/proc/self/maps", "r");
	int n;

	NEED(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %n", &a, &b, prot, &off, dev, &ino, &n) <
		    6)
			continue;
		if ((unsigned long)p < a || (unsigned long)p >= b)
			continue;
		line[strcspn(line, "\n")] = 0;
		name = line + n;
		if (*name == '/' && strrchr(name, '/'))
			name = strrchr(name, '/');
		printf("%s: at +%lu of %lu pages %s off %lu %s inode '%s'\n", what,
		       ((unsigned long)p - a) / PG, (b - a) / PG, prot, off / PG, ino ? "an" : "no",
		       name);
		fclose(f);
		return;
	}
	fclose(f);
	printf("%s: not mapped\n", what);
}

static void special(const char *name)
{
	char line[512], prot[8];
	FILE *f = fopen("/proc/self/maps", "r");
	int nr = 0;

	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, name) && sscanf(line, "%*s %7s", prot) == 1 && nr++ == 0)
			printf("%s %s\n", name, prot);
	}
	fclose(f);
	if (!nr)
		printf("%s missing\n", name);
}

int main(void)
{
	char *p = mmap(NULL, 16 * PG, PROT_NONE, ANON, -1, 0), *q;
	int fd;

	sbrk(1);
	special("[heap]");
	special("[stack]");
	special("[vdso]");
	q = p + 2 * PG;
	NEED(mmap(q, 4 * PG, RW, ANON | MAP_FIXED, -1, 0) == q);
	line_of("anon", q);
	mprotect(q + PG, PG, PROT_READ);
	line_of("first", q);
	line_of("middle", q + PG);
	line_of("last", q + 3 * PG);
	mprotect(q + PG, PG, RW);
	line_of("merged", q + PG);
	make_file("some file", "contents");
	fd = open("some file", O_RDWR);
	NEED(mmap(q, PG, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == q);
	line_of("private file", q);
	NEED(mmap(q, PG, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 4 * PG) == q);
	line_of("shared file", q);
	unlink("some file");
	line_of("deleted", q);
	NEED(mmap(q, PG, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == q);
	line_of("shared anon", q);
	munmap(q, PG);
	line_of("gone", q);
	line_of("none", p);
	line_of("null", NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on the files and directories below the working directory, each printed with its
 * result, and the whole tree at the end. The same seed on the same tree prints the same on every
 * correct file system. Names are few, so that operations meet. Usage: fsops SEED COUNT.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NR_OPEN 4

static uint64_t g_seed;
static int g_fds[NR_OPEN] = { -1, -1, -1, -1 };

static unsigned int rnd(unsigned int n)
{
	g_seed = g_seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(g_seed >> 33) % n;
}

/* A path of up to three names, all from a small set. */
static const char *path(void)
{
	static const char *const dirs[] = { "d0", "d0", "d1", "d2" };
	static const char *const names[] = { "f0", "f1", "f2", "l0", "h0", "d0", "d1", "n0", "n1" };
	static char bufs[4][64];
	static unsigned int n;
	char *p = bufs[n++ & 3];
	unsigned int depth = rnd(5) / 2;

	*p = '\0';
	for (unsigned int i = 0; i < depth; i++) {
		strcat(p, dirs[rnd(4)]);
		strcat(p, "/");
	}
	return strcat(p, names[rnd(9)]);
}

static uint32_t hash(const unsigned char *p, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static void result(long ret)
{
	if (ret < 0)
		printf(" = %s\n", strerrorname_np(errno));
	else
		printf(" = %ld\n", ret);
}

static uint32_t content(int fd, off_t size)
{
	unsigned char buf[4096];
	uint32_t h = 0;
	ssize_t n;

	for (off_t pos = 0; pos < size; pos += n) {
		n = pread(fd, buf, sizeof(buf), pos);
		if (n <= 0)
			break;
		h = h * 31 + hash(buf, (size_t)n);
	}
	return h;
}

static void show_stat(const char *p, int follow)
{
	struct stat st;

	if (fstatat(AT_FDCWD, p, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
		result(-1);
		return;
	}
	printf(" = %o nlink %lu", st.st_mode, (unsigned long)st.st_nlink);
	if (!S_ISDIR(st.st_mode))
		printf(" size %lld", (long long)st.st_size);
	printf("\n");
}

static void op_open(const char *p)
{
	static const int flags[] = { O_RDONLY,
				     O_RDWR,
				     O_WRONLY | O_APPEND,
				     O_RDWR | O_CREAT,
				     O_RDWR | O_CREAT | O_EXCL,
				     O_RDWR | O_TRUNC,
				     O_RDONLY | O_CREAT | O_TRUNC,
				     O_RDONLY | O_DIRECTORY,
				     O_RDWR | O_NOFOLLOW,
				     O_PATH };
	unsigned int f = rnd(10), slot = rnd(NR_OPEN);

	printf("open %u %s %u", slot, p, f);
	if (g_fds[slot] >= 0)
		close(g_fds[slot]);
	g_fds[slot] = open(p, flags[f] | O_CLOEXEC, 0644);
	result(g_fds[slot] < 0 ? -1 : 0);
}

static void op_write(unsigned int slot)
{
	char buf[9000];
	size_t n = rnd(3) ? rnd(100) : rnd(sizeof(buf));
	off_t at = rnd(3) ? rnd(200) : rnd(20000);

	memset(buf, 'a' + (int)rnd(26), n);
	printf("write %u %zu at %lld", slot, n, (long long)at);
	result(pwrite(g_fds[slot], buf, n, at));
}

static void op_read(unsigned int slot)
{
	struct stat st;

	printf("read %u", slot);
	if (fstat(g_fds[slot], &st) < 0) {
		result(-1);
		return;
	}
	printf(" nlink %lu", (unsigned long)(S_ISDIR(st.st_mode) ? 0 : st.st_nlink));
	if (S_ISREG(st.st_mode))
		printf(" size %lld hash %08x", (long long)st.st_size,
		       content(g_fds[slot], st.st_size));
	result(0);
}

static void op_map(unsigned int slot)
{
	struct stat st;
	unsigned char *p;
	int shared = (int)rnd(2);

	printf("map %u %d", slot, shared);
	if (fstat(g_fds[slot], &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		printf(" no\n");
		return;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		 shared ? MAP_SHARED : MAP_PRIVATE, g_fds[slot], 0);
	if (p == MAP_FAILED) {
		result(-1);
		return;
	}
	printf(" %08x", hash(p, (size_t)st.st_size));
	p[rnd((unsigned int)st.st_size)] = 'M';
	printf(" %08x", hash(p, (size_t)st.st_size));
	munmap(p, (size_t)st.st_size);
	result(0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a directory, sorted. *ret_names and each name are the caller's. */
static int list(const char *p, char ***ret_names)
{
	DIR *d = opendir(p);
	struct dirent *e;
	char **names = NULL;
	int nr = 0;

	if (!d)
		return -1;
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		names = realloc(names, (size_t)(nr + 1) * sizeof(*names));
		if (!names)
			abort();
		names[nr++] = strdup(e->d_name);
	}
	closedir(d);
	if (nr)
		qsort(names, (size_t)nr, sizeof(*names), by_name);
	*ret_names = names;
	return nr;
}

static void op_list(const char *p)
{
	char **names = NULL;
	int nr;

	printf("list %s", p);
	nr = list(p, &names);
	for (int i = 0; i < nr; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	free(names);
	result(nr);
}

static void op_times(const char *p)
{
	struct timespec ts[2] = { { rnd(1000), rnd(1000) }, { rnd(1000), rnd(1000) } };
	struct stat st;
	int ret;

	printf("utimens %s", p);
	ret = utimensat(AT_FDCWD, p, ts, AT_SYMLINK_NOFOLLOW);
	if (ret == 0 && lstat(p, &st) == 0)
		printf(" %d.%09d", (int)st.st_mtim.tv_sec, (int)st.st_mtim.tv_nsec);
	result(ret);
}

static void op_rename(void)
{
	static const unsigned int flags[] = { 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE };
	const char *a = path(), *b = path();
	unsigned int f = flags[rnd(5)];

	printf("rename %s %s %u", a, b, f);
	result(renameat2(AT_FDCWD, a, AT_FDCWD, b, f));
}

static void op_names(unsigned int what)
{
	const char *p = path(), *q = path();
	char buf[256];
	ssize_t n;

	switch (what) {
	case 0:
		printf("unlink %s", p);
		result(unlink(p));
		break;
	case 1:
		printf("mkdir %s", p);
		result(mkdir(p, 0755));
		break;
	case 2:
		printf("rmdir %s", p);
		result(rmdir(p));
		break;
	case 3:
		printf("link %s %s", p, q);
		result(link(p, q));
		break;
	case 4:
		printf("symlink %s %s", p, q);
		result(symlink(p, q));
		break;
	case 5:
		n = readlink(p, buf, sizeof(buf));
		printf("readlink %s %.*s", p, n > 0 ? (int)n : 0, buf);
		result(n);
		break;
	case 6:
		printf("chmod %s", p);
		result(chmod(p, 0600 | rnd(0200)));
		break;
	case 7:
		printf("truncate %s", p);
		result(truncate(p, rnd(3) ? rnd(100) : rnd(30000)));
		break;
	case 8:
		printf("mkfifo %s", p);
		result(mkfifo(p, 0600));
		break;
	case 9:
		printf("setxattr %s", p);
		result(setxattr(p, "user.k", q, strlen(q), 0));
		break;
	default:
		n = getxattr(p, "user.k", buf, sizeof(buf));
		printf("getxattr %s %.*s", p, n > 0 ? (int)n : 0, buf);
		result(n);
		break;
	}
}

/* Opening a FIFO would wait for the other end. */
static int is_fifo(const char *p)
{
	struct stat st;

	return stat(p, &st) == 0 && S_ISFIFO(st.st_mode);
}

static void step(void)
{
	unsigned int slot = rnd(NR_OPEN);
	const char *p = path();

	switch (rnd(24)) {
	case 0 ... 3:
		if (!is_fifo(p))
			op_open(p);
		break;
	case 4 ... 5:
		op_write(slot);
		break;
	case 6 ... 7:
		op_read(slot);
		break;
	case 8:
		op_map(slot);
		break;
	case 9:
		op_list(rnd(2) ? p : ".");
		break;
	case 10:
		op_times(p);
		break;
	case 11 ... 12:
		op_rename();
		break;
	case 13 ... 14:
		printf("stat %s", p);
		show_stat(p, (int)rnd(2));
		break;
	case 15:
		printf("fallocate %u", slot);
		result(fallocate(g_fds[slot],
				 rnd(2) ? 0 :
					  FALLOC_FL_KEEP_SIZE | (rnd(2) ? FALLOC_FL_PUNCH_HOLE : 0),
				 rnd(9000), 1 + rnd(9000)));
		break;
	default:
		op_names(rnd(11));
		break;
	}
}

static void tree(const char *dir)
{
	char **names = NULL, p[4096], buf[256];
	int nr = list(dir, &names);

	for (int i = 0; i < nr; i++) {
		struct stat st;
		ssize_t n;
		int fd;

		snprintf(p, sizeof(p), "%s/%s", dir, names[i]);
		printf("%s", p);
		show_stat(p, 0);
		if (lstat(p, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			tree(p);
		} else if (S_ISLNK(st.st_mode)) {
			n = readlink(p, buf, sizeof(buf));
			printf("  -> %.*s\n", (int)n, buf);
		} else if (S_ISREG(st.st_mode)) {
			fd = open(p, O_RDONLY);
			printf("  %08x\n", content(fd, st.st_size));
			close(fd);
		}
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	g_seed = strtoull(argv[1], NULL, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	for (long n = strtol(argv[2], NULL, 0); n > 0; n--)
		step();
	tree(".");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls on names in the current directory. */
#include "random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static void op_mkdir(void)
{
	const char *name = rnd_name();
	mode_t mode = rnd(010000);

	call("(\"%.20s\", %#o)", name, mode);
	result(mkdir(name, mode));
}

static void op_rmdir(void)
{
	const char *name = rnd_name();

	call("(\"%.20s\")", name);
	result(rmdir(name));
}

static void op_unlink(void)
{
	const char *name = rnd_name();

	call("(\"%.20s\")", name);
	result(unlink(name));
}

static void op_unlinkat(void)
{
	const char *name = rnd_name();
	int dir = once_in(2) ? AT_FDCWD : rnd_fd(), flags = once_in(2)  ? AT_REMOVEDIR :
							    once_in(10) ? 1 :
									  0;

	call("(%d, \"%.20s\", %#x)", dir, name, (unsigned int)flags);
	result(unlinkat(dir, name, flags));
}

static void op_rename(void)
{
	const char *from = rnd_name(), *to = rnd_name();

	if (strlen(to) > 4000)
		to = "x";
	call("(\"%.20s\", \"%.20s\")", from, to);
	result(rename(from, to));
}

static void op_renameat2(void)
{
	const char *from = rnd_name(), *to = rnd_name();
	unsigned int flags = once_in(3) ? RENAME_EXCHANGE : once_in(10) ? 64 : RENAME_NOREPLACE;

	if (strlen(to) > 4000)
		to = "x"; /* Linux walks the first name before it copies the second */
	call("(\"%.20s\", \"%.20s\", %#x)", from, to, flags);
	result(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
}

static void op_link(void)
{
	const char *from = rnd_name(), *to = rnd_name();
	int flags = once_in(4) ? AT_SYMLINK_FOLLOW : 0;

	if (strlen(to) > 4000)
		to = "x";
	call("(\"%.20s\", \"%.20s\", %#x)", from, to, (unsigned int)flags);
	result(linkat(AT_FDCWD, from, AT_FDCWD, to, flags));
}
static void op_symlink(void)
{
	static const char *const links[] = { "l1", "l2", "d1/l", "l1", "c" };
	const char *target = rnd_name(), *name = once_in(4) ? rnd_name() : PICK(links);

	call("(\"%.20s\", \"%.20s\")", target, name);
	result(symlink(target, name));
}

static void op_readlink(void)
{
	const char *name = rnd_name();
	size_t size = once_in(3) ? rnd(4) : 300;
	char buf[300];
	long ret;

	call("(\"%.20s\", %zu)", name, size);
	ret = result(readlink(name, buf, size));
	if (ret > 0)
		printf("  \"%.*s\"\n", (int)ret, buf);
}

static void show(const struct stat *st)
{
	printf("  mode %o uid %u gid %u", st->st_mode, st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		printf(" size %lld nlink %lu", (long long)st->st_size, (unsigned long)st->st_nlink);
	putchar('\n');
}

static void op_stat(void)
{
	const char *name = rnd_name();
	int flags = (int)FLAGS(AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH) | (once_in(20) ? 4 : 0);
	struct stat st;

	call("(\"%.20s\", %#x)", name, (unsigned int)flags);
	if (result(fstatat(AT_FDCWD, name, &st, flags)) == 0)
		show(&st);
}

static void op_statx(void)
{
	const char *name = rnd_name();
	unsigned int mask =
		FLAGS(STATX_TYPE, STATX_MODE, STATX_SIZE, STATX_BASIC_STATS, 0x80000000);
	struct statx st;

	call("(\"%.20s\", %#x)", name, mask);
	if (result(statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, mask,
			 once_in(20) ? rnd_bad_pointer() : &st)) == 0)
		printf("  mode %o\n", st.stx_mode);
}

static void op_access(void)
{
	const char *name = rnd_name();
	int mode = (int)rnd(once_in(8) ? 16 : 8);

	call("(\"%.20s\", %d)", name, mode);
	result(access(name, mode));
}

static void op_chmod(void)
{
	const char *name = rnd_name();
	mode_t mode = rnd(010000);

	call("(\"%.20s\", %#o)", name, mode);
	result(chmod(name, mode));
}

static void op_chown(void)
{
	const char *name = rnd_name();
	uid_t uid = once_in(3) ? (uid_t)-1 : rnd(3);
	gid_t gid = once_in(3) ? (gid_t)-1 : rnd(3);

	call("(\"%.20s\", %d, %d)", name, (int)uid, (int)gid);
	result(once_in(2) ? chown(name, uid, gid) : lchown(name, uid, gid));
}

static void op_truncate(void)
{
	const char *name = rnd_name();
	long size = once_in(8) ? -1 : (long)rnd(30000);

	call("(\"%.20s\", %ld)", name, size);
	result(truncate(name, size));
}

static void op_utimens(void)
{
	static const long nsecs[] = { 0, 999999999, UTIME_NOW, UTIME_OMIT, 1000000000, -1 };
	const char *name = rnd_name();
	struct timespec ts[2] = { { (long)rnd(1000000), PICK(nsecs) },
				  { (long)rnd(1000000), PICK(nsecs) } };
	struct stat st;

	call("(\"%.20s\", {%ld %ld} {%ld %ld})", name, (long)ts[0].tv_sec, ts[0].tv_nsec,
	     (long)ts[1].tv_sec, ts[1].tv_nsec);
	if (result(utimensat(AT_FDCWD, name, ts, 0)) != 0 || stat(name, &st) != 0)
		return;
	if (ts[1].tv_nsec >= 0 && ts[1].tv_nsec <= 999999999)
		printf("  mtime %ld %ld\n", (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void op_mkfifo(void)
{
	mode_t mode = rnd(01000);
	const char *name = once_in(3) ? rnd_name() : "p";

	call("(\"%.20s\", %#o)", name, mode);
	result(mkfifo(name, mode));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void op_list(void)
{
	static const char *const dirs[] = { ".", "d1", "d2", "l1", "a", "d1/d3" };
	const char *name = PICK(dirs);
	char *names[64];
	size_t nr = 0;
	struct dirent *e;
	DIR *d;

	call("(\"%s\")", name);
	d = opendir(name);
	if (!d) {
		result(-1);
		return;
	}
	while (nr < 64 && (e = readdir(d)) != NULL) {
		if (asprintf(&names[nr], "%s:%d", e->d_name, e->d_type) > 0)
			nr++;
	}
	closedir(d);
	qsort(names, nr, sizeof(names[0]), by_name);
	for (size_t i = 0; i < nr; i++) {
		printf(" %.12s", names[i]);
		free(names[i]);
	}
	putchar('\n');
}

static void op_getcwd(void)
{
	char buf[4096];
	size_t size = once_in(3) ? rnd(8) : sizeof(buf);
	char *p;

	call("(%zu)", size);
	p = getcwd(buf, size);
	result(p ? 0 : -1);
}

static void op_umask(void)
{
	mode_t mask = rnd(01000);

	call("(%#o)", mask);
	result((long)umask(mask));
}

/* clang-format off */
const struct op name_ops[] = {
	{ "mkdir", op_mkdir, 10 }, { "rmdir", op_rmdir, 5 }, { "unlink", op_unlink, 6 }, { "unlinkat", op_unlinkat, 3 },
	{ "rename", op_rename, 8 }, { "renameat2", op_renameat2, 4 }, { "link", op_link, 6 }, { "symlink", op_symlink, 6 },
	{ "readlink", op_readlink, 4 }, { "stat", op_stat, 8 }, { "statx", op_statx, 3 }, { "access", op_access, 4 },
	{ "chmod", op_chmod, 5 }, { "chown", op_chown, 3 }, { "truncate", op_truncate, 4 }, { "utimens", op_utimens, 3 },
	{ "mkfifo", op_mkfifo, 1 }, { "list", op_list, 5 }, { "getcwd", op_getcwd, 1 }, { "umask", op_umask, 1 },
	{ NULL, NULL, 0 },
};
/* clang-format on */

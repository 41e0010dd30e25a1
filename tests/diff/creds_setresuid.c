/* SPDX-License-Identifier: Apache-2.0 */
/* Which ids a process may give itself, with and without CAP_SETUID, and what follows (saved and fs
 * ids). */
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void show_uids(void)
{
	uid_t r, e, s;

	NEED(syscall(SYS_getresuid, &r, &e, &s) == 0);
	printf("  uids %u %u %u fs %d\n", r, e, s, (int)syscall(SYS_setfsuid, -1));
}

static void show_gids(void)
{
	gid_t r, e, s;

	NEED(syscall(SYS_getresgid, &r, &e, &s) == 0);
	printf("  gids %u %u %u fs %d\n", r, e, s, (int)syscall(SYS_setfsgid, -1));
}

/* raw calls: libc's wrappers act on every thread */
#define U(...)                                                                                     \
	do {                                                                                       \
		SHOW(__VA_ARGS__);                                                                 \
		show_uids();                                                                       \
	} while (0)
#define G(...)                                                                                     \
	do {                                                                                       \
		SHOW(__VA_ARGS__);                                                                 \
		show_gids();                                                                       \
	} while (0)

static void root_setuid(void)
{
	U(syscall(SYS_setuid, -1));
	U(syscall(SYS_setuid, 1000));
	U(syscall(SYS_setuid, 1000));
	U(syscall(SYS_setuid, 0));
	U(syscall(SYS_setuid, 1001));
}

static void root_setresuid(void)
{
	U(syscall(SYS_setresuid, -1, -1, -1));
	U(syscall(SYS_setresuid, 1, 2, 3));
	U(syscall(SYS_setresuid, -1, 0, -1));
	U(syscall(SYS_setresuid, 4, -1, -1));
	U(syscall(SYS_setresuid, 3, 1, 2));
	U(syscall(SYS_setuid, 3));
	U(syscall(SYS_setuid, 1));
}

static void root_setreuid(void)
{
	U(syscall(SYS_setreuid, -1, 1000));
	U(syscall(SYS_setreuid, -1, 0));
	U(syscall(SYS_setreuid, 1000, -1));
	U(syscall(SYS_setreuid, 1000, 1001));
	U(syscall(SYS_setreuid, 1001, 1000));
	U(syscall(SYS_setreuid, 0, -1));
	U(syscall(SYS_setreuid, -1, -1));
}

static void fs_uid(void)
{
	U(syscall(SYS_setfsuid, 500));
	U(syscall(SYS_setfsuid, 0));
	U(syscall(SYS_setresuid, 10, 11, 12));
	U(syscall(SYS_setfsuid, 10));
	U(syscall(SYS_setfsuid, 12));
	U(syscall(SYS_setfsuid, 13));
	U(syscall(SYS_setresuid, -1, 12, -1));
}

static void groups_like_users(void)
{
	G(syscall(SYS_setgid, -1));
	G(syscall(SYS_setresgid, 1, 2, 3));
	G(syscall(SYS_setregid, -1, 7));
	G(syscall(SYS_setfsgid, 9));
	SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
	G(syscall(SYS_setgid, 0));
	G(syscall(SYS_setgid, 1));
	G(syscall(SYS_setresgid, 7, -1, 7));
	G(syscall(SYS_setresgid, 1, 0, 7));
	G(syscall(SYS_setregid, 7, 1));
}

static void bad_pointers(void)
{
	uid_t x;

	SHOW(syscall(SYS_getresuid, 8L, &x, &x));
	SHOW(syscall(SYS_getresuid, &x, 8L, &x));
	SHOW(syscall(SYS_getresgid, &x, &x, 8L));
}

int main(void)
{
	NEED(getuid() == 0);
	show_child("setuid", root_setuid);
	show_child("setresuid", root_setresuid);
	show_child("setreuid", root_setreuid);
	show_child("setfsuid", fs_uid);
	show_child("groups", groups_like_users);
	show_child("bad pointers", bad_pointers);
	return 0;
}

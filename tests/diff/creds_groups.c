/* SPDX-License-Identifier: Apache-2.0 */
/* setgroups(2) and getgroups(2): order, sizes, rights. */
#include <grp.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void show_groups(void)
{
	gid_t g[64];
	int n = (int)syscall(SYS_getgroups, 64, g);

	printf("  %d:", n);
	for (int i = 0; i < n; i++)
		printf(" %u", g[i]);
	printf("\n");
}

static void unprivileged(void)
{
	gid_t g[2] = { 5, 6 };

	NEED(syscall(SYS_setgroups, 2, g) == 0);
	NEED(syscall(SYS_setresuid, 1000, 1000, 1000) == 0);
	SHOW(syscall(SYS_setgroups, 0, NULL));
	SHOW(syscall(SYS_setgroups, 1, g));
	SHOW(syscall(SYS_setgroups, 1 << 20, g));
	show_groups();
}

int main(void)
{
	gid_t g[6] = { 30, 4, 4, 1000, 0, 65534 }, bad[2] = { 1, -1 };
	static gid_t many[65537];

	NEED(getuid() == 0);
	SHOW(syscall(SYS_setgroups, 6, g));
	show_groups();
	SHOW(syscall(SYS_getgroups, 0, NULL));
	SHOW(syscall(SYS_getgroups, 5, g));
	SHOW(syscall(SYS_getgroups, -1, g));
	SHOW(syscall(SYS_getgroups, 6, 8L));
	SHOW(syscall(SYS_setgroups, 2, bad));
	SHOW(syscall(SYS_setgroups, 65537, many));
	SHOW(syscall(SYS_setgroups, -1, many));
	SHOW(syscall(SYS_setgroups, 3, 8L));
	show_groups();
	SHOW(syscall(SYS_setgroups, 65536, many));
	SHOW(syscall(SYS_getgroups, 0, NULL));
	SHOW(syscall(SYS_setgroups, 0, NULL));
	show_groups();
	show_child("unprivileged", unprivileged);
	return 0;
}

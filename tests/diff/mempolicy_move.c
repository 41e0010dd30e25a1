/* SPDX-License-Identifier: Apache-2.0 */
/* migrate_pages(2), move_pages(2), set_mempolicy_home_node(2) where there is one node. */
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "lib/caps.h"

int main(void)
{
	unsigned long n0 = 1, none = 0;
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *pages[3] = { p, p + 4096, (void *)4096 };
	int nodes[3] = { 0, 0, 0 }, status[3] = { 9, 9, 9 };

	NEED(getuid() == 0);
	caps_start();
	p[0] = p[4096] = 1;
	SHOW(syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0));
	SHOW(status[0]);
	SHOW(status[1]);
	SHOW(status[2]);
	SHOW(syscall(SYS_move_pages, 0, 2, pages, nodes, status, MPOL_MF_MOVE));
	SHOW(status[0]);
	SHOW(syscall(SYS_move_pages, 0, 0, pages, NULL, status, 0));
	SHOW(syscall(SYS_move_pages, 0, 1, pages, NULL, status, 1));
	SHOW(syscall(SYS_move_pages, 0, 1, pages, NULL, status, MPOL_MF_MOVE_ALL));
	SHOW(syscall(SYS_move_pages, 999999999, 1, pages, NULL, status, 0));
	SHOW(syscall(SYS_move_pages, 0, 1, 8L, NULL, status, 0));
	SHOW(syscall(SYS_move_pages, 0, 1, pages, NULL, 8L, 0));

	SHOW(syscall(SYS_migrate_pages, 0, 65, &n0, &n0));
	SHOW(syscall(SYS_migrate_pages, 0, 65, &n0, &none));
	SHOW(syscall(SYS_migrate_pages, 0, 65, 8L, &n0));
	SHOW(syscall(SYS_migrate_pages, 999999999, 65, &n0, &n0));

	SHOW(syscall(450, p, 8192, 0, 0));
	SHOW(syscall(450, p + 1, 8192, 0, 0));
	SHOW(syscall(450, p, 8192, 0, 1));
	SHOW(syscall(450, p, 0, 0, 0));
	SHOW(syscall(450, p, 8192, 5000, 0));
	return 0;
}

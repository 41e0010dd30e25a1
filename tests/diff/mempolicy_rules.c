/* SPDX-License-Identifier: Apache-2.0 */
/* set_mempolicy(2), get_mempolicy(2), mbind(2) on a machine of one node. */
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long get(int *mode, unsigned long *nodes, unsigned long max, void *addr, unsigned long flags)
{
	return syscall(SYS_get_mempolicy, mode, nodes, max, addr, flags);
}

static long set(int mode, const unsigned long *nodes, unsigned long max)
{
	return syscall(SYS_set_mempolicy, mode, nodes, max);
}

static void show(void)
{
	unsigned long nodes = 0xff;
	int mode = -1;

	SHOW(get(&mode, &nodes, 65, NULL, 0));
	printf("  mode %#x nodes %#lx\n", mode, nodes);
}

int main(void)
{
	unsigned long n0 = 1, n1 = 2, none = 0, wide[20] = { 1 }, big[20] = { 1, 4 };
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int mode = -1;

	p[0] = 1;
	show();
	SHOW(set(MPOL_BIND, &n0, 65));
	show();
	SHOW(set(MPOL_BIND | MPOL_F_STATIC_NODES, &n0, 65));
	show();
	SHOW(set(MPOL_PREFERRED, NULL, 0));
	show();
	SHOW(set(MPOL_PREFERRED, &n0, 65));
	show();
	SHOW(set(MPOL_INTERLEAVE, &n0, 65));
	show();
	SHOW(get(&mode, NULL, 0, NULL, MPOL_F_NODE));
	SHOW(mode);
	SHOW(set(MPOL_LOCAL, NULL, 0));
	show();
	SHOW(set(MPOL_DEFAULT, NULL, 0));
	show();
	SHOW(get(&mode, NULL, 0, NULL, MPOL_F_NODE));
	SHOW(set(MPOL_DEFAULT, &n0, 65));
	SHOW(set(MPOL_DEFAULT, &none, 65));
	SHOW(set(MPOL_LOCAL, &n0, 65));
	SHOW(set(MPOL_BIND, NULL, 0));
	SHOW(set(MPOL_BIND, &none, 65));
	SHOW(set(MPOL_BIND, &n1, 65));
	SHOW(set(MPOL_BIND, (unsigned long *)8, 65));
	SHOW(set(MPOL_BIND, wide, 20 * 64 + 1));
	SHOW(set(MPOL_BIND, big, 20 * 64 + 1));
	SHOW(set(MPOL_BIND, &n0, 1ul << 30));
	SHOW(set(99, &n0, 65));
	SHOW(set(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, &n0, 65));
	SHOW(set(MPOL_DEFAULT, NULL, 0));

	SHOW(get(&mode, &n1, 65, NULL, MPOL_F_MEMS_ALLOWED));
	SHOW(mode);
	SHOW(n1 & 1);
	SHOW(get(&mode, &n1, 65, NULL, MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR));
	SHOW(get(&mode, &n1, 0, NULL, 0));
	SHOW(get(&mode, NULL, 0, p, 0));
	SHOW(get(&mode, NULL, 0, p, MPOL_F_ADDR));
	SHOW(get(&mode, NULL, 0, p, MPOL_F_ADDR | MPOL_F_NODE));
	SHOW(mode);
	SHOW(get(&mode, NULL, 0, (void *)8, MPOL_F_ADDR));
	SHOW(get(&mode, NULL, 0, NULL, 0x100));
	SHOW(get((int *)8, NULL, 0, NULL, 0));

	SHOW(syscall(SYS_mbind, p, 8192, MPOL_BIND, &n0, 65, 0));
	SHOW(syscall(SYS_mbind, p, 8192, MPOL_BIND, &n0, 65, MPOL_MF_STRICT | MPOL_MF_MOVE));
	SHOW(syscall(SYS_mbind, p, 8192, MPOL_DEFAULT, NULL, 0, 0));
	SHOW(syscall(SYS_mbind, p + 1, 8192, MPOL_DEFAULT, NULL, 0, 0));
	SHOW(syscall(SYS_mbind, p, 0, MPOL_DEFAULT, NULL, 0, 0));
	SHOW(syscall(SYS_mbind, p, 8192, MPOL_DEFAULT, NULL, 0, 0x100));
	SHOW(syscall(SYS_mbind, p, 8192, 99, NULL, 0, 0));
	SHOW(syscall(SYS_mbind, 4096L, 4096, MPOL_BIND, &n0, 65, 0));
	return 0;
}

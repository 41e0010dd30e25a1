/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory refuses to change. */
#include <sys/syscall.h>

#include "lib/probe.h"

#define PG   4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

int main(void)
{
	char *p = mmap(NULL, 8 * PG, RW, ANON, -1, 0);

	if (syscall(SYS_mseal, p, 0, 0) != 0 && errno == ENOSYS)
		return 77;
	SHOW(syscall(SYS_mseal, p + 2 * PG, 2 * PG, 1));
	SHOW(syscall(SYS_mseal, p + 1, PG, 0));
	SHOW(mprotect(p + 3 * PG, PG, PROT_READ));
	SHOW(syscall(SYS_mseal, p + 2 * PG, 2 * PG, 0));
	SHOW(mprotect(p + 2 * PG, PG, PROT_READ));
	SHOW(munmap(p + 2 * PG, PG));
	SHOW(munmap(p + PG, 2 * PG));
	SHOWP(mmap(p + 2 * PG, PG, RW, ANON | MAP_FIXED, -1, 0));
	SHOWP(mremap(p + 2 * PG, PG, 2 * PG, MREMAP_MAYMOVE));
	SHOW(madvise(p + 2 * PG, PG, MADV_DONTNEED));
	SHOW(madvise(p + 3 * PG, PG, MADV_DONTNEED));
	SHOW_WRITE(p + 2 * PG);
	SHOW_WRITE(p + 3 * PG);
	SHOW(munmap(p, PG));
	SHOW(syscall(SYS_mseal, p, 4 * PG, 0));
	SHOW(syscall(SYS_mseal, p + 2 * PG, 4 * PG, 0));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier(2): registration comes before private use. */
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "lib/show.h"

static long membarrier(int cmd, unsigned int flags)
{
	return syscall(SYS_membarrier, cmd, flags, 0);
}

int main(void)
{
	long have = membarrier(MEMBARRIER_CMD_QUERY, 0);
	long want = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
		    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
		    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;

	SHOW((have & want) == want);
	SHOW(membarrier(MEMBARRIER_CMD_QUERY, 1));
	SHOW(membarrier(MEMBARRIER_CMD_GLOBAL, 0));
	SHOW(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
	SHOW(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
	SHOW(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
	SHOW(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1));
	SHOW(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0));
	SHOW(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0));
	SHOW(membarrier(1 << 20, 0));
	SHOW(membarrier(-1, 0));
	fflush(stdout);
	if (fork() == 0) { /* the registration is the address space's, and fork copies it */
		SHOW(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
		exit(0);
	}
	wait(NULL);
	return 0;
}

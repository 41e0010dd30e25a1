/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getppid, the least a system call can cost: through libc's own wrapper, and through syscall(),
 * whose one instruction serves every number.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static void wrapper(long n)
{
	while (n--)
		getppid();
}

static void generic(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

int main(void)
{
	measure("getppid_wrapper", wrapper);
	return measure("getppid_syscall", generic);
}

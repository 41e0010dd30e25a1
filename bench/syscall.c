/* SPDX-License-Identifier: Apache-2.0 */
/* getppid: the least a system call can cost. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static void op(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

int main(void)
{
	return measure("getppid", op);
}

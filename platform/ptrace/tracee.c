/* SPDX-License-Identifier: Apache-2.0 */
/* ptrace and wait on one host thread. */
#include "ptrace/tracee.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "rawcall.h"

long tracee_ptrace(int request, int tid, unsigned long addr, unsigned long data)
{
	return HOST_CALL(SYS_ptrace, request, tid, addr, data);
}

int tracee_wait(int tid, int *ret_status)
{
	long ret;

	do {
		ret = HOST_CALL(SYS_wait4, tid, ret_status, __WALL, NULL);
	} while (ret == -EINTR);
	return ret < 0 ? (int)ret : 0;
}

int tracee_siginfo(int tid, siginfo_t *si)
{
	return (int)tracee_ptrace(PTRACE_GETSIGINFO, tid, 0, (unsigned long)si);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci_inject PID: makes the main thread of a process execute a system call that no sentry filter
 * allows. Exit status 0 if the process died of SIGSYS, 1 if the call went through, 77 if it cannot
 * be traced here.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "inject.h"

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? (pid_t)atoi(argv[1]) : 0;
	struct inject_regs r;
	struct iovec iov = { &r, sizeof(r) };
	int st;

	if (pid <= 0 || ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)PTRACE_O_TRACEEXIT) < 0) {
		printf("cannot trace: %s\n", strerror(errno));
		return 77;
	}
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &st, __WALL) != pid ||
	    ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0) {
		perror("stop");
		return 1;
	}
	if (!inject_prepare(&r)) {
		printf("the thread does not stand behind a system call\n");
		return 77;
	}
	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0 ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) < 0) {
		perror("go on");
		return 1;
	}
	while (waitpid(pid, &st, __WALL) == pid) {
		if (WIFSIGNALED(st)) {
			printf("killed by %d\n", WTERMSIG(st));
			return WTERMSIG(st) == 31 ? 0 : 1;
		}
		if (WIFEXITED(st))
			return 1;
		if (st >> 8 == (SIGTRAP_ | PTRACE_EVENT_EXIT << 8)) {
			unsigned long code = 0;

			ptrace(PTRACE_GETEVENTMSG, pid, NULL, &code);
			printf("ends with status %#lx\n", code);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return (code & 127) == 31 ? 0 : 1;
		}
		ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fork + _exit + wait of a process that has written 100 MiB. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define SIZE (100ul << 20)

static void op(long n)
{
	while (n--) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	}
}

int main(void)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED, "mmap");
	memset(p, 1, SIZE);
	return measure("fork_100M_dirty", op);
}

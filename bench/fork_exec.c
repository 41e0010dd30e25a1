/* SPDX-License-Identifier: Apache-2.0 */
/* fork + exec + exit + wait of this same static program. */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static const char *self;

static void op(long n)
{
	while (n--) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, "child", (char *)NULL);
			_exit(127);
		}
		must(pid > 0, "fork");
		must(waitpid(pid, &status, 0) == pid && status == 0, "child");
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	self = argv[0];
	return measure("fork_exec_wait", op);
}

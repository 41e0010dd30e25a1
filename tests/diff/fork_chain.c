/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of forks, copy-on-write through several generations. */
#include "lib/show.h"

static char g_buf[64 * 1024];

static int go(int depth)
{
	int status;
	pid_t pid;

	memset(g_buf + depth * 4096, depth + 1, 4096);
	if (depth == 7) {
		int sum = 0;

		for (int i = 0; i < 16; i++)
			sum += g_buf[i * 4096 + 17];
		return sum;
	}
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0)
		_exit(go(depth + 1));
	memset(g_buf, 99, sizeof(g_buf));
	NEED(waitpid(pid, &status, 0) == pid);
	return WEXITSTATUS(status);
}

int main(void)
{
	SHOW(go(0));
	return 0;
}

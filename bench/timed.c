/* SPDX-License-Identifier: Apache-2.0 */
/* timed NAME ROUNDS COMMAND...: the median wall time of a command, measured where it runs. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[2]) : 0;
	double v[64];

	if (rounds < 1 || rounds > 64) {
		fprintf(stderr, "usage: timed NAME ROUNDS COMMAND...\n");
		return 2;
	}
	for (int i = -1; i < rounds; i++) {
		double t = now_ns();
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			int fd = open("/dev/null", O_WRONLY);

			dup2(fd, 1);
			execvp(argv[3], argv + 3);
			_exit(127);
		}
		must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
			fprintf(stderr, "timed: %s: status %#x\n", argv[3], status);
			return 1;
		}
		if (i >= 0) /* the first run fills the caches */
			v[i] = now_ns() - t;
	}
	printf("%s %.1f ns\n", argv[1], median(v, (size_t)rounds));
	return 0;
}

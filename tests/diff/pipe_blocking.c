/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking pipes between processes: a reader waits, a writer waits for room, everything arrives
 * once.
 */
#include "lib/show.h"

int main(void)
{
	static char buf[50000];
	unsigned long sum = 0, bytes = 0;
	int p[2], status;
	ssize_t nr;
	pid_t pid;

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		for (int i = 0; i < 20; i++) {
			memset(buf, i, sizeof(buf));
			if (write(p[1], buf, sizeof(buf)) != sizeof(buf))
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	while ((nr = read(p[0], buf, 7777)) > 0) {
		bytes += (unsigned long)nr;
		for (ssize_t i = 0; i < nr; i++)
			sum += (unsigned char)buf[i];
	}
	SHOW(bytes);
	SHOW(sum);
	NEED(waitpid(pid, &status, 0) == pid);
	show_status("writer", status);
	return 0;
}

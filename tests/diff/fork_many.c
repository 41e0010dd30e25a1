/* SPDX-License-Identifier: Apache-2.0 */
/* Many children at once, each with its own copy of the memory, reaped in any order. */
#include "lib/show.h"

#define N 60

int main(void)
{
	static int data[4096];
	int sum = 0, status, reaped = 0;
	pid_t pid[N];

	for (int i = 0; i < N; i++) {
		data[i] = i;
		pid[i] = fork();
		NEED(pid[i] >= 0);
		if (pid[i] == 0) {
			int s = 0;

			data[0] = i;
			for (int j = 0; j <= i; j++)
				s += data[j];
			_exit(s % 200);
		}
	}
	while ((pid[0] = wait(&status)) > 0) {
		reaped++;
		sum += WEXITSTATUS(status);
	}
	SHOW(reaped);
	SHOW(sum);
	SHOW(wait(&status));
	return 0;
}

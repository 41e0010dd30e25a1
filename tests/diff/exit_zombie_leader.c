/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While a process lives on without its first thread: wait does not report it, kill finds it,
 * signals reach the rest.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/asleep.h"
#include "lib/show.h"

static void on_usr1(int sig)
{
	syscall(SYS_exit_group, 44);
}

static void *rest(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

int main(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;

		signal(SIGUSR1, on_usr1);
		pthread_create(&t, NULL, rest, NULL);
		syscall(SYS_exit, 1);
	}
	while (state_of(pid) != 'Z')
		usleep(1000);
	SHOW(waitpid(pid, &status, WNOHANG));
	SHOW(kill(pid, 0));
	SHOW(kill(pid, SIGUSR1));
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("ended by", status);
	SHOW(kill(pid, 0));
	return 0;
}

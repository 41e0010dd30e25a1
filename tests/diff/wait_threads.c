/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any thread may wait for any child of the process, unless __WNOTHREAD; children outlive the thread
 * that made them.
 */
#include <pthread.h>

#include "lib/show.h"

static pid_t g_pid;

static void *forker(void *arg)
{
	g_pid = fork();
	if (g_pid == 0) {
		usleep(30000);
		_exit(3);
	}
	return NULL;
}

static void *waiter(void *arg)
{
	int status;

	SHOW(waitpid(g_pid, &status, __WNOTHREAD | WNOHANG));
	SHOW(waitpid(g_pid, &status, 0) == g_pid);
	show_status("by another thread", status);
	return NULL;
}

int main(void)
{
	int status;
	pthread_t t;

	g_pid = fork();
	if (g_pid == 0) {
		usleep(30000);
		_exit(2);
	}
	pthread_create(&t, NULL, waiter, NULL);
	pthread_join(t, NULL);
	pthread_create(&t, NULL, forker, NULL);
	pthread_join(t, NULL);
	SHOW(waitpid(g_pid, &status, 0) == g_pid);
	show_status("its maker is gone", status);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit codes of processes whose threads end in different orders; exit_group from a thread; main
 * thread gone first.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/show.h"

static void *sleep_then_exit(void *arg)
{
	usleep(30000);
	syscall(SYS_exit_group, 21);
	return NULL;
}

static void *forever(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void *sleep_then_thread_exit(void *arg)
{
	usleep(30000);
	syscall(SYS_exit, 33);
	return NULL;
}

static void thread_kills_group(void)
{
	pthread_t t;

	pthread_create(&t, NULL, forever, NULL);
	pthread_create(&t, NULL, sleep_then_exit, NULL);
	pause();
}

static void leader_first(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleep_then_exit, NULL);
	syscall(SYS_exit, 1);
}

static void last_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleep_then_thread_exit, NULL);
	syscall(SYS_exit, 2);
}

static void main_last(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleep_then_thread_exit, NULL);
	usleep(80000);
	syscall(SYS_exit, 3);
}

static void code_256(void)
{
	syscall(SYS_exit_group, 0x1234);
}

static void by_signal_in_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, forever, NULL);
	usleep(10000);
	pthread_kill(t, SIGTERM);
	pause();
}

int main(void)
{
	show_child("exit_group in a thread", thread_kills_group);
	show_child("leader ends first", leader_first);
	show_child("last thread's code", last_thread);
	show_child("main is last", main_last);
	show_child("0x1234", code_256);
	show_child("signal to a thread", by_signal_in_thread);
	return 0;
}

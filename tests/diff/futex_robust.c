/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Robust lists: owners that die say so in the word, waiters are told; pthread's robust mutexes;
 * list calls' errors.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "lib/asleep.h"
#include "lib/show.h"

struct lock {
	struct robust_list list;
	unsigned int word;
};

static struct shared {
	pthread_mutex_t m;
	struct lock l[3], pending;
} * g;

static void raw_child(void)
{
	struct robust_list_head head;
	unsigned int tid = (unsigned int)syscall(SYS_gettid);

	head.list.next = &g->l[0].list;
	head.futex_offset = offsetof(struct lock, word);
	head.list_op_pending = &g->pending.list;
	g->l[0].list.next = &g->l[1].list;
	g->l[1].list.next = &g->l[2].list;
	g->l[2].list.next = &head.list;
	g->l[0].word = tid;
	g->l[1].word = tid | FUTEX_WAITERS;
	g->l[2].word = 0x3ffffff0;
	g->pending.word = tid;
	syscall(SYS_set_robust_list, &head, sizeof(head));
	syscall(SYS_exit_group, 0);
}

int main(void)
{
	struct robust_list_head *h = NULL;
	pthread_mutexattr_t at;
	size_t len = 0;
	int status;
	pid_t pid;

	g = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SHOW(syscall(SYS_get_robust_list, 0, &h, &len));
	SHOW(len);
	SHOW(h != NULL);
	SHOW(syscall(SYS_set_robust_list, h, 20));
	SHOW(syscall(SYS_get_robust_list, 999999, &h, &len));
	SHOW(syscall(SYS_get_robust_list, 0, (void *)8, &len));
	pid = fork();
	if (pid == 0)
		raw_child();
	waitpid(pid, &status, 0);
	SHOWX(g->l[0].word);
	SHOWX(g->l[1].word);
	SHOW(g->l[2].word);
	SHOWX(g->pending.word);

	pthread_mutexattr_init(&at);
	pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&at, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&g->m, &at);
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(&g->m);
		usleep(60000);
		raise(SIGKILL);
	}
	until_asleep(pid);
	SHOW_ERR(pthread_mutex_lock(&g->m));
	SHOW_ERR(pthread_mutex_consistent(&g->m));
	SHOW_ERR(pthread_mutex_unlock(&g->m));
	SHOW_ERR(pthread_mutex_lock(&g->m));
	SHOW_ERR(pthread_mutex_unlock(&g->m));
	waitpid(pid, &status, 0);
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(&g->m);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	SHOW_ERR(pthread_mutex_trylock(&g->m));
	SHOW_ERR(pthread_mutex_unlock(&g->m));
	SHOW_ERR(pthread_mutex_lock(&g->m));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An epoll inside an epoll, a sleeper woken by another thread, epoll_pwait's mask. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "lib/show.h"

static int fd;
static volatile sig_atomic_t got;

static void on_usr1(int sig)
{
	got++;
}

static void *kick(void *arg)
{
	usleep(20000);
	write(fd, &(uint64_t){ 1 }, 8);
	return NULL;
}

int main(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 1 }, out = { 0 };
	int inner = epoll_create1(0), outer = epoll_create1(0);
	sigset_t block, none;
	pthread_t th;

	fd = eventfd(0, EFD_NONBLOCK);
	SHOW(epoll_ctl(inner, EPOLL_CTL_ADD, fd, &ev));
	ev.data.u64 = 2;
	SHOW(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &ev));
	SHOW(epoll_wait(outer, &out, 1, 0));
	NEED(pthread_create(&th, NULL, kick, NULL) == 0);
	SHOW(epoll_wait(outer, &out, 1, 5000));
	SHOW(out.data.u64);
	SHOW(epoll_wait(inner, &out, 1, 0));
	SHOW(out.data.u64);
	pthread_join(th, NULL);
	SHOW(eventfd_read(fd, &(eventfd_t){ 0 }));
	SHOW(epoll_wait(outer, &out, 1, 0));
	signal(SIGUSR1, on_usr1);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	SHOW(epoll_wait(outer, &out, 1, 0));
	SHOW(got);
	SHOW(epoll_pwait(outer, &out, 1, 1000, &none));
	SHOW(got);
	sigprocmask(SIG_BLOCK, NULL, &none);
	SHOW(sigismember(&none, SIGUSR1));
	return 0;
}

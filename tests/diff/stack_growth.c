/* SPDX-License-Identifier: Apache-2.0 */
/* The stack grows as it is used, up to its limit; the kernel may grow it too; threads' stacks do
 * not. */
#include <pthread.h>
#include <sys/resource.h>

#include "lib/show.h"

static int __attribute__((noinline)) deep(int n)
{
	volatile char frame[1000];

	memset((char *)frame, n, sizeof(frame));
	return n ? deep(n - 1) + frame[500] - frame[501] + 1 : 0;
}

static void five_megabytes(void)
{
	SHOW(deep(5000));
}

static void no_end(void)
{
	SHOW(deep(1000000000));
}

static void __attribute__((noinline)) big_frame(void)
{
	volatile char frame[6 << 20];

	frame[0] = 1; /* far below all that was touched */
	frame[(6 << 20) - 1] = 2;
	printf("%d\n", frame[0] + frame[(6 << 20) - 1]);
}

static void __attribute__((noinline)) kernel_first(void)
{
	char frame[1 << 20];
	int fds[2];

	NEED(pipe(fds) == 0 && write(fds[1], "abc", 3) == 3);
	SHOW(read(fds[0], frame, 3)); /* the kernel touches it first */
	show_bytes("frame", frame, 3);
}

static void small_limit(void)
{
	struct rlimit rl = { 1 << 20, RLIM_INFINITY };

	NEED(setrlimit(RLIMIT_STACK, &rl) == 0);
	SHOW(deep(500));
	deep(3000);
}

static void raised_limit(void)
{
	struct rlimit rl = { 64 << 20, RLIM_INFINITY };

	getrlimit(RLIMIT_STACK, &rl);
	rl.rlim_cur = 64 << 20;
	NEED(setrlimit(RLIMIT_STACK, &rl) == 0);
	SHOW(deep(30000));
}

static void *thread(void *arg)
{
	return (void *)(long)deep((int)(long)arg);
}

static void in_thread(void)
{
	pthread_t th;
	void *ret;

	pthread_create(&th, NULL, thread, (void *)3000l);
	pthread_join(th, &ret);
	SHOW((long)ret);
	pthread_create(&th, NULL, thread, (void *)100000000l);
	pthread_join(th, &ret);
}

static void forked(void)
{
	int st;

	deep(1000);
	if (fork() == 0)
		_exit(deep(4000) == 4000 ? 3 : 4);
	wait(&st);
	show_status("in child of child", st);
	SHOW(deep(4500));
}

int main(void)
{
	show_child("five megabytes", five_megabytes);
	show_child("no end", no_end);
	show_child("big frame", big_frame);
	show_child("kernel first", kernel_first);
	show_child("small limit", small_limit);
	show_child("raised limit", raised_limit);
	show_child("in thread", in_thread);
	show_child("forked", forked);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* futex_waitv(2) and the second generation: flags, errors, which index woke. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/show.h"

#define WAITV      449
#define F2_WAKE    454
#define F2_WAIT    455
#define F2_REQUEUE 456

struct wv {
	unsigned long val, addr;
	unsigned int flags, reserved;
};

static unsigned int g_w[4];

static void *waker(void *arg)
{
	usleep(40000);
	while (syscall(SYS_futex, &g_w[(long)arg], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0)
		usleep(1000);
	return NULL;
}

static void *f2waker(void *arg)
{
	while (syscall(F2_WAKE, &g_w[0], 2ul, 1, 2 | 128) == 0)
		usleep(1000);
	return NULL;
}

int main(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, -1 };
	struct wv v[129];
	pthread_t t;

	for (int i = 0; i < 129; i++)
		v[i] = (struct wv){ .val = 0,
				    .addr = (unsigned long)&g_w[i % 4],
				    .flags = 2 | 128 };
	SHOW(syscall(WAITV, v, 0, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, v, 129, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, v, 1, 1, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, NULL, 1, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, (void *)8, 1, 0, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, v, 4, 0, &past, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, v, 4, 0, &past, CLOCK_REALTIME));
	SHOW(syscall(WAITV, v, 4, 0, &past, CLOCK_BOOTTIME));
	SHOW(syscall(WAITV, v, 4, 0, &bad, CLOCK_MONOTONIC));
	v[2].val = 9;
	SHOW(syscall(WAITV, v, 4, 0, NULL, CLOCK_MONOTONIC));
	v[2].val = 0;
	v[1].reserved = 1;
	SHOW(syscall(WAITV, v, 4, 0, NULL, CLOCK_MONOTONIC));
	v[1].reserved = 0;
	v[1].flags = 0x40 | 2;
	SHOW(syscall(WAITV, v, 4, 0, NULL, CLOCK_MONOTONIC));
	v[1].flags = 2 | 128;
	pthread_create(&t, NULL, waker, (void *)2);
	SHOW(syscall(WAITV, v, 4, 0, NULL, CLOCK_MONOTONIC));
	pthread_join(t, NULL);

	SHOW(syscall(F2_WAKE, g_w, ~0u, 1, 2));
	SHOW(syscall(F2_WAKE, g_w, ~0ul, 1, 2));
	SHOW(syscall(F2_WAKE, g_w, 0ul, 1, 2));
	SHOW(syscall(F2_WAKE, g_w, 1ul, 1, 0x60));
	SHOW(syscall(F2_WAIT, g_w, 1ul, 1ul, 2, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(F2_WAIT, g_w, 1ul << 32, 1ul, 2, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(F2_WAIT, g_w, 0ul, 0ul, 2, NULL, CLOCK_MONOTONIC));
	SHOW(syscall(F2_WAIT, g_w, 0ul, 1ul, 2, &past, CLOCK_MONOTONIC));
	SHOW(syscall(F2_WAIT, g_w, 0ul, 1ul, 2, &past, 5));
	pthread_create(&t, NULL, f2waker, NULL);
	SHOW(syscall(F2_WAIT, g_w, 0ul, 2ul, 2 | 128, NULL, CLOCK_MONOTONIC));
	pthread_join(t, NULL);
	SHOW(syscall(F2_REQUEUE, v, 0, 1, 1));
	SHOW(syscall(F2_REQUEUE, v, 1, 1, 1));
	SHOW(syscall(F2_REQUEUE, NULL, 0, 1, 1));
	v[0].val = 3;
	SHOW(syscall(F2_REQUEUE, v, 0, 1, 1));
	return 0;
}

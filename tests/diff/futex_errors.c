/* SPDX-License-Identifier: Apache-2.0 */
/* futex(2): errors and results that need nobody else. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "lib/show.h"

static long fx(void *a, int op, unsigned int v, const void *to, void *a2, unsigned int v3)
{
	return syscall(SYS_futex, a, op, v, to, a2, v3);
}

int main(void)
{
	unsigned int w[4] = { 1, 2, 3, 4 };
	struct timespec ts = { 0, 1000000 }, bad = { 0, 1000000000 }, neg = { -1, 0 },
			past = { 1, 0 };

	SHOW(fx(w, FUTEX_WAIT, 0, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT, 1, &ts, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, &ts, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT, 1, &bad, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT, 1, &neg, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT, 1, (void *)8, NULL, 0));
	SHOW(fx((char *)w + 1, FUTEX_WAIT, 1, &ts, NULL, 0));
	SHOW(fx((void *)8, FUTEX_WAIT, 1, &ts, NULL, 0));
	SHOW(fx((void *)8, FUTEX_WAKE, 1, NULL, NULL, 0));
	SHOW(fx((void *)8, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_WAKE, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_WAKE, 0, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT_BITSET, 1, &ts, NULL, 0));
	SHOW(fx(w, FUTEX_WAIT_BITSET, 1, &past, NULL, 1));
	SHOW(fx(w, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &past, NULL, 1));
	SHOW(fx(w, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1));
	SHOW(fx(w, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_REQUEUE, 1, (void *)1, w + 1, 0));
	SHOW(fx(w, FUTEX_CMP_REQUEUE, 1, (void *)1, w + 1, 2));
	SHOW(fx(w, FUTEX_CMP_REQUEUE, 1, (void *)1, w + 1, 1));
	SHOW(fx(w, FUTEX_REQUEUE, (unsigned int)-1, (void *)1, w + 1, 0));
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, w + 1,
		FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 2)));
	SHOW(w[1]);
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, w + 1,
		FUTEX_OP((FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT), 4, FUTEX_OP_CMP_GT, 9)));
	SHOW(w[1]);
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, w + 1,
		FUTEX_OP(FUTEX_OP_ANDN, 3, FUTEX_OP_CMP_LT, 9)));
	SHOW(w[1]);
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, w + 1,
		FUTEX_OP(FUTEX_OP_XOR, 0x7ff, FUTEX_OP_CMP_NE, 9)));
	SHOWX(w[1]);
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, w + 1, FUTEX_OP(7, 1, FUTEX_OP_CMP_NE, 9)));
	SHOW(fx(w, FUTEX_WAKE_OP, 1, (void *)1, (void *)8, FUTEX_OP(0, 1, FUTEX_OP_CMP_NE, 9)));
	SHOW(fx(w, 14, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_FD, 1, NULL, NULL, 0));
	SHOW(fx(w, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, w + 1, 1));
	SHOW(fx(w, FUTEX_WAIT_REQUEUE_PI, 1, NULL, w, 0));
	return 0;
}

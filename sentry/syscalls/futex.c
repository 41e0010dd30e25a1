/* SPDX-License-Identifier: Apache-2.0 */
/*
 * futex(2) in both generations, futex_waitv(2), robust lists: decoding, clocks and restarts.
 */
#include <errno.h>
#include <stdlib.h>

#include <abi/linux/errno.h>
#include <abi/linux/futex.h>
#include <abi/linux/time.h>

#include "kernel/futex.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

static long wait_restart(struct task *t, struct restart_block *rb)
{
	struct futex_word w = { .addr = rb->arg[0],
				.val = (uint32_t)rb->arg[1],
				.is_private = rb->arg[2] };
	long ret = futex_wait(t, &w, (uint32_t)rb->arg[3], rb->deadline);

	if (ret == -LX_ERESTARTSYS) {
		t->restart = *rb;
		return -LX_ERESTART_RESTARTBLOCK;
	}
	return ret;
}

/* Waits that a signal without a handler interrupted go on with what is left of their time. */
static long wait_restartable(struct task *t, const struct futex_word *w, uint32_t bitset,
			     int64_t deadline)
{
	long ret = futex_wait(t, w, bitset, deadline);

	if (ret != -LX_ERESTARTSYS || deadline == TASK_NO_DEADLINE)
		return ret;
	t->restart = (struct restart_block){
		.fn = wait_restart,
		.deadline = deadline,
		.arg = { w->addr, w->val, w->is_private, bitset },
	};
	return -LX_ERESTART_RESTARTBLOCK;
}

/* The timeout argument as a deadline: relative for FUTEX_WAIT, else absolute on the chosen clock.
 */
static int read_timeout(struct task *t, uaddr_t addr, bool relative, int clock,
			int64_t *ret_deadline)
{
	struct lx_timespec ts;

	*ret_deadline = TASK_NO_DEADLINE;
	if (!addr)
		return 0;
	if (copyin(t, &ts, addr, sizeof(ts)) < 0)
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	*ret_deadline = relative ? deadline_in(timespec_to_ns(&ts)) :
				   clock_to_monotonic(clock, timespec_to_ns(&ts));
	return 0;
}

static bool takes_timeout(int cmd)
{
	return cmd == LX_FUTEX_WAIT || cmd == LX_FUTEX_WAIT_BITSET || cmd == LX_FUTEX_LOCK_PI ||
	       cmd == LX_FUTEX_LOCK_PI2 || cmd == LX_FUTEX_WAIT_REQUEUE_PI;
}

long sys_futex(struct task *t, const struct sysargs *a)
{
	uaddr_t addr = arg_addr(a, 0), addr2 = arg_addr(a, 4);
	int op = arg_int(a, 1), cmd = op & LX_FUTEX_CMD_MASK;
	uint32_t val = arg_uint(a, 2), val2 = arg_uint(a, 3), val3 = arg_uint(a, 5);
	bool priv = op & LX_FUTEX_PRIVATE_FLAG, realtime = op & LX_FUTEX_CLOCK_REALTIME;
	struct futex_word w = { .addr = addr, .val = val, .is_private = priv };
	int64_t deadline = TASK_NO_DEADLINE;
	int ret;

	if (realtime && cmd != LX_FUTEX_WAIT && cmd != LX_FUTEX_WAIT_BITSET &&
	    cmd != LX_FUTEX_WAIT_REQUEUE_PI && cmd != LX_FUTEX_LOCK_PI2)
		return -ENOSYS;
	if (takes_timeout(cmd)) {
		int clock = realtime || cmd == LX_FUTEX_LOCK_PI ? LX_CLOCK_REALTIME :
								  LX_CLOCK_MONOTONIC;

		ret = read_timeout(t, arg_addr(a, 3), cmd == LX_FUTEX_WAIT, clock, &deadline);
		if (ret < 0)
			return ret;
	}
	switch (cmd) {
	case LX_FUTEX_WAIT:
		return wait_restartable(t, &w, LX_FUTEX_BITSET_MATCH_ANY, deadline);
	case LX_FUTEX_WAIT_BITSET:
		return wait_restartable(t, &w, val3, deadline);
	case LX_FUTEX_WAKE:
		return futex_wake(t, addr, priv, (int)val, LX_FUTEX_BITSET_MATCH_ANY);
	case LX_FUTEX_WAKE_BITSET:
		return futex_wake(t, addr, priv, (int)val, val3);
	case LX_FUTEX_REQUEUE:
		return futex_requeue(t, addr, priv, addr2, priv, (int)val, (int)val2, NULL);
	case LX_FUTEX_CMP_REQUEUE:
		return futex_requeue(t, addr, priv, addr2, priv, (int)val, (int)val2, &val3);
	case LX_FUTEX_WAKE_OP:
		return futex_wake_op(t, addr, priv, (int)val, (int)val2, addr2, val3);
	case LX_FUTEX_LOCK_PI:
	case LX_FUTEX_LOCK_PI2:
		return futex_lock_pi(t, addr, priv, deadline, false);
	case LX_FUTEX_TRYLOCK_PI:
		return futex_lock_pi(t, addr, priv, 0, true);
	case LX_FUTEX_UNLOCK_PI:
		return futex_unlock_pi(t, addr, priv);
	case LX_FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(t, &w, LX_FUTEX_BITSET_MATCH_ANY, deadline, addr2);
	case LX_FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(t, addr, priv, addr2, (int)val, (int)val2, val3);
	default:
		return -ENOSYS;
	}
}

/* --- the second generation --- */

static int futex2_flags(uint32_t flags, bool *ret_private)
{
	if (flags & ~(uint32_t)(LX_FUTEX2_SIZE_MASK | LX_FUTEX2_PRIVATE))
		return -EINVAL;
	if ((flags & LX_FUTEX2_SIZE_MASK) != LX_FUTEX2_SIZE_U32)
		return -EINVAL;
	*ret_private = flags & LX_FUTEX2_PRIVATE;
	return 0;
}

static int futex2_timeout(struct task *t, uaddr_t addr, int clock, int64_t *ret_deadline)
{
	if (addr && clock != LX_CLOCK_REALTIME && clock != LX_CLOCK_MONOTONIC)
		return -EINVAL;
	return read_timeout(t, addr, false, clock, ret_deadline);
}

static int read_waiters(struct task *t, uaddr_t addr, unsigned int nr, struct futex_word *ret_w)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct lx_futex_waitv v;
		int ret;

		if (copyin(t, &v, addr + i * sizeof(v), sizeof(v)) < 0)
			return -EFAULT;
		if (v.reserved)
			return -EINVAL;
		ret = futex2_flags(v.flags, &ret_w[i].is_private);
		if (ret < 0)
			return ret;
		if (v.val >> 32)
			return -EINVAL;
		ret_w[i].addr = v.uaddr;
		ret_w[i].val = (uint32_t)v.val;
	}
	return 0;
}

long sys_futex_waitv(struct task *t, const struct sysargs *a)
{
	uaddr_t waiters = arg_addr(a, 0);
	unsigned int nr = arg_uint(a, 1);
	auto_free struct futex_word *w = NULL;
	int64_t deadline;
	int ret;

	if (arg_uint(a, 2) || nr == 0 || nr > LX_FUTEX_WAITV_MAX || !waiters)
		return -EINVAL;
	ret = futex2_timeout(t, arg_addr(a, 3), arg_int(a, 4), &deadline);
	if (ret < 0)
		return ret;
	w = calloc(nr, sizeof(*w));
	if (!w)
		return -ENOMEM;
	ret = read_waiters(t, waiters, nr, w);
	return ret < 0 ? ret : futex_wait_many(t, w, nr, deadline);
}

static bool mask_ok(uint64_t mask)
{
	return mask >> 32 == 0;
}

long sys_futex_wake(struct task *t, const struct sysargs *a)
{
	bool priv;
	int ret = futex2_flags(arg_uint(a, 3), &priv);

	if (ret < 0)
		return ret;
	if (!mask_ok(arg_ulong(a, 1)))
		return -EINVAL;
	if (arg_int(a, 2) == 0) {
		/* unlike the first generation, none means none */
		return (uint32_t)arg_ulong(a, 1) ? 0 : -EINVAL;
	}
	return futex_wake(t, arg_addr(a, 0), priv, arg_int(a, 2), (uint32_t)arg_ulong(a, 1));
}

long sys_futex_wait(struct task *t, const struct sysargs *a)
{
	struct futex_word w = { .addr = arg_addr(a, 0), .val = (uint32_t)arg_ulong(a, 1) };
	int64_t deadline;
	int ret = futex2_flags(arg_uint(a, 3), &w.is_private);

	if (ret < 0)
		return ret;
	if (arg_ulong(a, 1) >> 32 || !mask_ok(arg_ulong(a, 2)))
		return -EINVAL;
	ret = futex2_timeout(t, arg_addr(a, 4), arg_int(a, 5), &deadline);
	return ret < 0 ? ret : futex_wait(t, &w, (uint32_t)arg_ulong(a, 2), deadline);
}

long sys_futex_requeue(struct task *t, const struct sysargs *a)
{
	struct futex_word w[2];
	int ret;

	if (arg_uint(a, 1) || !arg_addr(a, 0))
		return -EINVAL;
	ret = read_waiters(t, arg_addr(a, 0), 2, w);
	if (ret < 0)
		return ret;
	return futex_requeue(t, w[0].addr, w[0].is_private, w[1].addr, w[1].is_private,
			     arg_int(a, 2), arg_int(a, 3), &w[0].val);
}

/* --- robust lists --- */

long sys_set_robust_list(struct task *t, const struct sysargs *a)
{
	if (arg_ulong(a, 1) != sizeof(struct lx_robust_list_head))
		return -EINVAL;
	t->robust_list = arg_addr(a, 0);
	t->robust_list_len = arg_ulong(a, 1);
	return 0;
}

long sys_get_robust_list(struct task *t, const struct sysargs *a)
{
	int tid = arg_int(a, 0);
	struct task *o = tid ? task_find(t->kernel, tid) : task_get(t);
	uint64_t size = sizeof(struct lx_robust_list_head), head;
	int ret;

	if (!o)
		return -ESRCH;
	ret = task_may_access(t, o);
	head = o->robust_list;
	task_put(o);
	if (ret < 0)
		return ret;
	if (copyout(t, arg_addr(a, 2), &size, sizeof(size)) < 0 ||
	    copyout(t, arg_addr(a, 1), &head, sizeof(head)) < 0)
		return -EFAULT;
	return 0;
}

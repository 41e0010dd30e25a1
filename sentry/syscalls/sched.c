/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling calls of sched(7): policies, parameters, affinity. What a task asks for is checked,
 * kept and told back; the host schedules the threads by its own lights. Nice values and I/O
 * priorities are in priority.c. Differs from Linux: SCHED_DEADLINE is refused as when its bandwidth
 * is spent (EBUSY).
 */
#include "syscalls/sched.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/limits.h>
#include <abi/linux/resource.h>
#include <abi/linux/sched.h>
#include <abi/linux/time.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"

#define MAX_RT_PRIO     99
#define POLICY_KEEP     (-1)
#define RR_TIMESLICE_NS 100000000
#define FAIR_SLICE_NS   4000000

static bool policy_valid(int policy)
{
	return policy == LX_SCHED_NORMAL || policy == LX_SCHED_BATCH || policy == LX_SCHED_IDLE ||
	       policy == LX_SCHED_FIFO || policy == LX_SCHED_RR || policy == LX_SCHED_DEADLINE;
}

static bool policy_rt(int policy)
{
	return policy == LX_SCHED_FIFO || policy == LX_SCHED_RR;
}

static bool policy_fair(int policy)
{
	return policy == LX_SCHED_NORMAL || policy == LX_SCHED_BATCH;
}

/* pid 0 is the caller. Referenced, or NULL. */
static struct task *target(struct task *t, int pid)
{
	return pid ? task_find(t->kernel, pid) : task_get(t);
}

bool sched_same_owner(struct task *t, struct task *other)
{
	struct cred *o = task_cred_get(other);
	bool same = t->cred->euid == o->euid || t->cred->euid == o->uid;

	cred_put(o);
	return same;
}

bool sched_may_nice(struct task *t, struct task *other, int nice)
{
	/* RLIMIT_NICE counts from 1 (nice 19) to 40 (nice -20) */
	return (uint64_t)(20 - nice) <= task_rlimit(other, LX_RLIMIT_NICE) ||
	       task_capable(t, LX_CAP_SYS_NICE);
}

/* What of the request needs CAP_SYS_NICE; see user_check in sched(7), "Privileges and resource
 * limits". */
static bool needs_privilege(struct task *t, struct task *o, const struct lx_sched_attr *want,
			    int policy, bool reset_on_fork)
{
	if (policy_fair(policy) && want->sched_nice < o->nice &&
	    !sched_may_nice(t, o, want->sched_nice))
		return true;
	if (policy_rt(policy)) {
		uint64_t max = task_rlimit(o, LX_RLIMIT_RTPRIO);

		if (policy != o->sched_policy && !max)
			return true;
		if ((int)want->sched_priority > o->sched_prio && want->sched_priority > max)
			return true;
	}
	if (policy == LX_SCHED_DEADLINE)
		return true;
	if (o->sched_policy == LX_SCHED_IDLE && policy != LX_SCHED_IDLE &&
	    !sched_may_nice(t, o, o->nice))
		return true;
	if (!sched_same_owner(t, o))
		return true;
	return o->sched_reset_on_fork && !reset_on_fork;
}

static bool deadline_params_valid(const struct lx_sched_attr *want)
{
	uint64_t period = want->sched_period ? want->sched_period : want->sched_deadline;

	return want->sched_deadline != 0 && want->sched_runtime >= 1024 &&
	       !(want->sched_deadline >> 63) && !(period >> 63) &&
	       want->sched_runtime <= want->sched_deadline && want->sched_deadline <= period;
}

static long set_scheduler(struct task *t, struct task *o, int policy,
			  const struct lx_sched_attr *want)
{
	bool reset;

	if (policy == POLICY_KEEP) {
		reset = o->sched_reset_on_fork;
		policy = o->sched_policy;
	} else {
		reset = want->sched_flags & LX_SCHED_FLAG_RESET_ON_FORK;
		if (!policy_valid(policy))
			return -EINVAL;
	}
	if (want->sched_flags & ~(uint64_t)LX_SCHED_FLAG_ALL)
		return -EINVAL;
	if (want->sched_priority > MAX_RT_PRIO)
		return -EINVAL;
	if (policy == LX_SCHED_DEADLINE && !deadline_params_valid(want))
		return -EINVAL;
	if (policy_rt(policy) != (want->sched_priority != 0))
		return -EINVAL;
	if (needs_privilege(t, o, want, policy, reset) && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	if (want->sched_flags & (LX_SCHED_FLAG_UTIL_CLAMP_MIN | LX_SCHED_FLAG_UTIL_CLAMP_MAX))
		return -EOPNOTSUPP;
	if (policy == LX_SCHED_DEADLINE)
		return -EBUSY;
	o->sched_policy = policy;
	o->sched_prio = (int)want->sched_priority;
	o->sched_reset_on_fork = reset;
	if (policy_fair(policy))
		o->nice = want->sched_nice;
	return 0;
}

static long set_param(struct task *t, int pid, int policy, uaddr_t addr)
{
	auto_put(task) struct task *o = NULL;
	struct lx_sched_attr want = { 0 };
	struct lx_sched_param p;

	if (!addr || pid < 0)
		return -EINVAL;
	if (copyin(t, &p, addr, sizeof(p)))
		return -EFAULT;
	o = target(t, pid);
	if (!o)
		return -ESRCH;
	want.sched_priority = (uint32_t)p.sched_priority;
	want.sched_nice = o->nice;
	if (policy != POLICY_KEEP && (policy & LX_SCHED_RESET_ON_FORK)) {
		want.sched_flags = LX_SCHED_FLAG_RESET_ON_FORK;
		policy &= ~LX_SCHED_RESET_ON_FORK;
	}
	return set_scheduler(t, o, policy, &want);
}

long sys_sched_setscheduler(struct task *t, const struct sysargs *a)
{
	int policy = arg_int(a, 1);

	return policy < 0 ? -EINVAL : set_param(t, arg_int(a, 0), policy, arg_addr(a, 2));
}

long sys_sched_setparam(struct task *t, const struct sysargs *a)
{
	return set_param(t, arg_int(a, 0), POLICY_KEEP, arg_addr(a, 1));
}

long sys_sched_getscheduler(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;

	if (arg_int(a, 0) < 0)
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	return o->sched_policy | (o->sched_reset_on_fork ? LX_SCHED_RESET_ON_FORK : 0);
}

long sys_sched_getparam(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	struct lx_sched_param p;

	if (!arg_addr(a, 1) || arg_int(a, 0) < 0)
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	p.sched_priority = policy_rt(o->sched_policy) ? o->sched_prio : 0;
	return copyout(t, arg_addr(a, 1), &p, sizeof(p));
}

long sys_sched_get_priority_max(struct task *t, const struct sysargs *a)
{
	int policy = arg_int(a, 0);

	if (policy_rt(policy))
		return MAX_RT_PRIO;
	return policy_valid(policy) || policy == LX_SCHED_EXT ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(struct task *t, const struct sysargs *a)
{
	int policy = arg_int(a, 0);

	if (policy_rt(policy))
		return 1;
	return policy_valid(policy) || policy == LX_SCHED_EXT ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	struct lx_timespec ts = { 0 };

	if (arg_int(a, 0) < 0)
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	if (o->sched_policy == LX_SCHED_RR)
		ts.tv_nsec = RR_TIMESLICE_NS;
	else if (!policy_rt(o->sched_policy))
		ts.tv_nsec = FAIR_SLICE_NS;
	return copyout(t, arg_addr(a, 1), &ts, sizeof(ts));
}

long sys_sched_yield(struct task *t, const struct sysargs *a)
{
	host_sched_yield();
	return 0;
}

/* --- struct sched_attr, which grows: bytes we do not know must be zero --- */

static long copyin_attr(struct task *t, uaddr_t addr, struct lx_sched_attr *ret_attr)
{
	struct lx_sched_attr attr = { 0 };
	uint8_t tail[256];
	uint32_t size;

	if (copyin(t, &size, addr, sizeof(size)))
		return -EFAULT;
	if (!size)
		size = LX_SCHED_ATTR_SIZE_VER0;
	if (size < LX_SCHED_ATTR_SIZE_VER0 || size > LX_PAGE_SIZE)
		goto too_big;
	if (copyin(t, &attr, addr, MIN((size_t)size, sizeof(attr))))
		return -EFAULT;
	for (size_t at = sizeof(attr); at < size; at += sizeof(tail)) {
		size_t n = MIN(size - at, sizeof(tail));

		if (copyin(t, tail, addr + at, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (tail[i])
				goto too_big;
	}
	if ((attr.sched_flags & (LX_SCHED_FLAG_UTIL_CLAMP_MIN | LX_SCHED_FLAG_UTIL_CLAMP_MAX)) &&
	    size < LX_SCHED_ATTR_SIZE_VER1)
		return -EINVAL;
	attr.sched_nice = CLAMP(attr.sched_nice, LX_PRIO_MIN, LX_PRIO_MAX - 1);
	*ret_attr = attr;
	return 0;
too_big:
	size = sizeof(attr);
	return copyout(t, addr, &size, sizeof(size)) ? -EFAULT : -E2BIG;
}

long sys_sched_setattr(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	struct lx_sched_attr attr;
	int policy;
	long ret;

	if (!arg_addr(a, 1) || arg_int(a, 0) < 0 || arg_uint(a, 2))
		return -EINVAL;
	ret = copyin_attr(t, arg_addr(a, 1), &attr);
	if (ret < 0)
		return ret;
	policy = (int)attr.sched_policy;
	if (policy < 0)
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	if (attr.sched_flags & LX_SCHED_FLAG_KEEP_POLICY)
		policy = POLICY_KEEP;
	if (attr.sched_flags & LX_SCHED_FLAG_KEEP_PARAMS) {
		attr.sched_priority = policy_rt(o->sched_policy) ? (uint32_t)o->sched_prio : 0;
		attr.sched_nice = o->nice;
	}
	return set_scheduler(t, o, policy, &attr);
}

long sys_sched_getattr(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	unsigned int size = arg_uint(a, 2);
	struct lx_sched_attr attr = { 0 };

	if (!arg_addr(a, 1) || arg_int(a, 0) < 0 || size > LX_PAGE_SIZE ||
	    size < LX_SCHED_ATTR_SIZE_VER0 || arg_uint(a, 3))
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	size = MIN(size, (unsigned int)sizeof(attr));
	attr.size = size;
	attr.sched_policy = (uint32_t)o->sched_policy;
	if (o->sched_reset_on_fork)
		attr.sched_flags |= LX_SCHED_FLAG_RESET_ON_FORK;
	if (policy_rt(o->sched_policy))
		attr.sched_priority = (uint32_t)o->sched_prio;
	else
		attr.sched_nice = o->nice;
	if (size > LX_SCHED_ATTR_SIZE_VER0)
		attr.sched_util_max = 1024;
	return copyout(t, arg_addr(a, 1), &attr, size);
}

/* --- affinity --- */

static size_t mask_bytes(const struct task *t)
{
	return DIV_ROUND_UP(MIN(t->kernel->config.nr_cpus, 1024u), 64) * 8;
}

long sys_sched_getaffinity(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	unsigned int size = arg_uint(a, 1);
	size_t n;

	if ((uint64_t)size * 8 < t->kernel->config.nr_cpus || (size & 7))
		return -EINVAL;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	n = MIN((size_t)size, mask_bytes(t));
	return copyout(t, arg_addr(a, 2), o->affinity, n) ? -EFAULT : (long)n;
}

long sys_sched_setaffinity(struct task *t, const struct sysargs *a)
{
	auto_put(task) struct task *o = NULL;
	unsigned int nr_cpus = MIN(t->kernel->config.nr_cpus, 1024u);
	uint64_t mask[ARRAY_SIZE(o->affinity)] = { 0 };
	bool any = false;

	if (copyin(t, mask, arg_addr(a, 2), MIN((size_t)arg_uint(a, 1), mask_bytes(t))))
		return -EFAULT;
	o = target(t, arg_int(a, 0));
	if (!o)
		return -ESRCH;
	if (!sched_same_owner(t, o) && !task_capable(t, LX_CAP_SYS_NICE))
		return -EPERM;
	for (unsigned int i = 0; i < ARRAY_SIZE(mask); i++) {
		if (64 * i >= nr_cpus)
			mask[i] = 0;
		else if (nr_cpus - 64 * i < 64)
			mask[i] &= (1ull << (nr_cpus - 64 * i)) - 1;
		any |= mask[i] != 0;
	}
	if (!any)
		return -EINVAL;
	mutex_lock(&t->kernel->tasklist_lock);
	memcpy(o->affinity, mask, sizeof(mask));
	mutex_unlock(&t->kernel->tasklist_lock);
	return 0;
}

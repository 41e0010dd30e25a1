/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl(2): attributes of the calling task. Each operation that has arguments it does not use
 * insists on zeros where Linux does. Operations about hardware a guest does not have, and about
 * kernel options that are off, answer EINVAL, which is what Linux says then. Capability operations
 * are in prctl_caps.c, PR_SET_MM in prctl_mm.c. Differs from Linux: PR_SET_THP_DISABLE and
 * PR_SET_IO_FLUSHER are the task's, and only remembered.
 */
#include "syscalls/prctl.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/prctl.h>
#include <abi/linux/sched.h>
#include <abi/linux/signal.h>

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "syscalls/seccomp.h"
#include "syscalls/unimpl.h"

/* task.prctl_state */
#define PRCTL_THP_DISABLE 1u
#define PRCTL_IO_FLUSHER  2u
#define PRCTL_MCE_SHIFT   2 /* two bits: 0 default, 1 late, 2 early */
#define PRCTL_MCE_MASK    (3u << PRCTL_MCE_SHIFT)

#define DEFAULT_SLACK_NS 50000

static bool all_zero(const struct sysargs *a, unsigned int from)
{
	for (unsigned int i = from; i < 5; i++)
		if (arg_ulong(a, i))
			return false;
	return true;
}

static long put_int(struct task *t, uaddr_t addr, int v)
{
	return copyout(t, addr, &v, sizeof(v));
}

static long set_bit(struct task *t, uint32_t bit, bool on)
{
	t->prctl_state = on ? t->prctl_state | bit : t->prctl_state & ~bit;
	return 0;
}

/* --- name, death, dumping --- */

static long set_name(struct task *t, uaddr_t addr)
{
	char name[TASK_COMM_LEN] = "";
	ssize_t n = copyin_str(t, name, addr, sizeof(name) - 1);

	if (n < 0 && n != -ENAMETOOLONG)
		return n;
	name[n < 0 ? (ssize_t)sizeof(name) - 1 : n] = '\0';
	task_set_comm(t, name);
	return 0;
}

static long get_name(struct task *t, uaddr_t addr)
{
	char name[TASK_COMM_LEN];

	task_comm_get(t, name);
	return copyout(t, addr, name, sizeof(name));
}

static long set_dumpable(struct task *t, unsigned long v)
{
	if (v > 1) /* 2 is the administrator's */
		return -EINVAL;
	t->tg->dumpable = (int)v;
	return 0;
}

static long set_subreaper(struct task *t, bool on)
{
	mutex_lock(&t->kernel->tasklist_lock);
	t->tg->child_subreaper = on;
	mutex_unlock(&t->kernel->tasklist_lock);
	return 0;
}

/* --- timers and machine checks --- */

static long get_slack(struct task *t)
{
	if (t->sched_policy == LX_SCHED_FIFO || t->sched_policy == LX_SCHED_RR)
		return 0;
	return (long)(t->timer_slack_ns ? t->timer_slack_ns : DEFAULT_SLACK_NS);
}

static long set_slack(struct task *t, long ns)
{
	if (t->sched_policy != LX_SCHED_FIFO && t->sched_policy != LX_SCHED_RR)
		t->timer_slack_ns = ns > 0 ? (uint64_t)ns : DEFAULT_SLACK_NS;
	return 0;
}

static long mce_kill(struct task *t, const struct sysargs *a)
{
	unsigned long v = 0;

	if (arg_ulong(a, 3) || arg_ulong(a, 4))
		return -EINVAL;
	switch (arg_ulong(a, 1)) {
	case LX_PR_MCE_KILL_CLEAR:
		if (arg_ulong(a, 2))
			return -EINVAL;
		break;
	case LX_PR_MCE_KILL_SET:
		if (arg_ulong(a, 2) == LX_PR_MCE_KILL_LATE)
			v = 1;
		else if (arg_ulong(a, 2) == LX_PR_MCE_KILL_EARLY)
			v = 2;
		else if (arg_ulong(a, 2) != LX_PR_MCE_KILL_DEFAULT)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	t->prctl_state = (t->prctl_state & ~PRCTL_MCE_MASK) | (uint32_t)(v << PRCTL_MCE_SHIFT);
	return 0;
}

static long mce_kill_get(struct task *t)
{
	switch ((t->prctl_state & PRCTL_MCE_MASK) >> PRCTL_MCE_SHIFT) {
	case 1:
		return LX_PR_MCE_KILL_LATE;
	case 2:
		return LX_PR_MCE_KILL_EARLY;
	default:
		return LX_PR_MCE_KILL_DEFAULT;
	}
}

/* --- memory --- */

static long get_auxv(struct task *t, const struct sysargs *a)
{
	char auxv[1024];
	ssize_t n;

	if (arg_ulong(a, 3) || arg_ulong(a, 4))
		return -EINVAL;
	n = mm_auxv_get(t->mm, auxv, sizeof(auxv));
	if (n < 0)
		return n;
	if (copyout(t, arg_addr(a, 1), auxv,
		    (size_t)n < arg_ulong(a, 2) ? (size_t)n : (size_t)arg_ulong(a, 2)))
		return -EFAULT;
	return n;
}

/* The CPUs are said not to be vulnerable: then there is nothing to control. */
static long spec_ctrl(struct task *t, const struct sysargs *a, bool set)
{
	if (!all_zero(a, set ? 3 : 2))
		return -EINVAL;
	if (arg_ulong(a, 1) > LX_PR_SPEC_L1D_FLUSH)
		return -ENODEV;
	return set ? -ENXIO : LX_PR_SPEC_NOT_AFFECTED;
}

static long with_spare_args(struct task *t, const struct sysargs *a)
{
	switch (arg_int(a, 0)) {
	case LX_PR_SET_NO_NEW_PRIVS:
		if (arg_ulong(a, 1) != 1 || !all_zero(a, 2))
			return -EINVAL;
		t->no_new_privs = true;
		return 0;
	case LX_PR_GET_NO_NEW_PRIVS:
		return all_zero(a, 1) ? t->no_new_privs : -EINVAL;
	case LX_PR_SET_THP_DISABLE:
		return all_zero(a, 2) ? set_bit(t, PRCTL_THP_DISABLE, arg_ulong(a, 1)) : -EINVAL;
	case LX_PR_GET_THP_DISABLE:
		return all_zero(a, 1) ? !!(t->prctl_state & PRCTL_THP_DISABLE) : -EINVAL;
	case LX_PR_SET_IO_FLUSHER:
		if (!task_capable(t, LX_CAP_SYS_RESOURCE))
			return -EPERM;
		if (!all_zero(a, 2) || arg_ulong(a, 1) > 1)
			return -EINVAL;
		return set_bit(t, PRCTL_IO_FLUSHER, arg_ulong(a, 1));
	case LX_PR_GET_IO_FLUSHER:
		if (!task_capable(t, LX_CAP_SYS_RESOURCE))
			return -EPERM;
		return all_zero(a, 1) ? !!(t->prctl_state & PRCTL_IO_FLUSHER) : -EINVAL;
	case LX_PR_MCE_KILL:
		return mce_kill(t, a);
	case LX_PR_MCE_KILL_GET:
		return all_zero(a, 1) ? mce_kill_get(t) : -EINVAL;
	case LX_PR_GET_SPECULATION_CTRL:
		return spec_ctrl(t, a, false);
	case LX_PR_SET_SPECULATION_CTRL:
		return spec_ctrl(t, a, true);
	case LX_PR_GET_AUXV:
		return get_auxv(t, a);
	case LX_PR_GET_MDWE:
		return all_zero(a, 1) ? 0 : -EINVAL;
	default:
		unimpl(t, "prctl: operation %d", arg_int(a, 0));
		return -EINVAL;
	}
}

long sys_prctl(struct task *t, const struct sysargs *a)
{
	unsigned long v = arg_ulong(a, 1);
	long ret = prctl_caps(t, a);

	if (ret != -ENOSYS)
		return ret;
	switch (arg_int(a, 0)) {
	case LX_PR_SET_PDEATHSIG:
		if (v > LX_SIGRTMAX)
			return -EINVAL;
		t->pdeath_signal = (int)v;
		return 0;
	case LX_PR_GET_PDEATHSIG:
		return put_int(t, v, t->pdeath_signal);
	case LX_PR_GET_DUMPABLE:
		return t->tg->dumpable;
	case LX_PR_SET_DUMPABLE:
		return set_dumpable(t, v);
	case LX_PR_SET_NAME:
		return set_name(t, v);
	case LX_PR_GET_NAME:
		return get_name(t, v);
	case LX_PR_GET_TIMING:
		return LX_PR_TIMING_STATISTICAL;
	case LX_PR_SET_TIMING:
		return v == LX_PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case LX_PR_GET_SECCOMP:
		return t->seccomp_mode;
	case LX_PR_SET_SECCOMP:
		return prctl_set_seccomp(t, v, arg_addr(a, 2));
	case LX_PR_GET_TSC:
		return put_int(t, v, LX_PR_TSC_ENABLE);
	case LX_PR_SET_TSC:
		if (v == LX_PR_TSC_SIGSEGV)
			unimpl(t, "prctl: PR_TSC_SIGSEGV");
		return v == LX_PR_TSC_ENABLE ? 0 : -EINVAL;
	case LX_PR_TASK_PERF_EVENTS_DISABLE:
	case LX_PR_TASK_PERF_EVENTS_ENABLE: /* of all its events, which are none */
		return 0;
	case LX_PR_GET_TIMERSLACK:
		return get_slack(t);
	case LX_PR_SET_TIMERSLACK:
		return set_slack(t, (long)v);
	case LX_PR_SET_MM:
		return prctl_mm(t, a);
	case LX_PR_SET_CHILD_SUBREAPER:
		return set_subreaper(t, v);
	case LX_PR_GET_CHILD_SUBREAPER:
		return put_int(t, v, t->tg->child_subreaper);
	case LX_PR_GET_TID_ADDRESS:
		return copyout(t, v, &t->clear_child_tid, sizeof(t->clear_child_tid));
	case LX_PR_GET_UNALIGN:
	case LX_PR_SET_UNALIGN:
	case LX_PR_GET_FPEMU:
	case LX_PR_SET_FPEMU:
	case LX_PR_GET_FPEXC:
	case LX_PR_SET_FPEXC:
	case LX_PR_GET_ENDIAN:
	case LX_PR_SET_ENDIAN:
	case LX_PR_MPX_ENABLE_MANAGEMENT:
	case LX_PR_MPX_DISABLE_MANAGEMENT:
	case LX_PR_SET_FP_MODE:
	case LX_PR_GET_FP_MODE:
	case LX_PR_SVE_SET_VL:
	case LX_PR_SVE_GET_VL:
	case LX_PR_SME_SET_VL:
	case LX_PR_SME_GET_VL:
	case LX_PR_PAC_RESET_KEYS:
	case LX_PR_PAC_SET_ENABLED_KEYS:
	case LX_PR_PAC_GET_ENABLED_KEYS:
	case LX_PR_SET_TAGGED_ADDR_CTRL:
	case LX_PR_GET_TAGGED_ADDR_CTRL: /* hardware guests do not have */
	case LX_PR_SET_PTRACER:          /* Yama */
	case LX_PR_SCHED_CORE:           /* CONFIG_SCHED_CORE */
		return -EINVAL;
	default:
		return with_spare_args(t, a);
	}
}

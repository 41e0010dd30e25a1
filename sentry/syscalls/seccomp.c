/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp(2): strict mode, filters of the guest's own, and what their verdicts do to a call.
 * Differs from Linux: no user notification (SECCOMP_FILTER_FLAG_NEW_LISTENER), and with no tracer
 * SECCOMP_RET_TRACE is ENOSYS always. Calls the vDSO answers are not seen, there as here.
 */
#include "syscalls/seccomp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/seccomp.h>
#include <abi/linux/signal.h>
#include <base/bits.h>
#include <platform/answers.h>
#include <platform/regs.h>

#include "kernel/kernel.h"
#include "kernel/seccomp.h"
#include "kernel/task.h"
#include "syscalls/arch.h"
#include "syscalls/handlers.h"
#include "syscalls/table.h"
#include "syscalls/unimpl.h"

#define MAX_ERRNO 4095

/* --- verdicts --- */

static void send_sigsys(struct task *t, uint32_t nr, uint32_t reason)
{
	struct lx_siginfo si;

	memset(&si, 0, sizeof(si));
	si.si_signo = LX_SIGSYS;
	si.si_code = LX_SYS_SECCOMP;
	si.si_errno = (int32_t)reason;
	si.sigsys.call_addr = regs_pc(&t->regs);
	si.sigsys.syscall = (int32_t)nr;
	si.sigsys.arch = ARCH_AUDIT;
	signal_force(t, LX_SIGSYS, &si);
}

static bool strict_allows(struct task *t, const struct syscall_row *row, long *ret)
{
	if (row && (row->handler == sys_read || row->handler == sys_write ||
		    row->handler == sys_exit || row->handler == sys_rt_sigreturn))
		return true;
	task_exit_request(t, LX_SIGKILL);
	*ret = -EPERM; /* nobody sees it */
	return false;
}

bool seccomp_allows(struct task *t, uint32_t nr, const struct syscall_row *row,
		    const struct sysargs *args, long *ret)
{
	struct lx_seccomp_data data = {
		.nr = (int32_t)nr,
		.arch = ARCH_AUDIT,
	};
	uint32_t verdict;

	if (likely(seccomp_always_allows(t, nr)))
		return true;
	task_regs_fill(t);
	data.instruction_pointer = regs_pc(&t->regs);
	if (t->seccomp_mode == LX_SECCOMP_MODE_STRICT)
		return strict_allows(t, row, ret);
	memcpy(data.args, args->a, sizeof(data.args));
	verdict = seccomp_run(t, &data);
	switch (verdict & LX_SECCOMP_RET_ACTION_FULL) {
	case LX_SECCOMP_RET_ALLOW:
	case LX_SECCOMP_RET_LOG:
		return true;
	case LX_SECCOMP_RET_ERRNO:
		*ret = -(long)MIN(verdict & LX_SECCOMP_RET_DATA, (uint32_t)MAX_ERRNO);
		return false;
	case LX_SECCOMP_RET_TRAP:
		/* the handler sees the registers as they were at the call */
		*ret = (long)ARCH_ROLLBACK(nr, args);
		send_sigsys(t, nr, verdict & LX_SECCOMP_RET_DATA);
		return false;
	case LX_SECCOMP_RET_TRACE:
	case LX_SECCOMP_RET_USER_NOTIF:
		*ret = -ENOSYS;
		return false;
	case LX_SECCOMP_RET_KILL_THREAD:
		*ret = -ENOSYS;
		task_exit_request(t, LX_SIGSYS);
		return false;
	default:
		*ret = -ENOSYS;
		tgroup_exit(t->tg, LX_SIGSYS);
		return false;
	}
}

/* --- what needs no look --- */

/* Every call of platform/stub/answer.c: one that is missing would escape the guest's filters. */
static const struct {
	const char *name;
	uint32_t answer;
} g_answers[] = {
	{ "getpid", ANSWER_IDS },          { "gettid", ANSWER_IDS },
	{ "getppid", ANSWER_IDS },         { "getuid", ANSWER_IDS },
	{ "geteuid", ANSWER_IDS },         { "getgid", ANSWER_IDS },
	{ "getegid", ANSWER_IDS },         { "getpgrp", ANSWER_IDS },
	{ "getpgid", ANSWER_IDS },         { "getsid", ANSWER_IDS },
	{ "clock_gettime", ANSWER_CLOCK }, { "gettimeofday", ANSWER_CLOCK },
	{ "time", ANSWER_CLOCK },          { "getcpu", ANSWER_CLOCK },
	{ "rt_sigprocmask", ANSWER_MASK }, { "futex", ANSWER_FUTEX | ANSWER_SLEEP },
};

void seccomp_describe(struct kernel_config *cfg)
{
	static struct answered_call calls[ARRAY_SIZE(g_answers)];
	unsigned int nr = 0;

	for (uint32_t n = 0; n < SECCOMP_NR_KNOWN; n++) {
		const struct syscall_row *row = syscall_lookup(n);

		for (size_t i = 0; row && i < ARRAY_SIZE(g_answers) && nr < ARRAY_SIZE(calls);
		     i++) {
			if (strcmp(row->name, g_answers[i].name) == 0)
				calls[nr++] = (struct answered_call){ n, g_answers[i].answer };
		}
	}
	cfg->audit_arch = ARCH_AUDIT;
	cfg->answered = calls;
	cfg->nr_answered = nr;
}

/* --- installing --- */

static int copyin_program(struct task *t, uaddr_t addr, struct seccomp_filter **ret_f)
{
	auto_free struct lx_sock_filter *insns = NULL;
	struct lx_sock_fprog prog;

	if (copyin(t, &prog, addr, sizeof(prog)))
		return -EFAULT;
	if (prog.len == 0 || prog.len > LX_BPF_MAXINSNS)
		return -EINVAL;
	if (!t->no_new_privs && !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EACCES;
	insns = malloc(prog.len * sizeof(insns[0]));
	if (!insns)
		return -ENOMEM;
	if (copyin(t, insns, prog.filter, prog.len * sizeof(insns[0])))
		return -EFAULT;
	return seccomp_filter_new(insns, prog.len, ret_f);
}

static long set_filter(struct task *t, unsigned int flags, uaddr_t addr)
{
	struct seccomp_filter *f;
	int ret;

	if (flags & LX_SECCOMP_FILTER_FLAG_NEW_LISTENER)
		unimpl(t, "seccomp: SECCOMP_FILTER_FLAG_NEW_LISTENER");
	if (flags &
	    ~(unsigned int)(LX_SECCOMP_FILTER_FLAG_TSYNC | LX_SECCOMP_FILTER_FLAG_LOG |
			    LX_SECCOMP_FILTER_FLAG_SPEC_ALLOW | LX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
		return -EINVAL;
	ret = copyin_program(t, addr, &f);
	if (ret < 0)
		return ret;
	ret = seccomp_attach(t, f, flags & LX_SECCOMP_FILTER_FLAG_TSYNC);
	if (ret)
		seccomp_filter_put(f);
	if (ret > 0 && (flags & LX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
		ret = -ESRCH;
	return ret;
}

static long action_available(struct task *t, uaddr_t addr)
{
	uint32_t action;

	if (copyin(t, &action, addr, sizeof(action)))
		return -EFAULT;
	switch (action) {
	case LX_SECCOMP_RET_KILL_PROCESS:
	case LX_SECCOMP_RET_KILL_THREAD:
	case LX_SECCOMP_RET_TRAP:
	case LX_SECCOMP_RET_ERRNO:
	case LX_SECCOMP_RET_TRACE:
	case LX_SECCOMP_RET_LOG:
	case LX_SECCOMP_RET_ALLOW:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

long sys_seccomp(struct task *t, const struct sysargs *a)
{
	unsigned int flags = arg_uint(a, 1);
	uaddr_t addr = arg_addr(a, 2);

	switch (arg_uint(a, 0)) {
	case LX_SECCOMP_SET_MODE_STRICT:
		return flags || addr ? -EINVAL : seccomp_set_strict(t);
	case LX_SECCOMP_SET_MODE_FILTER:
		return set_filter(t, flags, addr);
	case LX_SECCOMP_GET_ACTION_AVAIL:
		return flags ? -EINVAL : action_available(t, addr);
	default:
		return -EINVAL;
	}
}

long prctl_set_seccomp(struct task *t, unsigned long mode, uint64_t prog)
{
	switch (mode) {
	case LX_SECCOMP_MODE_STRICT:
		return seccomp_set_strict(t);
	case LX_SECCOMP_MODE_FILTER:
		return set_filter(t, 0, prog);
	default:
		return -EINVAL;
	}
}

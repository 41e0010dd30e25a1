/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a trapped system call to its handler and back. Results are written as they are, restart
 * codes too: delivery of signals decides what becomes of those (see task.h). Locking: none held on
 * the way. Differs from Linux: the x32 numbers (bit 30) are unknown calls, as without
 * CONFIG_X86_X32_ABI.
 */
#define LOG_TAG "syscall"
#include "syscalls/dispatch.h"

#include <errno.h>
#include <stdatomic.h>

#include <base/log.h>
#include <platform/regs.h>

#include "kernel/task.h"
#include "syscalls/seccomp.h"
#include "syscalls/table.h"
#include "syscalls/trace.h"
#include "syscalls/unimpl.h"

static long syscall_call(struct task *t, const struct syscall_row *row, const struct sysargs *args)
{
	if (!row)
		return -ENOSYS;
	if (likely(row->handler))
		return row->handler(t, args);
	if (row->support == SUPPORT_DENIED)
		return task_capable(t, row->cap) ? -ENOSYS : -row->err;
	if (row->support == SUPPORT_MISSING)
		unimpl(t, "%s", row->name);
	return -row->err;
}

void syscall_dispatch(struct task *t)
{
	struct regs *r = &t->regs;
	/* Linux, too, looks at 32 bits of the number register. */
	uint32_t nr = (uint32_t)regs_sysno(r);
	const struct syscall_row *row = syscall_lookup(nr);
	struct sysargs args;
	bool traced;
	long ret;

	for (unsigned int i = 0; i < 6; i++)
		args.a[i] = regs_arg(r, i);
	t->cur_args = &args;
	t->cur_sysno = (int)nr;

	traced = trace_wanted(row);
	if (unlikely(traced))
		trace_enter(t, row, nr, &args);
	if (likely(!t->seccomp_mode) || seccomp_allows(t, nr, row, &args, &ret))
		ret = syscall_call(t, row, &args);
	if (unlikely(traced))
		trace_exit(t, row, &args, ret);

	if (t->regs_replaced)
		t->regs_replaced = false;
	else
		regs_set_ret(r, ret);
	t->cur_args = NULL;
}

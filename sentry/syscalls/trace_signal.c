/* SPDX-License-Identifier: Apache-2.0 */
/* Printers of what signals bring: sets, actions, siginfo, events, alternate stacks. */
#include <abi/linux/signal.h>

#include "kernel/task.h"
#include "syscalls/trace_int.h"

static uint64_t val(struct trace *tr, unsigned int n)
{
	return tr->args->a[n];
}

void trace_print_sigset(struct trace *tr, unsigned int n)
{
	lx_sigset_t set;

	if (tr_read_out(tr, &set, val(tr, n), sizeof(set)))
		tr_sigset(tr, set);
}

void trace_print_sigaction(struct trace *tr, unsigned int n)
{
	struct lx_sigaction sa;

	if (!tr_read_out(tr, &sa, val(tr, n), sizeof(sa)))
		return;
	tr_puts(tr, "{sa_handler=");
	if (sa.handler == LX_SIG_DFL)
		tr_puts(tr, "SIG_DFL");
	else if (sa.handler == LX_SIG_IGN)
		tr_puts(tr, "SIG_IGN");
	else
		tr_addr(tr, sa.handler);
	tr_puts(tr, ", sa_mask=");
	tr_sigset(tr, sa.mask);
	tr_puts(tr, ", sa_flags=");
	tr_flags(tr, sa.flags, trace_names_sa_flags);
	if (sa.flags & LX_SA_RESTORER) {
		tr_puts(tr, ", sa_restorer=");
		tr_addr(tr, sa.restorer);
	}
	tr_puts(tr, "}");
}

/* rt_sigreturn(2): the mask it put back is the task's own now. */
void trace_print_sigframe(struct trace *tr, unsigned int n)
{
	tr_puts(tr, "{mask=");
	tr_sigset(tr, tr->t->blocked);
	tr_puts(tr, "}");
}

static const struct trace_name *code_names(int sig, int code)
{
	if (code <= 0 || code == LX_SI_KERNEL)
		return trace_names_si_code;
	switch (sig) {
	case LX_SIGCHLD:
		return trace_names_cld_code;
	case LX_SIGSEGV:
		return trace_names_segv_code;
	case LX_SIGBUS:
		return trace_names_bus_code;
	case LX_SIGFPE:
		return trace_names_fpe_code;
	case LX_SIGILL:
		return trace_names_ill_code;
	case LX_SIGTRAP:
		return trace_names_trap_code;
	default:
		return trace_names_si_code;
	}
}

static void si_chld(struct trace *tr, const struct lx_siginfo *si)
{
	tr_printf(tr, ", si_pid=%d, si_uid=%u, si_status=", si->sigchld.pid, si->sigchld.uid);
	if (si->si_code == LX_CLD_EXITED)
		tr_printf(tr, "%d", si->sigchld.status);
	else
		tr_signal_name(tr, si->sigchld.status);
	tr_printf(tr, ", si_utime=%ld, si_stime=%ld", (long)si->sigchld.utime,
		  (long)si->sigchld.stime);
}

static bool is_fault(int sig)
{
	return sig == LX_SIGSEGV || sig == LX_SIGBUS || sig == LX_SIGFPE || sig == LX_SIGILL ||
	       sig == LX_SIGTRAP;
}

void tr_siginfo(struct trace *tr, const struct lx_siginfo *si)
{
	const char *code =
		tr_name_of((uint64_t)(int64_t)si->si_code, code_names(si->si_signo, si->si_code));

	tr_puts(tr, "{si_signo=");
	tr_signal_name(tr, si->si_signo);
	if (code)
		tr_printf(tr, ", si_code=%s", code);
	else
		tr_printf(tr, ", si_code=%d", si->si_code);
	if (si->si_signo == LX_SIGCHLD && si->si_code > 0) {
		si_chld(tr, si);
	} else if (si->si_code > 0 && si->si_code != LX_SI_KERNEL && is_fault(si->si_signo)) {
		tr_puts(tr, ", si_addr=");
		tr_addr(tr, si->sigfault.addr);
	} else if (si->si_code == LX_SI_TIMER) {
		tr_printf(tr, ", si_timerid=%d, si_overrun=%d, si_value={int=%d, ptr=%#lx}",
			  si->timer.tid, si->timer.overrun, si->timer.value.sival_int,
			  (unsigned long)si->timer.value.sival_ptr);
	} else if (si->si_signo == LX_SIGSYS && si->si_code > 0) {
		tr_printf(tr, ", si_call_addr=%#lx, si_syscall=%d",
			  (unsigned long)si->sigsys.call_addr, si->sigsys.syscall);
	} else if (si->si_code <= 0) {
		tr_printf(tr, ", si_pid=%d, si_uid=%u", si->kill.pid, si->kill.uid);
		if (si->si_code == LX_SI_QUEUE || si->si_code == LX_SI_MESGQ)
			tr_printf(tr, ", si_value={int=%d, ptr=%#lx}", si->rt.value.sival_int,
				  (unsigned long)si->rt.value.sival_ptr);
	}
	tr_puts(tr, "}");
}

void trace_print_siginfo(struct trace *tr, unsigned int n)
{
	struct lx_siginfo si;

	if (tr_read_out(tr, &si, val(tr, n), sizeof(si))) {
		if (tr->after && si.si_signo == 0)
			tr_puts(tr, "{}");
		else
			tr_siginfo(tr, &si);
	}
}

void trace_print_sigevent(struct trace *tr, unsigned int n)
{
	struct lx_sigevent ev;

	if (!tr_read(tr, &ev, val(tr, n), sizeof(ev)))
		return;
	tr_printf(tr, "{sigev_value={sival_int=%d, sival_ptr=%#lx}, sigev_signo=",
		  ev.sigev_value.sival_int, (unsigned long)ev.sigev_value.sival_ptr);
	tr_signal_name(tr, ev.sigev_signo);
	tr_puts(tr, ", sigev_notify=");
	tr_enum(tr, (uint32_t)ev.sigev_notify, trace_names_sigev);
	if (ev.sigev_notify == LX_SIGEV_THREAD_ID)
		tr_printf(tr, ", sigev_notify_thread_id=%d", ev.sigev_tid);
	tr_puts(tr, "}");
}

void trace_print_stack(struct trace *tr, unsigned int n)
{
	struct lx_sigaltstack ss;

	if (!tr_read_out(tr, &ss, val(tr, n), sizeof(ss)))
		return;
	tr_puts(tr, "{ss_sp=");
	tr_addr(tr, ss.ss_sp);
	tr_puts(tr, ", ss_flags=");
	tr_flags(tr, (uint32_t)ss.ss_flags, trace_names_ss_flags);
	tr_printf(tr, ", ss_size=%lu}", (unsigned long)ss.ss_size);
}

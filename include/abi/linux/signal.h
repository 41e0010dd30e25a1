/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: numbers, sigset, siginfo, sigaction, alternate stacks, codes. The frame that
 * delivery writes (ucontext, sigcontext, FP state) is the architecture's: arch/signal.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LX_SIGHUP	1
#define LX_SIGINT	2
#define LX_SIGQUIT	3
#define LX_SIGILL	4
#define LX_SIGTRAP	5
#define LX_SIGABRT	6
#define LX_SIGBUS	7
#define LX_SIGFPE	8
#define LX_SIGKILL	9
#define LX_SIGUSR1	10
#define LX_SIGSEGV	11
#define LX_SIGUSR2	12
#define LX_SIGPIPE	13
#define LX_SIGALRM	14
#define LX_SIGTERM	15
#define LX_SIGSTKFLT	16
#define LX_SIGCHLD	17
#define LX_SIGCONT	18
#define LX_SIGSTOP	19
#define LX_SIGTSTP	20
#define LX_SIGTTIN	21
#define LX_SIGTTOU	22
#define LX_SIGURG	23
#define LX_SIGXCPU	24
#define LX_SIGXFSZ	25
#define LX_SIGVTALRM	26
#define LX_SIGPROF	27
#define LX_SIGWINCH	28
#define LX_SIGIO	29
#define LX_SIGPWR	30
#define LX_SIGSYS	31
#define LX_SIGIOT	LX_SIGABRT
#define LX_SIGPOLL	LX_SIGIO
/* the kernel's first real-time signal; libc keeps 32 and 33 for itself */
#define LX_SIGRTMIN	32
#define LX_SIGRTMAX	64
#define LX_NSIG		64

typedef uint64_t lx_sigset_t;
#define LX_SIGSET_SIZE	8
#define LX_SIGMASK(sig)	(1ull << ((sig) - 1))

#define LX_SIG_BLOCK	0
#define LX_SIG_UNBLOCK	1
#define LX_SIG_SETMASK	2
#define LX_SIG_DFL	0ull
#define LX_SIG_IGN	1ull
#define LX_SIG_ERR	(~0ull)

/* sigaction flags */
#define LX_SA_NOCLDSTOP		0x1
#define LX_SA_NOCLDWAIT		0x2
#define LX_SA_SIGINFO		0x4
#define LX_SA_UNSUPPORTED	0x400
#define LX_SA_EXPOSE_TAGBITS	0x800
#define LX_SA_RESTORER		0x04000000
#define LX_SA_ONSTACK		0x8000000
#define LX_SA_RESTART		0x10000000
#define LX_SA_NODEFER		0x40000000
#define LX_SA_RESETHAND		0x80000000u

/* sigaltstack */
#define LX_SS_ONSTACK		0x1
#define LX_SS_DISABLE		0x2
#define LX_SS_AUTODISARM	0x80000000u

/* siginfo codes */
#define LX_SI_USER		0
#define LX_SI_KERNEL		0x80
#define LX_SI_QUEUE		(-1)
#define LX_SI_TIMER		(-2)
#define LX_SI_MESGQ		(-3)
#define LX_SI_ASYNCIO		(-4)
#define LX_SI_SIGIO		(-5)
#define LX_SI_TKILL		(-6)
#define LX_SI_DETHREAD		(-7)
#define LX_SI_ASYNCNL		(-60)
#define LX_ILL_ILLOPC		1
#define LX_ILL_ILLOPN		2
#define LX_ILL_ILLADR		3
#define LX_ILL_ILLTRP		4
#define LX_ILL_PRVOPC		5
#define LX_ILL_PRVREG		6
#define LX_ILL_COPROC		7
#define LX_ILL_BADSTK		8
#define LX_ILL_BADIADDR		9
#define LX_FPE_INTDIV		1
#define LX_FPE_INTOVF		2
#define LX_FPE_FLTDIV		3
#define LX_FPE_FLTOVF		4
#define LX_FPE_FLTUND		5
#define LX_FPE_FLTRES		6
#define LX_FPE_FLTINV		7
#define LX_FPE_FLTSUB		8
#define LX_FPE_FLTUNK		14
#define LX_FPE_CONDTRAP		15
#define LX_SEGV_MAPERR		1
#define LX_SEGV_ACCERR		2
#define LX_SEGV_BNDERR		3
#define LX_SEGV_PKUERR		4
#define LX_SEGV_ACCADI		5
#define LX_SEGV_ADIDERR		6
#define LX_SEGV_ADIPERR		7
#define LX_SEGV_MTEAERR		8
#define LX_SEGV_MTESERR		9
#define LX_SEGV_CPERR		10
#define LX_BUS_ADRALN		1
#define LX_BUS_ADRERR		2
#define LX_BUS_OBJERR		3
#define LX_BUS_MCEERR_AR	4
#define LX_BUS_MCEERR_AO	5
#define LX_TRAP_BRKPT		1
#define LX_TRAP_TRACE		2
#define LX_TRAP_BRANCH		3
#define LX_TRAP_HWBKPT		4
#define LX_TRAP_UNK		5
#define LX_TRAP_PERF		6
#define LX_CLD_EXITED		1
#define LX_CLD_KILLED		2
#define LX_CLD_DUMPED		3
#define LX_CLD_TRAPPED		4
#define LX_CLD_STOPPED		5
#define LX_CLD_CONTINUED	6
#define LX_POLL_IN		1
#define LX_POLL_OUT		2
#define LX_POLL_MSG		3
#define LX_POLL_ERR		4
#define LX_POLL_PRI		5
#define LX_POLL_HUP		6
#define LX_SYS_SECCOMP		1
#define LX_SYS_USER_DISPATCH	2
#define LX_SIGEV_SIGNAL		0
#define LX_SIGEV_NONE		1
#define LX_SIGEV_THREAD		2
#define LX_SIGEV_THREAD_ID	4

typedef union lx_sigval {
	int32_t sival_int;
	uint64_t sival_ptr;
} lx_sigval_t;

/* as rt_sigaction(2) takes it; restorer is there on both architectures */
struct lx_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct lx_sigaltstack {
	uint64_t ss_sp;
	int32_t ss_flags;
	uint32_t pad0;
	uint64_t ss_size;
};

#define LX_SIGINFO_SIZE	128
struct lx_siginfo {
	int32_t si_signo;
	int32_t si_errno;
	int32_t si_code;
	int32_t pad0;
	union {
		struct {
			int32_t pid;
			uint32_t uid;
		} kill;
		struct {
			int32_t tid;
			int32_t overrun;
			lx_sigval_t value;
			int32_t sys_private;
		} timer;
		struct {
			int32_t pid;
			uint32_t uid;
			lx_sigval_t value;
		} rt;
		struct {
			int32_t pid;
			uint32_t uid;
			int32_t status;
			int32_t pad0;
			int64_t utime;
			int64_t stime;
		} sigchld;
		struct {
			uint64_t addr;
			int16_t addr_lsb;
			int16_t pad0;
			int32_t pad1;
			uint64_t lower;     /* pkey in its low word for SEGV_PKUERR */
			uint64_t upper;
		} sigfault;
		struct {
			int64_t band;
			int32_t fd;
		} sigpoll;
		struct {
			uint64_t call_addr;
			int32_t syscall;
			uint32_t arch;
		} sigsys;
		uint8_t pad[LX_SIGINFO_SIZE - 16];
	};
};

struct lx_sigevent {
	lx_sigval_t sigev_value;
	int32_t sigev_signo;
	int32_t sigev_notify;
	int32_t sigev_tid;
	int32_t pad[11];
};

#include <abi/linux/arch/signal.h>

/* SPDX-License-Identifier: Apache-2.0 */
/* Why run() came back. Values come from the platform and describe untrusted guest state. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum guest_event_kind {
	/* a system call instruction; regs hold number and arguments, pc is after it */
	GE_SYSCALL,
	GE_FAULT,     /* a memory access that the mappings do not allow: addr, access */
	GE_EXCEPTION, /* another synchronous exception: signo, code, addr, trapno, error_code */
	GE_KICKED,    /* kick() was called */
	GE_STEP,      /* single step done (requested through regs_set_step) */
	GE_CORRUPT,   /* the stub side makes no sense: the process must end */
};

/*
 * Kind of access of a fault; UNKNOWN where the backend cannot tell: mm tries read, write, execute.
 */
enum guest_access {
	GA_UNKNOWN,
	GA_READ,
	GA_WRITE,
	GA_EXEC,
};

struct guest_event {
	enum guest_event_kind kind;
	/* GE_SYSCALL: it came by a trap that rewriting the instruction before pc would avoid */
	bool patchable;
	/*
	 * Of the registers only number, arguments and result were set: regs_get() gives the others.
	 * If it is not called the next run() takes the result only.
	 */
	bool partial;
	enum guest_access access; /* GE_FAULT */
	uint64_t addr;            /* GE_FAULT, GE_EXCEPTION: faulting address */
	/*
	 * GE_EXCEPTION: LX_SIGILL, SIGFPE, SIGTRAP, SIGBUS, SIGSEGV, SIGSYS; GE_FAULT:
	 * SIGSEGV/SIGBUS
	 */
	int signo;
	int code;            /* si_code the host gave */
	uint32_t trapno;     /* x86: vector, for the signal frame; else 0 */
	uint64_t error_code; /* x86: error code; arm64: ESR where known */
	/* GE_FAULT: the host said SIGBUS (file shorter than the mapping) */
	bool bus;
};

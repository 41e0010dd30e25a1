/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ptrace(2). The register structures are in arch/ptrace.h.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/arch/ptrace.h>

#define LX_PTRACE_TRACEME				0x0
#define LX_PTRACE_PEEKTEXT				0x1
#define LX_PTRACE_PEEKDATA				0x2
#define LX_PTRACE_PEEKUSR				0x3
#define LX_PTRACE_POKETEXT				0x4
#define LX_PTRACE_POKEDATA				0x5
#define LX_PTRACE_POKEUSR				0x6
#define LX_PTRACE_CONT					0x7
#define LX_PTRACE_KILL					0x8
#define LX_PTRACE_SINGLESTEP				0x9
#define LX_PTRACE_ATTACH				0x10
#define LX_PTRACE_DETACH				0x11
#define LX_PTRACE_SYSCALL				0x18
#define LX_PTRACE_SETOPTIONS				0x4200
#define LX_PTRACE_GETEVENTMSG				0x4201
#define LX_PTRACE_GETSIGINFO				0x4202
#define LX_PTRACE_SETSIGINFO				0x4203
#define LX_PTRACE_GETREGSET				0x4204
#define LX_PTRACE_SETREGSET				0x4205
#define LX_PTRACE_SEIZE					0x4206
#define LX_PTRACE_INTERRUPT				0x4207
#define LX_PTRACE_LISTEN				0x4208
#define LX_PTRACE_PEEKSIGINFO				0x4209
#define LX_PTRACE_GETSIGMASK				0x420a
#define LX_PTRACE_SETSIGMASK				0x420b
#define LX_PTRACE_SECCOMP_GET_FILTER			0x420c
#define LX_PTRACE_SECCOMP_GET_METADATA			0x420d
#define LX_PTRACE_GET_SYSCALL_INFO			0x420e
#define LX_PTRACE_GET_RSEQ_CONFIGURATION		0x420f
#define LX_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG	0x4210
#define LX_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG	0x4211
#define LX_PTRACE_EVENT_FORK				0x1
#define LX_PTRACE_EVENT_VFORK				0x2
#define LX_PTRACE_EVENT_CLONE				0x3
#define LX_PTRACE_EVENT_EXEC				0x4
#define LX_PTRACE_EVENT_VFORK_DONE			0x5
#define LX_PTRACE_EVENT_EXIT				0x6
#define LX_PTRACE_EVENT_SECCOMP				0x7
#define LX_PTRACE_EVENT_STOP				0x80
#define LX_PTRACE_O_TRACESYSGOOD			0x1
#define LX_PTRACE_O_TRACEFORK				0x2
#define LX_PTRACE_O_TRACEVFORK				0x4
#define LX_PTRACE_O_TRACECLONE				0x8
#define LX_PTRACE_O_TRACEEXEC				0x10
#define LX_PTRACE_O_TRACEVFORKDONE			0x20
#define LX_PTRACE_O_TRACEEXIT				0x40
#define LX_PTRACE_O_TRACESECCOMP			0x80
#define LX_PTRACE_O_EXITKILL				0x100000
#define LX_PTRACE_O_SUSPEND_SECCOMP			0x200000
#define LX_PTRACE_O_MASK				0x3000ff
#define LX_PTRACE_PEEKSIGINFO_SHARED			0x1
#define LX_PTRACE_SYSCALL_INFO_NONE			0x0
#define LX_PTRACE_SYSCALL_INFO_ENTRY			0x1
#define LX_PTRACE_SYSCALL_INFO_EXIT			0x2
#define LX_PTRACE_SYSCALL_INFO_SECCOMP			0x3

struct lx_ptrace_peeksiginfo_args {
	uint64_t off;
	uint32_t flags;
	int32_t nr;
};

struct lx_ptrace_syscall_info {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	union {
		struct {
			uint64_t nr;
			uint64_t args[6];
		} entry;
		struct {
			int64_t rval;
			uint8_t is_error;
		} exit;
		struct {
			uint64_t nr;
			uint64_t args[6];
			uint32_t ret_data;
		} seccomp;
	};
};

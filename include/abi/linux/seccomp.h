/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp(2).
 */
#pragma once

#include <stdint.h>

#define LX_SECCOMP_MODE_DISABLED			0
#define LX_SECCOMP_MODE_STRICT				1
#define LX_SECCOMP_MODE_FILTER				2
#define LX_SECCOMP_SET_MODE_STRICT			0
#define LX_SECCOMP_SET_MODE_FILTER			1
#define LX_SECCOMP_GET_ACTION_AVAIL			2
#define LX_SECCOMP_GET_NOTIF_SIZES			3
#define LX_SECCOMP_FILTER_FLAG_TSYNC			0x1
#define LX_SECCOMP_FILTER_FLAG_LOG			0x2
#define LX_SECCOMP_FILTER_FLAG_SPEC_ALLOW		0x4
#define LX_SECCOMP_FILTER_FLAG_NEW_LISTENER		0x8
#define LX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH		0x10
#define LX_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV	0x20
#define LX_SECCOMP_RET_KILL_PROCESS			0x80000000u
#define LX_SECCOMP_RET_KILL_THREAD			0x0u
#define LX_SECCOMP_RET_TRAP				0x30000u
#define LX_SECCOMP_RET_ERRNO				0x50000u
#define LX_SECCOMP_RET_USER_NOTIF			0x7fc00000u
#define LX_SECCOMP_RET_TRACE				0x7ff00000u
#define LX_SECCOMP_RET_LOG				0x7ffc0000u
#define LX_SECCOMP_RET_ALLOW				0x7fff0000u
#define LX_SECCOMP_RET_ACTION_FULL			0xffff0000u
#define LX_SECCOMP_RET_ACTION				0x7fff0000u
#define LX_SECCOMP_RET_DATA				0xffffu
#define LX_SECCOMP_IOCTL_NOTIF_RECV			0xc0502100u
#define LX_SECCOMP_IOCTL_NOTIF_SEND			0xc0182101u
#define LX_SECCOMP_IOCTL_NOTIF_ID_VALID			0x40082102u
#define LX_SECCOMP_IOCTL_NOTIF_ADDFD			0x40182103u
#define LX_SECCOMP_USER_NOTIF_FLAG_CONTINUE		0x1u
#define LX_SECCOMP_ADDFD_FLAG_SETFD			0x1u
#define LX_SECCOMP_ADDFD_FLAG_SEND			0x2u
#define LX_AUDIT_ARCH_X86_64				0xc000003eu
#define LX_AUDIT_ARCH_I386				0x40000003u
#define LX_AUDIT_ARCH_AARCH64				0xc00000b7u
#define LX_AUDIT_ARCH_ARM				0x40000028u

struct lx_seccomp_data {
	int32_t nr;
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t args[6];
};

struct lx_seccomp_notif_sizes {
	uint16_t seccomp_notif;
	uint16_t seccomp_notif_resp;
	uint16_t seccomp_data;
};

struct lx_seccomp_notif {
	uint64_t id;
	uint32_t pid;
	uint32_t flags;
	struct lx_seccomp_data data;
};

struct lx_seccomp_notif_resp {
	uint64_t id;
	int64_t val;
	int32_t error;
	uint32_t flags;
};

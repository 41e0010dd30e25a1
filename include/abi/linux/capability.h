/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capabilities(7), capget(2), and the extended attribute that carries file capabilities.
 */
#pragma once

#include <stdint.h>

#define LX_CAP_CHOWN			0
#define LX_CAP_DAC_OVERRIDE		1
#define LX_CAP_DAC_READ_SEARCH		2
#define LX_CAP_FOWNER			3
#define LX_CAP_FSETID			4
#define LX_CAP_KILL			5
#define LX_CAP_SETGID			6
#define LX_CAP_SETUID			7
#define LX_CAP_SETPCAP			8
#define LX_CAP_LINUX_IMMUTABLE		9
#define LX_CAP_NET_BIND_SERVICE		10
#define LX_CAP_NET_BROADCAST		11
#define LX_CAP_NET_ADMIN		12
#define LX_CAP_NET_RAW			13
#define LX_CAP_IPC_LOCK			14
#define LX_CAP_IPC_OWNER		15
#define LX_CAP_SYS_MODULE		16
#define LX_CAP_SYS_RAWIO		17
#define LX_CAP_SYS_CHROOT		18
#define LX_CAP_SYS_PTRACE		19
#define LX_CAP_SYS_PACCT		20
#define LX_CAP_SYS_ADMIN		21
#define LX_CAP_SYS_BOOT			22
#define LX_CAP_SYS_NICE			23
#define LX_CAP_SYS_RESOURCE		24
#define LX_CAP_SYS_TIME			25
#define LX_CAP_SYS_TTY_CONFIG		26
#define LX_CAP_MKNOD			27
#define LX_CAP_LEASE			28
#define LX_CAP_AUDIT_WRITE		29
#define LX_CAP_AUDIT_CONTROL		30
#define LX_CAP_SETFCAP			31
#define LX_CAP_MAC_OVERRIDE		32
#define LX_CAP_MAC_ADMIN		33
#define LX_CAP_SYSLOG			34
#define LX_CAP_WAKE_ALARM		35
#define LX_CAP_BLOCK_SUSPEND		36
#define LX_CAP_AUDIT_READ		37
#define LX_CAP_PERFMON			38
#define LX_CAP_BPF			39
#define LX_CAP_CHECKPOINT_RESTORE	40
#define LX_CAP_LAST_CAP			40
#define LX_CAP_FULL_SET			((1ull << (LX_CAP_LAST_CAP + 1)) - 1)
#define LX_CAP_MASK(cap)		(1ull << (cap))
#define LX_LINUX_CAPABILITY_VERSION_1	0x19980330
#define LX_LINUX_CAPABILITY_VERSION_2	0x20071026
#define LX_LINUX_CAPABILITY_VERSION_3	0x20080522

struct lx_cap_user_header {
	uint32_t version;
	int32_t pid;
};

struct lx_cap_user_data {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};

#define LX_VFS_CAP_REVISION_MASK	0xff000000
#define LX_VFS_CAP_FLAGS_EFFECTIVE	0x1
#define LX_VFS_CAP_REVISION_1		0x1000000
#define LX_VFS_CAP_REVISION_2		0x2000000
#define LX_VFS_CAP_REVISION_3		0x3000000
struct lx_vfs_cap_data {
	uint32_t magic_etc;
	struct {
		uint32_t permitted;
		uint32_t inheritable;
	} data[2];
	uint32_t rootid;        /* revision 3 only */
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V IPC: what shm, sem and msg share.
 */
#pragma once

#include <stdint.h>

#define LX_IPC_PRIVATE	0
#define LX_IPC_RMID	0
#define LX_IPC_SET	1
#define LX_IPC_STAT	2
#define LX_IPC_INFO	3
#define LX_IPC_64	0x100
#define LX_IPC_CREAT	01000
#define LX_IPC_EXCL	02000
#define LX_IPC_NOWAIT	04000

struct lx_ipc_perm {
	int32_t key;
	uint32_t uid;
	uint32_t gid;
	uint32_t cuid;
	uint32_t cgid;
	uint32_t mode;
	uint16_t seq;
	uint16_t pad0;
	uint32_t pad1;
	uint64_t unused[2];
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V message queues.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/ipc.h>

#define LX_MSG_NOERROR	010000
#define LX_MSG_EXCEPT	020000
#define LX_MSG_COPY	040000
#define LX_MSG_STAT	11
#define LX_MSG_INFO	12
#define LX_MSG_STAT_ANY	13
#define LX_MSGMNI	32000
#define LX_MSGMAX	8192
#define LX_MSGMNB	16384
struct lx_msqid_ds {
	struct lx_ipc_perm msg_perm;
	int64_t msg_stime;
	int64_t msg_rtime;
	int64_t msg_ctime;
	uint64_t msg_cbytes;
	uint64_t msg_qnum;
	uint64_t msg_qbytes;
	int32_t msg_lspid;
	int32_t msg_lrpid;
	uint64_t unused[2];
};

struct lx_msginfo {
	int32_t msgpool;
	int32_t msgmap;
	int32_t msgmax;
	int32_t msgmnb;
	int32_t msgmni;
	int32_t msgssz;
	int32_t msgtql;
	uint16_t msgseg;
};

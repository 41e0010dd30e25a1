/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restartable sequences, rseq(2).
 */
#pragma once

#include <stdint.h>

#define LX_RSEQ_FLAG_UNREGISTER			0x1
#define LX_RSEQ_CS_FLAG_NO_RESTART_ON_PREEMPT	0x1
#define LX_RSEQ_CS_FLAG_NO_RESTART_ON_SIGNAL	0x2
#define LX_RSEQ_CS_FLAG_NO_RESTART_ON_MIGRATE	0x4
#define LX_RSEQ_CPU_ID_UNINITIALIZED		(-1)
#define LX_RSEQ_CPU_ID_REGISTRATION_FAILED	(-2)
#define LX_RSEQ_ORIG_SIZE			32
struct lx_rseq {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
	uint64_t rseq_cs;
	uint32_t flags;
	uint32_t node_id;
	uint32_t mm_cid;
} __attribute__((aligned(32)));

struct lx_rseq_cs {
	uint32_t version;
	uint32_t flags;
	uint64_t start_ip;
	uint64_t post_commit_offset;
	uint64_t abort_ip;
} __attribute__((aligned(32)));

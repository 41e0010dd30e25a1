/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are in a stub, and what the command and reply pages look like. Read by the image's
 * own code (C and assembly) and by the sentry. Everything lives in [STUB_BASE, STUB_TOP), above
 * what a guest may map; a guest can read all of it and write none of it.
 *
 *   STUB_BASE            nothing: a guard
 *   STUB_AGENT           code of the agent; the only page from which it may make calls
 *   STUB_THREAD          code that starts, parks and ends guest threads
 *   STUB_SETUP           the rest of the code
 *   STUB_FILTERS         the seccomp programs of agent and guest threads
 *   STUB_TABLE           constants: word n holds n, for n < 4096
 *   STUB_CMD             command pages of this stub: the sentry writes, the stub reads
 *   STUB_REPLY           reply page of this stub: the agent writes it with pwrite(), nobody by
 *                        mapping
 *   STUB_ZYGOTE_WORK     stack of the zygote, not mapped in stubs
 *   STUB_VDSO            the host's [vvar] and [vdso]
 *   STUB_SLOTS           systrap only: pages of its threads, the one place a guest can write;
 * slot.h
 */
#pragma once

#include "stub_arch.h"

#define STUB_AGENT       (STUB_BASE + 0x1000)
#define STUB_THREAD      (STUB_BASE + 0x2000)
#define STUB_SETUP       (STUB_BASE + 0x3000)
#define STUB_FILTERS     (STUB_BASE + 0x7000)
#define STUB_TABLE       (STUB_BASE + 0x8000)
#define STUB_IMAGE_END   (STUB_BASE + 0xc000)
#define STUB_CMD         (STUB_BASE + 0x10000)
#define STUB_REPLY       (STUB_BASE + 0x13000)
#define STUB_ZYGOTE_WORK (STUB_BASE + 0x15000)
#define STUB_VDSO        (STUB_BASE + 0x20000)
#define STUB_VDSO_MAX    0x40000
#define STUB_SLOTS       (STUB_BASE + 0x4000000)

#define STUB_PAGE             0x1000
#define STUB_IMAGE_OFF        0x1000 /* of the first byte of the image, from STUB_BASE */
#define STUB_CODE_SIZE        0x6000
#define STUB_FILTERS_SIZE     0x1000
#define STUB_TABLE_SIZE       0x4000
#define STUB_CMD_SIZE         0x2000
#define STUB_REPLY_SIZE       0x1000
#define STUB_ZYGOTE_WORK_SIZE 0x8000

/* Descriptors of the zygote and its stubs. */
#define STUB_FD_REPLY   0
#define STUB_FD_CONTROL 1
#define STUB_FD_CMD     2
#define STUB_FD_SLOTS   3 /* of systrap; else one of the others once more */
#define STUB_FD_FIRST   4 /* the lowest that can be a mappable file */

/* Command pages: a header, then a ring. */
#define STUB_RING             64
#define STUB_CMD_POSTED       0x00 /* u32, futex: commands posted since the start */
#define STUB_CMD_WAITING      0x04 /* u32: somebody sleeps on the reply word */
#define STUB_CMD_REPLY_OFF    0x08 /* u64: where this stub's reply page is in the reply file */
#define STUB_CMD_RING         0x1000
#define STUB_ENTRY_SHIFT      6
#define STUB_ENTRY_OP         0x00 /* u32 */
#define STUB_ENTRY_SEQ        0x04 /* u32: what acknowledges this command: its number + 1 */
#define STUB_ENTRY_ARG        0x08 /* u64 [6] */
#define STUB_ENTRY_RESULT_OFF 0x38 /* u64: where its result is in the reply file */

#define STUB_OP_MMAP     1
#define STUB_OP_MUNMAP   2
#define STUB_OP_MPROTECT 3
#define STUB_OP_MADVISE  4
#define STUB_OP_CLONE    5
#define STUB_OP_FUTEX    6 /* result: LO, at most 4095 */

/* Reply page. */
#define STUB_REPLY_ACKED   0x00 /* u32, futex */
#define STUB_REPLY_PARK    0x04 /* u32, always 0: where parked threads sleep */
#define STUB_REPLY_RESULTS 0x40
#define STUB_RESULT_SIZE   16
#define STUB_RESULT_ERR    0x0 /* u32: errno, or 0 */
#define STUB_RESULT_LO     0x4 /* u32: low 12 bits of a result */
#define STUB_RESULT_HI     0x8 /* u32: the other bits */

/* VM | FS | FILES | SIGHAND | THREAD | SYSVSEM: the one shape in which the agent may clone. */
#define STUB_CLONE_THREAD 0x50f00
/* PARENT | FILES, SIGCHLD at the end: how the zygote makes a stub. */
#define STUB_CLONE_STUB 0x8411

/* At STUB_FILTERS: three struct sock_fprog as the kernel reads them, then their instructions. */
#define STUB_FILTER_AGENT  (STUB_FILTERS + 0)
#define STUB_FILTER_THREAD (STUB_FILTERS + 16)
#define STUB_FILTER_SLOT   (STUB_FILTERS + 32)

#define STUB_IMAGE_MAGIC_ASM 0x317475626b737568

#ifndef __ASSEMBLER__
#include <stdint.h>

struct stub_entry {
	uint32_t op, seq;
	uint64_t arg[6];
	uint64_t result_off;
};

struct stub_cmd_page {
	uint32_t posted, waiting;
	uint64_t reply_off;
	uint8_t pad[STUB_CMD_RING - 16];
	struct stub_entry ring[STUB_RING];
};

struct stub_result {
	uint32_t err, lo, hi, pad;
};

struct stub_reply_page {
	uint32_t acked, park;
	uint8_t pad[STUB_REPLY_RESULTS - 8];
	struct stub_result result[STUB_RING];
};

_Static_assert(sizeof(struct stub_cmd_page) == STUB_CMD_SIZE, "command pages");
_Static_assert(sizeof(struct stub_reply_page) <= STUB_REPLY_SIZE, "reply page");

/* At STUB_SETUP: where the sentry finds its way around in the image. */
#define STUB_IMAGE_MAGIC ((uint64_t)STUB_IMAGE_MAGIC_ASM)
struct stub_image_header {
	uint64_t magic;
	uint64_t zygote_entry; /* first instruction of the zygote, on its own stack */
	/* behind the call that installs the filter; it worked if 0 came back */
	uint64_t filtered_pc;
	uint64_t park_pc;     /* a parked thread stands here or behind the call at ... */
	uint64_t park_pc_end; /* ... this address */
	uint64_t exit_pc;     /* ends the thread that gets there */
	/* systrap's; 0 where there is none */
	uint64_t on_signal;  /* handler of all signals that are handled ... */
	uint64_t sigreturn;  /* ... and where it returns to */
	uint64_t fast_entry; /* where trampolines jump to (slot.h) */
};

/* Zygote control messages, one per datagram; the peer is the sentry. */
#define STUB_ZYGOTE_MAX 32
enum stub_zygote_op {
	STUB_ZOP_FILES = 1, /* nr descriptors come along; reply: their numbers */
	STUB_ZOP_CLOSE,     /* val: numbers; no reply */
	STUB_ZOP_STUBS,     /* val: indices of stubs to make; reply: their pids, negative errno */
};
struct stub_zygote_msg {
	uint32_t op, nr;
	int32_t val[STUB_ZYGOTE_MAX];
};
#endif
